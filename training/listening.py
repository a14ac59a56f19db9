"""What the two listening networks are given to hear: recordings at 16 kHz, and the log-mels of the speech tokenizer.

The log-mel of upstream's S3Tokenizer (128 bands, 100 frames a second) is computed at 24 kHz with the same windows in
seconds, which gives the same bands without resampling. It is kept as log10 of the power before upstream's clamp to
the loudest of the clip, so that a change of level, a filter, noise and longer throats are arithmetic on the bands.
"""

import functools
import json

import librosa
import numpy as np
import soxr
import torch

import dataset

RATE, HEARD_RATE = 24000, 16000
BANDS, FRAMES = 128, 4  # of the log-mel: bands, and frames a token
FLOOR = -10.0  # upstream's log10 of the least power
HEARD_WINDOW, HEARD_HOP = 400, 160  # upstream's, at 16 kHz
WINDOW, HOP = HEARD_WINDOW * RATE // HEARD_RATE, HEARD_HOP * RATE // HEARD_RATE


def utterances(path):
    """Each utterance of a shard of make_speech.py: speaker, place, audio [sample] at 24 kHz, codes [token]."""
    with np.load(path) as stored:
        rows, audio, codes = json.loads(str(stored["index"])), stored["audio"], stored["code"]
    start = 0
    for place, row in enumerate(rows):
        end = start + row["tokens"]
        samples = audio[start * dataset.TOKEN : end * dataset.TOKEN].astype(np.float32) / 32767
        yield row["speaker"], place, samples, codes[start:end].astype(np.int64)
        start = end


def speaker_of(path):
    """Whose utterances a shard holds."""
    with np.load(path) as stored:
        return json.loads(str(stored["index"]))[0]["speaker"]


def heard(audio, rate=RATE):
    """[sample] -> [sample] at 16 kHz, float32."""
    return soxr.resample(audio, rate, HEARD_RATE).astype(np.float32)


@functools.cache
def _filters():
    matrix = librosa.filters.mel(sr=HEARD_RATE, n_fft=HEARD_WINDOW, n_mels=BANDS)
    scale = (HEARD_RATE / RATE) ** 2  # a longer window sums more samples
    return torch.from_numpy(matrix).float() * scale, torch.hann_window(WINDOW)


@functools.cache
def band_hertz():
    """[band 128] centres."""
    return librosa.mel_frequencies(BANDS + 2, fmin=0.0, fmax=HEARD_RATE / 2)[1:-1].astype(np.float32)


def power(audio):
    """[sample] at 24 kHz -> [frame, band 128] log10 of the power, float16; a frame every 10 ms."""
    filters, window = _filters()
    spectrum = torch.stft(torch.from_numpy(audio), WINDOW, HOP, window=window, return_complex=True)
    heard_bins = torch.view_as_real(spectrum[: filters.shape[1], :-1]).pow(2).sum(-1)
    return (filters @ heard_bins).clamp(min=10.0**FLOOR).log10().T.half().contiguous().numpy()


def as_heard(log_power):
    """[..., frame, band] log10 of the power -> what upstream's log_mel_spectrogram gives for each clip of [frame, band]."""
    loudest = log_power.amax((-2, -1), keepdim=True)
    return (torch.maximum(log_power, loudest - 8.0) + 4.0) / 4.0


def _uniform(count, low, high):
    return torch.empty(count, 1, 1).uniform_(low, high)


def _some(count, share, values, otherwise):
    """[count, ...] values for a drawn share of the items."""
    return torch.where(torch.rand(count, 1, 1) < share, values, torch.as_tensor(otherwise))


def longer_throats(log_power, share=0.6, most=0.12):
    """Moves the bands of a drawn share of the items up or down by a factor, as another speaker's would lie."""
    count, _, bands = log_power.shape
    factor = _some(count, share, 1 + _uniform(count, -most, most), 1.0)
    hertz = torch.from_numpy(band_hertz())
    place = torch.from_numpy(np.interp((hertz * factor[:, 0]).numpy(), hertz.numpy(), np.arange(bands))).float()
    lower = place.long().clamp(max=bands - 2)
    part = (place - lower)[:, None]
    below = torch.gather(log_power, 2, lower[:, None].expand_as(log_power))
    above = torch.gather(log_power, 2, (lower + 1)[:, None].expand_as(log_power))
    return torch.lerp(below, above, part)


def channel(count):
    """[count, 1, band] log10 of a drawn microphone: a level, a tilt, and for some the limits of a telephone."""
    hertz = torch.from_numpy(band_hertz())
    level = _uniform(count, -1.2, 0.6)
    tilt = _some(count, 0.5, _uniform(count, -0.3, 0.3), 0.0) * torch.log2(hertz / 1000)
    low = _some(count, 0.25, _uniform(count, 80, 350), 1.0)
    high = _some(count, 0.25, _uniform(count, 3200, 7000), _uniform(count, 7000, 9000))
    steep = 8.0  # log10 of the power an octave beyond the limit
    cut = torch.relu(torch.log2(low / hertz)) + torch.relu(torch.log2(hertz / high))
    return level + tilt - steep * cut


def noise(clean):
    """[item, frame, band] log10 of the power -> the same with hiss of a drawn colour and level for most items."""
    count = len(clean)
    hertz = torch.from_numpy(band_hertz())
    colour = _uniform(count, 0.0, 1.3) * -torch.log10((hertz + 50) / 1000)
    loud = clean.amax(-1).quantile(0.9, dim=1)[:, None, None]
    below = _some(count, 0.7, _uniform(count, 1.0, 6.0), 99.0)
    grain = -torch.log(torch.rand_like(clean).clamp(1e-6, 1 - 1e-6)) - torch.log(torch.rand_like(clean).clamp(1e-6))
    added = torch.exp((colour + loud - below).clamp(min=-20) * np.log(10.0)) * grain / 2
    return (torch.exp(clean * np.log(10.0)) + added).log() / np.log(10.0)


def varied(log_power):
    """[item, frame, band] log10 of the power -> the same heard in other rooms from other mouths."""
    moved = longer_throats(log_power) + channel(len(log_power))
    return noise(moved).clamp(min=FLOOR)


def state_of(run_path):
    """The weights in a training run's file."""
    return torch.load(run_path, map_location="cpu", weights_only=False)["module"]


def named(prefix, module):
    """A module's state in upstream's names: {prefix.name: tensor}."""
    return {f"{prefix}.{name}": tensor.detach().clone().contiguous() for name, tensor in module.state_dict().items()}

