"""The sentences to be spoken: Debian's fortunes, its package descriptions, and made-up everyday speech.

    corpus.py OUT/sentences.txt [--limit N]

One sentence a line, shuffled with a fixed seed. Sentences of held_out.txt never appear.
"""

import argparse
import random
import re
import subprocess
from pathlib import Path

import everyday

HERE = Path(__file__).parent
FORTUNES = Path("/usr/share/games/fortunes")
UNFIT_FORTUNES = {"ascii-art", "perl", "debian", "translate-me", "pratchett", "magic"}  # pictures and code
SHORTEST, LONGEST = 12, 230  # characters
ALLOWED = re.compile(r"^[A-Za-z0-9 ,.?!'\-;:]+$")
STARTS = re.compile(r"^[A-Z0-9]")
ENDS = re.compile(r"[.?!]$")
ODD_WORD = re.compile(r"[a-z][A-Z]|\b[A-Z]{2,}\b|\d[A-Za-z]|[A-Za-z]\d|\d{5,}|\.\w|[:;\-]{2,}")
TYPOGRAPHY = str.maketrans({"“": None, "”": None, '"': None, "’": "'", "‘": "'", "—": "-", "–": "-", "`": "'"})


def cleaned(text):
    text = text.translate(TYPOGRAPHY).replace("_", "").replace("*", "")
    text = re.sub(r"\s*--+\s*", ", ", text)
    text = re.sub(r"\.\.\.+", ".", text)
    return re.sub(r"\s+", " ", text).strip()


def fits(sentence):
    words = sentence.split()
    return (
        SHORTEST <= len(sentence) <= LONGEST
        and ALLOWED.match(sentence)
        and STARTS.match(sentence)
        and ENDS.search(sentence)
        and not ODD_WORD.search(sentence)
        and len(words) >= 2
        and max(map(len, words)) <= 18
    )


def split(paragraph):
    return [part.strip() for part in re.split(r"(?<=[.?!])\s+(?=[A-Z])", cleaned(paragraph))]


def fortunes():
    for path in sorted(FORTUNES.iterdir()):
        if path.suffix or path.name in UNFIT_FORTUNES or not path.is_file():
            continue
        for cookie in path.read_text(encoding="utf-8", errors="ignore").split("\n%\n"):
            # who said it stands behind two dashes at the end
            quote = re.split(r"\n\s+-- ", cookie)[0]
            yield from split(quote)


def package_descriptions():
    """The prose of Debian's package descriptions: paragraphs, no lists."""
    listing = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, errors="ignore").stdout
    for record in listing.split("\n\n"):
        found = re.search(r"^Description(?:-en)?: .*\n((?: .*\n?)+)", record, re.M)
        if not found:
            continue
        for paragraph in re.split(r"\n \.\n", found[1]):
            if not re.search(r"^ [ *\-]", paragraph, re.M):
                yield from split(paragraph)


def normal(sentence):
    return re.sub(r"[^a-z0-9]+", " ", sentence.lower()).strip()


def collect(seed):
    draw = random.Random(seed)
    held_out = {normal(line) for line in (HERE / "held_out.txt").read_text().splitlines()}
    seen, kept = set(held_out), []
    technical = [sentence for sentence in package_descriptions() if fits(sentence)]
    draw.shuffle(technical)
    prose = [sentence for sentence in fortunes() if fits(sentence)]
    spoken = list(everyday.sentences(draw, 16000))
    for sentence in prose + spoken + technical[: len(prose) // 3]:
        key = normal(sentence)
        if key not in seen:
            seen.add(key)
            kept.append(sentence)
    kept += [reply for reply in everyday.short_replies(draw, 2000) if normal(reply) not in held_out]
    draw.shuffle(kept)
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sentences = collect(given.seed)[: given.limit]
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text("\n".join(sentences) + "\n")
    print(f"{given.out}: {len(sentences)} sentences, {sum(map(len, sentences))} characters")


if __name__ == "__main__":
    main()
