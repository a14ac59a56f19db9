"""How well a model speaks: held-out sentences, spoken by the program, read back by whisper, compared word by word.

    evaluate.py --program build/release/bin/nightingale --model models/fledgling [--voice V] [--out report.json]
    evaluate.py --wavs FOLDER      judges recordings 000.wav, 001.wav … of the same sentences instead

One process of the program speaks each sentence, all with the same seed; its time is taken by a clock beside it, so
loading the model counts. Printed are the word error rate (whole, by length of sentence), the sentences with tails,
cuts and repeats, the real-time factor, and the worst sentences. Beside it stands the recogniser's own rate: the same
sentences spoken by the voice that the model learned from, made and heard once and kept in --joe.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

import recogniser

HERE = Path(__file__).resolve().parent
KEPT = HERE.parent / "build/training/held_out_joe"
SHORT, LONG = 3, 200  # words at most, characters at least: the classes
TAIL = 1.0  # seconds after the last word or the last sound
USUAL = 0.30, 0.052  # seconds that Joe takes: for any sentence, and for each character
MUCH = 1.6  # times the usual, and TAIL more
AUDIBLE = 10 ** (-35 / 20)  # of the loudest
FRAME = 0.02  # seconds
WORST = 10


def run(command):
    """What a command wrote on its output; its error ends the script."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nexit status {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout


def speak(text, path, given):
    """Has the program speak: (seconds inside the engine, seconds of the whole process)."""
    command = [given.program, "speak", text, "--model", given.model, "-o", path, "--seed", given.seed]
    command += ["--threads", given.threads, "--quiet", "--json", *given.speak.split()]
    command += ["--voice", given.voice] if given.voice else []
    started = time.perf_counter()
    said = json.loads(run(command))
    return said["time"], time.perf_counter() - started


def last_sound(samples, rate):
    """Where the last frame ends that can be heard, in seconds."""
    each = int(FRAME * rate)
    frames = samples[: len(samples) // each * each].reshape(-1, each)
    level = np.sqrt((frames**2).mean(1))
    heard = np.flatnonzero(level > AUDIBLE * level.max(initial=0) + 1e-5)
    return (heard[-1] + 1) * FRAME if len(heard) else 0.0


def faults(row, errors):
    """What is wrong beside wrong words."""
    found = []
    if row["seconds"] - row["last_sound"] > TAIL:
        found.append(f"silence of {row['seconds'] - row['last_sound']:.1f} s at the end")
    if row["last_sound"] - row["last_word"] > TAIL:
        found.append(f"sound for {row['last_sound'] - row['last_word']:.1f} s after the last word")
    usual = USUAL[0] + USUAL[1] * len(row["text"])
    if row["seconds"] > MUCH * usual + TAIL:
        found.append(f"{row['seconds']:.1f} s long, usual are {usual:.1f} s")
    cut = [f"without the last {errors.cut}"] if errors.cut else []
    repeated = ["repeats " + " ".join(errors.repeated)] if errors.repeated else []
    return {"tail": found, "cut": cut, "repeat": repeated}


def judged(ear, path, number, text):
    """Hears a file: everything that the report says of it."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    samples = samples.mean(1)
    heard, last_word = ear.hear(path)
    errors = recogniser.word_errors(text, heard)
    row = {
        "number": number,
        "text": text,
        "heard": heard,
        "words": errors.words,
        "substitutions": errors.substitutions,
        "deletions": errors.deletions,
        "insertions": errors.insertions,
        "seconds": round(len(samples) / rate, 3),
        "last_word": round(last_word, 2),
        "last_sound": round(last_sound(samples, rate), 2),
    }
    return row | faults(row, errors)


def wrong(row):
    return row["substitutions"] + row["deletions"] + row["insertions"]


def rate(rows):
    return sum(map(wrong, rows)) / max(1, sum(row["words"] for row in rows))


def kind(text):
    return "1 to 3 words" if len(text.split()) <= SHORT else "long" if len(text) > LONG else "ordinary"


def progress(done, of, rows):
    if done % 10 == 0 or done == of:
        print(f"  {done} of {of}: word error rate {100 * rate(rows):.1f} %", file=sys.stderr, flush=True)


def evaluated(ear, sentences, given):
    """A row for each (number, sentence), spoken now or lying in given.wavs."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="nightingale-evaluate-") as work:
        folder = given.wavs or given.keep or Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        for done, (number, text) in enumerate(sentences, 1):
            path, took = folder / f"{number:03}.wav", None
            if not given.wavs:
                took = speak(text, path, given)
            rows.append(judged(ear, path, number, text))
            if took:
                rows[-1] |= {"engine_seconds": round(took[0], 3), "process_seconds": round(took[1], 3)}
            progress(done, len(sentences), rows)
    return rows


def spoken_by_joe(sentences, folder):
    """Writes what is not there yet of folder/000.wav … as the training data are made."""
    import voices

    joe, speaker = None, next(one for one in voices.SPEAKERS if one.name == "joe")
    for number, text in enumerate(sentences):
        path = folder / f"{number:03}.wav"
        if path.exists():
            continue
        joe = joe or voices.Joe()
        samples, _ = voices.spoken(joe, speaker, text, np.random.default_rng(number))
        unfinished = path.with_suffix(".part.wav")
        soundfile.write(unfinished, samples, voices.RATE)
        unfinished.rename(path)


def baseline(ear, sentences, folder):
    """The rows of the training voice, kept with its recordings and made anew for other sentences."""
    texts, kept = folder / "sentences.txt", folder / "heard.json"
    if not texts.exists() or texts.read_text().splitlines() != sentences:
        folder.mkdir(parents=True, exist_ok=True)
        for path in [kept, *folder.glob("*.wav")]:
            path.unlink(missing_ok=True)
        texts.write_text("\n".join(sentences) + "\n")
    if not kept.exists():
        spoken_by_joe(sentences, folder)
        rows = [judged(ear, folder / f"{number:03}.wav", number, text) for number, text in enumerate(sentences)]
        kept.write_text(json.dumps(rows, indent=1))
    return json.loads(kept.read_text())


def table(rows, joe):
    """Word error rates by the sentences' length, Joe's in the last column."""
    print(f"{'':14} sentences  words  wrong: other, missing, added   without error   word error rate"
          + ("   Joe's" if joe else ""))
    classes = {"all": rows}
    for row in rows:
        classes.setdefault(kind(row["text"]), []).append(row)
    for name, some in classes.items():
        other, missing, added = (sum(row[what] for row in some) for what in ("substitutions", "deletions", "insertions"))
        whole = sum(not wrong(row) for row in some)
        numbers = {row["number"] for row in some}
        beside = f"{100 * rate([row for row in joe if row['number'] in numbers]):6.1f} %" if joe else ""
        print(f"{name:14} {len(some):9} {sum(row['words'] for row in some):6} {sum(map(wrong, some)):6}: "
              f"{other:5} {missing:8} {added:6} {whole:15} {100 * rate(some):15.1f} % {beside}")


def report(rows, joe):
    table(rows, joe)
    for what, title in (("tail", "tails"), ("cut", "cuts"), ("repeat", "repeats")):
        found = [row for row in rows if row[what]]
        print(f"{title}: {len(found)}" + (f" (Joe: {sum(bool(row[what]) for row in joe)})" if joe else ""))
        for row in found:
            print(f"  {row['number']:03} {'; '.join(row[what])}")
    if "process_seconds" in rows[0]:
        seconds = sum(row["seconds"] for row in rows)
        for what, title in (("engine_seconds", "engine"), ("process_seconds", "whole process")):
            factors = [row[what] / row["seconds"] for row in rows]
            print(f"real-time factor, {title}: {sum(row[what] for row in rows) / seconds:.3f} of all {seconds:.0f} s; "
                  f"by sentence median {np.median(factors):.3f}, most {max(factors):.3f}")
    worst = sorted((row for row in rows if wrong(row)), key=lambda row: -wrong(row) / max(1, row["words"]))[:WORST]
    print("worst:" if worst else "no sentence has an error")
    for row in worst:
        print(f"  {row['number']:03} {wrong(row)} of {row['words']}\n      {row['text']}\n      {row['heard'] or '(nothing)'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=HERE.parent / "build/release/bin/nightingale")
    parser.add_argument("--model", type=Path, default=HERE.parent / "models/fledgling")
    parser.add_argument("--voice", type=Path, help="default: the model's own")
    parser.add_argument("--sentences", type=Path, default=HERE / "held_out.txt")
    parser.add_argument("--limit", type=int, help="only the first so many sentences")
    parser.add_argument("--every", type=int, default=1, help="only every so manieth sentence")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--speak", default="", help="more of its options: --speak='--temperature 0.6'")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--wavs", type=Path, help="judge these instead of speaking")
    parser.add_argument("--keep", type=Path, help="keep what is spoken in this folder")
    parser.add_argument("--joe", type=Path, default=KEPT, help="where Joe's recordings are, or are made")
    parser.add_argument("--no-joe", action="store_true", help="leave the training voice out")
    parser.add_argument("--out", type=Path, help="everything as JSON")
    given = parser.parse_args()
    everything = given.sentences.read_text().splitlines()
    try:
        ear = recogniser.Recogniser(given.threads)
    except recogniser.Missing as missing:
        sys.exit(str(missing))
    joe = [] if given.no_joe else baseline(ear, everything, given.joe)
    chosen = list(enumerate(everything))[: given.limit : given.every]
    rows = evaluated(ear, chosen, given)
    report(rows, joe)
    if given.out:
        said = {name: str(value) for name, value in vars(given).items() if value is not None}
        given.out.write_text(json.dumps({"asked": said, "word_error_rate": rate(rows), "rows": rows, "joe": joe}, indent=1))


if __name__ == "__main__":
    main()
