"""Puts the trained networks together as a model folder in upstream's own files:  export.py RUNS OUT [--wheel FILE]

t3_cfg.safetensors, s3gen.safetensors (flow, mel2wav, tokenizer, speaker_encoder), ve.safetensors and tokenizer.json;
all weights in 16-bit floats, and the tables of codes, of which a row is read at a time, in 8. The voices are baked by
the engine itself afterwards (make_voices.py).
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file

import sizes  # noqa: F401  finds upstream
import speaker_space
import text
from train_flow import export_flow
from train_speaker_encoder import export_speaker_encoder
from train_t3 import export_t3
from train_tokenizer import export_tokenizer
from train_vocoder import export_vocoder

LARGEST = 65504.0  # of a 16-bit float
CODE_TABLES = ("speech_emb.weight", "flow.input_embedding.weight")  # 3^8 rows each, most of them never used


def halved(state):
    """Floating tensors as float16; values beyond its range are an error, not an infinity."""
    out = {}
    for name, tensor in state.items():
        tensor = tensor.detach().contiguous()
        if tensor.is_floating_point():
            if tensor.abs().max() > LARGEST:
                raise SystemExit(f"{name}: {float(tensor.abs().max()):g} does not fit into 16 bits")
            tensor = tensor.half()
        out[name] = tensor.clone()
    return out


def write(state, path):
    beside = path.with_suffix(".part")
    stored = halved(state)
    stored |= {name: stored[name].to(torch.float8_e4m3fn) for name in CODE_TABLES if name in stored}
    save_file(stored, str(beside))
    beside.chmod(0o644)
    beside.rename(path)
    print(f"{path.name}: {sum(tensor.numel() for tensor in state.values())} numbers, {path.stat().st_size / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, help="folder of t3.pt, flow.pt, vocoder.pt, tokenizer.pt, speaker_encoder.pt")
    parser.add_argument("out", type=Path)
    parser.add_argument("--wheel", type=Path, help="resemblyzer's wheel (default: pip fetches it)")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    write(export_t3(given.runs / "t3.pt"), given.out / "t3_cfg.safetensors")
    speaking = export_flow(given.runs / "flow.pt") | export_vocoder(given.runs / "vocoder.pt")
    listening = export_tokenizer(given.runs / "tokenizer.pt") | export_speaker_encoder(given.runs / "speaker_encoder.pt")
    write(speaking | listening, given.out / "s3gen.safetensors")
    write(speaker_space.voice_encoder(given.wheel).state_dict(), given.out / "ve.safetensors")
    (given.out / "tokenizer.json").write_text(text.tokenizer_json() + "\n")


if __name__ == "__main__":
    main()
