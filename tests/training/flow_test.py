"""Are the utterances that training/flow_batches.py hurries the same sounds in less time?"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))

import flow_batches  # noqa: E402
import phones  # noqa: E402
import timing  # noqa: E402

LENGTHS = [1, 4, 2, 3]  # tokens of the sounds
SOUNDS = [5, 9, 9, 20]


def spoken():
    """Codes, and a mel in which each frame holds its own number."""
    sounds = np.repeat(SOUNDS, LENGTHS)
    begins = np.zeros(len(sounds), int)
    begins[np.cumsum([0, *LENGTHS[:-1]])] = 1
    codes = phones.codes(phones.digits(sounds, np.arange(len(sounds)) % 3, begins))
    return codes, np.arange(2 * len(codes), dtype=np.float32)[:, None].repeat(80, 1)


def sounds_of(codes):
    rows = phones.split_codes(codes)
    return timing.sequence(phones.nearest_sounds(rows), rows[:, phones.PHASE_DIGIT] > 0).tolist()


def main():
    codes, mel = spoken()
    same_codes, same_mel = flow_batches.hurried(codes, mel, np.ones(len(codes)))
    assert (same_codes == codes).all() and (same_mel == mel).all(), "sounds that take all of their time are changed"
    quick_codes, quick_mel = flow_batches.hurried(codes, mel, np.full(len(codes), 0.5))
    assert len(quick_codes) == 1 + 2 + 1 + 2 and len(quick_mel) == 2 * len(quick_codes), "of another length than asked"
    assert sounds_of(quick_codes) == SOUNDS, "a sound is lost or comes twice"
    assert (np.diff(quick_mel[:, 0]) > 0).all(), "frames out of their order"
    # the second sound's four tokens in two: its frames 2 to 9 in four, each in the middle of two
    assert np.allclose(quick_mel[2:6, 0], [2.5, 4.5, 6.5, 8.5]), "frames from elsewhere than their sound"
    print(f"flow: {len(SOUNDS)} sounds in {len(quick_codes)} tokens instead of {len(codes)}")


if __name__ == "__main__":
    main()
