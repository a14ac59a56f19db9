"""Baking a voice with upstream's own prepare_conditionals, each part timed where upstream calls it."""

import logging
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import chatterbox.models.s3gen.s3gen as s3gen_module
import librosa
import numpy as np
import soundfile
import torch

import upstream_cloning

RATE, SECONDS = 44100, 10


class Bake:
    def __init__(self, model, recording=None):
        listening, voice_encoder = upstream_cloning.load_cloning(model)
        self.tts = upstream_cloning.cloner(listening, voice_encoder)
        self.recording = recording or drawn_recording()
        self.parts = {}
        logging.disable(logging.WARNING)  # upstream says of most recordings that their mel has an odd length

    def timed(self, part, function):
        """The function, its time added to the part's."""

        def run(*positional, **named):
            started = time.perf_counter()
            try:
                return function(*positional, **named)
            finally:
                self.parts[part] += time.perf_counter() - started

        return run

    @contextmanager
    def watching(self):
        """Upstream's calls go through clocks; no call of a part lies within another's."""
        listening, get_resampler = self.tts.s3gen, s3gen_module.get_resampler
        self.parts = dict.fromkeys(("resample", "tokens", "x_vector", "voice_encoder", "mel"), 0.0)
        wrapped = [
            (librosa, "load", "resample", librosa.load),
            (librosa, "resample", "resample", librosa.resample),
            (listening.tokenizer, "forward", "tokens", listening.tokenizer.forward),
            (listening.speaker_encoder, "inference", "x_vector", listening.speaker_encoder.inference),
            (listening, "mel_extractor", "mel", listening.mel_extractor),
            (self.tts.ve, "embeds_from_wavs", "voice_encoder", self.tts.ve.embeds_from_wavs),
        ]
        for owner, name, part, function in wrapped:
            setattr(owner, name, self.timed(part, function))
        s3gen_module.get_resampler = lambda *facts: self.timed("resample", get_resampler(*facts))
        try:
            yield
        finally:
            s3gen_module.get_resampler = get_resampler
            for owner, name, _, function in wrapped:
                setattr(owner, name, function)

    def run(self, recording=None):
        started = time.perf_counter()
        with self.watching(), torch.inference_mode():
            self.tts.prepare_conditionals(str(recording or self.recording))
        return {"seconds": time.perf_counter() - started, "parts": self.parts}


def drawn_recording():
    """10 s of sound that comes and goes as speech does: what it says costs nothing."""
    draw, time_axis = np.random.default_rng(1), np.arange(RATE * SECONDS) / RATE
    envelope = np.maximum(np.sin(2 * np.pi * 3 * time_axis), 0.02)
    voiced = sum(np.sin(2 * np.pi * 130 * k * time_axis) / k for k in range(1, 20))
    clip = 0.1 * envelope * voiced + 0.003 * draw.standard_normal(len(time_axis))
    path = Path(tempfile.mkdtemp(prefix="nightingale-bench-")) / "recording.wav"
    soundfile.write(path, clip.astype(np.float32), RATE, subtype="PCM_16")
    return path
