"""When each sound is heard: the sounds of an item in their order, each a token at least, near where they were labelled.

A label that gives every sound a token of its own lies a token off now and then, and a sound that is heard with even
odds in two tokens is named in neither when each token is asked alone. So a network is taught by the sum over all ways
to lay the same sounds end to end (Baum and Welch's forward and backward sums of a left-to-right model).
"""

import numba
import numpy as np

import phones

SLACK = 1  # tokens that a sound may begin earlier or end later than its label
PLACES = 2 * SLACK + 1
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
def _shares(scores, sounds, run):
    """One item of `shares`: [token, place] log of the odds that the sound of run[token] + place - SLACK is heard there."""
    tokens, last = len(run), run[-1]
    first, end, symbol = np.zeros(last + 1, np.int64), np.zeros(last + 1, np.int64), np.zeros(last + 1, np.int64)
    for t in range(tokens - 1, -1, -1):
        first[run[t]], symbol[run[t]] = t, sounds[t]
    for t in range(tokens):
        end[run[t]] = t + 1
    heard = np.full((tokens, PLACES), NEVER)
    for t in range(tokens):
        for place in range(PLACES):
            one = run[t] + place - SLACK
            if 0 <= one <= last and first[one] - SLACK <= t < end[one] + SLACK:
                heard[t, place] = scores[t, symbol[one]]
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
def _spread(scores, sounds, runs):
    """See `shares`."""
    items, tokens, symbols = scores.shape
    shares = np.zeros((items, tokens, symbols), np.float32)
    likeliest = np.zeros((items, tokens), np.int64)
    for item in range(items):
        odds = _shares(scores[item], sounds[item], runs[item])
        symbol = np.zeros(runs[item, -1] + 1, np.int64)
        for t in range(tokens):
            symbol[runs[item, t]] = sounds[item, t]
        for t in range(tokens):
            best = odds[t].argmax()
            likeliest[item, t] = runs[item, t] + best - SLACK
            weights = np.exp(odds[t] - odds[t, best])
            weights /= weights.sum()
            for place in range(PLACES):
                if weights[place] > 0:
                    shares[item, t, symbol[runs[item, t] + place - SLACK]] += weights[place]
    return shares, likeliest


def heard_when(scores, sounds, begins):
    """How likely each sound is in each token, by scores of the network and the labels' order.

    scores [item, token, symbol]: logarithms of probabilities; sounds, begins [item, token]: the labels. Gives the
    shares [item, token, symbol], which sum to one, and of the likeliest sound of each token its symbol and whether it
    begins there [item, token].
    """
    numbers = np.stack([runs(row, flags) for row, flags in zip(sounds, begins)])
    shares, likeliest = _spread(scores.astype(np.float64), sounds, numbers)
    symbols, starts = np.zeros_like(sounds), np.zeros(sounds.shape, bool)
    for item, row in enumerate(likeliest):
        first = np.searchsorted(numbers[item], row)  # where the sound is labelled
        symbols[item] = sounds[item, first]
        starts[item, 0] = begins[item, 0]
        starts[item, 1:] = row[1:] != row[:-1]
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
