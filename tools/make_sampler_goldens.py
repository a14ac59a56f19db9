"""Writes tests/goldens/sampler.json: tokens drawn from made-up logits by transformers' processors and torch.multinomial.

The order is that of upstream's T3.inference: guidance, repetition penalty over the start of speech and all
tokens so far, temperature unless it is 1, min-p, top-p, softmax, one draw. The logits are a formula of whole
numbers that any language computes exactly, so that no arrays need to be stored.
"""

import argparse
import json
from importlib.metadata import version
from pathlib import Path

import torch
from transformers.generation.logits_process import (
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

VOCABULARY = 8194
START = 6561
STEPS = 24
CLOSEST = 1e-4  # a race closer than that could end otherwise with another order of summation
DEFAULTS = {
    "seed": 42,
    "shift": 0.0,
    "guidance": 0.5,
    "temperature": 0.8,
    "min_p": 0.05,
    "top_p": 1.0,
    "repetition_penalty": 1.2,
}
CASES = {
    "upstream's defaults": {},
    "guidance off": {"guidance": 0.0, "seed": 1},
    "strong guidance": {"guidance": 2.0, "seed": 2},
    "temperature 1 is left out": {"temperature": 1.0, "seed": 3},
    "cold": {"temperature": 0.25, "seed": 4},
    "hot": {"temperature": 3.0, "seed": 5},
    "no filter": {"min_p": 0.0, "seed": 6},
    "min_p 0.5": {"min_p": 0.5, "seed": 7},
    "min_p 1 leaves the best": {"min_p": 1.0, "seed": 8},
    "top_p 0.95": {"top_p": 0.95, "min_p": 0.0, "seed": 9},
    "top_p 0.3": {"top_p": 0.3, "min_p": 0.0, "seed": 10},
    "top_p 0.01 leaves the best": {"top_p": 0.01, "min_p": 0.0, "seed": 11},
    "min_p before top_p": {"min_p": 0.15, "top_p": 0.6, "seed": 12},
    "no penalty": {"repetition_penalty": 1.0, "temperature": 0.4, "seed": 13},
    "strong penalty": {"repetition_penalty": 2.0, "temperature": 0.4, "seed": 14},
    "penalty of logits below 0": {"shift": -16.0, "repetition_penalty": 1.5, "temperature": 0.4, "seed": 15},
}
FORMULA = {
    "conditioned": "((i * 40503 + step * 9973 + 7) mod 65536 - 32768) / 8192 + shift, + 4 where i mod 683 = 5, "
    "+ 5 where i = 6561",
    "unconditioned": "((i * 30029 + step * 7919) mod 65536 - 32768) / 16384",
}


def logits(step, shift):
    i = torch.arange(VOCABULARY)
    conditioned = ((i * 40503 + step * 9973 + 7) % 65536 - 32768).float() / 8192 + shift
    conditioned[i % 683 == 5] += 4
    conditioned[START] += 5
    return conditioned[None], ((i * 30029 + step * 7919) % 65536 - 32768).float()[None] / 16384


def draw(values):
    """The tokens, and how closely the closest race was won."""
    torch.manual_seed(values["seed"])
    ids, closest = torch.tensor([[START]]), 1.0
    for step in range(STEPS):
        conditioned, unconditioned = logits(step, values["shift"])
        scores = conditioned + values["guidance"] * (conditioned - unconditioned)
        scores = RepetitionPenaltyLogitsProcessor(penalty=values["repetition_penalty"])(ids, scores)
        if values["temperature"] != 1.0:
            scores = TemperatureLogitsWarper(values["temperature"])(ids, scores)
        scores = MinPLogitsWarper(min_p=values["min_p"])(ids, scores)
        scores = TopPLogitsWarper(top_p=values["top_p"])(ids, scores)
        weights = torch.softmax(scores, dim=-1)
        state = torch.get_rng_state()
        race = (weights.double() / torch.empty_like(weights).exponential_().double())[0].topk(2).values
        torch.set_rng_state(state)
        closest = min(closest, float((race[0] - race[1]) / race[0]))
        ids = torch.cat([ids, torch.multinomial(weights, num_samples=1)], dim=1)
    return ids[0, 1:].tolist(), closest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "-o", "--out", type=Path, default=Path(__file__).parents[1] / "tests/goldens/sampler.json"
    )
    out = parser.parse_args().out
    torch.set_num_threads(1)
    cases = []
    for name, changed in CASES.items():
        values = DEFAULTS | changed
        tokens, closest = draw(values)
        if closest < CLOSEST:
            raise SystemExit(f"{name}: a race won by {closest:.1e} is too close to be a golden, take another seed")
        print(f"{name}: {len(set(tokens))} of {len(tokens)} differ, closest race {closest:.1e}")
        cases.append({"name": name} | values | {"tokens": tokens})
    content = {
        "provenance": {
            "script": "tools/make_sampler_goldens.py",
            "torch": version("torch"),
            "transformers": version("transformers"),
            "tolerance": f"exact: no race between two tokens is closer than {CLOSEST}",
        },
        "vocabulary": VOCABULARY,
        "logits": FORMULA,
        "cases": cases,
    }
    out.write_text(json.dumps(content).replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
