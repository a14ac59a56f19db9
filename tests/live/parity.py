#!/usr/bin/env python3
"""Live parity: a fresh seeded model and reference from upstream's PyTorch, then `nightingale verify` on them.

    parity.py --program build/release/app/nightingale [--size small|full] [--seed N] [--work DIR] [--keep]

Run it with the Python of tools/setup_python.sh. Small models draw their sizes, text and voice from the
seed, so that nothing can depend on particular ones; full size is the real one (30 layers of 1024, flow and
vocoder of 512), 100 tokens. Limits are norms of differences over norms of references: small 1e-5, samples
and source 1e-4; full 1e-4 and 1e-3. Tokens are equal, but a choice whose margin is below 1e-4 of the
logits' scale is listed and not failed. PyTorch runs in processes that end before nightingale starts, so the
two never share the memory. Exit status: 0 within the limits, 1 not, 2 could not run.
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
CLOSE = 1e-4  # a margin below this share of the logits' scale is a tie that rounding may decide
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
        "model": math.lcm(4, heads) * draw.randint(2, 5),
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


def close_choice(step, reference):
    """Whether tokens part at a choice that rounding may decide; reads 'first difference at N' in the detail."""
    place = re.search(r"first difference at (\d+)", step.get("detail") or "")
    margins = reference / ("step3_sampled_margins.npy" if "sampled" in step["step"] else "step3_margins.npy")
    if not place or not margins.exists():
        return None
    values = np.load(margins)
    at = int(place[1])
    return (at, float(values[at])) if at < len(values) and values[at] < CLOSE else None


def judge(step, limits, reference):
    """(mark, remark) for one step: ok, close, skipped, or FAIL."""
    name, verdict, error = step["step"], step["verdict"], step.get("error")
    if verdict == "skipped":
        return "skipped", step.get("detail", "")
    if verdict == "shape":
        return "FAIL", f"shape: {step.get('detail', '')}"
    if (
        "token" in name
        and "emb" not in name
        and name != "step2_speaker_token"
        and name != "step2_emotion_token"
    ):
        if verdict == "equal":
            return "ok", step.get("detail", "")
        close = close_choice(step, reference)
        if close:
            return "close", f"tokens part at {close[0]}, where the margin is {close[1]:.1e}"
        return "FAIL", step.get("detail") or "tokens differ"
    kind = "samples" if re.search("audio|source|sample", name) else "array"
    if error is None or not error <= limits[kind]:  # also catches NaN
        return "FAIL", f"limit {limits[kind]:.0e} {step.get('detail', '')}"
    return "ok", ""


def table(steps, limits, reference):
    """Prints one line per step; gives the number of failures."""
    failures = 0
    width = max(len(step["step"]) for step in steps)
    for step in steps:
        mark, remark = judge(step, limits, reference)
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
        "--work", type=Path, help="folder for model, voice and reference (default: a temporary one)"
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave the work folder; when it is whole already, use it again"
    )
    given = parser.parse_args()
    if not given.program.exists():
        raise CannotRun(f"{given.program}: no such program; build it and give its path with --program")

    work = given.work or Path(tempfile.mkdtemp(prefix="nightingale-parity-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        case = work / "case.json"
        asked = [given.size, given.seed, given.variant]
        if given.keep and case.exists() and json.loads(case.read_text())["asked"] == asked:
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
        if not given.keep:
            shutil.rmtree(work, ignore_errors=True)
    print(
        f"{given.size}, seed {given.seed}: "
        + ("everything within the limits" if not failures else f"{failures} failed")
    )
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CannotRun as trouble:
        print(f"cannot run: {trouble}", file=sys.stderr)
        sys.exit(2)
