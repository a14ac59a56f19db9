#!/usr/bin/env python3
"""Live parity of cloning: upstream's PyTorch bakes five recordings, then nightingale does, and both are compared.

    cloning.py --program build/release/app/nightingale [--size small|full] [--seed N] [--work DIR]

The recordings differ in voice, rate, length and format (recordings.py; wants flite and espeak-ng). Small
models draw their sizes from the seed; full size is the real one. Two checks:

  verify  `nightingale verify` on upstream's resampled samples (audio_24k.npy, audio_16k.npy): the networks
  bake    `nightingale voice bake` on the file itself: decoding and resampling too

At full size only the second is made, for `verify` loads a T3, which is 2 GB and bakes nothing; --verify asks for it
all the same. Limits are norms of differences over norms of references: mel and voice encoder 1e-5, x-vector 1e-4
(it hears the logarithm of near silence, such as a telephone's above 4 kHz; to stay within that, resampling is
PyTorch's to the bit). Codes are equal; a code whose digit lies within 1e-4 of a rounding
border in PyTorch may have that digit one higher or lower, and is listed. PyTorch runs in processes that end
before nightingale starts. Exit status: 0 within the limits, 1 not, 2 could not run.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from parity import CannotRun, drawn_sizes, end_with, python  # noqa: E402
from recordings import make_recordings  # noqa: E402

LIMITS = {"prompt_feat": 1e-5, "soul_t3_256": 1e-5, "soul_s3_192": 1e-4, "emotion_adv": 0.0}
SAMPLES = 1e-5  # verify also says how far its resampling is from upstream's
CODES = ("prompt_token", "t3_cond_tokens")
CLOSE = 1e-4
DIGITS, LEVELS = 8, 3


def drawn_cloning_sizes(draw):
    sizes = {
        "tokenizer_heads": draw.randint(1, 3),
        "tokenizer_hidden": draw.randint(70, 300),
        "tokenizer_blocks": draw.randint(1, 4),
        "image": draw.randint(2, 12),
        "x_vector_width": 4 * draw.randint(3, 12),
        "growth": 4 * draw.randint(1, 3),
        "bottleneck": draw.randint(2, 5),
        "voice_hidden": draw.randint(20, 90),
    }
    return [f"{name}={value}" for name, value in sizes.items()]


def make_case(work, size, seed, with_t3):
    draw = random.Random(f"cloning {seed}")
    recordings = make_recordings(work / "recordings", draw)
    sizes = ["--size", *drawn_sizes(draw), *drawn_cloning_sizes(draw)] if size == "small" else ["--full-size"]
    started = time.time()
    networks = "--cloning" if with_t3 else "--only-cloning"
    print(python("make_fixture.py", work, "--seed", seed, networks, *sizes))
    python("make_voice_reference.py", work / "model", *recordings, "-o", work / "voices")
    print(f"PyTorch: {time.time() - started:.0f} s")
    return recordings


def run(command):
    """Runs the engine; gives what it wrote on its output."""
    command = [str(part) for part in command]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise CannotRun(f"{command[0]}: {error.strerror}") from error
    if done.returncode < 0:
        raise CannotRun(f"{' '.join(command)}\ndied of signal {-done.returncode}\n{done.stderr[-3000:]}")
    return done


def digits(codes):
    return np.asarray(codes)[:, None] // LEVELS ** np.arange(DIGITS) % LEVELS


def judge_codes(ours, theirs, near):
    """(mark, remark): ok, close when only digits differ that rounding may decide, or FAIL."""
    ours, theirs = ours.reshape(-1).astype(np.int64), theirs.reshape(-1).astype(np.int64)
    apart = digits(ours) - digits(theirs)
    excused = {(code, digit) for code, digit, distance in near if distance < CLOSE}
    differing = {(int(code), int(digit)) for code, digit in np.argwhere(apart)}
    if not differing:
        return "ok", f"{len(theirs)} codes"
    listed = ", ".join(f"code {code} digit {digit}" for code, digit in sorted(differing)[:6])
    if differing <= excused and np.abs(apart).max() == 1:
        return "close", listed
    return "FAIL", f"{len({code for code, _ in differing})} of {len(theirs)} codes differ: {listed}"


def judge_array(name, ours, theirs, known):
    """(mark, error, remark) of one array of the voice."""
    if ours.shape != theirs.shape:
        return "FAIL", None, f"shape {ours.shape}, PyTorch's is {theirs.shape}"
    if name in CODES:
        mark, remark = judge_codes(ours, theirs, known["margins"][name]["near"])
        return mark, None, remark
    error = np.linalg.norm(ours.astype(np.float64) - theirs) / np.linalg.norm(theirs.astype(np.float64))
    limit = LIMITS[name]
    return "ok" if error <= limit else "FAIL", error, f"limit {limit:.1e}"


def show(mark, name, error, remark):
    error = "" if error is None else f"{error:.1e}"
    print(f"  {mark:8}{name:24}  {error:>8}  {remark}".rstrip())


def known_of(reference):
    return json.loads((reference / "metadata.json").read_text())


def check_bake(program, model, recording, reference, out):
    """From the file on; gives the number of failures."""
    command = [
        program,
        "voice",
        "bake",
        recording,
        "-o",
        out,
        "--as-is",
        "--format",
        "folder",
        "--model",
        model,
    ]
    started = time.time()
    done = run(command)
    if done.returncode:
        raise CannotRun(
            f"{' '.join(map(str, command))}\nexit status {done.returncode}\n{done.stderr[-3000:]}"
        )
    print(f" bake {recording.name}: {time.time() - started:.1f} s")
    failures, known = 0, known_of(reference)
    for name in (*CODES, *LIMITS):
        path = out / f"{name}.npy"
        if not path.exists():
            mark, error, remark = "FAIL", None, "not written"
        else:
            mark, error, remark = judge_array(name, np.load(path), np.load(reference / f"{name}.npy"), known)
        show(mark, name, error, remark)
        failures += mark == "FAIL"
    return failures


def check_verify(program, model, reference, empty):
    """From upstream's samples on: what verify says of step 0; gives the number of failures."""
    done = run([program, "verify", model, empty, "--voice", reference, "--json"])
    try:
        steps = [step for step in json.loads(done.stdout)["steps"] if step["step"].startswith("step0_")]
    except (ValueError, KeyError, TypeError) as error:
        said = (done.stderr or done.stdout)[-3000:]
        raise CannotRun(
            f"verify: exit status {done.returncode} and no report ({error!r}):\n{said}"
        ) from error
    print(f" verify {reference.name}")
    failures, known, seen = 0, known_of(reference), set()
    for step in steps:
        name, error, remark = step["step"].removeprefix("step0_"), step.get("error"), step.get("detail") or ""
        seen.add(name)
        if name in CODES:
            close = [entry for entry in known["margins"][name]["near"] if entry[2] < CLOSE]
            mark = "ok" if step["verdict"] == "equal" else "close" if close else "FAIL"
        else:
            limit = LIMITS.get(name, SAMPLES)
            mark = "ok" if error is not None and error <= limit else "FAIL"
            remark = f"limit {limit:.1e} {remark}"
        show(mark, step["step"], error, remark)
        failures += mark == "FAIL"
    for name in {*CODES, *LIMITS} - {"emotion_adv"} - seen:
        show("FAIL", f"step0_{name}", None, "not compared")
        failures += 1
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--size", choices=["small", "full"], default="small")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verify", action="store_true", help="verify at full size too")
    parser.add_argument(
        "--work", type=Path, help="keep all files in this folder, and use them again when there"
    )
    given = parser.parse_args()
    if not given.program.exists():
        raise CannotRun(f"{given.program}: no such program; build it and give its path with --program")
    for needed in ("flite", "espeak-ng"):
        if not shutil.which(needed):
            raise CannotRun(f"{needed} is not installed (tools/packages.txt)")

    verify = given.verify or given.size == "small"
    work = given.work or Path(tempfile.mkdtemp(prefix="nightingale-cloning-"))
    work.mkdir(parents=True, exist_ok=True)
    failures = 0
    try:
        case, asked = work / "case.json", [given.size, given.seed, verify]
        if case.exists() and json.loads(case.read_text()) == asked:
            print(f"using {work} again")
        else:
            make_case(work, given.size, given.seed, verify)
            case.write_text(json.dumps(asked))
        empty = work / "reference"  # of no step but the voice's
        empty.mkdir(exist_ok=True)
        (empty / "metadata.json").write_text(json.dumps({"text": "", "language": "en", "seed": 1}))
        for recording in sorted((work / "recordings").iterdir()):
            reference = work / "voices" / recording.stem
            if verify:
                failures += check_verify(given.program, work / "model", reference, empty)
            out = work / "baked" / recording.stem
            shutil.rmtree(out, ignore_errors=True)
            out.parent.mkdir(exist_ok=True)
            failures += check_bake(given.program, work / "model", recording, reference, out)
    finally:
        if not given.work:
            shutil.rmtree(work, ignore_errors=True)
    done = "everything within the limits" if not failures else f"{failures} failed"
    print(f"cloning, {given.size}, seed {given.seed}: {done}")
    return 1 if failures else 0


if __name__ == "__main__":
    end_with(main)
