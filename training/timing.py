"""When each sound is heard: the sounds of an item in their order, each a token at least, near where they were labelled.

A label that gives every sound a token of its own lies a token off now and then, and a sound that is heard with even
odds in two tokens is named in neither when each token is asked alone. So a network is taught by the sum over all ways
to lay the same sounds end to end (Baum and Welch's forward and backward sums of a left-to-right model).
"""

import numba
import numpy as np

SLACK = 1  # tokens that a sound may begin earlier or end later than its label
PLACES = 2 * SLACK + 1
DECIDED = 2.0  # power of the scores: of two likely ways the likelier counts for more, so that the network comes to decide
NEVER = -1e30


def runs(sounds, begins):
    """[token] symbols and flags -> [token] the number of the sound that each belongs to, from 0."""
    starts = begins.astype(bool).copy()
    starts[0] = False
    starts[1:] |= sounds[1:] != sounds[:-1]
    return np.cumsum(starts)


@numba.njit(cache=True)
def _added(a, b):
    """log(exp(a) + exp(b))"""
    high, low = max(a, b), min(a, b)
    return high + np.log1p(np.exp(low - high))


@numba.njit(cache=True)
def _odds(scores, order, run):
    """Of one item, whose sounds are `order`: [token, place] log of the odds that sound run[token] + place - SLACK is there."""
    tokens, last = len(run), run[-1]
    first, end = np.searchsorted(run, np.arange(last + 1)), np.searchsorted(run, np.arange(last + 1), "right")
    heard = np.full((tokens, PLACES), NEVER)
    for t in range(tokens):
        for place in range(PLACES):
            one = run[t] + place - SLACK
            if 0 <= one <= last and first[one] - SLACK <= t < end[one] + SLACK:
                heard[t, place] = scores[t, order[one]]
    before, after = np.full((tokens, PLACES), NEVER), np.full((tokens, PLACES), NEVER)
    before[0, SLACK] = heard[0, SLACK]
    for t in range(1, tokens):
        moved = run[t] - run[t - 1]
        for place in range(PLACES):
            same, sooner = place + moved, place + moved - 1  # places of this and the sound before, a token earlier
            total = before[t - 1, same] if same < PLACES else NEVER
            if 0 <= sooner < PLACES:
                total = _added(total, before[t - 1, sooner])
            before[t, place] = max(total + heard[t, place], NEVER)
    after[tokens - 1, SLACK] = 0.0
    for t in range(tokens - 2, -1, -1):
        moved = run[t + 1] - run[t]
        for place in range(PLACES):
            same, later = place - moved, place - moved + 1
            total = NEVER
            if same >= 0:
                total = after[t + 1, same] + heard[t + 1, same]
            if 0 <= later < PLACES:
                total = _added(total, after[t + 1, later] + heard[t + 1, later])
            after[t, place] = max(total, NEVER)
    return before + after


@numba.njit(cache=True)
def _shares(scores, order, run):
    """Of one item: the shares [token, symbol], and the number of the likeliest sound of each token."""
    odds = _odds(scores, order, run)
    shares = np.zeros(scores.shape, np.float32)
    likeliest = np.zeros(len(run), np.int64)
    for t in range(len(run)):
        best = odds[t].argmax()
        likeliest[t] = run[t] + best - SLACK
        weights = np.exp(odds[t] - odds[t, best])
        weights /= weights.sum()
        for place in range(PLACES):
            if weights[place] > 0:
                shares[t, order[run[t] + place - SLACK]] += weights[place]
    return shares, likeliest


def heard_when(scores, sounds, begins):
    """How likely each sound is in each token, by scores of the network and the labels' order.

    scores [item, token, symbol]: logarithms of probabilities; sounds, begins [item, token]: the labels. Gives the
    shares [item, token, symbol], which sum to one, and of the likeliest sound of each token its symbol and whether it
    begins there [item, token].
    """
    shares, symbols, starts = np.zeros_like(scores, np.float32), np.zeros_like(sounds), np.zeros(sounds.shape, bool)
    for item, row in enumerate(DECIDED * scores.astype(np.float64)):
        order = sequence(sounds[item], begins[item])
        shares[item], likeliest = _shares(row, order, runs(sounds[item], begins[item]))
        symbols[item] = order[likeliest]
        starts[item, 0] = begins[item, 0]
        starts[item, 1:] = likeliest[1:] != likeliest[:-1]
    return shares, symbols, starts


def sequence(sounds, begins):
    """[token] symbols and flags -> the sounds one after the other."""
    numbers = runs(sounds, begins)
    return sounds[np.searchsorted(numbers, np.arange(numbers[-1] + 1))]


@numba.njit(cache=True)
def wrong(wanted, found):
    """Levenshtein's distance of two sequences."""
    costs = np.arange(len(found) + 1)
    for row in range(len(wanted)):
        diagonal, costs[0] = costs[0], row + 1
        for column in range(len(found)):
            least = min(diagonal + (wanted[row] != found[column]), costs[column] + 1, costs[column + 1] + 1)
            diagonal, costs[column + 1] = costs[column + 1], least
    return costs[-1]
