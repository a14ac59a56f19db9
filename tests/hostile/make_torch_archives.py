"""Writes the PyTorch archives that tests/checkpoint/torch_archive_test.cpp reads: sound ones, and one that would run a
command if it were unpickled the ordinary way.

    python tests/hostile/make_torch_archives.py        needs torch; writes tests/checkpoint/archives

All values are small whole numbers (element i of a tensor is i + start), so that the test knows them without a copy.
"""

import json
import os
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch

FOLDER = Path(__file__).resolve().parent.parent / "checkpoint" / "archives"


def counted(*shape, start=0, dtype=torch.float32):
    count = torch.Size(shape).numel()
    return (torch.arange(count, dtype=torch.int64) + start).reshape(shape).to(dtype)


def conditionals():
    """The tree of upstream's conds.pt (chatterbox tts.py, Conditionals.save), with other lengths."""
    t3 = {
        "speaker_emb": counted(1, 256),
        "clap_emb": None,
        "cond_prompt_speech_tokens": counted(1, 15, dtype=torch.int64),
        "cond_prompt_speech_emb": None,
        "emotion_adv": torch.full((1, 1, 1), 0.5),
    }
    gen = {
        "prompt_token": counted(1, 7, start=100, dtype=torch.int64),
        "prompt_token_len": torch.tensor([7]),
        "prompt_feat": counted(1, 14, 80),
        "prompt_feat_len": None,
        "embedding": counted(1, 192, start=-96),
    }
    return {"t3": t3, "gen": gen}


def kinds():
    """Every stored type, every kind of view, and values that are no tensors."""
    base = counted(4, 6)
    state = OrderedDict(weight=torch.nn.Parameter(counted(2, 3)), bias=counted(2))
    state._metadata = OrderedDict(version=1)
    return {
        "f64": counted(3, start=-1, dtype=torch.float64),
        "f16": counted(3, start=-1, dtype=torch.float16),
        "bf16": counted(3, start=-1, dtype=torch.bfloat16),
        "i64": counted(3, start=-1, dtype=torch.int64),
        "i32": counted(3, start=-1, dtype=torch.int32),
        "i16": counted(3, start=-1, dtype=torch.int16),
        "i8": counted(3, start=-1, dtype=torch.int8),
        "u8": counted(3, dtype=torch.uint8),
        "boolean": torch.tensor([True, False, True]),
        "scalar": torch.tensor(7.0),
        "nothing": torch.zeros(2, 0),
        "base": base,
        "transposed": base.t(),
        "sliced": base[1:3, 2:5],
        "shared": base[2],
        "expanded": counted(3).expand(2, 3),
        "state": state,
        "list": [counted(2), {"deep": counted(2, start=5)}],
        "epoch": 12,
        "rate": 0.25,
        "large": 1 << 40,
        "negative": -5,
        "done": True,
        "note": "ü is two bytes",
    }


class Command:
    def __reduce__(self):
        return os.system, ("echo this must never run",)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.save(conditionals(), FOLDER / "conds.pt")
    torch.save(kinds(), FOLDER / "kinds.pt")
    torch.save(counted(2, 2), FOLDER / "bare.pt")
    torch.save({"weight": counted(2), "run": Command()}, FOLDER / "command.pt")
    torch.save({"weight": counted(2)}, FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
    with zipfile.ZipFile(FOLDER / "conds.pt") as source, zipfile.ZipFile(
        FOLDER / "deflated.pt", "w", zipfile.ZIP_DEFLATED
    ) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    provenance = {
        "script": "tests/hostile/make_torch_archives.py",
        "torch": torch.__version__,
        "contents": "counted numbers; no weights and no recordings",
    }
    (FOLDER / "provenance.json").write_text(json.dumps(provenance, indent=2) + "\n")


if __name__ == "__main__":
    main()
