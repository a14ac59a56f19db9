"""What is watched while upstream runs: margins of T3's choices, and single layers' inputs and outputs."""

import json
from contextlib import contextmanager

import numpy as np
import torch

import upstream

# One of each kind of layer, by its path below T3, flow or mel2wav; the first call of each is kept.
WATCHED = {
    "t3": ["cond_enc.perceiver", "tfmr.layers.0.mlp", "tfmr.layers.0", "tfmr.norm"],
    "flow": [
        "encoder.embed",
        "encoder.pre_lookahead_layer",
        "encoder.encoders.0",
        "decoder.estimator.time_mlp",
        "decoder.estimator.down_blocks.0.0",
        "decoder.estimator.down_blocks.0.1.0",
        "decoder.estimator.final_block",
    ],
    "mel2wav": ["f0_predictor", "conv_pre", "ups.0", "source_resblocks.0", "resblocks.0", "resblocks.2"],
}


class Margins:
    """Keeps T3's raw logits per step and, per choice, how clearly the winner won."""

    def __init__(self, t3):
        self.t3, self.logits, self.chosen, self.penalised = t3, [], [], []

    def __enter__(self):
        # the last position's logits of both guidance rows, as the head gives them
        self.hook = self.t3.speech_head.register_forward_hook(
            lambda _, __, out: self.logits.append(out[:, -1].clone())
        )
        self.multinomial, self.softmax = torch.multinomial, torch.softmax
        self.processor = upstream.t3_module.RepetitionPenaltyLogitsProcessor
        margins, processor = self, self.processor

        class Watched(processor):
            def __call__(self, ids, scores):
                out = super().__call__(ids, scores)
                margins.penalised.append(gap(out[0]))
                return out

        upstream.t3_module.RepetitionPenaltyLogitsProcessor = Watched
        torch.multinomial = self.choose
        return self

    def __exit__(self, *_):
        self.hook.remove()
        torch.multinomial = self.multinomial
        upstream.t3_module.RepetitionPenaltyLogitsProcessor = self.processor

    def choose(self, weights, num_samples):
        """The choice is argmax p / q with q exponential; drawn twice from the same state, once to look."""
        state = torch.get_rng_state()
        race = weights[0].double() / torch.empty_like(weights).exponential_()[0].double()
        torch.set_rng_state(state)
        best = race.topk(2).values
        self.chosen.append(float((best[0] - best[1]) / best[0]))
        return self.multinomial(weights, num_samples=num_samples)

    def of(self, near_greedy):
        return np.array(self.penalised if near_greedy else self.chosen, np.float32)


def gap(logits):
    best = logits.double().topk(2).values
    return float((best[0] - best[1]) / logits.abs().max())


class Layers:
    """Records the first call of each watched layer: tensors that go in, the tensor that comes out."""

    def __init__(self, wanted):
        self.wanted, self.kept = wanted, {}

    @contextmanager
    def watching(self, network, now):
        part = {"T3": "t3", "CausalMaskedDiffWithXvec": "flow", "HiFTGenerator": "mel2wav"}[
            type(network).__name__
        ]
        hooks = (
            [
                network.get_submodule(path).register_forward_hook(
                    self.keeper(f"{part}.{path}"), with_kwargs=True
                )
                for path in WATCHED[part]
            ]
            if self.wanted and now
            else []
        )
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def keeper(self, path):
        def keep(_, positional, named, out):
            if path in self.kept:
                return
            given = {f"{place}": value for place, value in enumerate(positional)} | dict(named)
            tensors = {
                name: value.detach().clone().numpy()
                for name, value in given.items()
                if torch.is_tensor(value)
            }
            out = out[0] if isinstance(out, (tuple, list)) else out
            self.kept[path] = (tensors, out.detach().clone().numpy())

        return keep

    def save(self, folder):
        if not self.kept:
            return
        folder.mkdir(parents=True, exist_ok=True)
        listing = {}
        for path, (given, out) in self.kept.items():
            np.save(folder / f"{path}.out.npy", out)
            for name, array in given.items():
                np.save(folder / f"{path}.in.{name}.npy", array)
            listing[path] = {
                "in": {name: list(array.shape) for name, array in given.items()},
                "out": list(out.shape),
            }
        (folder / "layers.json").write_text(json.dumps(listing, indent=1) + "\n")
