"""Text as the small model reads it: characters, lower case, behind upstream's own punctuation rules."""

import json

from chatterbox.tts import punc_norm

STOP, UNKNOWN, SPACE, FIRST, START = 0, 1, 2, 3, 255  # start and stop: upstream's t3_config.py
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,?!'-\"()&%$"
IDS = {letter: FIRST + place for place, letter in enumerate(LETTERS)} | {" ": SPACE}


def ids(text):
    """Token ids with start and stop."""
    return [START, *(IDS.get(letter, UNKNOWN) for letter in punc_norm(text).lower()), STOP]


def tokenizer_json():
    """The same as a tokenizer.json: a vocabulary of single characters and no merges."""
    special = {"[STOP]": STOP, "[UNK]": UNKNOWN, "[SPACE]": SPACE, "[START]": START}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": number, "content": name, **flags} for name, number in special.items()],
            "normalizer": {"type": "Lowercase"},
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
                "byte_fallback": False,
                "vocab": special | {letter: FIRST + place for place, letter in enumerate(LETTERS)},
                "merges": [],
            },
        },
        indent=1,
        ensure_ascii=False,
    )
