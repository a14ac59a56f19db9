"""Mels as the flow makes them, for the vocoder's last lessons:  make_mels.py DATA FLOW.pt OUT [--count N]

A vocoder that has heard true mels alone takes the flow's small faults for sound. OUT/NNNN.npz are shards of make_speech.py
(joe alone) whose mels are the flow's, from the true codes, with another utterance before them as the prompt; the
samples are the true ones.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import normalize

import dataset
import flow_network
import speaker_space
import train_flow
from flow_batches import rows_of_codes

STEPS, GUIDANCE = 10, 0.7  # of upstream's inference
EACH = 20  # utterances of a shard
LONGEST_PROMPT, LONGEST = 90, 150  # tokens


class Maker:
    def __init__(self, run, voice):
        self.module = train_flow.FlowTraining(torch.full((train_flow.MEL,), train_flow.MEL_MEAN)).eval()
        self.module.load_state_dict(torch.load(run, weights_only=False)["module"])
        self.rows = torch.from_numpy(rows_of_codes())
        self.voice = normalize(torch.from_numpy(voice)[None], dim=1)

    @torch.no_grad()
    def mel(self, before, codes):
        """(mel [frame, 80], codes [token]) of the prompt, codes [token] -> [frame, mel 80]"""
        prompt, prompt_codes = before
        mu = self.module.encoded(self.rows[torch.from_numpy(np.concatenate([prompt_codes, codes]))][None])
        speaker = self.module.flow.spk_embed_affine_layer(self.voice)
        condition = torch.zeros_like(mu)
        condition[0, : len(prompt)] = torch.from_numpy(prompt)
        x = torch.randn(mu.shape)
        given = [torch.cat([part, torch.zeros_like(part)]) for part in (mu, speaker, condition)]
        times = 1 - torch.cos(torch.linspace(0, 1, STEPS + 1) * torch.pi / 2)
        for now, then in zip(times[:-1], times[1:]):
            both = flow_network.estimate(
                self.module.flow.decoder.estimator, x.expand(2, -1, -1), given[0], now.expand(2), given[1], given[2]
            )
            x = x + (then - now) * ((1 + GUIDANCE) * both[:1] - GUIDANCE * both[1:])
        return x[0, len(prompt) :].numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("flow", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--speaker", default="joe")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(9)
    given.out.mkdir(parents=True, exist_ok=True)
    speech = dataset.Speech(given.data, audio=True, speakers={given.speaker})
    voices = speaker_space.load_x_vectors(given.data.resolve().parent / "speakers.npz")
    maker, draw = Maker(given.flow, voices[given.speaker].mean(0)), np.random.default_rng(9)
    own = [one for one in speech.training() if 25 <= one.tokens <= LONGEST]
    leads = [one for one in own if one.tokens <= LONGEST_PROMPT]
    chosen = [own[place] for place in draw.permutation(len(own))[: given.count]]
    for number, start in enumerate(range(0, len(chosen), EACH)):
        parts, index = {"audio": [], "mel": [], "f0": [], "code": []}, []
        for one in chosen[start : start + EACH]:
            before = leads[draw.integers(len(leads))]
            parts["mel"].append(maker.mel((speech.mel(before), speech.code(before)), speech.code(one)).astype(np.float16))
            parts["audio"].append((speech.audio(one) * 32767).round().astype(np.int16))
            parts["f0"].append(speech.f0(one).astype(np.float16))
            parts["code"].append(speech.code(one).astype(np.int16))
            index.append({"text": one.text, "speaker": one.speaker, "tokens": one.tokens, "spread": one.spread})
        unfinished = given.out / f"{number:04}.{os.getpid()}.npz"
        np.savez(unfinished, index=json.dumps(index), **{name: np.concatenate(rows) for name, rows in parts.items()})
        unfinished.rename(given.out / f"{number:04}.npz")
        print(f"{given.out}: {start + len(index)} of {len(chosen)}", flush=True)


if __name__ == "__main__":
    main()
