"""One name for one thing: fails on synonyms of the words this project speaks.

Upstream's spellings are right where upstream is named: in string literals, and in comments that cite a source
(a word such as "upstream" or "source", or a .py file, exempts the comment it stands in, all its lines).
"""
import re
import sys

from cpp_text import TOKEN, blank, finish, name, read, sources

# Word of an identifier or comment → what this project says.
BANNED = {
    "soul": "voice", "feat": "mel", "feats": "mels", "spk": "speaker", "spks": "speaker", "spkr": "speaker",
    "n_ctx": "a length by its name", "emb_dim": "model", "n_embd": "model", "d_model": "model", "n_head": "head",
    "hparams": "facts", "ckpt": "checkpoint", "tok": "token", "toks": "tokens", "cfg_weight": "guidance",
    "utt": "request", "sr": "sample_rate",
}
SAMPLES_CALLED_WAV = re.compile(r"\b(?:Tensor|vector<(?:float|double)>|span<(?:const )?(?:float|double)>|auto|float|double)"
                                r"\s*[&*]?\s*(wavs?)\b")
CITES = re.compile(r"upstream|source|\.py\b|`|PyTorch|torch|Hugging", re.IGNORECASE)
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def words_of(identifier):
    """The banned words inside an identifier: maxSpkCount and max_spk_count both hold spk."""
    snake = "_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier).lower().strip("_") + "_"
    return [word for word in BANNED if f"_{word}_" in snake]


def exempt_comments(text):
    """The text with cited comments blanked. Neighbouring // lines are one comment."""
    spans = []
    for match in TOKEN.finditer(text):
        if not match.group("comment"):
            continue
        if spans and not text[spans[-1][1]:match.start()].strip(" \t\n"):
            spans[-1][1] = match.end()
        else:
            spans.append([match.start(), match.end()])
    for start, end in reversed(spans):
        if CITES.search(text[start:end]):
            text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    return text


def check(path):
    text = blank(exempt_comments(read(path)), {"string"})
    for line, content in enumerate(text.split("\n"), 1):
        for identifier in IDENTIFIER.findall(content):
            for word in words_of(identifier):
                yield f"{name(path)}:{line}: {identifier}: {word} is called {BANNED[word]} here"
        for wav in SAMPLES_CALLED_WAV.findall(content):
            yield f"{name(path)}:{line}: {wav}: a signal is samples; wav is a file format"


def main():
    problems = [problem for path in sources("src", "include", "app", "tests", "bench", "examples") for problem in check(path)]
    return finish(problems, "every thing has its one name")


if __name__ == "__main__":
    sys.exit(main())
