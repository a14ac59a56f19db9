#!/usr/bin/env python3
"""Our watermark beside upstream's (PyPI resemble-perth) on speech by Debian's flite and espeak-ng.

    watermark.py --program build/release/bin/nightingale [--library libnightingale.so] [--keep DIR]

Run it with the Python of tools/setup_python.sh; needs flite, espeak-ng, lame and the watermark's network
(tools/get_watermark.sh). On 20 recordings of six voices, five rates and 1 to 12 seconds: what we mark upstream finds,
what upstream marks we find, both also after mp3 at 128 kbit/s; nobody finds a mark in what is not marked; the
signal-to-watermark ratio is upstream's within 0.1 dB, the marked samples within 1e-5 of their norm. What we mark goes
through the C API, what we find through the API and through `nightingale detect`. Exit status: 0 within the limits, 1
not, 2 could not run.
"""

import argparse
import ctypes
import importlib.util
import json
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import librosa
import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parent))
from parity import CannotRun, end_with  # noqa: E402

SPOKEN = "The nightingale sings by day and by night. Nobody knows why it does so, and nobody minds. "
FLITE, ESPEAK = ("awb", "kal16", "rms", "slt"), ("en-us", "de", "fr", "en+f3")
RATES = (24000, 16000, 22050, 44100, 48000)
FILES = 20
SHORTEST, LONGEST = 1.0, 12.0  # seconds
TRUE = 0.5  # a mark is found above this confidence
LIMITS = {"samples": 1e-5, "ratio": 0.1, "confidence": 0.02}
# Upstream drops the samples behind the last whole hop of 320 at 32 kHz; there, and as far as the resampler's filter
# reaches before it, the two are not compared.
TAIL = 0.02


def call(*command):
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True)
    except OSError as error:
        raise CannotRun(f"{command[0]}: {error.strerror}") from error
    if done.returncode < 0:
        raise CannotRun(f"{' '.join(map(str, command))} died of signal {-done.returncode}")
    return done


class Ours:
    """The C API, and the program for recordings."""

    def __init__(self, library, program):
        self.program = program
        try:
            self.library = ctypes.CDLL(str(library))
        except OSError as error:
            raise CannotRun(str(error)) from error
        self.library.nightingale_watermarker_open.restype = ctypes.c_void_p
        self.library.nightingale_last_error.restype = ctypes.c_char_p
        self.handle = ctypes.c_void_p(self.library.nightingale_watermarker_open(None))
        self.check(0 if self.handle else -1)

    def check(self, status):
        if status != 0:
            raise CannotRun(self.library.nightingale_last_error().decode())

    def run(self, function, samples, rate, out):
        floats = np.ascontiguousarray(samples, np.float32)
        given = floats.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        self.check(function(self.handle, given, ctypes.c_size_t(len(floats)), ctypes.c_int32(rate), out))

    def mark(self, samples, rate):
        marked = np.empty(len(samples), np.float32)
        self.run(self.library.nightingale_watermark, samples, rate, marked.ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
        return marked

    def confidence(self, samples, rate):
        confidence = ctypes.c_double()
        self.run(self.library.nightingale_detect, samples, rate, ctypes.byref(confidence))
        return confidence.value

    def confidence_of_file(self, path):
        said = call(self.program, "detect", path, "--json")
        try:
            found = json.loads(said.stdout)
        except ValueError as error:
            raise CannotRun(f"detect {path}: {said.stderr.decode().strip()}") from error
        if (said.returncode == 0) != found["found"] or found["found"] != (found["confidence"] > TRUE):
            raise CannotRun(f"detect {path} contradicts itself: {said.returncode}, {found}")
        return found["confidence"]


class Theirs:
    """resemble-perth, which asks the old setuptools where its own files lie."""

    def __init__(self):
        stand_in = types.ModuleType("pkg_resources")
        stand_in.resource_filename = lambda package, name: str(
            Path(*importlib.util.find_spec(package.split(".")[0]).submodule_search_locations, *package.split(".")[1:], name))
        sys.modules.setdefault("pkg_resources", stand_in)
        from perth.perth_net.perth_net_implicit.perth_watermarker import PerthImplicitWatermarker
        self.watermarker = PerthImplicitWatermarker()

    def mark(self, samples, rate):
        return self.watermarker.apply_watermark(samples, sample_rate=rate)

    def confidence(self, samples, rate):
        return float(self.watermarker.get_watermark(samples, sample_rate=rate, round=False))


def speak(index, folder):
    """A recording: (name, samples, rate). Voice, rate and length go through their lists at different paces."""
    seconds = SHORTEST + (LONGEST - SHORTEST) * index / (FILES - 1)
    rate = RATES[index % len(RATES)]
    voice = (FLITE if index % 2 else ESPEAK)[index // 2 % 4]
    text = SPOKEN * (1 + int(seconds / 3))
    path = folder / "spoken.wav"
    if index % 2:
        done = call("flite", "-voice", voice, "-t", text, "-o", path)
    else:
        done = call("espeak-ng", "-v", voice, "-w", path, text)
    if done.returncode or not path.exists():
        raise CannotRun(done.stderr.decode())
    samples, native = soundfile.read(path, dtype="float32")
    samples = librosa.resample(samples, orig_sr=native, target_sr=rate)[: int(seconds * rate)]
    if len(samples) < SHORTEST * rate:
        raise CannotRun(f"{voice} speaks for {len(samples) / rate:.1f} s only")
    return f"{voice} {len(samples) / rate:.1f} s {rate / 1000:g} kHz", samples, rate


def through_mp3(samples, rate, path):
    soundfile.write(path.with_suffix(".wav"), np.clip(samples, -1, 1), rate, subtype="PCM_16")
    done = call("lame", "--quiet", "--cbr", "-b", "128", "--resample", rate / 1000, path.with_suffix(".wav"), path)
    if done.returncode:
        raise CannotRun(done.stderr.decode())
    return soundfile.read(path, dtype="float32")


def ratio(samples, marked):
    """How loud the signal is beside the watermark, in dB."""
    return 10 * np.log10(np.sum(samples**2) / np.sum((samples - marked) ** 2))


def compare(index, ours, theirs, folder):
    """The table's line of one recording and what is wrong with it."""
    name, samples, rate = speak(index, folder)
    marked = {"ours": ours.mark(samples, rate), "theirs": theirs.mark(samples, rate)}
    same = slice(0, len(marked["theirs"]) - int(TAIL * rate))
    a, b = marked["ours"][same].astype(np.float64), marked["theirs"][same].astype(np.float64)
    error = np.linalg.norm(a - b) / np.linalg.norm(b)
    ratios = ratio(samples[same].astype(np.float64), a), ratio(samples[same].astype(np.float64), b)

    wrong, heard = [], []
    for what, sound in (("unmarked", samples), *marked.items()):
        mp3 = folder / f"{index}-{what}.mp3"
        decoded, decoded_rate = through_mp3(sound, rate, mp3)
        for place, we, they in ((what, ours.confidence(sound, rate), theirs.confidence(sound, rate)),
                                (f"{what} mp3", ours.confidence_of_file(mp3), theirs.confidence(decoded, decoded_rate))):
            heard.append((we, they))
            wrong += [f"{who} says {confidence:.2f} of {place}" for who, confidence in (("ours", we), ("upstream", they))
                      if (confidence > TRUE) != (what != "unmarked")]
            if abs(we - they) > LIMITS["confidence"]:
                wrong.append(f"{place}: {we:.3f} and {they:.3f}")
    if len(marked["ours"]) != len(samples):
        wrong.append(f"{len(samples)} samples became {len(marked['ours'])}")
    if not error <= LIMITS["samples"]:
        wrong.append(f"samples differ by {error:.1e}")
    if not abs(ratios[0] - ratios[1]) <= LIMITS["ratio"]:
        wrong.append("the ratios differ")
    shown = "  ".join(f"{we:.2f}/{they:.2f}" for we, they in heard)
    print(f"  {name:26} {error:.1e}  {ratios[0]:6.2f} {ratios[1]:6.2f} dB  {shown}  {'; '.join(wrong)}".rstrip())
    return wrong, error, abs(ratios[0] - ratios[1]), max(abs(we - they) for we, they in heard)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--library", type=Path, help="default: libnightingale.so in the folder above the program's")
    parser.add_argument("--keep", type=Path, help="keep the mp3 files in this folder")
    given = parser.parse_args()
    library = given.library or given.program.resolve().parents[1] / "libnightingale.so"
    ours, theirs = Ours(library, given.program), Theirs()
    print("  recording                  error     ratio: ours, upstream    confidence, ours/upstream: "
          "unmarked, mp3; marked by us, mp3; by upstream, mp3")
    results = []
    with tempfile.TemporaryDirectory(prefix="nightingale-watermark-") as work:
        folder = given.keep or Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        results = [compare(index, ours, theirs, folder) for index in range(FILES)]
    failed = sum(bool(wrong) for wrong, *_ in results)
    print(f"{FILES} recordings: samples within {max(r[1] for r in results):.1e} of their norm, signal-to-watermark ratio "
          f"within {max(r[2] for r in results):.0e} dB, confidence within {max(r[3] for r in results):.3f}; "
          + (f"{failed} failed" if failed else "everything within the limits"))
    return 1 if failed else 0


if __name__ == "__main__":
    end_with(main)
