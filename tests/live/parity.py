#!/usr/bin/env python3
"""Live parity: a fresh seeded model and reference from upstream's PyTorch, then `nightingale verify` on them.

    parity.py --program build/release/app/nightingale [--size small|full] [--seed N] [--work DIR]

Run it with the Python of tools/setup_python.sh. Small models draw their sizes, text and voice from the
seed, so that nothing can depend on particular ones; full size is the real one (30 layers of 1024, flow and
vocoder of 512), 100 tokens. Limits are norms of differences over norms of references: small 1e-5, samples
and source 1e-4; full 1e-4 and 1e-3. Tokens are equal, but a choice whose margin is below 1e-4 of the
logits' scale (step3_margins, judged by verify) is listed and not failed. PyTorch runs in processes that end
before nightingale starts, so the two never share the memory. Exit status: 0 within the limits, 1 not, 2
could not run.
"""

import argparse
import json
import math
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TOOLS = Path(__file__).resolve().parents[2] / "tools"
LIMITS = {"small": {"array": 1e-5, "samples": 1e-4}, "full": {"array": 1e-4, "samples": 1e-3}}
TOKENS = re.compile("_tokens|prompt_token|token_len")
SAMPLES = re.compile("audio|source|sample")
FRAMES_PER_SECOND = 50
WANTED = [
    "step1_text_tokens",
    "step2_final_cond",
    "step3_speech_tokens",
    "step3_sampled_tokens_seed",
    "step5_token_emb",
    "step5_spk_emb",
    "step6_encoder_out",
    "step6_mu",
    "step7_initial_noise",
    "ode_step1_v_cond",
    "step7_mel",
    "step8_f0",
    "step8_source",
    "step8_audio",
]
TEXTS = {
    "english": [
        "The nightingale sings by day and by night.",
        "Wait... who's there? [cough] Only the wind - and rain.",
        "one; two: three",
        "Nobody moved.",
    ],
    "multilingual": [
        ("de", "Weißt du, wie schön die Nachtigall singt?"),
        ("fr", "Où étions-nous, déjà ?"),
        ("tr", "İSTANBUL'da bülbül ışık ışık."),
        ("nl", "De nachtegaal zingt 's nachts."),
    ],
}


class CannotRun(Exception):
    """Something outside the comparison went wrong; the text says what and where."""


def python(script, *arguments):
    """Runs one of the tools in a process of its own; its output is shown only when it fails."""
    command = [sys.executable, "-W", "ignore", TOOLS / script, *map(str, arguments)]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise CannotRun(
            f"{script} failed ({done.returncode}):\n{(done.stderr or done.stdout).strip()[-3000:]}"
        )
    return done.stdout.strip().splitlines()[-1]


def drawn_sizes(draw):
    """Small sizes that upstream accepts, uneven on purpose, so that no kernel sees round numbers only."""
    heads = draw.randint(2, 6)
    conformer_heads = draw.randint(1, 3)
    sizes = {
        "heads": heads,
        "model": math.lcm(4, heads) * draw.randint(24 // math.lcm(4, heads) + 1, 7),
        "hidden": draw.randint(40, 130),
        "layers": draw.randint(1, 4),
        "conformer_heads": conformer_heads,
        "channel": 64 * conformer_heads,
        "encoder_hidden": draw.randint(70, 300),
        "encoder_blocks": draw.randint(1, 3),
        "estimator": 8 * draw.randint(3, 9),
        "estimator_heads": draw.randint(1, 4),
        "transformers": draw.randint(1, 3),
        "mid_blocks": draw.randint(1, 3),
        "vocoder": 8 * draw.randint(4, 14),
        "f0": draw.randint(20, 90),
    }
    return [f"{name}={value}" for name, value in sizes.items()]


def make_case(work, size, seed, variant):
    """Writes model, voice and reference below `work`; gives the reference folder and the voice folder."""
    draw = random.Random(f"case {seed}")  # of a string: small seeds give unlike draws
    variant = variant or draw.choice(["english", "multilingual"])
    text = draw.choice(TEXTS[variant])
    full = size == "full"
    prompt = 75 if full else draw.randint(5, 60)
    t3_prompt = 150 if full else draw.randint(1, 150)
    model = ["--full-size"] if full else ["--size", *drawn_sizes(draw)]
    odd = not full and draw.random() < 0.4
    started = time.time()
    print(
        python(
            "make_fixture.py",
            work,
            "--variant",
            variant,
            "--seed",
            seed,
            "--prompt",
            prompt,
            "--t3-prompt",
            t3_prompt,
            *model,
        )
    )
    voice = work / ("voice-odd" if odd else "voice")
    language = ["--language", text[0]] if variant == "multilingual" else []
    print(
        python(
            "make_reference.py",
            work / "model",
            voice,
            "-o",
            work / "reference",
            "--seed",
            seed,
            "--max-new-tokens",
            100 if full else draw.randint(3, 60),
            "--text",
            text[1] if language else text,
            *language,
        )
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(
        f"PyTorch: {time.time() - started:.0f} s, peak {peak:.1f} GB{', voice with an odd mel' if odd else ''}"
    )
    return work / "reference", voice


def verify(program, model, reference, voice):
    """Runs the engine; gives its list of steps."""
    command = [str(program), "verify", str(model), str(reference), "--voice", str(voice), "--json"]
    started = time.time()
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise CannotRun(
            f"{program}: {error.strerror}; build it first and give its path with --program"
        ) from error
    said = (done.stderr.strip() or done.stdout.strip())[-3000:]
    if done.returncode < 0:
        raise CannotRun(f"{' '.join(command)}\ndied of signal {-done.returncode}\n{said}")
    try:
        report = json.loads(done.stdout)
        steps = report["steps"]
    except (ValueError, KeyError, TypeError) as error:
        raise CannotRun(
            f"{' '.join(command)}\nexit status {done.returncode}, and no report on its output ({error!r}):\n{said}"
        ) from error
    print(f"nightingale: {time.time() - started:.0f} s")
    return steps


def explained_by_pitch(steps, reference):
    """How far samples may drift end to end because the mel, and with it F0, is off by rounding.

    The ninth harmonic turns 2 pi 9 sum(F0) / 50 times a relative error of F0, which is about the mel's error times how
    much F0 moves with the mel. Three times that is allowed on top of the limit; each step alone is not concerned.
    """
    mel = next((step.get("error") for step in steps if step["step"] == "end_to_end_mel"), None)
    if mel is None:
        return 0.0
    pitch = np.load(reference / "step8_f0.npy").astype(np.float64)
    return 3 * 2 * math.pi * 9 * pitch.sum() / FRAMES_PER_SECOND * mel * pitch.std() / pitch.mean()


def judge(step, limits):
    """(mark, remark) for one step: ok, close, skipped, or FAIL."""
    name, verdict, error = step["step"], step["verdict"], step.get("error")
    detail = step.get("detail") or ""
    if verdict == "skipped":
        return "skipped", detail
    if verdict == "shape":
        return "FAIL", f"shape: {detail}"
    if TOKENS.search(name):
        if verdict == "equal":  # with a remark: verify found a close choice and stopped comparing there
            return ("close", detail) if detail else ("ok", "")
        return "FAIL", detail or "tokens differ"
    limit = limits.get(name) or limits["samples" if SAMPLES.search(name) else "array"]
    if error is None or not error <= limit:  # also catches NaN
        return "FAIL", f"limit {limit:.1e} {detail}"
    return "ok", f"limit {limit:.1e}" if name in limits else ""


def table(steps, limits, reference):
    """Prints one line per step; gives the number of failures."""
    failures = 0
    limits = limits | {"end_to_end_audio": limits["samples"] + explained_by_pitch(steps, reference)}
    width = max(len(step["step"]) for step in steps)
    parted = False  # the near-greedy tokens part at a close choice: end to end they then part too
    for step in steps:
        mark, remark = judge(step, limits)
        parted |= mark == "close" and step["step"] == "step3_speech_tokens"
        if parted and step["step"] == "end_to_end_tokens":
            mark = "close"
        failures += mark == "FAIL"
        error = "" if step.get("error") is None else f"{step['error']:.1e}"
        print(f"  {mark:8}{step['step']:{width}}  {error:>8}  {step.get('axes', '')}  {remark}".rstrip())
    compared = [step["step"] for step in steps if step["verdict"] != "skipped"]
    for wanted in WANTED:
        if not any(name.startswith(wanted) for name in compared):
            failures += 1
            print(f"  FAIL    {wanted}: not compared")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--size", choices=list(LIMITS), default="small")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variant", choices=list(TEXTS), help="default: drawn from the seed")
    parser.add_argument(
        "--work",
        type=Path,
        help="keep model, voice and reference in this folder, and use them again when there",
    )
    given = parser.parse_args()
    if not given.program.exists():
        raise CannotRun(f"{given.program}: no such program; build it and give its path with --program")

    work = given.work or Path(tempfile.mkdtemp(prefix="nightingale-parity-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        case = work / "case.json"
        asked = [given.size, given.seed, given.variant]
        if case.exists() and json.loads(case.read_text())["asked"] == asked:
            known = json.loads(case.read_text())
            reference, voice = work / "reference", work / known["voice"]
            print(f"using {work} again")
        else:
            reference, voice = make_case(work, given.size, given.seed, given.variant)
            case.write_text(json.dumps({"asked": asked, "voice": voice.name}))
        failures = table(
            verify(given.program, work / "model", reference, voice), LIMITS[given.size], reference
        )
    finally:
        if not given.work:
            shutil.rmtree(work, ignore_errors=True)
    print(
        f"{given.size}, seed {given.seed}: "
        + ("everything within the limits" if not failures else f"{failures} failed")
    )
    return 1 if failures else 0


def end_with(main):
    """Ends the script with main's status, or with 2 and a line when it could not run."""
    try:
        sys.exit(main())
    except CannotRun as trouble:
        print(f"cannot run: {trouble}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    end_with(main)
