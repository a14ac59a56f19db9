"""Writes tests/goldens/random.json: draws of PyTorch's CPU generator, several after one another per seed.

One sequence is one `torch.manual_seed` and the draws that follow it on the same stream, so that what a draw
leaves behind (the kept second value of randn below 16, the discarded bits) shows in the next. Long draws
store their first and last values and some between. Values are float32 written with the digits that give
them back exactly.
"""

import argparse
import json
import math
from pathlib import Path

import torch

LONG = 64  # longer draws store samples only
SIZES = [*range(1, 16), 16, 17, 31, 33, 100, 1001]


def stored(tensor):
    """All values, or of a long draw some 20, with the edges of its first and last blocks of 16."""
    flat = tensor.flatten().tolist()
    count = len(flat)
    if count <= LONG:
        return {"values": flat}
    places = {0, 1, 7, 8, 15, 16, count // 2, count - 17, count - 16, count - 9, count - 8, count - 1}
    places |= {(k * count) // 12 for k in range(12)}
    at = sorted(place for place in places if 0 <= place < count)
    return {"at": at, "values": [flat[place] for place in at]}


def rand(*shape):
    return {"draw": "rand", "shape": list(shape)} | stored(torch.rand(*shape))


def randn(*shape):
    return {"draw": "randn", "shape": list(shape)} | stored(torch.randn(*shape))


def uniform(low, high, *shape):
    return {"draw": "uniform", "low": low, "high": high, "shape": list(shape)} | stored(
        torch.empty(*shape).uniform_(low, high)
    )


def phases(*shape):
    """torch.distributions.Uniform(-pi, pi).sample, as the vocoder draws: low + rand * (high - low)."""
    sample = torch.distributions.Uniform(low=-math.pi, high=math.pi).sample(sample_shape=shape)
    return {"draw": "phases", "shape": list(shape)} | stored(sample)


def exponential(*shape):
    return {"draw": "exponential", "shape": list(shape)} | stored(torch.empty(*shape).exponential_())


def weights_of(rule, count):
    """Weights that any language computes exactly: multiples of 2^-16, or zero."""
    index = torch.arange(count)
    exact = ((index * 40503) % 65536 + 1).float() / 65536
    if rule == "sparse":
        exact[index % 1000 != 7] = 0
    return exact


def multinomial(rule, count, times):
    weights = weights_of(rule, count)
    return {
        "draw": "multinomial",
        "weights": rule,
        "count": count,
        "values": [int(torch.multinomial(weights[None], num_samples=1)) for _ in range(times)],
    }


def sequence(name, seed, draws):
    torch.manual_seed(seed)
    return {"name": name, "seed": seed, "draws": [draw() for draw in draws]}


def synthesis(prompt, speech):
    """The draws of one upstream `generate`: a choice per token, the flow's noise, the vocoder's phases, two noises."""
    frames, samples = 2 * (prompt + speech), 480 * 2 * speech
    return [
        lambda: multinomial("dense", 8194, speech),
        lambda: randn(1, 80, frames),
        lambda: phases(1, 9, 1),
        lambda: randn(1, 9, samples),
        lambda: randn(1, samples, 1),
        lambda: rand(4),
    ]


def sequences():
    for seed in (0, 42, 1234567):
        yield sequence(f"every size of rand, seed {seed}", seed, [lambda n=n: rand(n) for n in SIZES])
        yield sequence(f"every size of randn, seed {seed}", seed, [lambda n=n: randn(n) for n in SIZES])
    for size in SIZES:
        yield sequence(f"randn({size}) first", 7, [lambda: randn(size), lambda: rand(3)])
    yield sequence(
        "a kept normal outlives other draws",
        3,
        [
            lambda: randn(3),
            lambda: rand(5),
            lambda: randn(16),
            lambda: exponential(2),
            lambda: randn(1),
            lambda: randn(1),
        ],
    )
    yield sequence("exponential", 11, [lambda n=n: exponential(n) for n in (1, 2, 15, 16, 17, 100)])
    yield sequence(
        "uniform", 5, [lambda: uniform(-3.0, 2.0, 9), lambda: uniform(0.0, 1.0, 17), lambda: phases(1, 9, 1)]
    )
    yield sequence(
        "multinomial",
        42,
        [
            lambda: multinomial("dense", 704, 8),
            lambda: multinomial("dense", 8194, 8),
            lambda: multinomial("sparse", 8194, 8),
            lambda: rand(2),
        ],
    )
    for seed in (42, 2024):
        yield sequence(f"one synthesis: prompt 23, speech 11, seed {seed}", seed, synthesis(23, 11))
    # manual_seed keeps 64 bits, the generator uses the low 32
    for seed in (2**32 - 1, 2**32 + 42, 2**63 - 1):
        yield sequence(f"seed {seed}", seed, [lambda: rand(4), lambda: randn(17)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "-o", "--out", type=Path, default=Path(__file__).parents[1] / "tests/goldens/random.json"
    )
    out = parser.parse_args().out
    torch.set_num_threads(1)
    content = {
        "provenance": {
            "script": "tools/make_random_goldens.py",
            "torch": torch.__version__,
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        },
        "weights": {
            "dense": "((i * 40503) mod 65536 + 1) / 65536",
            "sparse": "dense where i mod 1000 = 7, else 0",
        },
        "tolerance": {
            "rand, uniform, phases, multinomial": "exact",
            "exponential": "1e-6 relative: one logarithm in double, rounded to float",
            "randn": "2e-6 absolute: 16 and more values go through vectorised float logarithm, sine and cosine, "
            "which round differently from machine to machine",
        },
        "sequences": list(sequences()),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(
        json.dumps(content, indent=None, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n"
    )
    print(f"{out}: {len(content['sequences'])} sequences, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
