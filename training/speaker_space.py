"""What a voice is to the networks: resemblyzer's embedding for T3, and 192 numbers drawn from it for the flow.

speaker_space.py DATA OUT.npz [--clips 40] [--wheel FILE]

OUT.npz holds, for each speaker of DATA by name, float32 [clip, 256]: upstream's VoiceEncoder with the weights of
PyPI's resemblyzer 0.1.4 (Apache 2.0), over clips of 6 to 10 s. The space of x-vectors is fixed by it: subtract the
mean over the speakers (`CENTRE` in the file), turn into 192 dimensions by a fixed matrix, normalise. CAMPPlus is
trained to find exactly that from sound, and the flow to speak by it. The centre in a file stays what it is when
the same speakers are embedded anew, for networks may have been trained by it.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import soxr
import torch

import dataset
from sizes import LISTENING_SIZES, upstream_cloning

RESEMBLYZER = "resemblyzer==0.1.4"
WEIGHTS = "resemblyzer/pretrained.pt"  # in the wheel
CENTRE = "_centre"  # [256], beside the speakers
RATE = 24000
EMBEDDING, X_VECTOR = 256, upstream_cloning.X_VECTOR
SECONDS = (6.0, 10.0)  # of a clip


def weights(wheel=None):
    """resemblyzer's state by its own names; pip fetches the wheel where none is given."""
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, RESEMBLYZER]
            subprocess.run(command, check=True)
            wheel = next(Path(folder).glob("*esemblyzer*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            stored = io.BytesIO(archive.read(WEIGHTS))
    return torch.load(stored, map_location="cpu", weights_only=False)["model_state"]


def voice_encoder(wheel=None):
    """Upstream's VoiceEncoder with trained weights; its state is ve.safetensors."""
    network = upstream_cloning.build_voice_encoder(LISTENING_SIZES)
    state = {name.replace("linear.", "proj."): tensor for name, tensor in weights(wheel).items()}
    network.load_state_dict(network.state_dict() | state)  # the two similarity_ are training's alone
    return network.eval()


def projection():
    """[256, 192] with orthonormal columns, always the same."""
    drawn = np.random.default_rng(192).standard_normal((EMBEDDING, X_VECTOR))
    turned, upper = np.linalg.qr(drawn)
    return (turned * np.sign(np.diag(upper))).astype(np.float32)


def x_vectors(embeddings, centre):
    """[…, 256], [256] -> [..., 192] of length 1."""
    turned = (embeddings - centre) @ projection()
    return turned / np.linalg.norm(turned, axis=-1, keepdims=True)


def load(path):
    """{speaker: [clip, 256]} and the centre [256]."""
    with np.load(path) as stored:
        rows = {name: stored[name] for name in stored.files if not name.startswith("_")}
        return rows, stored[CENTRE]


def load_x_vectors(path):
    """{speaker: [clip, 192]}"""
    rows, centre = load(path)
    return {name: x_vectors(row, centre).astype(np.float32) for name, row in rows.items()}


def clip(speech, utterances, draw):
    """Utterances of one speaker end to end, cut to a drawn length: [sample] at 24 kHz."""
    wanted, parts = int(draw.uniform(*SECONDS) * RATE), []
    while sum(map(len, parts)) < wanted:
        parts.append(speech.audio(utterances[draw.integers(len(utterances))]))
    return np.concatenate(parts)[:wanted]


def embed(network, clips):
    """Clips at 24 kHz -> [clip, 256] of length 1."""
    rate = network.hp.sample_rate
    return network.embeds_from_wavs([soxr.resample(one, RATE, rate).astype(np.float32) for one in clips], rate)


def embed_speakers(folder, clips, wheel):
    network = voice_encoder(wheel)
    found = {}
    for name in sorted({one.speaker for one in dataset.Speech(folder).utterances}):
        speech, draw = dataset.Speech(folder, audio=True, speakers={name}), np.random.default_rng(40)
        utterances = speech.training()
        found[name] = embed(network, [clip(speech, utterances, draw) for _ in range(clips)])
        print(f"{name}: {clips} clips", flush=True)
    return found


def write(path, found):
    centre = np.mean([rows.mean(0) for rows in found.values()], axis=0)
    if path.exists():
        before, kept = load(path)
        centre = kept if set(before) == set(found) else centre
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, **found, **{CENTRE: centre.astype(np.float32)})
    unfinished.rename(path)


def cosines(rows_of):
    """Prints the cosine between the speakers' means, and how near a clip lies to its own mean."""
    means = {name: rows.mean(0) / np.linalg.norm(rows.mean(0)) for name, rows in rows_of.items()}
    print(f"{'':10} " + " ".join(f"{name[:6]:>6}" for name in means) + "   own clips: mean, least")
    for name, mean in means.items():
        own = rows_of[name] @ mean
        line = " ".join(f"{mean @ other:6.3f}" for other in means.values())
        print(f"{name:10} {line}   {own.mean():.3f} {own.min():.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--clips", type=int, default=40, help="of each speaker")
    parser.add_argument("--wheel", type=Path, help="resemblyzer's wheel (default: pip fetches it)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    write(given.out, embed_speakers(given.data, given.clips, given.wheel))
    print("embeddings of 256")
    cosines(load(given.out)[0])
    print("x-vectors of 192")
    cosines(load_x_vectors(given.out))


if __name__ == "__main__":
    main()
