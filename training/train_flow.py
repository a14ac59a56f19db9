"""Trains S3Gen's flow: speech codes, a prompt's mel and an x-vector to a mel, by conditional flow matching.

train_flow.py DATA RUN.pt --minutes M [--speakers FILE] [--threads N] [--steps N] | --compare

The x-vectors are those of speaker_space.py (default: speakers.npz beside DATA). The loss is upstream's
(s3gen/flow_matching.py: cosine times, all conditions dropped together for a fifth of the items). Beside it a small
weight draws the encoder's result, after a gain and an offset for each speaker that are not part of the model,
to the mel: so the encoder finds the sounds before the estimator can make use of them. Every four minutes the
validation losses, and RUN.png with a mel made for an unseen sentence.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import dataset
import flow_network
import phones
import speaker_space
import trainer
from flow_batches import Batches, rows_of_codes
from sizes import SIZES, upstream

MEL = upstream.MEL
SIGMA = 1e-6  # upstream's sigma_min
# Spread of the noise in training. The engine begins with 1, as upstream: like sampling at a temperature of 0.5, which a
# recogniser reads much better (of 85 words 19 wrong instead of 55 at 27 minutes) for a little less variety.
NOISE = 2.0
DROPPED = 0.2  # upstream's training_cfg_rate
DRAWN = 0.3  # weight of the encoder's nearness to the mel
MEL_MEAN, MEL_SPREAD = -5.2, 2.6
FRAMES = 1600  # a batch
RATE = 1.5e-3
CHECK_EVERY = 240  # seconds of processor time
PRINT_EVERY = 20  # seconds
# how the estimator begins: gain of what its blocks add; spread of the noisy mel; size of the last norm's other channels,
# and where mish is straight
ADDED, NOISY_SPREAD, STEADY, STRAIGHT = 0.3, 2.2, 3.0, 2.0
SEEN = "flow."
SHOWN = ("joe", "slt", "awb", "rms")  # the speakers of RUN.png


class FlowTraining(torch.nn.Module):
    """Upstream's flow with an embedding of the codes in use alone, and what only training needs."""

    def __init__(self, mean):
        super().__init__()
        self.flow = upstream.Vocoding(SIZES).flow
        self.flow.input_embedding = torch.nn.Embedding(len(phones.used_codes()), SIZES.channel)
        self.gain = torch.nn.Linear(speaker_space.X_VECTOR, 2 * MEL)
        torch.nn.init.zeros_(self.gain.weight)
        torch.nn.init.zeros_(self.gain.bias)
        self.start_from(mean)

    def start_from(self, mean):
        """The estimator begins as `mean mel - noise`, which is the answer of one who knows nothing but the time 0.

        Its linear layers would else weaken the noise by half each, and half an hour later it still did not reach
        the end. Mels lie far from 0: the last layers begin at their mean [mel 80], the first are blind to it.
        """
        estimator = self.flow.decoder.estimator
        with torch.no_grad():
            self.flow.encoder_proj.bias.copy_(mean)
            down, mid, up = estimator.down_blocks[0], estimator.mid_blocks, estimator.up_blocks[0]
            for part in (down, *mid, up):
                soften(part)
            for layer in (down[2], up[2], estimator.final_block.block[0]):
                pass_on(layer, 1.0)
            for first, _ in mid:
                pass_on(first.res_conv, 1.0)
            pass_on(up[0].res_conv, 0.5)
            enter(down[0], mean)
            leave(estimator, mean)

    def encoded(self, rows):
        """[item, token] -> mu [item, frame, mel 80]"""
        inner = flow_network.encode(self.flow.encoder, self.flow.input_embedding(rows))
        return self.flow.encoder_proj(inner).float()

    def losses(self, batch, draw):
        """The loss of the flow, and how far the encoder's result lies from the mel."""
        voice = F.normalize(batch.voice, dim=1)
        mu, speaker = self.encoded(batch.rows), self.flow.spk_embed_affine_layer(voice).float()
        gain, offset = self.gain(voice).float()[:, None].chunk(2, -1)
        near = (mu * (1 + gain) + offset - batch.mel).abs().mean()
        count = len(mu)
        moment = 1 - torch.cos(torch.rand(count, generator=draw) * 0.5 * torch.pi)
        kept = (torch.rand(count, generator=draw) > DROPPED).float()
        noise = NOISE * torch.randn(batch.mel.shape, generator=draw)
        at = moment[:, None, None]
        noisy = (1 - (1 - SIGMA) * at) * noise + at * batch.mel
        wanted = batch.mel - (1 - SIGMA) * noise
        condition = batch.mel * batch.prompt * kept[:, None, None]
        found = flow_network.estimate(
            self.flow.decoder.estimator, noisy, mu * kept[:, None, None], moment, speaker * kept[:, None], condition
        )
        return F.mse_loss(found.float(), wanted), near


def turns_channels(name):
    """Whether a matrix lies between the layers, neither at an end nor a table (see trainer.Run)."""
    encoder, estimator = "flow.encoder.", "flow.decoder.estimator."
    ends = ("pos_bias", "final_proj", "time_mlp", "down_blocks.0.0.res_conv", "down_blocks.0.0.block1")
    return name.startswith((encoder, estimator)) and not any(end in name for end in ends)


def soften(part):
    """What a residual block and its transformers add begins small."""
    part[0].block2.block[2].weight *= ADDED
    for layer in part[1]:
        layer.attn1.to_out[0].weight *= ADDED
        layer.ff.net[2].weight *= ADDED


def pass_on(layer, gain):
    """A convolution that hands its channels on, each half of them where it is given two things side by side."""
    out = layer.weight.shape[0]
    layer.weight *= ADDED
    layer.bias.zero_()
    for start in range(0, layer.weight.shape[1], out):
        layer.weight[:, start : start + out, -1] += gain * torch.eye(out)


def enter(first, mean):
    """The first block: channels 0 to 79 are the noisy mel, the others see mu, speaker and prompt."""
    away = torch.eye(MEL) - torch.outer(mean, mean) / mean.dot(mean)
    first.res_conv.weight[:MEL] = 0
    first.res_conv.weight[:MEL, :MEL, 0] = torch.eye(MEL)
    first.res_conv.bias.zero_()
    for layer in (first.block1.block[0], first.res_conv):
        for place, scale in ((0, NOISY_SPREAD), (1, MEL_SPREAD), (3, MEL_SPREAD)):  # noisy mel, mu, prompt
            part = layer.weight[:, place * MEL : (place + 1) * MEL]
            part.copy_(torch.einsum("ock,cd->odk", part, away) / scale)


def leave(estimator, mean):
    """The last block: a norm whose size the noise does not sway, the straight part of mish, and the noise taken off."""
    convolution, _, norm, _, _ = estimator.final_block.block
    others = convolution.weight.shape[0] - MEL
    convolution.bias[MEL:] = STEADY * (1 - 2 * (torch.arange(others) % 2))
    size = (others * STEADY**2 / (others + MEL) + 0.5) ** 0.5
    norm.bias[:MEL] = STRAIGHT
    height, slope = F.mish(torch.tensor([STRAIGHT, STRAIGHT + 0.5])).tolist()
    slope = 2 * (slope - height)
    estimator.final_proj.weight *= 0.1
    estimator.final_proj.weight[:, :MEL, 0] -= torch.eye(MEL) * NOISY_SPREAD * size / slope
    estimator.final_proj.bias.copy_(mean + height * NOISY_SPREAD * size / slope)


def export_of(state):
    """{'flow.…': tensor} in upstream's names and shapes from a state of FlowTraining."""
    made = {name: tensor.clone() for name, tensor in state.items() if name.startswith(SEEN)}
    name = "flow.input_embedding.weight"
    made[name] = made[name][torch.from_numpy(rows_of_codes())]
    return made


def export_flow(run_path):
    return export_of(torch.load(run_path, weights_only=False, map_location="cpu")["module"])


def synthesise(flow_state, codes, prompt_codes, prompt_mel, xvector, steps=10):
    """Upstream's own inference: [token], [token of the prompt], [its frame, mel 80], [192] -> [frame, mel 80].

    `flow_state` is what export_flow gives.
    """
    flow = upstream.Vocoding(SIZES).flow.eval()
    flow.load_state_dict({name.removeprefix(SEEN): tensor for name, tensor in flow_state.items()})
    token, prompt = (torch.as_tensor(np.asarray(part))[None].long() for part in (codes, prompt_codes))
    mel, _ = flow.inference(
        token=token,
        token_len=torch.tensor([token.shape[1]]),
        prompt_token=prompt,
        prompt_token_len=torch.tensor([prompt.shape[1]]),
        prompt_feat=torch.as_tensor(np.asarray(prompt_mel))[None].float(),
        prompt_feat_len=None,
        embedding=torch.as_tensor(np.asarray(xvector))[None].float(),
        finalize=True,
        n_timesteps=steps,
    )
    return mel[0].T.clone()


class Checks:
    """Losses on utterances that are never trained on, always with the same draws, and a mel to look at."""

    def __init__(self, speech, voices, picture):
        self.speech, self.voices, self.picture = speech, voices, picture
        batches = Batches(speech, speech.validation(), voices, FRAMES, seed=7, augmented=False)
        self.batches = [batches.batch(tokens) for tokens in (60, 100, 100, 150, 150, 225)]
        self.of_speaker = batches.of_speaker

    def losses(self, module):
        draw = torch.Generator().manual_seed(7)
        with torch.no_grad(), trainer.narrow_products():
            rows = [[float(value) for value in module.losses(batch, draw)] for batch in self.batches]
        return np.mean(rows, axis=0)

    def made(self, state, name):
        """(true, made) [frame, mel 80] of an unseen utterance, with another before it as the prompt."""
        before, one = sorted(self.of_speaker[name], key=lambda one: abs(one.tokens - 90))[:2]
        voice = self.voices[name].mean(0)
        torch.manual_seed(7)
        mel = synthesise(state, self.speech.code(one), self.speech.code(before), self.speech.mel(before), voice)
        return self.speech.mel(one), mel.numpy()

    def run(self, module):
        state = export_of(module.state_dict())
        pairs = {name: self.made(state, name) for name in self.of_speaker if name in SHOWN}
        flow, near = self.losses(module)
        far = " ".join(f"{name} {np.abs(true - made).mean():.3f}" for name, (true, made) in pairs.items())
        spread = np.mean([made.std(0).mean() / true.std(0).mean() for true, made in pairs.values()])
        line = f"  unseen: flow {flow:.4f}, encoder {near:.4f}"
        print(f"{line}; mels made are off by {far}; spread {spread:.3f}", flush=True)
        draw_pairs(self.picture, pairs)


def draw_pairs(path, pairs):
    try:
        from matplotlib import pyplot
    except ImportError:
        return
    figure, axes = pyplot.subplots(len(pairs), 2, figsize=(14, 2.6 * len(pairs)), squeeze=False)
    for row, (name, pair) in zip(axes, pairs.items()):
        for axis, mel, kind in zip(row, pair, ("true", "made")):
            axis.imshow(mel.T, origin="lower", aspect="auto", vmin=-11.5, vmax=1)
            axis.set_title(f"{name}, {kind}")
    figure.tight_layout()
    figure.savefig(path, dpi=60)
    pyplot.close(figure)


def mean_mel(speech):
    return torch.from_numpy(np.mean([shard["mel"].astype(np.float32).mean(0) for shard in speech.shards], axis=0))


class Progress:
    """Means of what the last steps gave, as one line; frames are counted for each second of processor time."""

    def __init__(self, run):
        self.run = run
        self.forget()

    def forget(self):
        self.rows, self.frames = [], 0
        self.since, self.seconds = time.monotonic(), self.run.seconds

    def add(self, flow, near, norm, frames):
        self.rows.append([float(flow.detach()), float(near.detach()), norm])
        self.frames += frames

    def show(self):
        flow, near, norm = np.mean(self.rows, axis=0)
        speed = self.frames / max(self.run.seconds - self.seconds, 1e-3)
        line = f"step {self.run.step}, {self.run.seconds / 60:.1f} min: flow {flow:.4f}, encoder {near:.4f}"
        print(f"{line}, gradient {norm:.2f}, {speed:.0f} frames/s, rate {self.run.current_rate():.1e}", flush=True)
        self.forget()


def train(given):
    speech = dataset.Speech(given.data)
    voices = speaker_space.load_x_vectors(given.speakers)
    torch.manual_seed(3)
    module = FlowTraining(mean_mel(speech))
    run = trainer.Run(given.run, module, given.rate, given.minutes, inner=turns_channels)
    batches = Batches(speech, speech.training(), voices, given.frames, seed=1000 + run.step)
    checks = Checks(speech, voices, given.run.with_suffix(".png"))
    draw = torch.Generator().manual_seed(1000 + run.step)
    progress, checked = Progress(run), run.seconds
    for step in run.steps():
        batch = batches.batch()
        with trainer.narrow_products():
            flow, near = module.losses(batch, draw)
        norm = run.update((flow + DRAWN * near) / MEL_SPREAD)
        progress.add(flow, near, norm, batch.mel[..., 0].numel())
        last = given.steps and step + 1 >= given.steps
        if last or time.monotonic() - progress.since > PRINT_EVERY:
            progress.show()
        if last:
            break
        if run.seconds - checked > CHECK_EVERY:
            checks.run(module)
            batches = grown(given, batches, voices, run.step)
            progress.forget()
            checked = run.seconds
    run.save()
    checks.run(module)


def grown(given, batches, voices, step):
    """The same batches, or such of all shards when there are more of them than before."""
    if len(dataset.shards(given.data)) <= len(batches.speech.shards):
        return batches
    speech = dataset.Speech(given.data)
    print(f"now {len(speech.utterances)} utterances", flush=True)
    return Batches(speech, speech.training(), voices, given.frames, seed=1000 + step)


def compare():
    """Prints how far the functions that are trained lie from upstream's modules."""
    torch.manual_seed(1)
    flow = upstream.Vocoding(SIZES).flow.eval()
    estimator, rows, count = flow.decoder.estimator, torch.randn(2, 90, SIZES.channel), 180
    x, mu, condition = (torch.randn(2, count, MEL) for _ in range(3))
    at, speaker = torch.rand(2), torch.randn(2, MEL)
    with torch.no_grad():
        one = flow.encoder(rows, torch.tensor([90, 90]))[0] - flow_network.encode(flow.encoder, rows)
        theirs = estimator(x.mT, torch.ones(2, 1, count), mu.mT, at, speaker, condition.mT).mT
        other = theirs - flow_network.estimate(estimator, x, mu, at, speaker, condition)
    print(f"greatest difference: encoder {one.abs().max():.1e}, estimator {other.abs().max():.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--speakers", type=Path, help="of speaker_space.py (default: speakers.npz beside DATA)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0, help="stop after so many, for a trial")
    parser.add_argument("--frames", type=int, default=FRAMES, help="of a batch")
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--compare", action="store_true", help="only compare with upstream's modules")
    given = parser.parse_args()
    if given.compare:
        return compare()
    if not given.run:
        parser.error("DATA and RUN.pt are wanted")
    given.speakers = given.speakers or given.data.resolve().parent / "speakers.npz"
    torch.set_num_threads(given.threads)
    train(given)


if __name__ == "__main__":
    main()
