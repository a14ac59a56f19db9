"""Trains CAMPPlus to hear who speaks:  train_speaker_encoder.py DATA SPEAKERS.npz RUN.pt --minutes M

Wanted is the x-vector of speaker_space.py for the very clip that is heard. First some hundred clips of all speakers
are embedded, most of them played faster or slower, which makes other voices; they are kept in RUN.clips.npz. Then
the network hears drawn stretches of them with a little hiss. Its last normalisation stays out of the training, so
that lengths within the x-vector are free. Loss: one minus the cosine, and the squared distance.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torchaudio.compliance.kaldi as kaldi

import dataset
import listening
import speaker_space
import trainer
from sizes import LISTENING_SIZES, upstream_cloning

RATE = 3e-3
CLIPS = 600
SECONDS = (6.0, 10.0)  # of a clip
PLAYED = (0.85, 1.2)  # times as fast
PLAYED_SHARE = 0.7  # of the clips
BANDS, SECOND = 80, 100  # of upstream's features: bands, and frames
LENGTHS = (150, 200, 300)  # frames of a stretch
FRAMES = 3000  # a batch
VALIDATION_EVERY = 10  # one clip of so many
SQUARED = 0.5  # weight in the loss


def features(audio):
    """[sample] at 16 kHz -> [frame, band 80], as upstream's xvector.extract_feature before the mean is subtracted."""
    return kaldi.fbank(torch.from_numpy(audio)[None], num_mel_bins=BANDS)


def clip(audios, draw):
    """Utterances of one speaker end to end, some played at another speed: [sample] at 16 kHz."""
    rate = draw.uniform(*PLAYED) if draw.random() < PLAYED_SHARE else 1.0
    wanted = int(draw.uniform(*SECONDS) * rate * listening.RATE)
    parts, found = [], 0
    while found < wanted:
        parts.append(audios[draw.integers(len(audios))])
        found += len(parts[-1])
    start = draw.integers(found - wanted + 1)
    return listening.heard(np.concatenate(parts)[start : start + wanted], listening.RATE * rate)


def shards_of(folder):
    """{speaker: shards}"""
    found = {}
    for path in dataset.shards(folder):
        found.setdefault(listening.speaker_of(path), []).append(path)
    return found


def make_clips(folder, count, wheel):
    """`count` clips, as many of each speaker: features [frame, band] of each, embedding [256] of each, names."""
    network, draw = speaker_space.voice_encoder(wheel), np.random.default_rng(5)
    shards, heard, embedded, names = shards_of(folder), [], [], []
    for name, paths in sorted(shards.items()):
        own = count // len(shards)
        chosen = paths[:: max(1, len(paths) // 4)][:4]
        for part, path in enumerate(chosen):
            audios = [audio for _, _, audio, _ in listening.utterances(path)]
            for _ in range(own * part // len(chosen), own * (part + 1) // len(chosen)):
                audio = clip(audios, draw)
                heard.append(features(audio).half().numpy())
                embedded.append(network.embeds_from_wavs([audio], listening.HEARD_RATE)[0])
                names.append(name)
        print(f"{name}: {own} clips", flush=True)
    return heard, np.stack(embedded), names


def clips(path, folder, count, wheel):
    """The same from the file at `path`, which is made where it is missing."""
    if not path.exists():
        heard, embedded, names = make_clips(folder, count, wheel)
        unfinished = path.with_suffix(".part.npz")
        frames = np.array([len(rows) for rows in heard])
        np.savez(unfinished, heard=np.concatenate(heard), frames=frames, embedded=embedded, names=np.array(names))
        unfinished.rename(path)
    with np.load(path) as stored:
        heard = np.split(stored["heard"], np.cumsum(stored["frames"])[:-1])
        return heard, stored["embedded"], stored["names"]


def with_hiss(heard):
    """[item, frame, band] natural logarithms of the power -> the same with a little even noise in most items."""
    loud = heard.amax(-1).quantile(0.9, dim=1)[:, None, None]
    below = torch.empty(len(heard), 1, 1).uniform_(5.0, 20.0)
    grain = torch.log(-torch.log(torch.rand_like(heard).clamp(1e-6, 1 - 1e-6)))
    return torch.logaddexp(heard, loud - below + grain)


def batch(heard, wanted, places, draw):
    """[item, frame, band] with the mean subtracted, as upstream does, and [item, 192]"""
    frames = int(draw.choice(LENGTHS))
    chosen = draw.choice(places, FRAMES // frames)
    starts = [draw.integers(len(heard[place]) - frames + 1) for place in chosen]
    rows = [heard[place][start : start + frames] for place, start in zip(chosen, starts)]
    stacked = with_hiss(torch.from_numpy(np.stack(rows)).float())
    return stacked - stacked.mean(1, keepdim=True), wanted[chosen]


def built():
    return upstream_cloning.build_speaker_encoder(LISTENING_SIZES)


def training_mode(network):
    """Batch statistics everywhere but in the last layer, which stays a plain product."""
    network.train()
    network.xvector.dense.nonlinear.eval()
    return network


def losses(found, wanted):
    """[item, 192] twice -> mean of 1 - cosine, mean squared distance"""
    cosine = torch.nn.functional.cosine_similarity(found, wanted, dim=1)
    return 1 - cosine.mean(), (found - wanted).pow(2).sum(1).mean()


def report(network, heard, wanted, names, places):
    """Prints by speaker the cosine of whole clips left out to what is wanted, and how many are nearest to their own speaker."""
    network.eval()
    found = []
    with torch.inference_mode():
        for place in places:
            rows = torch.from_numpy(heard[place]).float()
            found.append(network((rows - rows.mean(0))[None])[0])
    found = torch.nn.functional.normalize(torch.stack(found), dim=1)
    cosines = (found * wanted[places]).sum(1)
    for name in sorted(set(names[places])):
        own = torch.from_numpy(names[places] == name)
        print(f"{name:11} cosine {cosines[own].mean():.3f}, least {cosines[own].min():.3f}", flush=True)
    print(f"all         cosine {cosines.mean():.3f}, of different clips {between(wanted[places], names[places])}", flush=True)
    training_mode(network)


def between(wanted, names):
    """Mean cosine of what is wanted for two clips of one speaker, and of two speakers, as text."""
    table = wanted @ wanted.T
    same = torch.from_numpy(names[:, None] == names[None])
    itself = torch.eye(len(names), dtype=torch.bool)
    return f"{table[same & ~itself].mean():.3f} of one speaker, {table[~same].mean():.3f} of two"


def train(given):
    torch.manual_seed(1)
    heard, embedded, names = clips(given.run.with_suffix(".clips.npz"), given.data, given.clips, given.wheel)
    centre = speaker_space.load(given.speakers)[1]
    wanted = torch.from_numpy(speaker_space.x_vectors(embedded, centre).astype(np.float32))
    every = np.arange(len(heard))
    training, left_out = every[every % VALIDATION_EVERY > 0], every[every % VALIDATION_EVERY == 0]
    network = training_mode(built())
    run = trainer.Run(given.run, network, RATE, given.minutes)
    torch.manual_seed(run.step + 2)
    draw = np.random.default_rng(run.step)
    shown, sums, seen = time.monotonic(), [], 0
    for step in run.steps():
        rows, targets = batch(heard, wanted, training, draw)
        cosine, squared = losses(network(rows), targets)
        run.update(cosine + SQUARED * squared)
        sums.append((float(cosine), float(squared)))
        seen += rows.shape[0] * rows.shape[1]
        now = time.monotonic()
        if now - shown > 20 or step + 1 == given.steps:
            cosine, squared = np.mean(sums, 0)
            speed = seen / (now - shown) / SECOND
            print(
                f"step {step} {run.seconds / 60:.1f} min 1-cosine {cosine:.3f} squared {squared:.3f}  {speed:.0f} s/s",
                flush=True,
            )
            shown, sums, seen = now, [], 0
        if step + 1 == given.steps:
            break
    run.save()
    report(network, heard, wanted, names, left_out)


def export_speaker_encoder(run_path):
    """{speaker_encoder.…: tensor} of a run, in upstream's names."""
    network = built()
    network.load_state_dict(listening.state_of(run_path))
    return listening.named("speaker_encoder", network)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("speakers", type=Path, help="speaker_space.py's")
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, help="for tests: stop after so many")
    parser.add_argument("--clips", type=int, default=CLIPS)
    parser.add_argument("--wheel", type=Path, help="resemblyzer's wheel (default: pip fetches it)")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    train(given)


if __name__ == "__main__":
    main()
