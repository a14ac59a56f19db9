"""Trains HiFT, mel -> 24 kHz:  train_vocoder.py DATA RUN.pt --minutes M [--threads N] [--steps N]

The network is upstream's HiFTGenerator; only its arithmetic is written again below, in the forms that a CPU trains
fastest: plain weights in place of weight norm, bfloat16, channels last, the short Fourier transforms as convolutions.
First the F0 predictor learns from the stored pitch, in a tenth of the time and with its own state RUN.pitch.pt; then
the generator, whose answers are compared with the truth (vocoder_losses.py).
"""

import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import weight_norm

import vocoder_losses
from dataset import Speech
from sizes import SIZES, upstream
from trainer import Run, narrow_products

HOP, FRAME = 4, 480  # samples of the inverse transform's hop and of a mel frame
BINS, WIDTH = 9, 16  # of the transforms
LEVEL, SPREAD = -5.5, 3.0  # of the mels: both first layers learn on (mel - LEVEL) / SPREAD
QUIET = -4.0  # the logarithm of the magnitudes to begin with
PITCH_UNIT = 100.0  # Hz: the predictor learns in these
PITCH_RATE, RATE = 3e-3, 1.2e-3
PITCH_SHARE, PITCH_ENOUGH = 0.1, 12.0  # of the minutes, and minutes at most
LOUDEST = math.log(1e2)  # upstream's limit of a magnitude
CLIP = 10.0  # of the gradient
LEAST_ALPHA = 0.1  # of Snake, which divides by it
JOE = 0.4  # of the crops
SHORTEST = 25  # tokens of an utterance that is used
LIVING = 0.5  # of the run, from where mels and voicing are as faulty as the other networks will make them
PITCH_FRAMES, PITCH_ROWS = 150, 6  # of the crops for the F0 predictor
PITCH_NOISE = 0.5  # at most, on the mels that it learns from


def generator():
    """Upstream's HiFTGenerator with plain weights that suit narrow layers."""
    made = upstream.Vocoding(SIZES).mel2wav
    for module in made.modules():
        if parametrize.is_parametrized(module):
            parametrize.remove_parametrizations(module, "weight")
    with torch.no_grad():
        for layer in made.ups:
            wide, _, kernel = layer.weight.shape
            layer.weight.normal_(0, (wide * kernel / layer.stride[0]) ** -0.5)
        for block in [*made.resblocks, *made.source_resblocks]:
            for first, second in zip(block.convs1, block.convs2):
                for layer, gain in ((first, 1.0), (second, 0.3)):
                    layer.weight.normal_(0, gain * (layer.weight.shape[1] * layer.weight.shape[2]) ** -0.5)
        made.conv_post.bias.zero_()
        made.conv_post.bias[:BINS] = QUIET
        for layer in made.f0_predictor.condnet[::2]:
            torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            layer.bias.zero_()
        made.f0_predictor.classifier.bias.fill_(0.5)
    return made


def levelled(layer, mel):
    """The mels [batch, mel 80, frame] that a first layer learns on; outside is 0 as for upstream, before levelling."""
    return (F.pad(mel, (layer.padding[0], layer.padding[0])) - LEVEL) / SPREAD


def fold_levelling(layer):
    """Makes a first layer trained on levelled mels take plain ones."""
    with torch.no_grad():
        layer.weight /= SPREAD
        layer.bias -= LEVEL * layer.weight.sum((1, 2))


class Snake(torch.autograd.Function):
    """x + sin²(a·x)/a with one sine backward, for the output is kept by the convolution anyway."""

    @staticmethod
    def forward(context, x, alpha):
        wide = alpha.to(x.dtype)[:, None, None]
        out = (x * wide).sin_().square_().div_(wide).add_(x)
        context.save_for_backward(x, out, alpha)
        return out

    @staticmethod
    def backward(context, gradient):
        x, out, alpha = context.saved_tensors
        slope = (x * (2 * alpha).to(x.dtype)[:, None, None]).sin_()
        to_alpha = (slope * x).add_(x).sub_(out).mul_(gradient).sum((0, 2, 3)).float() / alpha
        return torch.addcmul(gradient, gradient, slope), to_alpha


def channels_last(x):
    """[batch, channel, time] -> [batch, channel, 1, time] with the channels side by side in memory."""
    return x[:, :, None].contiguous(memory_format=torch.channels_last)


def conv(layer, x, padding=None):
    """A Conv1d on [batch, channel, 1, time]."""
    padding = layer.padding[0] if padding is None else padding
    weight = channels_last(layer.weight)
    return F.conv2d(x, weight, layer.bias, (1, layer.stride[0]), (0, padding), (1, layer.dilation[0]))


def upsampled(layer, x):
    return F.conv_transpose2d(x, channels_last(layer.weight), layer.bias, (1, layer.stride[0]), (0, layer.padding[0]))


def residual(block, x):
    for place in range(len(block.convs1)):
        inner = conv(block.convs1[place], Snake.apply(x, block.activations1[place].alpha))
        x = x + conv(block.convs2[place], Snake.apply(inner, block.activations2[place].alpha))
    return x


def spectra(net, mel, source):
    """[batch, mel 80, frame], [batch, 18, 120·frame + 1] -> [batch, 18, 120·frame + 1]; upstream's decode()."""
    x = conv(net.conv_pre, channels_last(levelled(net.conv_pre, mel)), padding=0)
    source = channels_last(source)
    for level, up in enumerate(net.ups):
        x = upsampled(up, F.leaky_relu(x, net.lrelu_slope))
        if level == net.num_upsamples - 1:
            x = torch.cat([x[..., 1:2], x], -1)
        x = x + residual(net.source_resblocks[level], conv(net.source_downs[level], source))
        blocks = net.resblocks[level * net.num_kernels : (level + 1) * net.num_kernels]
        x = sum(residual(block, x) for block in blocks) / net.num_kernels
    with torch.autocast("cpu", enabled=False):
        return conv(net.conv_post, F.leaky_relu(x.float()))[:, :, 0]


class ShortTransform:
    """torch.stft and torch.istft of width 16 and hop 4 as convolutions."""

    def __init__(self):
        self.window = torch.hann_window(WIDTH)
        angle = 2 * math.pi * torch.arange(BINS)[:, None] * torch.arange(WIDTH) / WIDTH
        waves = torch.cat([torch.cos(angle), -torch.sin(angle)]) * self.window
        twice = torch.full((BINS,), 2.0)
        twice[0] = twice[-1] = 1.0
        self.analysis = waves[:, None]
        self.synthesis = (waves * twice.repeat(2)[:, None] / WIDTH)[:, None]

    def forward(self, audio):
        """[batch, 1, sample] -> [batch, real and imaginary 18, sample / 4 + 1]."""
        return F.conv1d(F.pad(audio, (WIDTH // 2, WIDTH // 2), mode="reflect"), self.analysis, stride=HOP)

    def inverse(self, spectrum):
        """[batch, 18, frame] -> [batch, 4·(frame - 1)]."""
        audio = F.conv_transpose1d(spectrum, self.synthesis, stride=HOP)
        frames = torch.ones(1, 1, spectrum.shape[-1])
        weight = F.conv_transpose1d(frames, self.window.square()[None, None], stride=HOP)
        inner = slice(WIDTH // 2, -WIDTH // 2)
        return (audio[..., inner] / weight[..., inner])[:, 0]


TRANSFORM = ShortTransform()


@torch.no_grad()
def sines(net, f0):
    """[batch, frame] Hz -> [batch, sample, harmonic 9], of upstream's SineGen; every phase drawn, as amid a speech."""
    drawing = net.m_source.l_sin_gen
    count = drawing.harmonic_num + 1
    samples = f0.repeat_interleave(FRAME, 1)[:, :, None]
    turns = torch.cumsum(samples.double() / drawing.sampling_rate, 1) + torch.rand(len(f0), 1, 1)
    turns = (turns * torch.arange(1, count + 1) + torch.rand(len(f0), 1, count)) % 1
    waves = drawing.sine_amp * torch.sin(2 * math.pi * turns.float())
    voiced = (samples > drawing.voiced_threshold).float()
    noise = voiced * drawing.noise_std + (1 - voiced) * drawing.sine_amp / 3
    return waves * voiced + noise * torch.randn_like(waves)


def answer(net, mel, f0):
    """[batch, mel 80, frame], [batch, frame] -> [batch, sample 480·frame]."""
    excitation = torch.tanh(net.m_source.l_linear(sines(net, f0))).transpose(1, 2)
    source = TRANSFORM.forward(excitation)
    with narrow_products():
        x = spectra(net, mel, source)
    magnitude, phase = torch.exp(x[:, :BINS].clamp(max=LOUDEST)), torch.sin(x[:, BINS:])
    return TRANSFORM.inverse(torch.cat([magnitude * torch.cos(phase), magnitude * torch.sin(phase)], 1))


def pitch(net, mel):
    """[batch, mel 80, frame] -> [batch, frame] Hz."""
    first, *others = net.f0_predictor.condnet
    x = F.conv1d(levelled(first, mel), first.weight, first.bias)
    for layer in others:
        x = layer(x)
    return PITCH_UNIT * net.f0_predictor.classifier(x.transpose(1, 2))[..., 0].abs()


class Crops:
    """Draws crops of the utterances, `JOE` of them of the natural voice."""

    def __init__(self, speech, seed):
        self.speech, self.draw = speech, np.random.default_rng(seed)
        long = [one for one in speech.training() if one.tokens >= SHORTEST]
        self.groups = [[one for one in long if one.speaker.startswith("joe") == joe] for joe in (True, False)]
        self.weights = [np.array([one.tokens for one in group], float) for group in self.groups]
        self.weights = [weight / weight.sum() for weight in self.weights if len(weight)]
        self.groups = [group for group in self.groups if group]

    def pick(self, frames, audio):
        group = 0 if len(self.groups) == 1 or self.draw.random() < JOE else 1
        one = self.groups[group][self.draw.choice(len(self.groups[group]), p=self.weights[group])]
        start = int(self.draw.integers(0, max(1, 2 * one.tokens - frames + 1)))
        inside = slice(start, start + frames)
        rows = [self.speech.mel(one)[inside].T, self.speech.f0(one)[inside]]
        if audio:
            rows.append(self.speech.audio(one)[start * FRAME : (start + frames) * FRAME])
        return rows

    def batch(self, count, frames, audio=True):
        """mel [row, 80, frame], f0 [row, frame], and audio [row, sample] if wanted; short ones end in silence."""
        columns = list(zip(*[self.pick(frames, audio) for _ in range(count)]))
        fill = (math.log(1e-5), 0.0, 0.0)
        return [
            torch.from_numpy(np.stack([padded(row, frames * (FRAME if place == 2 else 1), value) for row in column]))
            for place, (column, value) in enumerate(zip(columns, fill))
        ]


def padded(row, length, value):
    missing = length - row.shape[-1]
    row = np.pad(row, [(0, 0)] * (row.ndim - 1) + [(0, missing)], constant_values=value) if missing else row
    return row.astype(np.float32)


def with_heard_voicing(f0, predicted):
    """The true pitch [row, frame], but voiced where the predictor says so, as it will be in use."""
    voiced = predicted > 10
    return torch.where(voiced, torch.where(f0 > 0, f0, predicted), torch.zeros_like(f0))


def softened(mel, draw):
    """Half of the rows a little blurred in both directions, as mels are that a network made."""
    strength = torch.from_numpy(draw.uniform(-0.5, 0.5, len(mel)).clip(min=0)).float()[:, None, None]
    for axis in (1, 2):
        around = (torch.roll(mel, 1, axis) + torch.roll(mel, -1, axis)) / 2
        mel = mel + strength * (around - mel) * 0.8
    return mel


def faulty(mel, draw):
    """Mels as unsure as those of a network: blurred, and each row with noise of its own strength."""
    strength = torch.from_numpy(draw.uniform(0, PITCH_NOISE, len(mel))).float()[:, None, None]
    return softened(mel, draw) + strength * torch.randn_like(mel)


class Report:
    """Averages since the last line, one of which comes every twenty seconds."""

    def __init__(self, run, last):
        self.run, self.last, self.rows, self.printed = run, last, [], time.monotonic()

    def __call__(self, step, **values):
        """Whether this step was the last one wanted."""
        self.rows.append(values)
        ended = step + 1 == self.last
        if ended or time.monotonic() - self.printed > 20:
            means = [f"{name} {np.mean([float(row[name]) for row in self.rows]):.4f}" for name in values]
            print(f"step {step + 1}  {self.run.seconds / 60:.1f} min ", "  ".join(means), flush=True)
            self.rows, self.printed = [], time.monotonic()
        return ended


def pitch_minutes(given):
    return min(given.minutes * PITCH_SHARE, PITCH_ENOUGH)


def train_pitch(given, net, crops):
    """Whether it came to its end."""
    run = Run(given.run.with_suffix(".pitch.pt"), net.f0_predictor, PITCH_RATE, pitch_minutes(given))
    report = Report(run, given.steps)
    for step in run.steps():
        mel, f0 = crops.batch(PITCH_ROWS, PITCH_FRAMES, audio=False)
        loss = vocoder_losses.pitch_loss(pitch(net, faulty(mel, crops.draw)), f0)
        if report(step, pitch=loss, norm=run.update(loss)):
            break
    run.save()
    return run.progress >= 1 or given.steps


def train_generator(given, net, crops):
    predictor = copy.deepcopy(net.f0_predictor.state_dict())
    net.f0_predictor.requires_grad_(False)
    inner = ("resblocks.", "source_resblocks.", "conv_pre.")
    run = Run(given.run, net, RATE, given.minutes - pitch_minutes(given), inner=lambda name: name.startswith(inner))
    net.f0_predictor.load_state_dict(predictor)  # the state of a run that goes on may hold an older one
    report = Report(run, given.steps)
    alphas = [parameter for name, parameter in net.named_parameters() if name.endswith("alpha")]
    for step in run.steps():
        mel, f0, truth = crops.batch(given.rows, int(given.seconds * 50))
        if run.progress > LIVING:
            half = len(mel) // 2
            with torch.no_grad():
                f0[:half] = with_heard_voicing(f0[:half], pitch(net, mel[:half]))
            mel = softened(mel, crops.draw)
        far = vocoder_losses.distance(answer(net, mel, f0), truth)
        norm = run.update(far, clip=CLIP)
        with torch.no_grad():
            torch._foreach_clamp_min_(alphas, LEAST_ALPHA)
        if report(step, distance=far, norm=norm):
            break
    run.save()


def train(given):
    torch.set_num_threads(given.threads)
    torch.manual_seed(int(time.time()))
    crops = Crops(Speech(given.data, audio=True), int(time.time()))
    net = generator()
    if train_pitch(given, net, crops):
        train_generator(given, net, crops)


def export_vocoder(path):
    """A run -> upstream's tensors, `mel2wav.…`, the weights split into lengths and directions for its weight norm."""
    net = generator()
    net.load_state_dict(torch.load(path, weights_only=False)["module"])
    for first in (net.conv_pre, net.f0_predictor.condnet[0]):
        fold_levelling(first)
    with torch.no_grad():
        for parameter in net.f0_predictor.classifier.parameters():
            parameter *= PITCH_UNIT
    layers = [net.conv_pre, net.conv_post, *net.ups]
    layers += [layer for block in [*net.resblocks, *net.source_resblocks] for layer in [*block.convs1, *block.convs2]]
    layers += [layer for layer in net.f0_predictor.condnet if isinstance(layer, torch.nn.Conv1d)]
    for layer in layers:
        weight_norm(layer)
    wanted = upstream.Vocoding(SIZES).mel2wav.state_dict()
    state = net.state_dict()
    assert set(state) == set(wanted), set(state) ^ set(wanted)
    return {f"mel2wav.{name}": tensor.detach().clone() for name, tensor in state.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, help="stop after so many, for a trial")
    parser.add_argument("--rows", type=int, default=8, help="mels a step")
    parser.add_argument("--seconds", type=float, default=0.8, help="of a crop")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
