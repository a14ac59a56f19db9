"""Is the forward and backward sum of training/timing.py the sum over all ways to lay the sounds end to end?"""

import itertools
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))

import timing  # noqa: E402

TOKENS, SYMBOLS, DRAWS = 9, 4, 40


def drawn(draw):
    """Labels [token], [token], and logarithms of probabilities [token, symbol]."""
    begins = draw.random(TOKENS) < 0.5
    begins[0] = True
    sounds = draw.integers(SYMBOLS, size=TOKENS)[np.cumsum(begins) - 1]
    return sounds, begins, np.log(draw.dirichlet(np.ones(SYMBOLS), TOKENS))


def counted(sounds, begins, scores):
    """What `heard_when` should give, by every way to lay the sounds."""
    number = timing.runs(sounds, begins)
    places = np.arange(number[-1] + 1)
    first, end = np.searchsorted(number, places), np.searchsorted(number, places, "right")
    token, shares = np.arange(TOKENS), np.zeros((TOKENS, SYMBOLS))
    for cuts in itertools.combinations(range(1, TOKENS), len(places) - 1):
        way = np.searchsorted(np.array(cuts), token, "right")
        if (token >= first[way] - timing.SLACK).all() and (token < end[way] + timing.SLACK).all():
            heard = sounds[first[way]]
            shares[token, heard] += np.exp(timing.DECIDED * scores[token, heard].sum())
    return shares / shares.sum(1, keepdims=True)


def main():
    draw = np.random.default_rng(1)
    worst = 0.0
    for _ in range(DRAWS):
        sounds, begins, scores = drawn(draw)
        shares, _, _ = timing.heard_when(scores[None], sounds[None], begins[None])
        worst = max(worst, np.abs(shares[0] - counted(sounds, begins, scores)).max())
        sure = 1e3 * (np.arange(SYMBOLS) == sounds[:, None])  # a network that hears the labels where they are
        _, symbols, starts = timing.heard_when(sure[None], sounds[None], begins[None])
        assert (symbols[0] == sounds).all(), "sounds that are certain are moved"
        assert starts[0, 1:][sounds[1:] != sounds[:-1]].all(), "a sound goes on from another"
        order = timing.sequence(sounds, begins)
        assert timing.wrong(order, sounds[begins]) == 0
    assert worst < 1e-5, f"the shares are off by {worst:.2g}"
    assert timing.wrong(np.array([1, 2, 3, 4]), np.array([1, 3, 4, 4])) == 2, "Levenshtein's distance is off"
    print(f"timing: {DRAWS} drawn items, shares within {worst:.1g}")


if __name__ == "__main__":
    main()
