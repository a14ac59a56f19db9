#!/usr/bin/env python3
"""Live parity of voice conversion: upstream's ChatterboxVC beside `nightingale convert`, and long sources without a seam.

    conversion.py --program build/release/bin/nightingale [--seed N] [--work DIR] [--picture FILE.png] [--break cut|noise]

Recordings are spoken by flite and espeak-ng, models are small and seeded; PyTorch runs in processes of its own.

  short  two recordings of some seconds, of odd length and as stereo mp3, into two voices, the whole of it beside
         upstream's: codes equal (a code whose digit lies within 1e-4 of a rounding border in PyTorch may have that
         digit one higher or lower, and is listed), samples within 1e-3 of their norm. F0 moves by 20 Hz only:
         harmonics add up what F0 is off by, and 120 Hz would make 1e-4 of rounding more than that (parity.py).
  long   about 70 s, which the flow sees in windows of 30 s: every code that the recording's frames make, equal to
         upstream's, 960 samples each, and no seam. A seam is a jump of the spectrum: the flux (change from one
         frame of the spectrogram to the next, logarithms below 1 kHz, where the harmonics of this model's steady voice
         are) near the joins may not exceed the largest flux elsewhere by more than a fifth. That this measure sees
         something is proven each time: 5 ms cut out at a join must be found at each of them.

--break spoils our long result at the first join (5 ms cut out, or from there on the result of another seed), which must
end in failure. Exit status: 0 all so, 1 not, 2 could not run.
"""

import argparse
import json
import math
import random
import shutil
import struct
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).parent))
from cloning import drawn_cloning_sizes, judge_codes, run, show  # noqa: E402
from parity import CannotRun, drawn_sizes, end_with, python  # noqa: E402
from recordings import SENTENCES, enough, spoken, stereo  # noqa: E402

LIMIT = 1e-3
RATE, LISTENED, SAMPLES_PER_TOKEN, TOKENS_PER_SECOND = 24000, 16000, 960, 25
# src/synthesis/conversion.hpp, vocoder_stream.hpp
WINDOW, OVERLAP, VOCODED = 750, 100, 500  # tokens
VOICES = [("flite", "rms"), ("flite", "slt"), ("flite", "awb"), ("espeak-ng", "en-us")]
# of the spectrogram: samples of a frame and from one to the next, Hz, and a share of the loudest
FRAME, HOP, LOWEST, HIGHEST, FLOOR = 4096, 480, 60, 1000, 0.3
MORE = 1.2  # times the largest flux elsewhere
AROUND = 0.25  # seconds before and behind a join
CUT = 120  # samples, 5 ms


def convert(program, source, voice, model, seed, out, steps=10):
    """(what --json says, samples)."""
    options = ["--seed", seed, "--steps", steps, "--no-watermark", "--format", "wav-float", "--quiet", "--json"]
    command = [program, "convert", source, "--voice", voice, "--model", model, "-o", out, *options]
    done = run(command)
    if done.returncode:
        said = done.stderr[-3000:]
        raise CannotRun(f"{' '.join(map(str, command))}\nexit status {done.returncode}\n{said}")
    said = json.loads(done.stdout)
    samples, rate = soundfile.read(out, dtype="float64")
    if rate != RATE or samples.ndim != 1:
        raise CannotRun(f"{out}: {rate} Hz, shape {samples.shape}; expected mono of {RATE} Hz")
    return said, samples


def judged(mark, name, error, remark):
    show(mark, name, error, remark)
    return mark == "FAIL"


def codes_of(said):
    return np.concatenate([np.asarray(chunk, np.int64) for chunk in said["tokens"]])


def check_codes(said, reference):
    """(mark, remark) beside upstream's codes."""
    ours, theirs = codes_of(said), np.load(reference / "source_tokens.npy").reshape(-1)
    if len(ours) != len(theirs):
        return "FAIL", f"{len(ours)} codes, PyTorch has {len(theirs)}"
    near = json.loads((reference / "metadata.json").read_text())["margins"]["source_tokens"]["near"]
    return judge_codes(ours, theirs, near)


def check_short(program, work, seed):
    draw = random.Random(f"conversion {seed}")
    odd, compressed = work / "odd.wav", work / "compressed.mp3"
    clip, rate = enough("espeak-ng", "en-us", draw, draw.uniform(2, 3))
    soundfile.write(odd, clip[: len(clip) // 2 * 2 - 1], rate)
    clip, rate = enough("flite", draw.choice(["rms", "slt", "awb"]), draw, draw.uniform(3, 5))
    soundfile.write(compressed, stereo(soxr.resample(clip, rate, 44100), 44100), 44100)
    sizes = ["--size", *drawn_sizes(draw), *drawn_cloning_sizes(draw)]
    print(python("make_fixture.py", work / "short", "--seed", seed, "--cloning", "--f0-spread", 20, *sizes))
    failures, model = 0, work / "short/model"
    for number, (source, voice) in enumerate([(odd, "voice"), (compressed, "voice-odd")]):
        voice, reference, drawn = work / "short" / voice, work / source.stem, 7919 * seed + number
        python("make_conversion_reference.py", model, voice, source, "-o", reference, "--seed", drawn)
        said, ours = convert(program, source, voice, model, drawn, work / f"{source.stem}-ours.wav")
        info, theirs = soundfile.info(source), np.load(reference / "audio.npy").astype(np.float64)
        print(f" {source.name}, {info.frames} samples of {info.samplerate} Hz, seed {drawn}")
        mark, remark = check_codes(said, reference)
        failures += judged(mark, "codes", None, remark)
        if ours.shape != theirs.shape:
            failures += judged("FAIL", "samples", None, f"{len(ours)}, PyTorch has {len(theirs)}")
        elif mark == "close":
            judged("skipped", "samples", None, "of other codes")
        else:
            error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
            mark = "ok" if error <= LIMIT else "FAIL"
            failures += judged(mark, "samples", error, f"limit {LIMIT:.0e}, {len(ours)} samples")
    return failures


def long_recording(path, draw):
    """Sentences of several voices one after another, 66 to 77 s: there upstream's windows lose no code."""
    wanted = int(draw.uniform(66, 77) * RATE) | 1
    clips, length = [], 0
    while length < wanted:
        clip, rate = spoken(*draw.choice(VOICES), draw.choice(SENTENCES))
        clips.append(soxr.resample(clip, rate, RATE))
        length += len(clips[-1])
    soundfile.write(path, 0.9 * np.concatenate(clips)[:wanted], RATE)


def spectrogram(samples):
    """Magnitudes (frame, bin)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    return np.abs(np.fft.rfft(frames * np.hanning(FRAME)))


def flux_of(samples):
    """(seconds, flux) between each two frames; without the silence that the fade at the start has."""
    magnitudes = spectrogram(samples)[:, LOWEST * FRAME // RATE + 1 : HIGHEST * FRAME // RATE + 1]
    levels = np.log(magnitudes + FLOOR * np.median(magnitudes.max(axis=1)))
    flux = np.sqrt(np.mean(np.diff(levels, axis=0) ** 2, axis=1))
    seconds = (np.arange(len(flux)) * HOP + (FRAME + HOP) / 2) / RATE
    settled = seconds > 2 * FRAME / RATE
    return seconds[settled], flux[settled]


def joins_of(count):
    """[name, first second, last second] of what might be heard in a row of codes."""
    joins = []
    for first in range(WINDOW - OVERLAP, count - OVERLAP, WINDOW - OVERLAP):
        joins.append((f"window at {first / TOKENS_PER_SECOND:.0f} s", first, first + OVERLAP))
    for first in range(VOCODED, count, VOCODED):
        joins.append((f"vocoder at {first / TOKENS_PER_SECOND:.0f} s", first, first))
    seconds = 1 / TOKENS_PER_SECOND
    return [(name, first * seconds - AROUND, last * seconds + AROUND) for name, first, last in joins]


def near(seconds, join):
    return (seconds >= join[1]) & (seconds <= join[2])


def cut_at(samples, join):
    place = int((join[1] + join[2]) / 2 * RATE)
    return np.concatenate([samples[:place], samples[place + CUT :]])


def check_seams(samples, joins):
    """Gives the number of joins that can be told from what is elsewhere, and of those where a cut could not."""
    seconds, flux = flux_of(samples)
    elsewhere = flux[~np.any([near(seconds, join) for join in joins], axis=0)]
    limit, failures = MORE * elsewhere.max(), 0
    median, high, top = np.percentile(elsewhere, [50, 99.9, 100])
    print(f"  flux elsewhere: median {median:.3f}, 99.9 % {high:.3f}, largest {top:.3f}; limit {limit:.3f}")
    for join in joins:
        here = flux[near(seconds, join)].max()
        cut_seconds, cut_flux = flux_of(cut_at(samples, join))
        cut = cut_flux[near(cut_seconds, join)].max()
        mark = "FAIL" if here > limit or cut <= limit else "ok"
        blind = "" if cut > limit else ", which would not be seen"
        remark = f"largest flux {here:.3f}; with 5 ms cut out {cut:.3f}{blind}"
        failures += judged(mark, join[0], None, remark)
    return failures


def spoil(samples, kind, join, other):
    """The result with a seam in it; `other` gives that of another seed."""
    if kind == "cut":
        return cut_at(samples, join)
    place = int((join[1] + join[2]) / 2 * RATE)
    return np.concatenate([samples[:place], other()[place:]])


def check_long(program, work, seed, spoiled, picture):
    draw = random.Random(f"long conversion {seed}")
    source, reference, model, voice = work / "long.wav", work / "long", work / "steady/model", work / "steady/voice"
    long_recording(source, draw)
    python("make_fixture.py", work / "steady", "--seed", seed, "--cloning", "--f0-spread", 0.1, "--prompt", 50)
    tokens_only = ["-o", reference, "--tokens-only"]
    python("make_conversion_reference.py", model, voice, source, *tokens_only)

    def ours(drawn):
        return convert(program, source, voice, model, drawn, work / "long-ours.wav", steps=2)

    said, samples = ours(seed)
    frames = len(np.load(reference / "source_16k.npy")) // 160
    whole = math.ceil(math.ceil(frames / 2) / 2)
    print(f" {source.name}, {soundfile.info(source).frames} samples of {RATE} Hz, seed {seed}")
    count = len(codes_of(said))
    kept = "ok" if count == whole and len(samples) == whole * SAMPLES_PER_TOKEN else "FAIL"
    remark = f"{count} codes and {len(samples)} samples of {frames} frames, which make {whole} codes"
    failures = judged(kept, "all of it", None, remark)
    mark, remark = check_codes(said, reference)
    failures += judged(mark, "codes", None, remark)
    joins = joins_of(count)
    if spoiled:
        samples = spoil(samples, spoiled, joins[0], lambda: ours(seed + 1)[1])
        print(f"  spoiled on purpose ({spoiled}) at the {joins[0][0]}")
    failures += check_seams(samples, joins)
    if picture:
        given, _ = soundfile.read(source, dtype="float64")
        write_picture(picture, [given, samples], joins)
    return failures


def write_picture(path, clips, joins):
    """Spectrograms up to 4 kHz, one above the other, a column each 20 ms; marks below them where the joins are."""
    rows = []
    for clip in clips:
        levels = 20 * np.log10(spectrogram(clip)[:, : 4000 * FRAME // RATE : 2].T[::-1] + 1e-9)
        shades = np.clip((levels - levels.max() + 70) / 70, 0, 1)
        marks = np.ones((8, shades.shape[1]))
        for _, first, last in joins:
            marks[2:, int(first * RATE / HOP) : int(last * RATE / HOP)] = 0
        rows += [shades, marks]
    width = min(row.shape[1] for row in rows)
    grey = (255 * np.concatenate([row[:, :width] for row in rows])).astype(np.uint8)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, len(grey), 8, 0, 0, 0, 0)
    lines = b"".join(b"\0" + line.tobytes() for line in grey)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["short", "long"], help="one of the two checks")
    parser.add_argument("--break", dest="spoiled", choices=["cut", "noise"], help="must end in failure")
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="spectrograms of source and result")
    parser.add_argument("--work", type=Path, help="keep all files in this folder")
    given = parser.parse_args()
    if not given.program.exists():
        raise CannotRun(f"{given.program}: no such program; build it and give its path with --program")
    for needed in ("flite", "espeak-ng"):
        if not shutil.which(needed):
            raise CannotRun(f"{needed} is not installed (tools/packages.txt)")

    work = given.work or Path(tempfile.mkdtemp(prefix="nightingale-conversion-"))
    work.mkdir(parents=True, exist_ok=True)
    failures, started = 0, time.time()
    try:
        if given.only != "long":
            failures += check_short(given.program, work, given.seed)
        if given.only != "short":
            failures += check_long(given.program, work, given.seed, given.spoiled, given.picture)
    finally:
        if not given.work:
            shutil.rmtree(work, ignore_errors=True)
    done = "everything within the limits" if not failures else f"{failures} failed"
    print(f"conversion, seed {given.seed}: {done}; {time.time() - started:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    end_with(main)
