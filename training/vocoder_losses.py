"""How far two sounds lie apart to the ear, and from it the loss of a generator that also draws noise.

A distance of spectrograms alone punishes noise: of an unvoiced sound the best single answer is a flat metallic one. The
energy distance (Gritsenko et al. 2020, "A spectral energy distance for parallel speech synthesis") takes two answers
to one mel and subtracts how far these lie apart; its least value is where the answers are spread as the truth is.
"""

import functools

import librosa
import torch

import features

WINDOWS = (64, 128, 256, 512, 1024, 2048)  # samples; a hop is a quarter
FLOOR = 1e-4  # added to every magnitude before the logarithm; speech is some 0.06
LINEAR, MEL = 1.0, 5.0  # weights beside that of the logarithms


@functools.cache
def _window(width):
    """A Hann window that keeps the root mean square of noise."""
    window = torch.hann_window(width)
    return window / window.square().sum().sqrt()


@functools.cache
def _bands(width, count, top):
    matrix = librosa.filters.mel(sr=features.RATE, n_fft=width, n_mels=count, fmin=0, fmax=top)
    return torch.from_numpy(matrix / matrix.sum(1, keepdims=True)).float()


def magnitudes(audio, width):
    """[batch, sample] -> [batch, bin = width / 2 + 1, frame]."""
    spectrum = torch.stft(audio, width, width // 4, width, _window(width), return_complex=True)
    return torch.sqrt(torch.view_as_real(spectrum).square().sum(-1) + 1e-10)


def views(audio):
    """[batch, sample] -> the spectrograms to compare: (kind, [batch, bin, frame]) of every width, and two mels."""
    made = []
    for width in WINDOWS:
        magnitude = magnitudes(audio, width)
        made += [("linear", magnitude), ("logarithm", torch.log(magnitude + FLOOR))]
        if width == 2048:
            made.append(("mel", torch.log(_bands(width, 80, 8000) @ magnitude + FLOOR)))
        if width == 1024:
            made.append(("mel", torch.log(_bands(width, 96, 12000) @ magnitude + FLOOR)))
    return made


def distance(one, other, scale):
    """Of two `views`: a mean of norms, so that the energy distance holds. `scale` [batch, 1, 1]: the truth's level."""
    total = 0.0
    for (kind, first), (_, second) in zip(one, other):
        difference = first - second
        if kind == "linear":
            total = total + LINEAR * (difference / scale).abs().mean()
        elif kind == "logarithm":
            # the length of a frame's difference, as of an average bin
            total = total + (difference.square().mean(1) + 1e-6).sqrt().mean()
        else:
            total = total + MEL * difference.abs().mean()
    return total / len(WINDOWS)


def energy_loss(first, second, truth):
    """Three times [batch, sample], two answers and the truth -> the loss, and the plain distance to the truth."""
    scale = truth.square().mean(1).sqrt()[:, None, None] + 0.01
    with torch.no_grad():
        true = views(truth)
    one, other = views(first), views(second)
    near = distance(one, true, scale) + distance(other, true, scale)
    return near - distance(one, other, scale), near.detach() / 2


def pitch_loss(predicted, f0):
    """Twice [batch, frame] in Hz: relative where voiced, and below the threshold of 10 Hz elsewhere."""
    voiced = f0 > 0
    relative = (predicted - f0).abs() / f0.clamp(min=40)
    silent = torch.relu(predicted - 4) / 100
    return torch.where(voiced, relative, silent).mean()
