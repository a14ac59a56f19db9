"""The pitch of speech by autocorrelation and the cheapest path (after Boersma 1993), for any voice.

Pyworld's dio follows the fundamental itself and fails where that is weak, as in the voice joe.

    pitch.py SHARDS… [--codes]    renews `f0` of shards that are already there, and with --codes the pitch in `code`
"""

import argparse
import json
from pathlib import Path

import numpy as np
import scipy.signal

import dataset
import features
import phones

RATE, SLOWER = 8000, 3  # Hz after taking every third sample
LOWEST, HIGHEST = 50.0, 420.0  # Hz
WINDOW, HOP, POINTS = 360, 160, 1024  # samples at RATE: 45 ms every 20 ms; of the transform
CANDIDATES = 5
VOICING, SILENCE = 0.45, 0.03  # correlation from which a frame is voiced; level below which it hardly is
HIGHER, LEAP, SWITCH = 0.02, 0.4, 0.12  # prizes and costs: an octave up, an octave's leap, between voiced and not
FAR, NEAR = 0.3, 0.4  # cost of an octave away from the speaker's middle, counted from so many octaves


def correlations(audio):
    """[sample] at 24 kHz -> [frame, lag] autocorrelation that the window does not shrink, and [frame] peak levels."""
    low = scipy.signal.resample_poly(audio, 1, SLOWER)
    count = len(audio) // features.HOP
    # a frame's middle is that of its mel frame: half a hop after its first sample
    padded = np.pad(low, (WINDOW // 2 - HOP // 2, WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    window = np.hanning(WINDOW + 2)[1:-1]
    frames = frames - frames.mean(1, keepdims=True)
    level = np.abs(frames).max(1)

    def auto(rows):
        power = np.abs(np.fft.rfft(rows, POINTS)) ** 2
        return np.fft.irfft(power)[..., : int(RATE / LOWEST) + 3]

    own, seen = auto(window), auto(frames * window)
    return seen / (seen[:, :1] + 1e-9) / (own / own[0]), level


def candidates(correlation):
    """[frame, lag] -> [frame, candidate] Hz and strength; what is no peak has none."""
    before, here, after = correlation[:, :-2], correlation[:, 1:-1], correlation[:, 2:]
    peak = (here >= before) & (here > after) & (here > 0.2)
    peak[:, : int(RATE / HIGHEST) - 1] = False
    curve = np.where(peak, before - 2 * here + after, -1)
    shift = np.where(peak, (before - after) / (2 * np.minimum(curve, -1e-6)), 0).clip(-0.5, 0.5)
    hertz = RATE / (np.arange(1, correlation.shape[1] - 1) + shift)
    strength = here - (before - after) * shift / 4 + HIGHER * np.log2(hertz / LOWEST)
    strength = np.where(peak, strength, -np.inf)
    best = np.argsort(-strength, 1)[:, :CANDIDATES]
    return np.take_along_axis(hertz, best, 1), np.take_along_axis(strength, best, 1)


def cheapest_path(octaves, prizes):
    """[frame, candidate] -> the candidate of each frame; the last one is the unvoiced."""
    count = octaves.shape[1]
    switch = np.zeros((count, count))
    switch[-1, :-1] = switch[:-1, -1] = SWITCH
    score, back = prizes[0], np.zeros(octaves.shape, int)
    for frame in range(1, len(octaves)):
        leap = LEAP * np.abs(octaves[frame - 1][:, None] - octaves[frame][None])
        leap[-1] = leap[:, -1] = 0
        total = score[:, None] - leap - switch
        back[frame] = total.argmax(0)
        score = total.max(0) + prizes[frame]
    path = np.zeros(len(octaves), int)
    path[-1] = score.argmax()
    for frame in range(len(octaves) - 1, 0, -1):
        path[frame - 1] = back[frame, path[frame]]
    return path


def f0(audio):
    """[sample] at 24 kHz, whole frames of 480 -> [frame] Hz at the middle of each, 0 where unvoiced."""
    correlation, level = correlations(np.asarray(audio, np.float64))
    hertz, strength = candidates(correlation)
    loudness = level / max(level.max(), 1e-6)
    unvoiced = VOICING + np.maximum(0, 2 - loudness / SILENCE / (1 + VOICING)) + HIGHER
    octaves = np.log2(np.concatenate([hertz, np.ones((len(hertz), 1))], 1))
    prizes = np.concatenate([np.maximum(strength, -10), unvoiced[:, None]], 1)
    every = np.arange(len(hertz))
    path = cheapest_path(octaves, prizes)
    voiced = path < hertz.shape[1]
    if voiced.any():
        away = np.abs(octaves[:, :-1] - np.median(octaves[every, path][voiced]))
        prizes[:, :-1] -= FAR * np.maximum(0, away - NEAR)
        path = cheapest_path(octaves, prizes)
    return np.where(path < hertz.shape[1], 2 ** octaves[every, path], 0)


def renewed(stored, with_codes):
    """The index and the arrays of a shard with the pitch heard again: `f0`, the pitch digit of `code`, the spread."""
    index, start = json.loads(str(stored["index"])), 0
    heard, codes = np.zeros_like(stored["f0"]), stored["code"].astype(int)
    for row in index:
        end = start + row["tokens"]
        pitch = f0(stored["audio"][start * 960 : end * 960] / 32767)
        heard[2 * start : 2 * end] = pitch
        digits = phones.split_codes(codes[start:end])
        silent = phones.nearest_sounds(digits) == phones.INDEX[phones.PAUSE]
        if with_codes:
            digits[:, phones.PITCH_DIGIT], spread = features.pitch_level(pitch, silent)
            codes[start:end], row["spread"] = phones.codes(digits), round(float(spread), 3)
        start = end
    arrays = {name: rows for name, rows in stored.items() if name != "index"}
    return index, {**arrays, "f0": heard, "code": codes.astype(np.int16)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shards", type=Path, nargs="+")
    parser.add_argument("--codes", action="store_true")
    given = parser.parse_args()
    for path in given.shards:
        with np.load(path) as shard:
            stored = {key: shard[key] for key in shard.files}
        dataset.write_shard(path, *renewed(stored, given.codes))
        print(path, flush=True)


if __name__ == "__main__":
    main()
