"""Recordings as people have them: five voices, rates, lengths and formats, spoken by flite and espeak-ng."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

SENTENCES = [
    "The nightingale sings by day and by night.",
    "Nobody knows why she chose the old quarry, least of all the man who owns it.",
    "Forty years ago there were foxes here, and before the foxes there was the sea.",
    "Would you mind closing the window? The wind has turned, and it smells of rain.",
    "He counted thirty seven swans, and then one more, asleep behind the reeds.",
    "Listen: first the low notes, then that long whistle which seems to come from everywhere.",
    "In the morning the paths are wet, the benches are cold, and the kiosk sells nothing but tea.",
]


def spoken(program, voice, text):
    """What a speech synthesizer says, as (samples in -1..1, rate)."""
    with tempfile.TemporaryDirectory(prefix="nightingale-spoken-") as folder:
        path = Path(folder) / "spoken.wav"
        command = {
            "flite": ["flite", "-voice", voice, "-t", text, "-o", path],
            "espeak-ng": ["espeak-ng", "-v", voice, "-w", path, text],
        }[program]
        subprocess.run([str(part) for part in command], check=True, capture_output=True)
        return soundfile.read(path, dtype="float64")


def enough(program, voice, draw, seconds):
    """Sentences in a drawn order, cut at the wanted length, which lies within a word."""
    clip, rate = np.zeros(0), 16000
    while len(clip) < seconds * rate:
        said, rate = spoken(program, voice, " ".join(draw.sample(SENTENCES, 3)))
        clip = np.concatenate([clip, said])
    return clip[: int(seconds * rate)], rate


def stereo(clip, rate):
    """The voice a little left of the middle, the room later and softer on the right."""
    late = np.concatenate([np.zeros(rate // 90), clip])[: len(clip)]
    return np.stack([0.8 * clip + 0.1 * late, 0.55 * clip + 0.3 * late], axis=1)


def make_recordings(folder, draw):
    """Five files: telephone, clean, longer than both prompts, compressed stereo, studio with silence around."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []

    def write(name, clip, rate, **format):
        path = folder / name
        soundfile.write(path, clip, rate, **format)
        made.append(path)

    clip, rate = enough("flite", "kal", draw, draw.uniform(3, 4))
    write("telephone.wav", clip, rate, subtype="PCM_16")
    clip, rate = enough("flite", "rms", draw, draw.uniform(7, 9))
    write("clean.flac", clip, rate, subtype="PCM_16")
    clip, rate = enough("espeak-ng", "en-us", draw, draw.uniform(11, 14))
    write("robot.wav", clip, rate, subtype="PCM_16")
    clip, rate = enough("flite", "awb", draw, draw.uniform(31, 34))
    write("stereo.mp3", stereo(soxr.resample(clip, rate, 44100), 44100), 44100)
    clip, rate = enough("flite", "slt", draw, draw.uniform(4, 6))
    silence = np.zeros(int(draw.uniform(0.3, 0.9) * rate))
    clip = soxr.resample(np.concatenate([silence, 0.4 * clip, silence]), rate, 48000)
    write("studio.wav", clip, 48000, subtype="PCM_24")
    return made
