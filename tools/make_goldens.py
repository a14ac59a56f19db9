"""Writes the repository's goldens from seeds: small models, voices, and what upstream's PyTorch makes of them.

    tests/goldens/english        model, voice, reference (every Euler step, single layers)
    tests/goldens/english-odd    a voice whose prompt mel has an odd number of rows; the model is english/model
    tests/goldens/multilingual   another T3 with the multilingual text; it reaches the stop token
    tests/goldens/cloning        the networks that listen: model, two voices baked from tests/fixtures/recordings,
                                 layers of the first, and a conversion by the English flow and vocoder

Sizes are free (see make_fixture.py) but for these facts of the format: speaker 256 and 192, mel 80, 34
conditioning rows, 32 perceiver queries, 8194 speech rows, 6561 codes, start 6561, stop 6562, text rows 704
or 2454, head width 64, 4 up-sampled encoder blocks, time embedding and feed-forward 4 x estimator, vocoder
halving three times.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors.torch import load_file

import upstream

TOOLS = Path(__file__).parent
GOLDENS = TOOLS.parent / "tests/goldens"
RECORDINGS = TOOLS.parent / "tests/fixtures/recordings"
TOLERANCE = {
    "tokens": "exact: a choice whose margin (step3_margins) is below 1e-4 of the logits' scale may differ",
    "arrays": "1e-5 of the array's norm: upstream's own float32 stays within 2e-6 of float64 on these sizes, so a wrong "
    "epsilon shows and another order of summation does not",
    "samples": "1e-4: the vocoder sums a phase over all samples and takes an exponential",
    "codes": "exact: the nearest digit is further than 5e-4 from a border (metadata.json of the voice), upstream's float32 "
    "within 1e-5 of float64",
}
ENGLISH_TEXT = "The nightingale sings; nobody moved... [laughter] Then it's day!"
MULTILINGUAL_TEXT = "Weißt du, wie schön die Nachtigall singt?"
STOP_AT = 13  # the multilingual golden stops after that many tokens


def run(script, *arguments):
    command = [sys.executable, "-W", "ignore", TOOLS / script, *arguments]
    subprocess.run([str(part) for part in command], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    return " ".join(
        str(part).replace(f"{GOLDENS}/", "").replace(f"{RECORDINGS}/", "") for part in (script, *arguments)
    )


def stop_early(model, reference, at):
    """Exchanges the head rows of the stop token and of the token chosen at step `at`: T3 then stops there."""
    import numpy as np

    path = model / upstream.T3_FILE["multilingual"]
    state = load_file(path)
    chosen = int(np.load(reference / "step3_speech_tokens.npy")[at])
    head = state["speech_head.weight"]
    head[[6562, chosen]] = head[[chosen, 6562]]
    upstream.save_state(state, path)


def english():
    home, odd = GOLDENS / "english", GOLDENS / "english-odd"
    commands = [run("make_fixture.py", home, "--seed", 1, "--rounded-tables")]
    odd.mkdir(exist_ok=True)
    (home / "voice-odd").rename(odd / "voice")
    commands += [
        run(
            "make_reference.py",
            home / "model",
            home / "voice",
            "--text",
            ENGLISH_TEXT,
            "--max-new-tokens",
            16,
            "--all",
            "--layers",
            "-o",
            home / "reference",
        ),
        run(
            "make_reference.py",
            home / "model",
            odd / "voice",
            "--text",
            "Hello world",
            "--seed",
            7,
            "--max-new-tokens",
            11,
            "-o",
            odd / "reference",
        ),
    ]
    return commands


def multilingual():
    home = GOLDENS / "multilingual"
    commands = [
        run(
            "make_fixture.py",
            home,
            "--variant",
            "multilingual",
            "--seed",
            5,
            "--prompt",
            19,
            "--rounded-tables",
            "--size",
            "model=20",
            "heads=5",
            "hidden=46",
            "layers=2",
        )
    ]
    shutil.rmtree(home / "voice-odd")
    # One flow and vocoder is enough for both, and halves the goldens.
    (home / "model/s3gen.safetensors").unlink()
    (home / "model/s3gen.safetensors").symlink_to("../../english/model/s3gen.safetensors")
    reference = (
        "make_reference.py",
        home / "model",
        home / "voice",
        "--text",
        MULTILINGUAL_TEXT,
        "--language",
        "de",
        "--seed",
        2024,
        "--max-new-tokens",
        24,
        "-o",
        home / "reference",
    )
    run(*reference)
    stop_early(home / "model", home / "reference", STOP_AT)
    return [*commands, f"stop_early({STOP_AT})", run(*reference)]


def cloning():
    home, bake = GOLDENS / "cloning", "make_voice_reference.py"
    commands = [run("make_fixture.py", home, "--seed", 11, "--only-cloning", "--rounded-tables")]
    first, second = RECORDINGS / "nightingale.flac", RECORDINGS / "quiet.wav"
    return [
        *commands,
        run(bake, home / "model", first, "-o", home / "voice", "--layers", home / "layers"),
        run(bake, home / "model", second, "-o", home / "voice-short"),
        run(
            "make_conversion_reference.py",
            GOLDENS / "english/model",
            home / "voice",
            second,
            "--listening",
            home / "model",
            "--seed",
            5,
            "-o",
            home / "conversion",
        ),
    ]


SETS = {
    "english": (english, ("english", "english-odd")),
    "multilingual": (multilingual, ("multilingual",)),
    "cloning": (cloning, ("cloning",)),
}


def written_by(command):
    """The folder of the goldens that a command of the provenance wrote into."""
    words = command.split()
    if "-o" in words:
        return words[words.index("-o") + 1].split("/")[0]
    return words[1] if len(words) > 1 else "multilingual"  # stop_early


def kept(commands, remade):
    """The known commands that made what is not made again."""
    folders = {folder for name in remade for folder in SETS[name][1]}
    return [command for command in commands if written_by(command) not in folders]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=list(SETS), help="make one set again (default: all)")
    given = parser.parse_args()
    remade = [given.only] if given.only else list(SETS)
    commands = []
    if given.only:
        commands = kept(json.loads((GOLDENS / "provenance.json").read_text())["commands"], remade)
    for name in remade:
        make, folders = SETS[name]
        for folder in folders:
            shutil.rmtree(GOLDENS / folder, ignore_errors=True)
        commands += make()
    packages = {
        name: version(name)
        for name in (
            "chatterbox-tts",
            "torch",
            "transformers",
            "diffusers",
            "safetensors",
            "numpy",
            "s3tokenizer",
            "librosa",
            "torchaudio",
            "soxr",
        )
    }
    provenance = {
        "script": "tools/make_goldens.py",
        "commands": commands,
        "packages": packages,
        "upstream": "resemble-ai/chatterbox; alignment analyzer off, as in the releases after 0.1.7",
        "date": datetime.date.today().isoformat(),
        "tolerance": TOLERANCE,
        "weights": "random, seeded; nothing of a trained model",
    }
    (GOLDENS / "provenance.json").write_text(json.dumps(provenance, indent=1, ensure_ascii=False) + "\n")
    size = sum(path.stat().st_size for path in GOLDENS.rglob("*") if path.is_file() and not path.is_symlink())
    print(f"{GOLDENS}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
