"""Which letter each sound comes from, found without a dictionary:  align.py DATA OUT.npz

Sounds and letters run the same way. Each sound belongs to one letter, letters may be silent, and how often a letter gives
which sound is learned by alternating (Viterbi training): align by what is known, count, align again. The start and
the stop of the text are letters too, of the silence at both ends. OUT.npz holds for each utterance by number the
place in its text ids of every token's letter.
"""

import argparse
from pathlib import Path

import numpy as np

import dataset
import phones
import text

ROUNDS, LEARNED_FROM = 4, 2500  # utterances
LETTERS = text.START + 1
IMPOSSIBLE = 1e-6  # counts of what cannot be
FEW = 0.1  # counts that everything has from the beginning
NEAR = 3.0  # letters: how far from the straight line the first guess looks


def sounds_of(codes):
    """[token] codes -> [sound] symbol numbers and [token] which sound each token belongs to."""
    rows = phones.split_codes(codes)
    begins = rows[:, phones.PHASE_DIGIT] > 0
    begins[0] = True
    return phones.nearest_sounds(rows)[begins], np.cumsum(begins) - 1


class Aligner:
    """Logarithms of what a letter gives: [letter, sound], of its staying silent and of its giving one more sound."""

    def __init__(self):
        self.counts = np.where(self.possible(), FEW, IMPOSSIBLE)
        self.silent, self.again = np.full(LETTERS, 1.0), np.full(LETTERS, 1.0)
        self.learn()

    @staticmethod
    def possible():
        """[letter, sound]: what is no letter or digit gives nothing but a pause, and they give none."""
        spoken = np.zeros(LETTERS, bool)
        spoken[[number for letter, number in text.IDS.items() if letter.isalnum() or letter in "&%$"]] = True
        pause = np.arange(len(phones.SYMBOLS)) == phones.INDEX[phones.PAUSE]
        return spoken[:, None] != pause[None]

    def learn(self):
        letters = self.counts.sum(1)
        self.gives = np.log(self.counts / letters[:, None])
        whole = letters + self.silent
        self.skip, self.speak = np.log(self.silent / whole), np.log(letters / whole)
        self.stay = np.log(self.again / (letters + self.again))

    def guess(self, letters, sounds):
        """The first counts: sounds near the straight line through the text."""
        place = np.arange(len(letters))
        for number, sound in enumerate(sounds):
            near = np.exp(-0.5 * ((place - number / len(sounds) * len(letters)) / NEAR) ** 2)
            near *= self.possible()[letters, sound] + 1e-9
            np.add.at(self.counts[:, sound], letters, near / near.sum())

    def align(self, letters, sounds):
        """[sound] place of its letter, the likeliest."""
        gives, skip = self.gives[letters][:, sounds].T, self.skip[letters]
        before = np.concatenate([[0.0], np.cumsum(skip)])  # silence of all letters before one
        speak, stay = self.speak[letters], self.stay[letters]
        score = before[:-1] + speak + gives[0]
        back = np.zeros((len(sounds), len(letters)), np.int64)
        for number in range(1, len(sounds)):
            gained = score - before[1:]
            best = np.maximum.accumulate(gained)
            place = np.maximum.accumulate(np.where(gained >= best, np.arange(len(gained)), 0))
            moved = np.concatenate([[-np.inf], best[:-1]]) + before[:-1] + speak
            stayed = score + stay
            stays = stayed > moved
            back[number] = np.where(stays, np.arange(len(gained)), np.concatenate([[0], place[:-1]]))
            score = np.where(stays, stayed, moved) + gives[number]
        found = np.zeros(len(sounds), np.int64)
        found[-1] = np.argmax(score + before[-1] - before[1:])
        for number in range(len(sounds) - 1, 0, -1):
            found[number - 1] = back[number, found[number]]
        return found

    def count(self, letters, sounds, found):
        np.add.at(self.counts, (letters[found], sounds), 1)
        np.add.at(self.again, letters[found[1:][found[1:] == found[:-1]]], 1)
        quiet = np.ones(len(letters), bool)
        quiet[found] = False
        np.add.at(self.silent, letters[quiet], 1)


def learned(pairs):
    aligner = Aligner()
    for letters, sounds in pairs:
        aligner.guess(letters, sounds)
    aligner.learn()
    for _ in range(ROUNDS):
        found = [aligner.align(*pair) for pair in pairs]
        aligner.counts[:] = np.where(aligner.possible(), FEW, IMPOSSIBLE)
        aligner.silent[:], aligner.again[:] = 1.0, 1.0
        for pair, places in zip(pairs, found):
            aligner.count(*pair, places)
        aligner.learn()
    return aligner


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--labels", type=Path, help="more shards, of make_labels.py")
    given = parser.parse_args()
    speech = dataset.Speech(given.data, more=given.labels)
    letters = {one.number: np.array(text.ids(one.text)) for one in speech.utterances}
    sounds = {one.number: sounds_of(speech.code(one)) for one in speech.utterances}
    draw = np.random.default_rng(1)
    some = draw.permutation(len(speech.utterances))[:LEARNED_FROM]
    numbers = [speech.utterances[place].number for place in some]
    aligner = learned([(letters[number], sounds[number][0]) for number in numbers])
    found = {}
    for one in speech.utterances:
        row, token_sound = sounds[one.number]
        found[str(one.number)] = aligner.align(letters[one.number], row)[token_sound].astype(np.int16)
    beside = given.out.with_suffix(".part.npz")
    np.savez(beside, **found)
    beside.rename(given.out)
    for one in speech.utterances[:2]:
        shown(one, letters[one.number], sounds[one.number][0], aligner)


def shown(one, letters, sounds, aligner):
    names = {number: letter for letter, number in text.IDS.items()} | {text.START: "<", text.STOP: ">"}
    found = aligner.align(letters, sounds)
    print(" ".join(f"{names.get(letters[place], '?')}:{phones.SYMBOLS[sound]}" for place, sound in zip(found, sounds)))


if __name__ == "__main__":
    main()
