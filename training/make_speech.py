"""Speaks the sentences with every speaker:  make_speech.py SENTENCES OUT [--hours H] [--part 0/2]

Writes OUT/NNNN.npz, each with some hundred utterances of one speaker; a shard that is there is not made again, so
that it can be cut off and goes on. With --part several of them run beside each other. A shard holds, end to end,
  audio   int16    [sample]        24 kHz
  mel     float16  [frame, mel 80] what S3Gen calls prompt_feat
  f0      float16  [frame]         Hz, 0 where unvoiced
  code    int16    [token]         25 a second (phones.py)
and as JSON in `index`: text, speaker, tokens, and how many semitones the pitch spreads, of each utterance.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import dataset
import features
import phones
import pitch
import voices

UTTERANCES = 100  # a shard
SECONDS = 4.0  # a sentence, about


def labels(segments, tokens, f0):
    """[token] codes and the spread of the pitch, or None when there are more sounds than tokens."""
    ends = phones.on_grid([end * 25 for _, end in segments], tokens)
    if ends is None:
        return None
    sounds, begins, start = np.zeros(tokens, int), np.zeros(tokens, int), 0
    for (symbol, _), end in zip(segments, ends):
        sounds[start:end] = phones.INDEX[symbol]
        begins[start] = 1
        start = end
    level, spread = features.pitch_level(f0, sounds == phones.INDEX[phones.PAUSE])
    return phones.codes(phones.digits(sounds, level, begins)), spread


def utterance(origin, speaker, text, draw):
    made = voices.spoken(origin, speaker, text, draw)
    if made is None:
        return None
    samples, segments = made
    tokens = len(samples) // voices.TOKEN
    f0 = pitch.f0(samples)
    labelled = labels(segments, tokens, f0)
    if labelled is None:
        return None
    mel = features.mel(torch.from_numpy(samples)[None])[0].T.numpy()
    return samples, mel, f0, *labelled


def make_shard(path, origin, speaker, texts, draw):
    parts, index = {"audio": [], "mel": [], "f0": [], "code": []}, []
    for text in texts:
        made = utterance(origin, speaker, text, draw)
        if made is None or len(made[3]) > dataset.LONGEST:
            continue
        samples, mel, f0, code, spread = made
        parts["audio"].append((samples * 32767).round().astype(np.int16))
        parts["mel"].append(mel.astype(np.float16))
        parts["f0"].append(f0.astype(np.float16))
        parts["code"].append(code.astype(np.int16))
        index.append({"text": text, "speaker": speaker.name, "tokens": len(code), "spread": round(float(spread), 3)})
    arrays = {name: np.concatenate(rows) for name, rows in parts.items()}
    dataset.write_shard(path, index, arrays)


def plan(sentences, hours):
    """[(speaker, texts)] for each shard, all speakers mixed; joe reads the list from its top, the others from anywhere."""
    count = int(hours * 3600 / SECONDS / UTTERANCES)
    draw = np.random.default_rng(1)
    owed = {speaker.name: 0.0 for speaker in voices.SPEAKERS}
    read, shards = 0, []
    for _ in range(count):
        for speaker in voices.SPEAKERS:
            owed[speaker.name] += speaker.share
        speaker = max(voices.SPEAKERS, key=lambda one: owed[one.name])
        owed[speaker.name] -= 1
        if speaker.source == "joe":
            texts = [sentences[(read + place) % len(sentences)] for place in range(UTTERANCES)]
            read += UTTERANCES
        else:
            texts = [sentences[place] for place in draw.integers(0, len(sentences), UTTERANCES)]
        shards.append((speaker, texts))
    return shards


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sentences", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--sources", nargs="*", help="only speakers of these: joe (slow), slt, rms, awb, kal16 (fast)")
    parser.add_argument("--shards", type=int, help="at most so many")
    parser.add_argument("--utterances", type=int, default=UTTERANCES, help="of a shard")
    parser.add_argument("--part", default="0/1", help="K/N: every N-th shard from the K-th")
    given = parser.parse_args()
    torch.set_num_threads(1)
    part, parts = map(int, given.part.split("/"))
    given.out.mkdir(parents=True, exist_ok=True)
    sources, made = {}, 0
    for number, (speaker, texts) in enumerate(plan(given.sentences.read_text().splitlines(), given.hours)):
        path = given.out / f"{number:04}.npz"
        if number % parts != part or path.exists():
            continue
        if given.sources and speaker.source not in given.sources:
            continue
        if made == given.shards:
            break
        made += 1
        if speaker.source not in sources:
            sources[speaker.source] = voices.source(speaker.source)
        make_shard(path, sources[speaker.source], speaker, texts[: given.utterances], np.random.default_rng(number))
        print(path, speaker.name, flush=True)


if __name__ == "__main__":
    main()
