"""Keeps what the trainings have learned in the repository, without what only a sitting needs:  keep.py RUNS

    keep.py RUNS             writes training/kept/NAME.safetensors from RUNS/NAME.pt: weights of 16 bits
    keep.py RUNS --restore   makes those of RUNS/NAME.pt that are not there, so that the trainings go on from them
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from export import halved

KEPT = Path(__file__).resolve().parent / "kept"
NAMES = ("t3", "flow", "vocoder.pitch", "vocoder", "tokenizer", "speaker_encoder")
SPEAKERS = "speakers.npz"  # the space of voices that the networks know


def keep(runs):
    KEPT.mkdir(exist_ok=True)
    for name in NAMES:
        path = runs / f"{name}.pt"
        if not path.exists():
            continue
        state = torch.load(path, weights_only=False)
        clock = {"step": str(state["step"]), "seconds": str(state["seconds"])}
        beside = KEPT / f"{name}.part"
        save_file(halved(state["module"]), str(beside), clock)
        beside.rename(KEPT / f"{name}.safetensors")
        print(f"{name}: {state['step']} steps, {state['seconds'] / 60:.0f} min")
    if (runs / SPEAKERS).exists():
        arrays = dict(np.load(runs / SPEAKERS))
        np.savez_compressed(KEPT / SPEAKERS, **{name: rows.astype(np.float32) for name, rows in arrays.items()})


def restore(runs):
    runs.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        kept, path = KEPT / f"{name}.safetensors", runs / f"{name}.pt"
        if path.exists() or not kept.exists():
            continue
        with safe_open(str(kept), "pt") as stored:
            module = {key: widened(stored.get_tensor(key)) for key in stored.keys()}
            clock = {key: json.loads(value) for key, value in stored.metadata().items()}
        torch.save({"module": module, **clock}, path)
        print(f"{name}: goes on from {clock['step']} steps")
    if (KEPT / SPEAKERS).exists() and not (runs / SPEAKERS).exists():
        (runs / SPEAKERS).write_bytes((KEPT / SPEAKERS).read_bytes())


def widened(tensor):
    return tensor.float() if tensor.is_floating_point() else tensor


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--restore", action="store_true")
    given = parser.parse_args()
    restore(given.runs) if given.restore else keep(given.runs)


if __name__ == "__main__":
    main()
