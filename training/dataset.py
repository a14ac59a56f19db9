"""The shards that make_speech.py wrote, as utterances in memory."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np

TOKEN = 960  # samples
SHARD = 1000  # numbers for each shard
VALIDATION_EVERY = 20  # one utterance of so many is never trained on


LONGEST = 400  # tokens of an utterance: 16 s


def shards(folder):
    return sorted(Path(folder).glob("????.npz"))


def write_shard(path, index, arrays):
    """Written beside and renamed: a shard that is there is whole."""
    unfinished = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(unfinished, index=json.dumps(index), **arrays)
    unfinished.rename(path)


@dataclasses.dataclass
class Utterance:
    text: str
    speaker: str
    tokens: int
    spread: float  # of the pitch, in semitones
    shard: int  # place in Speech.shards
    start: int  # in tokens
    number: int  # its own for ever, whatever else is made
    melody: bool = True  # whether the pitch in its codes was heard (make_labels.py)


class Speech:
    """All utterances; `audio=True` keeps the samples in memory too (0.17 GB an hour).

    `more`: a folder of shards that have codes alone.
    """

    def __init__(self, folder, audio=False, speakers=None, more=None):
        self.shards, self.utterances = [], []
        for path in shards(folder) + (shards(more) if more else []):
            with np.load(path) as stored:
                rows = json.loads(str(stored["index"]))
                wanted = speakers is None or rows[0]["speaker"] in speakers
                if wanted:
                    names = ("mel", "f0", "code") + (("audio",) if audio else ())
                    self.shards.append({name: stored[name] for name in names if name in stored})
            start, number = 0, SHARD * int(path.stem)
            for row in rows:
                if wanted:
                    self.utterances.append(
                        Utterance(shard=len(self.shards) - 1, start=start, number=number, **row)
                    )
                start += row["tokens"]
                number += 1

    def training(self):
        return [one for one in self.utterances if one.number % VALIDATION_EVERY]

    def validation(self):
        return [one for one in self.utterances if one.number % VALIDATION_EVERY == 0]

    def _cut(self, one, name, each):
        return self.shards[one.shard][name][one.start * each : (one.start + one.tokens) * each]

    def code(self, one):
        """[token] int64"""
        return self._cut(one, "code", 1).astype(np.int64)

    def mel(self, one):
        """[frame 2·token, mel 80] float32"""
        return self._cut(one, "mel", 2).astype(np.float32)

    def f0(self, one):
        """[frame 2·token] Hz, 0 unvoiced"""
        return self._cut(one, "f0", 2).astype(np.float32)

    def audio(self, one):
        """[sample 960·token] float32"""
        return self._cut(one, "audio", TOKEN).astype(np.float32) / 32767
