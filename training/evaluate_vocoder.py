"""How true the vocoder is:  evaluate_vocoder.py DATA RUN.pt [--count N] [--out FOLDER]

Speaks the mels of utterances that it was never trained on, by upstream's own module with the exported tensors, and
compares with the recordings: mels in dB, pitch and voicing as pitch.py hears them, and as the predictor says. With
--out also writes the sounds and a picture of both spectrograms.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile
import torch

import features
import pitch
import train_vocoder
import vocoder_losses
from dataset import Speech
from sizes import SIZES, upstream

DECIBEL = 20 / np.log(10)
AUDIBLE = 60  # dB below the loudest band of an utterance


def vocoder(tensors):
    """Upstream's module with exported tensors, as they are in half precision."""
    net = upstream.Vocoding(SIZES).mel2wav.eval()
    net.load_state_dict({name.removeprefix("mel2wav."): tensor.half().float() for name, tensor in tensors.items()})
    return net


def chosen(speech, count):
    """Utterances of every speaker in turn, two to six seconds each."""
    fitting = [one for one in speech.validation() if 50 <= one.tokens <= 150]
    speakers = sorted({one.speaker for one in fitting})
    queues = [[one for one in fitting if one.speaker == speaker] for speaker in speakers]
    mixed = [queue[place] for place in range(max(map(len, queues))) for queue in queues if place < len(queue)]
    return mixed[:count]


def compared_pitch(heard, f0):
    """Correlation, median error in per cent and share of wrong voicing, of two [frame] in Hz."""
    count = min(len(heard), len(f0))
    heard, f0 = heard[:count], f0[:count]
    both = (heard > 10) & (f0 > 10)
    if both.sum() < 3:
        return np.nan, np.nan, np.nan
    relative = np.abs(heard[both] - f0[both]) / f0[both]
    return np.corrcoef(heard[both], f0[both])[0, 1], 100 * np.median(relative), np.mean((heard > 10) != (f0 > 10))


def spectral(made, truth):
    """Two [sample] -> mean difference of mels in dB where audible (80 bands; 96 bands up to 12 kHz), and the bias there."""
    differences = []
    for width, count, top in ((2048, 80, 8000), (1024, 96, 12000)):
        bands = vocoder_losses._bands(width, count, top)
        one, other = (
            DECIBEL * torch.log(bands @ vocoder_losses.magnitudes(torch.from_numpy(sound)[None], width) + 1e-5)[0]
            for sound in (made, truth)
        )
        audible = other > other.max() - AUDIBLE
        differences.append((one - other)[audible])
    return [float(differences[0].abs().mean()), float(differences[1].abs().mean()), float(differences[1].mean())]


def picture(path, pairs):
    """True above made, an utterance a column."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, len(pairs), figsize=(7 * len(pairs), 9), squeeze=False)
    for column, (name, truth, made) in enumerate(pairs):
        for row, (kind, sound) in enumerate((("true", truth), ("made", made))):
            level = 20 * np.log10(vocoder_losses.magnitudes(torch.from_numpy(sound)[None], 1024)[0].numpy() + 1e-6)
            extent = (0, len(sound) / features.RATE, 0, features.RATE / 2000)
            axes[row][column].imshow(level, origin="lower", aspect="auto", extent=extent, vmin=-85, vmax=0, cmap="magma")
            axes[row][column].set_title(f"{kind}: {name}")
    figure.tight_layout()
    figure.savefig(path, dpi=75)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    speech = Speech(given.data, audio=True)
    net = vocoder(train_vocoder.export_vocoder(given.run))
    rows, pairs = [], []
    print("mel dB  12 kHz  bias | pitch: correlation, % off, voicing wrong | predictor: the same")
    for one in chosen(speech, given.count):
        truth, mel = speech.audio(one), torch.from_numpy(speech.mel(one).T[None])
        made = net.inference(mel)[0][0].numpy()
        with torch.no_grad():
            predicted = net.f0_predictor(mel)[0].numpy()
        wanted = speech.f0(one)
        row = [*spectral(made, truth), *compared_pitch(pitch.f0(made), wanted), *compared_pitch(predicted, wanted)]
        rows.append(row)
        pairs.append((f"{one.speaker} {one.number}", truth, made))
        print(shown(row), one.speaker, one.number)
    print(shown(np.nanmean(rows, 0)), "on average")
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        picture(given.out / "spectrograms.png", pairs[:4])
        for name, truth, made in pairs:
            for kind, sound in (("true", truth), ("made", made)):
                soundfile.write(given.out / f"{name.replace(' ', '-')}-{kind}.wav", sound, features.RATE)


def shown(row):
    return "{:6.2f}  {:6.2f}  {:+5.2f} | {:.3f}  {:5.2f}  {:.3f} | {:.3f}  {:5.2f}  {:.3f}".format(*row)


if __name__ == "__main__":
    main()
