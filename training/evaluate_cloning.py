"""Do baked voices sound like their speakers, and does conversion keep the words and move the voice?

    evaluate_cloning.py DATA --program build/release/bin/nightingale --model models/fledgling [--out report.json]

Cloning: of each of four speakers a held-out clip of 8 to 10 s (utterances of DATA that no network was trained on) is
baked and speaks three held-out sentences. resemblyzer's encoder embeds what was spoken, and it should lie nearest to
the right one of all speakers' centroids, each the mean of clips of other utterances. The shifted voices are speakers
of their own, so the right one has neighbours.

Conversion: twelve held-out clips of one speaker in another's voice, both ways. Whisper's word errors of the sources and
of what was made of them, and their cosines to both centroids.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import torch

import dataset
import evaluate
import recogniser
import speaker_space

BAKED = ("joe", "slt", "rms", "awb")
CONVERTED = (("joe", "slt"), ("slt", "joe"))
SENTENCES = (30, 41, 72)  # lines of held_out.txt from 0
SECONDS = 8.0, 10.0
CLIPS = 12  # of a speaker, to be converted; the first is baked
RATE = 24000
CENTROID_CLIPS = 6
CENTROID_SECONDS = 8.0


def clips_of(folder, name):
    """([(samples of a held-out clip, its text)], clips for the centroid) of one speaker."""
    speech = dataset.Speech(folder, audio=True, speakers={name})
    left, held_out = speech.validation(), []
    while left and len(held_out) < CLIPS:
        chosen, length = [], 0.0
        for one in left:
            seconds = one.tokens / 25
            if length < SECONDS[0] and length + seconds <= SECONDS[1]:
                chosen.append(one)
                length += seconds
        if not chosen:
            break
        left = [one for one in left if one not in chosen]
        held_out.append((np.concatenate([speech.audio(one) for one in chosen]), " ".join(one.text for one in chosen)))
    if not held_out:
        sys.exit(f"{folder}: no held-out utterance of {name} is short enough")
    return held_out, other_clips(speech)


def other_clips(speech):
    """Clips of utterances that are not held out."""
    clips, parts = [], []
    for one in speech.training():
        parts.append(speech.audio(one))
        if sum(map(len, parts)) >= CENTROID_SECONDS * RATE:
            clips.append(np.concatenate(parts))
            parts = []
        if len(clips) == CENTROID_CLIPS:
            break
    return clips


def mean(rows):
    """[clip, 256] -> [256] of length 1"""
    centre = np.mean(rows, axis=0)
    return centre / np.linalg.norm(centre)


def names_in(folder):
    return sorted({one.speaker for one in dataset.Speech(folder).utterances})


class Judge:
    """resemblyzer's encoder and the speakers' centroids."""

    def __init__(self, folder, wheel, work):
        self.network = speaker_space.voice_encoder(wheel)
        self.centroids, self.clips, self.held_out = {}, {}, {}
        for name in names_in(folder):
            clips, others = clips_of(folder, name)
            self.centroids[name] = mean(speaker_space.embed(self.network, others))
            self.held_out[name] = []
            for number, (samples, text) in enumerate(clips):
                path = work / f"{name}-clip{number}.wav"
                soundfile.write(path, samples, RATE)
                self.held_out[name].append((path, text))
            self.clips[name] = self.held_out[name][0][0]

    def cosines(self, paths):
        """Of recordings together: {speaker: cosine with its centroid}."""
        sounds = []
        for path in paths:
            samples, rate = soundfile.read(path, dtype="float32")
            if rate != RATE:
                sys.exit(f"{path}: {rate} Hz instead of {RATE}")
            sounds.append(samples)
        found = mean(speaker_space.embed(self.network, sounds))
        return {name: float(found @ centroid) for name, centroid in self.centroids.items()}


def line(title, cosines, right=None):
    nearest = max(cosines, key=cosines.get)
    shown = " ".join(f"{value:6.3f}" for value in cosines.values())
    remark = "" if right is None else f"  nearest: {nearest}" + ("" if nearest == right else f", not {right}")
    print(f"{title:24} {shown}{remark}")


def header(judge):
    print(f"{'':24} " + " ".join(f"{name[-6:]:>6}" for name in judge.centroids))


def check_cloning(judge, ear, sentences, given, work):
    """Rows of speakers: the cosines of the clip and of what its voice spoke."""
    print("cloning: cosines with the speakers' centroids")
    header(judge)
    rows = []
    for name in BAKED:
        voice = work / f"{name}.voice"
        evaluate.run([given.program, "voice", "bake", judge.clips[name], "-o", voice, "--model", given.model,
                      "--threads", given.threads, "--quiet"])
        given.voice, paths, errors = voice, [], []
        for number, text in enumerate(sentences):
            paths.append(work / f"{name}{number}.wav")
            evaluate.speak(text, paths[-1], given)
            errors.append(recogniser.word_errors(text, ear.hear(paths[-1])[0]))
        clip, spoken = judge.cosines([judge.clips[name]]), judge.cosines(paths)
        each = [judge.cosines([path]) for path in paths]
        line(f"{name}, held-out clip", clip, name)
        line(f"{name}, what it spoke", spoken, name)
        rows.append({"speaker": name, "clip": clip, "spoken": spoken, "each": each,
                     "wrong_words": sum(one.total for one in errors), "words": sum(one.words for one in errors)})
    right = sum(max(row["spoken"], key=row["spoken"].get) == row["speaker"] for row in rows)
    singly = sum(max(one, key=one.get) == row["speaker"] for row in rows for one in row["each"])
    print(f"{right} of {len(rows)} voices lie nearest to the right speaker, {singly} of {len(rows) * len(sentences)} sentences alone; "
          f"word errors: {sum(row['wrong_words'] for row in rows)} of {sum(row['words'] for row in rows)}")
    return rows


def check_conversion(judge, ear, given, work):
    print("conversion: word errors, and cosines with the centroids of source and target")
    rows = []
    for source, target in CONVERTED:
        before = judge.held_out[source]
        after = [(work / f"{path.stem}-as-{target}.wav", text) for path, text in before]
        for (clip, _), (made, _) in zip(before, after):
            command = [given.program, "convert", clip, "--voice", judge.clips[target], "--model", given.model, "-o", made]
            evaluate.run([*command, "--seed", given.seed, "--threads", given.threads, "--no-cache", "--quiet"])
        row = {"source": source, "target": target}
        for what, clips in (("before", before), ("after", after)):
            heard = [ear.hear(path)[0] for path, _ in clips]
            errors = [recogniser.word_errors(text, said) for (_, text), said in zip(clips, heard)]
            wrong, words = sum(one.total for one in errors), sum(one.words for one in errors)
            cosines = judge.cosines([path for path, _ in clips])
            row[what] = {"heard": heard, "wrong_words": wrong, "words": words, "cosines": cosines}
            print(f"  {source} as {target}, {what:6}: {wrong:2} of {words} words wrong; "
                  f"{source} {cosines[source]:.3f}, {target} {cosines[target]:.3f}; nearest: {max(cosines, key=cosines.get)}")
        rows.append(row)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--program", type=Path, default=evaluate.HERE.parent / "build/release/bin/nightingale")
    parser.add_argument("--model", type=Path, default=evaluate.HERE.parent / "models/fledgling")
    parser.add_argument("--wheel", type=Path, help="resemblyzer's wheel (default: pip fetches it)")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--speak", default="", help="more of its options: --speak='--temperature 0.6'")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="keep all recordings in this folder")
    parser.add_argument("--out", type=Path, help="everything as JSON")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    lines = (evaluate.HERE / "held_out.txt").read_text().splitlines()
    with tempfile.TemporaryDirectory(prefix="nightingale-cloning-") as folder:
        work = given.keep or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        try:
            ear = recogniser.Recogniser(given.threads)
        except recogniser.Missing as missing:
            sys.exit(str(missing))
        judge = Judge(given.data, given.wheel, work)
        cloning = check_cloning(judge, ear, [lines[place] for place in SENTENCES], given, work)
        conversion = check_conversion(judge, ear, given, work)
    if given.out:
        given.out.write_text(json.dumps({"cloning": cloning, "conversion": conversion}, indent=1))


if __name__ == "__main__":
    main()
