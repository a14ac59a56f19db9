"""What the networks see of a recording: mels as upstream computes them, and the pitch in three levels."""

import functools

import librosa
import numpy as np
import torch

import phones

RATE, WINDOW, HOP, MELS = 24000, 1920, 480, 80


@functools.cache
def _mel_matrix():
    matrix = librosa.filters.mel(sr=RATE, n_fft=WINDOW, n_mels=MELS, fmin=0, fmax=8000)
    return torch.from_numpy(matrix).float(), torch.hann_window(WINDOW)


def mel(audio):
    """[batch, sample] at 24 kHz -> [batch, mel 80, frame = sample / 480] (upstream's s3gen/utils/mel.py)."""
    matrix, window = _mel_matrix()
    pad = (WINDOW - HOP) // 2
    padded = torch.nn.functional.pad(audio[:, None], (pad, pad), mode="reflect")[:, 0]
    spectrum = torch.stft(padded, WINDOW, HOP, WINDOW, window, center=False, return_complex=True)
    magnitude = torch.sqrt(torch.view_as_real(spectrum).pow(2).sum(-1) + 1e-9)
    return torch.log(torch.clamp(matrix @ magnitude, min=1e-5))


def pitch_level(f0, silent):
    """[frame 2·token] Hz -> [token] 0 low, 1 middle, 2 high within the utterance, and its spread in semitones."""
    voiced = f0 > 0
    if voiced.sum() < 4:
        return np.ones(len(silent), int), 0.0
    place = np.arange(len(f0))
    semitones = 12 * np.log2(np.interp(place, place[voiced], f0[voiced]))
    middle = np.median(semitones[voiced])
    kernel = np.exp(-0.5 * (np.arange(-10, 11) / 4.0) ** 2)
    weight = np.convolve(voiced + 0.02, kernel)
    smooth = np.convolve(semitones * (voiced + 0.02), kernel) / weight
    smooth = smooth[10 : 10 + len(f0)] - middle
    token = smooth.reshape(-1, 2).mean(1)
    level = 1 + (token > phones.PITCH_STEP).astype(int) - (token < -phones.PITCH_STEP).astype(int)
    level[silent] = 1
    return level, float(np.std(semitones[voiced]))
