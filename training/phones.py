"""The sounds of English as the training data names them, and the speech code of each.

A speech code has eight digits of three values (FSQ). The first six say which sound is heard, the seventh where the
pitch lies within the utterance, the eighth whether the sound begins here or goes on. So a code carries words and
melody, and nothing of the speaker.
"""

import itertools

import numpy as np

PAUSE = "_"
# IPA symbols, each a unit of its own: diphthongs and affricates are two
SYMBOLS = [PAUSE] + "ɑ æ ʌ ɔ a ə ɛ ɚ e ɪ i o ʊ u b d ð f ɡ h j k l m n ŋ p ɹ s ʃ t θ v w z ʒ ɾ".split()
MERGED = {"ɐ": "ə", "ᵻ": "ɪ", "ɜ": "ɚ", "ɨ": "ɪ", "r": "ɹ", "x": "k", "ʔ": "t", "ɬ": "l", "g": "ɡ", "ɒ": "ɔ", "y": "i"}

# The sounds of flite (CMU's set) in the same symbols.
ARPABET = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "ay": "aɪ", "b": "b", "ch": "tʃ", "d": "d",
    "dh": "ð", "dx": "ɾ", "eh": "ɛ", "er": "ɚ", "axr": "ɚ", "ey": "eɪ", "f": "f", "g": "ɡ", "hh": "h", "ih": "ɪ",
    "iy": "i", "jh": "dʒ", "k": "k", "l": "l", "m": "m", "n": "n", "ng": "ŋ", "ow": "oʊ", "oy": "ɔɪ", "p": "p",
    "r": "ɹ", "s": "s", "sh": "ʃ", "t": "t", "th": "θ", "uh": "ʊ", "uw": "u", "v": "v", "w": "w", "y": "j", "z": "z",
    "zh": "ʒ", "pau": PAUSE, "ssil": PAUSE,
}  # fmt: skip

SOUND_DIGITS, PITCH_DIGIT, PHASE_DIGIT, DIGITS = 6, 6, 7, 8
PITCH_STEP = 1.5  # semitones from the utterance's median to the next level


def _codewords():
    """One word of six digits a symbol, any two of which differ in three places where possible, else in two."""
    words = list(itertools.product(range(3), repeat=SOUND_DIGITS))
    chosen = [(1,) * SOUND_DIGITS]
    for distance in (3, 2):
        for word in words:
            if len(chosen) == len(SYMBOLS):
                return np.array(chosen)
            if all(sum(a != b for a, b in zip(word, other)) >= distance for other in chosen):
                chosen.append(word)
    raise ValueError(f"{len(SYMBOLS)} symbols do not find room in {SOUND_DIGITS} digits")


CODEWORDS = _codewords()
INDEX = {symbol: place for place, symbol in enumerate(SYMBOLS)}


def digits(sounds, pitch, begins):
    """[token] symbol indices, pitch levels 0..2 and flags -> [token, digit 8]."""
    return np.concatenate([CODEWORDS[sounds], pitch[:, None], begins[:, None] * 2], axis=1)


def codes(digit_rows):
    """[token, digit 8] -> [token] codes 0..6560, the first digit least significant."""
    return (digit_rows * 3 ** np.arange(DIGITS)).sum(1)


def split_codes(values):
    """[token] codes -> [token, digit 8]."""
    return values[:, None] // 3 ** np.arange(DIGITS) % 3


def nearest_sounds(digit_rows):
    """[token, digit 8] -> [token] index of the symbol whose codeword is nearest."""
    return np.abs(digit_rows[:, None, :SOUND_DIGITS] - CODEWORDS[None]).sum(-1).argmin(1)


def wordings(values):
    """[token] codes -> [token] one number for all codes that differ in the pitch alone."""
    rows = split_codes(values)
    return nearest_sounds(rows) * 2 + (rows[:, PHASE_DIGIT] > 0)


def with_pitch(values, levels):
    """[token] codes and levels 0..2 -> the codes with that pitch; pauses keep theirs."""
    rows = split_codes(values)
    rows[:, PITCH_DIGIT] = np.where(nearest_sounds(rows) == INDEX[PAUSE], rows[:, PITCH_DIGIT], levels)
    return codes(rows)


def used_codes():
    """Every code that a label can have."""
    every = np.arange(len(SYMBOLS))
    rows = [
        digits(every, np.full(len(every), pitch), np.full(len(every), begins)) for pitch in range(3) for begins in range(2)
    ]
    return np.sort(codes(np.concatenate(rows)))


def on_grid(ends, count):
    """[phone] ends in tokens (real numbers) -> whole ones, each phone at least one token where there is room.

    Least squares: with `end - rank` the condition is that the row never falls, so pooling neighbours that do is
    the optimum.
    """
    if len(ends) > count:
        return None
    blocks = []
    for rank, end in enumerate(ends):
        blocks.append([end - rank, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            value, size = blocks.pop()
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + value * size) / (blocks[-1][1] + size), blocks[-1][1] + size]
    flat = np.concatenate([np.full(size, value) for value, size in blocks])
    whole = np.clip(np.round(flat).astype(int), 1, count - len(ends) + 1) + np.arange(len(ends))
    whole[-1] = count
    return whole
