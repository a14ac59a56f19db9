"""Writes tests/goldens/mel.json: upstream's 24 kHz mel of made-up sound, and some of librosa's filters.

The sound is a formula: a tone that grows, and noise of whole numbers, so that no samples need to be stored.
"""

import argparse
import json
import math
from importlib.metadata import version
from pathlib import Path

import librosa
import torch
from chatterbox.models.s3gen.utils.mel import mel_spectrogram

SOUNDS = [(721, 1.0), (2880, 1.0), (5003, 1.0), (1440, 2.5e-4)]  # length, gain; the quiet one shows the floor
FILTERS = [(24000, 1920, 80), (16000, 400, 128), (16000, 400, 40)]  # rate, transform, bands; all to 8000 Hz
SOUND = "gain * (0.4 * sin(2 pi * 220 * n / 24000) * n / length + 0.05 * ((n * 40503 mod 65536) / 32768 - 1))"


def sound(length, gain):
    n = torch.arange(length, dtype=torch.float64)
    tone = 0.4 * torch.sin(2 * math.pi * 220 * n / 24000) * n / length
    return (gain * (tone + 0.05 * ((n * 40503) % 65536 / 32768 - 1))).float()


def filters(rate, transform, bands):
    """The sums over each band, and every 97th of all numbers."""
    matrix = librosa.filters.mel(sr=rate, n_fft=transform, n_mels=bands, fmin=0, fmax=8000)
    return {
        "rate": rate,
        "transform": transform,
        "bands": bands,
        "sums": matrix.astype("float64").sum(1).tolist(),
        "every_97th": matrix.flatten()[::97].astype("float64").tolist(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "-o", "--out", type=Path, default=Path(__file__).parents[1] / "tests/goldens/mel.json"
    )
    out = parser.parse_args().out
    torch.set_num_threads(1)
    mels = [
        {
            "length": length,
            "gain": gain,
            "mel": [round(x, 6) for x in mel_spectrogram(sound(length, gain))[0].T.flatten().tolist()],
        }
        for length, gain in SOUNDS
    ]
    content = {
        "provenance": {
            "script": "tools/make_mel_goldens.py",
            "torch": version("torch"),
            "librosa": version("librosa"),
            "chatterbox-tts": version("chatterbox-tts"),
            "tolerance": "1e-5 of the largest number: upstream's transform is float32",
        },
        "sound": SOUND,
        "mels": mels,
        "filters": [filters(*shape) for shape in FILTERS],
    }
    out.write_text(json.dumps(content).replace('{"length"', '\n{"length"').replace('{"rate"', '\n{"rate"') + "\n")
    print(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
