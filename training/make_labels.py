"""More for T3 to read: what joe would say, without a sound:  make_labels.py SENTENCES OUT [--count N]

The front half of the piper voice tells the duration of every sound; the half that makes samples takes nine tenths of
the time and is left out. T3 learns from this which sounds letters stand for. OUT/NNNN.npz are shards as of
make_speech.py with `code` alone; their pitch is not known (`melody` is false), and always level 1. The sentences are
taken from the end of the list, for make_speech.py begins at its top.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np

import dataset
import make_speech
import voices

FIRST = 5000  # number of the first shard, above those of make_speech.py
UTTERANCES = 250  # of a shard


class Unheard(voices.Joe):
    """Joe, whose session gives durations and silence."""

    def __init__(self):
        super().__init__()
        import onnx.utils

        whole = self.voice.session
        inputs = [one.name for one in whole.get_inputs()]
        durations = whole.get_outputs()[-1].name
        front = Path(tempfile.gettempdir()) / f"joe-durations.{os.getpid()}.onnx"
        onnx.utils.extract_model(str(self.path), str(front), inputs, [durations])
        self.front = voices.single_threaded(str(front))
        front.unlink()
        self.voice.session = self

    def run(self, _, given, *__):
        (durations,) = self.front.run(None, given)
        return [np.zeros((1, 1, 1, int(durations.sum()) * voices.JOE_HOP), np.float32), durations]


def label(joe, speaker, text, draw):
    made = voices.spoken(joe, speaker, text, draw)
    if made is None:
        return None
    samples, segments = made
    tokens = len(samples) // voices.TOKEN
    return make_speech.labels(segments, tokens, np.zeros(2 * tokens)) if tokens <= dataset.LONGEST else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sentences", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=26000)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    sentences = given.sentences.read_text().splitlines()[::-1][: given.count]
    joe, speaker = None, next(one for one in voices.SPEAKERS if one.name == "joe")
    for number, start in enumerate(range(0, len(sentences), UTTERANCES), FIRST):
        path = given.out / f"{number:04}.npz"
        if path.exists():
            continue
        joe, draw, codes, index = joe or Unheard(), np.random.default_rng(number), [], []
        for text in sentences[start : start + UTTERANCES]:
            made = label(joe, speaker, text, draw)
            if made:
                codes.append(made[0].astype(np.int16))
                index.append({"text": text, "speaker": "joe", "tokens": len(made[0]), "spread": 0.0, "melody": False})
        dataset.write_shard(path, index, {"code": np.concatenate(codes)})
        print(path, len(index), flush=True)


if __name__ == "__main__":
    main()
