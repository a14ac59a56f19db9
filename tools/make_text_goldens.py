"""Writes tests/goldens/text.json: what upstream makes of ordinary and of tricky text.

`normalised` checks punc_norm alone, `tokens` the tokenizer alone (its text is taken as it is), `chain` both
in upstream's order. Tokenizers are the ones of tests/fixtures/tokenizers. Chinese and Japanese are absent:
they need front ends of their own. Russian and Hebrew are what upstream does without its optional packages:
nothing extra.
"""

import argparse
import json
import random
import unicodedata
from pathlib import Path

import upstream

ROOT = Path(__file__).parents[1]
TOKENIZERS = "tests/fixtures/tokenizers"

# fmt: off
TRICKY = [
    "", " ", "   ", "\n", "\t \r\n", "\u00a0", "\u2003\u2009", "\u200b", "\ufeff", ".", ",", "...", "....",
    ". . .", "…", "-", "Hello world.", "hello world", "hello   world  ", "  leading", "trailing   ", "a... b",
    "a...b", "a ... b", "wait...", "wait…", "a…b", "one: two; three", "one:two;three", "a - b", "a -b",
    "a  -  b", "a — b", "a—b", "a – b", "1–2", "a , b", "a ,b", "a  , b", "a ;, b", "a :; b", " ,",
    "\u201cquoted\u201d", "\u2018single\u2019 don\u2019t", "\u00abguillemets\u00bb", "Is it? ", "Wow!",
    "Wow! ", "ends with dash-", "ends with comma,", "ends with colon:", "ends with em\u2014",
    "ends \u201cquoted\u201d", "(parenthesis)", "line one\nline two", "tab\tseparated", "a\u00a0b",
    "a\u2003b", "a\u3000b", "a\u200bb", "a\x1cb\x1fc\x85d", "a\u2028b\u2029c", "\x00", "a\x00b", "\x7f",
    "a\u00adb", "[laughter] oh no [sigh]", "[laughter]", "[laughter", "laughter]", "[ laughter ]",
    "[LAUGHTER]", "x[UH]y", "[SPACE]", "[STOP]", "[START]", "[UNK]", "[SPACE", "[[laughter]]",
    "[laughter][cough]", "a[SPACE]b", "[PLACEHOLDER0]", "[de]hallo", "[en] hi", "[cj_a][cj_.]",
    "3.14 and 1,000", "e-mail: me@example.org", "http://x.y/z?q=1&r=2#f", "100% of $5 = 5 \u20ac",
    "C++ is_not C", "snake_case_name", "don't can't won't", "i\u0307stanbul", "\u0130stanbul",
    "I\u0130\u0131i", "DI\u015e", "\u03a3\u039f\u03a6\u039f\u03a3", "\u03a3", "\u03a3\u03a3 \u03a3.",
    "\u039f\u0394\u039f\u03a3 \u03a3\u03a4\u039f", "\u03a3\u0301\u03a3", "A\u03a3'B A\u03a3", "\u00dfist",
    "stra\u00dfe", "STRA\u1e9eE", "\ufb01ne", "\ufb03", "\u01c6ungla", "\u01c5ungla", "\u0149 n",
    "\u00aa first", "\u24d0 circled", "\u2170 roman", "\u0345 iota", "\u10d0 georgian", "\u0587", "\u1f80",
    "\U00010428 deseret", "\U0001d41a math", "\u1d00 small capital", "caf\u00e9", "cafe\u0301",
    "\u00c5ngstr\u00f6m", "A\u030angstro\u0308m", "q\u0323\u0307", "q\u0307\u0323", "\u1e69", "a\u0301\u0327",
    "\u0301", "\u0301a", "\u00bd \u00b2 \u2460 \u2122 \u2126", "\ufdfa", "\u3300",
    "\uff21\uff22\uff23 \uff11\uff12\uff13", "\uff0c\uff01\uff1f\uff1a\uff1b", "\u3001\u3002",
    "ends ideographic\u3002", "ends fullwidth\uff01", "ends \uff1f", "ends \u3001", "ends \uff0c",
    "\U0001f600", "hi \U0001f600 there", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea",
    "\u2764\ufe0f", "\U0001f44d\U0001f3fd", "\u4f60\u597d", "\u3053\u3093\u306b\u3061\u306f",
    "\u30ab\u3099 \u30ac", "\uc548\ub155\ud558\uc138\uc694", "\u1112\u1161\u11ab",
    "\u0645\u0631\u062d\u0628\u0627", "\u0645\u064e\u0631\u0652", "\u05e9\u05dc\u05d5\u05dd",
    "\u05e9\u05b8\u05c1", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0915\u093c\u094d\u0937",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440",
    "\u0439\u0451", "\u03b1\u0301\u03bb\u03c6\u03b1", "\u1fbc\u0391\u0399", "\ue000 private", "\uffff",
    "\U0010ffff", "\ufffd", "\u0378 unassigned", "Supercalifragilisticexpialidocious",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ththththth", "thethethe", "?!?!", "--- -- -", "\"'\"'", "a" * 300,
    "The nightingale sings by day and by night. " * 30,
    "The old clock struck nine; nobody moved: \u201cListen\u201d, she said \u2014 and then... nothing - only rain \u2026",
]
# fmt: on

# fmt: off
LANGUAGE_CASES = [
    ("en", "The nightingale sings by day and by night."),
    ("de", "Wei\u00dft du, wie sch\u00f6n die Nachtigall singt?"),
    ("fr", "\u00ab O\u00f9 \u00e9tions-nous, d\u00e9j\u00e0 ? \u00bb"),
    ("nl", "De nachtegaal zingt overdag en 's nachts."),
    ("es", "\u00bfD\u00f3nde est\u00e1 el ruise\u00f1or?"), ("pt", "N\u00e3o chove, e o rouxinol canta."),
    ("it", "L'usignolo canta perch\u00e9 \u00e8 notte."),
    ("pl", "S\u0142owik \u015bpiewa, \u017c\u00f3\u0142\u0107 i \u0105\u0119."),
    ("tr", "\u0130STANBUL'da B\u00dcLB\u00dcL \u0131\u015f\u0131k \u0131\u015f\u0131k."),
    ("el", "\u03a4\u039f \u0391\u0397\u0394\u039f\u039d\u0399 \u03a4\u03a9\u039d \u039a\u0397\u03a0\u03a9\u039d \u039c\u0391\u03a3."),
    ("ru", "\u0421\u043e\u043b\u043e\u0432\u0435\u0439 \u043f\u043e\u0451\u0442 \u0434\u043d\u0451\u043c."),
    ("ar", "\u0627\u0644\u0628\u0644\u0628\u0644 \u064a\u063a\u0646\u064a\u060c \u0623\u0644\u064a\u0633 \u0643\u0630\u0644\u0643\u061f"),
    ("he", "\u05d4\u05d6\u05de\u05d9\u05e8 \u05e9\u05e8 \u05d1\u05dc\u05d9\u05dc\u05d4."),
    ("hi", "\u092c\u0941\u0932\u092c\u0941\u0932 \u0917\u093e\u0924\u0940 \u0939\u0948\u0964"),
    ("ko", " \ub098\uc774\ud305\uac8c\uc77c\uc740 \ub178\ub798\ud574\uc694. "),
    ("fi", "Satakieli laulaa y\u00f6ll\u00e4."), ("sv", "N\u00e4ktergalen sjunger p\u00e5 natten."),
    ("da", "Nattergalen synger \u00f8verst i tr\u00e6et."), ("no", "Nattergalen synger p\u00e5 \u00e5sen."),
    ("ms", "Burung itu menyanyi."), ("sw", "Ndege huimba usiku."), (None, "No language, no tag."), ("de", ""),
    ("de", "   "), ("ko", "  "), ("DE", "gro\u00df"), ("en", "[laughter] OK [SIGH] [en]"),
]
# fmt: on


def drawn_strings(count, seed):
    """Seeded strings over scripts, marks, punctuation and spaces, all assigned since Unicode 6."""
    draw = random.Random(seed)
    ranges = [(32, 126)] * 4 + [
        (0xA0, 0x17F),
        (0x300, 0x33F),
        (0x391, 0x3A1),
        (0x3A3, 0x3C9),
        (0x410, 0x44F),
        (0x5D0, 0x5EA),
        (0x620, 0x652),
        (0x905, 0x939),
        (0x1E00, 0x1EFF),
        (0x2010, 0x2027),
        (0x3041, 0x3096),
        (0xAC00, 0xAC80),
        (0x1F600, 0x1F64F),
    ]
    words = ["...", " - ", " ,", "[laughter]", "[SPACE]", "the", "and", "\u2026", "  ", "th", "ing"]
    for _ in range(count):
        pieces = [
            draw.choice(words) if draw.random() < 0.2 else chr(draw.randint(*draw.choice(ranges)))
            for _ in range(draw.randint(1, 40))
        ]
        yield "".join(pieces)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "tests/goldens/text.json")
    out = parser.parse_args().out
    from chatterbox.models.tokenizers import EnTokenizer

    english = EnTokenizer(str(ROOT / TOKENIZERS / upstream.TOKENIZER_FILE["english"]))
    multilingual = upstream.multilingual_tokenizer(
        str(ROOT / TOKENIZERS / upstream.TOKENIZER_FILE["multilingual"])
    )
    normalise = upstream.normalise
    texts = [*TRICKY, *drawn_strings(60, seed=1)]

    normalised = [
        {"variant": variant, "text": text, "normalised": normalise(text, variant)}
        for variant in ("english", "multilingual")
        for text in texts
    ]
    tokens = [{"variant": "english", "text": text, "ids": english.encode(text)} for text in texts]
    tokens += [
        {
            "variant": "multilingual",
            "language": language,
            "text": text,
            "ids": multilingual.encode(text, language_id=language),
        }
        for language, text in [
            *((None, text) for text in texts),
            *((l and l.lower(), t) for l, t in LANGUAGE_CASES),
        ]
    ]
    chain = [
        {"variant": "english", "text": text, "ids": english.encode(normalise(text, "english"))}
        for text in TRICKY
    ]
    chain += [
        {
            "variant": "multilingual",
            "language": language,
            "text": text,
            "ids": multilingual.encode(
                normalise(text, "multilingual"), language_id=language and language.lower()
            ),
        }
        for language, text in [*LANGUAGE_CASES, *(("en", text) for text in TRICKY)]
    ]

    import tokenizers

    content = {
        "provenance": {
            "script": "tools/make_text_goldens.py",
            "upstream": "chatterbox-tts 0.1.7",
            "tokenizers": tokenizers.__version__,
            "unicode": unicodedata.unidata_version,
            "tolerance": "exact",
        },
        "tokenizers": {
            variant: f"{TOKENIZERS}/{upstream.TOKENIZER_FILE[variant]}"
            for variant in ("english", "multilingual")
        },
        "normalised": normalised,
        "tokens": tokens,
        "chain": chain,
    }
    lines = json.dumps(content, ensure_ascii=True, separators=(",", ":")).replace(
        '{"variant"', '\n{"variant"'
    )
    out.write_text(lines + "\n", encoding="utf-8")
    print(
        f"{out}: {len(normalised)} normalised, {len(tokens)} tokens, {len(chain)} chains, {out.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
