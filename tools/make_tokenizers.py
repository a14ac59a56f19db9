"""Writes two small tokenizers in upstream's formats: tests/fixtures/tokenizers/{tokenizer,grapheme_mtl_...}.json.

Both are BPE over Unicode characters with the Whitespace pre-tokenizer, [UNK] for the rest, and added tokens
that are matched first. The merges are learned from the sentences below, so that nothing of a trained model
is copied. Odd: the English file lists merges as "a b", the multilingual one as ["a", "b"]; both spellings
exist in the wild.
"""

import argparse
import json
import unicodedata
from collections import Counter
from pathlib import Path

START = 255  # upstream's start_text_token; 0 is the stop token
LANGUAGES = "ar da de el en es fi fr he hi it ja ko ms nl no pl pt ru sv sw tr zh".split()
TAGS = [
    "[UH]",
    "[UM]",
    "[giggle]",
    "[laughter]",
    "[sigh]",
    "[gasp]",
    "[whisper]",
    "[cough]",
    "[clear_throat]",
]

ENGLISH = """the nightingale sings by day and by night and the others are listening to her in the garden
that was one of the things which would have been there when you were out with your own thoughts
he said something about the weather and she laughed at all the other people who were standing in the rain
it is better to be on the road before the light than to wait for the morning and the heat of the sun
another hour another story and then nothing but the wind over the water and the bells of the little town"""

MANY = ENGLISH + """
die nachtigall singt bei tag und bei nacht und ich weiß nicht was sie uns damit sagen will
le rossignol chante le jour et la nuit dans les jardins où nous étions tous ensemble
de nachtegaal zingt overdag en ook in de nacht terwijl het water langs de dijken stroomt
el ruiseñor canta de día y de noche en el jardín de la casa donde vivíamos nosotros
o rouxinol canta de dia e de noite no jardim da nossa casa enquanto não chove
l'usignolo canta di giorno e di notte nel giardino della città e perché non lo so
słowik śpiewa w dzień i w nocy a my słuchamy go w ogrodzie za naszym domem
bülbül gündüz ve gece öter bahçede herkes onu dinler ve hiç kimse konuşmaz
τὸ αηδόνι κελαηδάει μέρα και νύχτα στον κήπο του σπιτιού μας
соловей поёт днём и ночью в саду за нашим домом и все его слушают
البلبل يغني في النهار وفي الليل والناس يسمعونه في الحديقة
הזמיר שר ביום ובלילה בגן של הבית שלנו
बुलबुल दिन और रात में गाती है और हम सब उसे सुनते हैं
나이팅게일은 낮에도 밤에도 노래하고 우리는 정원에서 듣는다
なめらかな うたを うたう とりが にわに います"""


def decomposed(text):
    """What upstream's multilingual tokenizer sees: lower case, then NFKD."""
    return unicodedata.normalize("NFKD", text.lower())


def learn_merges(text, count):
    """Plain byte-pair learning over words: the most frequent pair, ties by spelling, joined `count` times."""
    words = Counter(tuple(word) for word in text.split())
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for word, times in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += times
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = Counter({joined(word, best): times for word, times in words.items()})
    return merges


def joined(word, pair):
    out, at = [], 0
    while at < len(word):
        if word[at : at + 2] == pair:
            out.append(word[at] + word[at + 1])
            at += 2
        else:
            out.append(word[at])
            at += 1
    return tuple(out)


def file_of(size, characters, merges, added, spelling):
    """Gives every token an id (0 stop, 1 unknown, 2 space, 255 start); placeholders fill up to `size`."""
    fixed = {0: "[STOP]", 1: "[UNK]", 2: "[SPACE]", START: "[START]"}
    wanted = list(dict.fromkeys([*characters, *(a + b for a, b in merges)]))
    free = [number for number in range(size) if number not in fixed]
    if len(wanted) + len(added) > len(free):
        raise SystemExit(f"{len(wanted)} tokens and {len(added)} tags do not fit {size} ids")
    ids = {token: number for number, token in fixed.items()}
    ids |= dict(zip(wanted, free))
    rest = free[len(wanted) :]
    ids |= dict(zip(added, rest))
    ids |= {f"[PLACEHOLDER{n}]": number for n, number in enumerate(rest[len(added) :])}
    special = [*fixed.values(), *added]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": ids[token],
                "special": True,
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
            }
            for token in sorted(special, key=ids.get)
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "[UNK]",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "vocab": dict(sorted(ids.items(), key=lambda item: item[1])),
            "merges": [spelling(a, b) for a, b in merges],
        },
    }


def english():
    letters = "abcdefghijklmnopqrstuvwxyz"
    characters = "!'(),-./:;?\"" + letters + letters.upper() + "0123456789éèñüß…"
    merges = learn_merges(ENGLISH + " " + ENGLISH.title(), 300)
    return file_of(704, characters, merges, [*TAGS, "[de]", "[fr]"], lambda a, b: f"{a} {b}")


def multilingual():
    text = decomposed(MANY)
    marks = "".join(chr(code) for code in range(0x300, 0x330))
    characters = sorted(
        {*text, *marks, *map(chr, range(33, 127)), *"ßæøłđıœ…、。「」"}
        - {" ", "\n", *map(chr, range(65, 91))}
    )
    merges = learn_merges(text, 700)
    added = [
        *TAGS,
        *(f"[{language}]" for language in LANGUAGES),
        *(f"[cj_{c}]" for c in "abcdefghijklmnopqrstuvwxyz0123456789."),
    ]
    return file_of(2454, characters, merges, added, lambda a, b: [a, b])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "-o", "--out", type=Path, default=Path(__file__).parents[1] / "tests/fixtures/tokenizers"
    )
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("tokenizer.json", english()),
        ("grapheme_mtl_merged_expanded_v1.json", multilingual()),
    ):
        (out / name).write_text(
            json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
        )
        print(f"{out / name}: {len(content['model']['vocab'])} ids, {len(content['model']['merges'])} merges")


if __name__ == "__main__":
    main()
