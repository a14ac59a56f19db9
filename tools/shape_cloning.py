"""Seeded weights for the networks that listen, made a hard test: see write_cloning.

What trained networks have and fresh ones lack: attention that is far from even, a strong memory filter
(FSMN), digits of the codes that take all three values, running statistics of the norms that are those of
speech, an LSTM that saturates. Rows that reach a norm are small, so that its epsilon shows.
"""

import math

import numpy as np
import torch

import upstream
import upstream_cloning

PROBE_RATE, PROBE_SECONDS, PROBES = 16000, 2.4, 4
CALM = 0.3
BATCHES = 54321  # what a trained norm's counter may say


def scatter(tensor, mean, spread, stream):
    tensor.copy_(mean + spread * torch.randn(tensor.shape, generator=stream))


def probe_clips(seed):
    """Sounds that move as speech does: gliding harmonics under syllables, and hiss between."""
    draw, time = np.random.default_rng(seed), np.arange(int(PROBE_RATE * PROBE_SECONDS)) / PROBE_RATE
    clips = []
    for _ in range(PROBES):
        pitch = draw.uniform(80, 240) * 2 ** (0.3 * np.sin(2 * np.pi * draw.uniform(0.5, 2) * time))
        phase = 2 * np.pi * np.cumsum(pitch) / PROBE_RATE
        centre = 900 + 600 * np.sin(2 * np.pi * draw.uniform(1, 3) * time + draw.uniform(0, 6))
        harmonics = np.arange(1, 24)[:, None]
        weights = np.exp(-(((harmonics * pitch - centre) / 700) ** 2)) + 0.1 / harmonics
        voiced = (weights * np.sin(harmonics * phase)).sum(0)
        syllables = np.maximum(np.sin(2 * np.pi * draw.uniform(2, 4) * time), 0)
        hiss = draw.standard_normal(len(time)) * (1 - syllables)
        clips.append(0.1 * syllables * voiced + 0.01 * hiss + 1e-4 * draw.standard_normal(len(time)))
    return [torch.from_numpy(clip).float() for clip in clips]


def shape_tokenizer(tokenizer, clips, stream):
    for name, parameter in tokenizer.named_parameters():
        if name.endswith("_ln.weight"):
            scatter(parameter, 1.0, 0.1, stream)
        elif name.endswith("bias"):
            scatter(parameter, 0.0, 0.05, stream)
    encoder = tokenizer.encoder
    for layer in (encoder.conv1, encoder.conv2):
        # gelu leaves about half: a stream of small rows, near the norms' epsilon
        scatter(layer.weight, 0.0, 1.5 / math.sqrt(layer.in_channels * 3), stream)
    encoder.conv2.weight.mul_(0.02)
    encoder.conv2.bias.mul_(0.2)
    for block in encoder.blocks:
        width = block.attn.query.in_features
        for projection in (block.attn.query, block.attn.key):
            scatter(projection.weight, 0.0, 1.5 / math.sqrt(width), stream)
        scatter(block.attn.value.weight, 0.0, 0.02 / math.sqrt(width), stream)
        block.attn.value.bias.mul_(0.1)
        scatter(block.attn.fsmn_block.weight, 0.0, 0.3, stream)
        scatter(block.attn.out.weight, 0.0, 1 / math.sqrt(width), stream)
        scatter(block.mlp[0].weight, 0.0, 1.5 / math.sqrt(width), stream)
        scatter(block.mlp[2].weight, 0.0, 0.02 / math.sqrt(block.mlp[2].in_features), stream)
        for layer in (block.attn.out, block.mlp[2]):
            layer.bias.mul_(0.1)
    shape_quantizer(tokenizer, clips, stream)


def shape_quantizer(tokenizer, clips, stream):
    """Each digit is 0, 1 and 2 about equally often, in an order that speech decides."""
    rows = torch.cat([encoded(tokenizer, clip) for clip in clips])
    down = tokenizer.quantizer._codebook.project_down
    scatter(down.weight, 0.0, 1.0, stream)
    down.bias.zero_()
    digits = down(rows)
    down.weight.mul_((1.3 / digits.std(0))[:, None])
    digits = down(rows)
    down.bias.copy_(-digits.mean(0) + 0.2 * torch.randn(8, generator=stream))


def encoded(tokenizer, clip):
    mel = tokenizer.log_mel_spectrogram(clip[None])
    return tokenizer.encoder(mel, torch.tensor([mel.shape[-1]]))[0][0]


def norms(network):
    kinds = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)
    return [child for child in network.modules() if isinstance(child, kinds)]


def shape_speaker_encoder(network, clips, stream):
    for name, parameter in network.named_parameters():
        if name.endswith("linear1.bias") or name.endswith("linear2.bias"):
            scatter(parameter, 0.0, 0.3, stream)
    # the variance of these layers' outputs comes near the norms' epsilon, 1e-5
    for child in network.head.modules():
        if isinstance(child, torch.nn.Conv2d):
            child.weight.mul_(0.05)
    for block in (network.xvector.block1, network.xvector.block2, network.xvector.block3):
        for layer in block:
            layer.linear1.weight.mul_(0.02)
    for norm in norms(network):
        if norm.affine:
            scatter(norm.weight, 1.0, 0.2, stream)
            scatter(norm.bias, 0.0, 0.2, stream)
    for block in (network.xvector.block1, network.xvector.block2, network.xvector.block3):
        calm(block)
    settle_norms(network, clips, stream)


def calm(block):
    """Each layer hears its block's input more than the layers before it.

    Otherwise 52 random layers in a row make chaos: rounding the filter bank to float32 moves the x-vector by 2e-3.
    """
    given = next(block.children()).linear1.in_channels
    for layer in block:
        for parameter in layer.nonlinear1.batchnorm.parameters():
            parameter[given:] *= CALM


def settle_norms(network, clips, stream):
    """Running statistics are those of the probe, each then moved a little, as no recording has its corpus' own."""
    for norm in norms(network):
        norm.momentum = None  # one batch: its own mean and variance
        norm.reset_running_stats()
    network.train()
    network.inference(clips)
    network.eval()
    for norm in norms(network):
        floor = 0.01 * norm.running_var.median()
        norm.running_var.copy_(norm.running_var.maximum(floor))
        shift = torch.randn(norm.running_mean.shape, generator=stream)
        norm.running_mean.add_(0.3 * norm.running_var.sqrt() * shift)
        norm.running_var.mul_(torch.exp(0.3 * torch.randn(norm.running_var.shape, generator=stream)))
        norm.num_batches_tracked.fill_(BATCHES)


def shape_voice_encoder(network, stream):
    hidden = network.hp.ve_hidden_size
    for name, parameter in network.named_parameters():
        if name == "lstm.weight_ih_l0":
            scatter(parameter, 0.0, 1.0, stream)  # a power mel of speech is mostly far below one
        elif name.startswith("lstm.weight_ih"):
            scatter(parameter, 0.0, 2.0 / math.sqrt(hidden), stream)
        elif name.startswith("lstm.weight_hh"):
            scatter(parameter, 0.0, 1.0 / math.sqrt(hidden), stream)
        elif name.startswith("lstm.bias"):
            scatter(parameter, 0.0, 0.5, stream)
    scatter(network.proj.weight, 0.0, 1 / math.sqrt(hidden), stream)
    scatter(network.proj.bias, 0.1, 0.1, stream)


def round_matrices(network):
    """Matrices get values of 16 bits, so that a repository packs them in half the room."""
    for name, parameter in network.named_parameters():
        if name.endswith("weight") and parameter.dim() > 1:
            parameter.copy_(parameter.bfloat16().float())
        elif "lstm.weight" in name:
            parameter.copy_(parameter.bfloat16().float())


def write_cloning(folder, sizes, seed, rounded, others=None):
    """Adds tokenizer.* and speaker_encoder.* to the tensors of s3gen.safetensors, and writes ve.safetensors.

    The weights come from generators of their own: the networks that speak are the same with and without.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed + 1000)
    stream = torch.Generator().manual_seed(seed + 1001)
    clips = probe_clips(seed + 1002)
    with torch.no_grad():
        listening = upstream_cloning.Listening(sizes).eval()
        voice_encoder = upstream_cloning.build_voice_encoder(sizes).eval()
        shape_tokenizer(listening.tokenizer, clips, stream)
        shape_speaker_encoder(listening.speaker_encoder, clips, stream)
        shape_voice_encoder(voice_encoder, stream)
        if rounded:
            round_matrices(listening)
            round_matrices(voice_encoder)
        upstream.save_state((others or {}) | listening.state_dict(), folder / "s3gen.safetensors")
        upstream.save_state(voice_encoder.state_dict(), folder / "ve.safetensors")
