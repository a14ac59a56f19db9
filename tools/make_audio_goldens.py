"""Writes tests/goldens/audio.json: what upstream's audio front end makes of made-up sound.

The sound is made of whole numbers and powers of two, so that every sample is the same float everywhere and none
need to be stored: a rising triangle and noise, with one gain for each sixteenth of its length.
"""

import argparse
import json
from importlib.metadata import version
from pathlib import Path

import librosa
import numpy as np
import torch
import torchaudio
import torchaudio.compliance.kaldi as kaldi
from chatterbox.models.s3tokenizer.s3tokenizer import S3Tokenizer
from chatterbox.models.voice_encoder.config import VoiceEncConfig
from chatterbox.models.voice_encoder.melspec import melspectrogram

SOUND = (
    "gain(n) * (triangle(n) / 2 + noise(n) / 64): triangle = |(4n + floor(n n / 8)) mod 65536 - 32768| / 16384 - 1, "
    "noise = ((40503 n n + 12345 n) mod 65536) / 32768 - 1, gain(n) = 2^gains[floor(16 n / length)], -99 for silence"
)
SPEECH = [-12, -99, -4, 0, 0, -1, -99, -99, -2, 0, -3, -12, -9, -99, -1, -13]
BURST = [-99, -10, -10, -99, -10, -10, -10, -10, -10, -10, -99, -10, -10, -10, -10, 0]
FAINT = [-99, -20, -14, -20, -99, -14, -20, -14, -8, -9, -20, -14, -20, -14, -20, -14]
SILENCE = [-99] * 16
SPOKEN = [-13, -12, -11, -9, 0, 0, -99, -2, -1, 0, -3, -5, -6, -8, -10, -99]

SOXR = [(24000, 16000), (44100, 24000), (48000, 24000), (8000, 24000), (22050, 24000), (192000, 24000)]
SOXR += [(11025, 16000), (24000, 24000), (96000, 16000)]
SINC = [(24000, 16000), (44100, 16000), (16000, 24000), (16000, 11025), (24000, 24000)]
EVERY = 13  # of resampled signals, one sample in so many is kept
CHANNELS = [1, 2, 3, 7, 8, 9, 17]


def sound(length, gains):
    n = np.arange(length, dtype=np.int64)
    triangle = np.abs((4 * n + n * n // 8) % 65536 - 32768) / 16384 - 1
    noise = ((40503 * n * n + 12345 * n) % 65536) / 32768 - 1
    gain = np.array([0.0 if power == -99 else 2.0**power for power in gains])[16 * n // length]
    return (gain * (triangle / 2 + noise / 64)).astype(np.float32)


def numbers(array, digits=6):
    return [float(f"{x:.{digits}g}") for x in np.asarray(array, np.float64).flatten()]


def resampled(signal, before, after):
    return {
        "from": before,
        "to": after,
        "count": len(signal),
        "norm": float(np.linalg.norm(signal.astype(np.float64))),
        "some": numbers(signal[::EVERY], 9),
    }


def tokenizer():
    """Upstream's class without its network: only what its mel needs."""
    made = S3Tokenizer.__new__(S3Tokenizer)
    torch.nn.Module.__init__(made)
    made.n_fft = 400
    filters = librosa.filters.mel(sr=16000, n_fft=400, n_mels=128)
    made.register_buffer("_mel_filters", torch.FloatTensor(filters))
    made.register_buffer("window", torch.hann_window(400))
    S3Tokenizer.device = property(lambda self: torch.device("cpu"))
    return made


def front_end(length, gains):
    samples = sound(length, gains)
    batch = torch.from_numpy(samples)[None]
    return {
        "length": length,
        "gains": gains,
        "tokenizer_mel": numbers(tokenizer().log_mel_spectrogram(batch)[0].T),
        "voice_encoder_mel": numbers(melspectrogram(samples, VoiceEncConfig()).T),
        "fbank": numbers(kaldi.fbank(batch, num_mel_bins=80)),
    }


def trimmed(length, gains, top_db):
    first, last = librosa.effects.trim(sound(length, gains), top_db=top_db)[1]
    return {"length": length, "gains": gains, "top_db": top_db, "range": [int(first), int(last)]}


def averaged(channels):
    """librosa.to_mono of 9 frames [frame, channel] of thirds, which floats round."""
    n = np.arange(9 * channels, dtype=np.int64)
    frames = ((40503 * n % 65536 - 32768) / 3 / 32768).astype(np.float32).reshape(9, channels)
    return {"channels": channels, "mono": numbers(librosa.to_mono(frames.T.squeeze()), 9)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parents[1] / "tests/goldens/audio.json"
    parser.add_argument("-o", "--out", type=Path, default=default)
    out = parser.parse_args().out
    torch.set_num_threads(1)
    signal = sound(3001, SPEECH)
    packages = ["torch", "torchaudio", "librosa", "soxr", "numpy", "chatterbox-tts"]
    content = {
        "provenance": {
            "script": "tools/make_audio_goldens.py",
            **{package: version(package) for package in packages},
            "tolerance": "soxr and averages: equal on x86-64, 1e-6 elsewhere; sinc 1e-6; mels 1e-5 and fbank 1e-4 of "
            "the largest number, as upstream's transform is float32; ranges exact",
        },
        "sound": SOUND,
        "resampled": {"length": len(signal), "gains": SPEECH, "every": EVERY},
        "soxr": [
            resampled(librosa.resample(signal, orig_sr=before, target_sr=after, res_type="soxr_hq"), before, after)
            for before, after in SOXR
        ],
        "sinc": [
            resampled(torchaudio.transforms.Resample(before, after)(torch.from_numpy(signal)).numpy(), before, after)
            for before, after in SINC
        ],
        "front_ends": [
            front_end(*shape) for shape in [(2003, SPEECH), (1203, BURST), (803, FAINT), (401, SPOKEN)]
        ],
        "trimmed": [
            trimmed(*shape)
            for shape in [
                *[(20011, SPOKEN, top_db) for top_db in (10, 20, 30, 45, 60)],
                (50000, SPEECH, 20),
                (24576, SPOKEN, 20),
                (5000, SILENCE, 20),
                (700, SPEECH, 20),
                (1, SPEECH, 20),
            ]
        ],
        "averaged": [averaged(channels) for channels in CHANNELS],
    }
    text = json.dumps(content)
    for start in ('{"from"', '{"length"', '{"channels"', '"tokenizer_mel"', '"voice_encoder_mel"', '"fbank"'):
        text = text.replace(start, "\n" + start)
    out.write_text(text + "\n")
    print(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
