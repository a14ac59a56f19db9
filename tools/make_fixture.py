"""Writes a model folder and a voice folder with seeded random weights, in upstream's own formats.

    make_fixture.py OUT [--variant english|multilingual] [--seed N] [--full-size] [--size model=24 …]
                        [--cloning | --only-cloning]

OUT/model and OUT/voice are made (and OUT/voice-odd, whose prompt mel has one row more than two per token).
The default sizes are small and differ from each other wherever upstream leaves a size free, so that a
transposed or swapped matrix cannot hide. The weights are upstream's own initialisation, then made a harder
test than an untrained network: no bias is zero, no norm is one, attention is sharp enough to matter, F0
moves and crosses the voiced threshold, and the vocoder is audible. Without this a missing bias or a wrong
epsilon would not show. With --cloning the model also has the networks that listen to a recording (speech
tokenizer, x-vector, voice encoder; shape_cloning.py); --only-cloning writes nothing else.
"""

import argparse
import dataclasses
import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import torch

import shape_cloning
import upstream
from upstream_cloning import CloningSizes

SMALL = upstream.Sizes(
    model=24,
    layers=3,
    heads=6,
    hidden=58,
    text_positions=1030,
    speech_positions=644,
    channel=128,
    conformer_heads=2,
    encoder_hidden=90,
    encoder_blocks=2,
    estimator=40,
    estimator_heads=3,
    transformers=2,
    mid_blocks=2,
    vocoder=56,
    f0=52,
)
SMALL_CLONING = CloningSizes(
    tokenizer_heads=2,
    tokenizer_hidden=90,
    tokenizer_blocks=2,
    image=4,
    x_vector_width=20,
    growth=3,
    bottleneck=5,
    voice_hidden=36,
)
TOKENIZERS = Path(__file__).parents[1] / "tests/fixtures/tokenizers"
CODES = 6561  # speech codes proper; 6561 starts, 6562 stops, the rest has no meaning
NORM = re.compile(r"(norm|layernorm|norm\d|norm_\w+|block\.2|out\.1)\.weight$")


def scatter(tensor, mean, spread, stream):
    tensor.copy_(mean + spread * torch.randn(tensor.shape, generator=stream))


def unsettle(module, stream):
    """Moves what initialisation leaves at 0 or 1: biases, norms, snake alphas, weight-norm magnitudes."""
    for name, parameter in module.named_parameters():
        if NORM.search(name):
            scatter(parameter, 1.0, 0.1, stream)
        elif name.endswith("alpha"):
            parameter.copy_(0.6 + 0.8 * torch.rand(parameter.shape, generator=stream))
        elif name.endswith("original0"):
            parameter.mul_(1 + 0.2 * torch.randn(parameter.shape, generator=stream))
        elif name.endswith("bias"):
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=stream))


def shape_t3(t3, sizes, stream):
    """Every part of the input must reach the choice of a token: positions, text, condition, far tokens."""
    for layer in t3.tfmr.layers:
        for projection in (*layer.self_attn.children(), *layer.mlp.children()):
            if isinstance(projection, torch.nn.Linear):
                scatter(projection.weight, 0.0, 1 / math.sqrt(projection.in_features), stream)
    scatter(t3.text_pos_emb.emb.weight, 0.0, 0.4, stream)
    scatter(t3.speech_pos_emb.emb.weight, 0.0, 0.4, stream)
    # guided logits with a spread of about 2.5: several candidates at temperature 0.8, clear winners at 0.001
    scatter(t3.speech_head.weight, 0.0, 2.0 / math.sqrt(sizes.model), stream)
    # a trained head does not choose ids beyond the codes, and its stop comes late
    t3.speech_head.weight[CODES:] *= 0.01


def scale(layer, factor):
    layer.weight.mul_(factor)
    if layer.bias is not None:
        layer.bias.mul_(factor)


def shape_flow(flow):
    """Rows that reach a norm are small, so that its epsilon shows (1e-12 in the encoder's layers, 1e-5 elsewhere)."""
    encoder, estimator = flow.encoder, flow.decoder.estimator
    for embed in (encoder.embed, encoder.up_embed):
        scale(embed.out[0], 0.1)
        scale(embed.out[1], 0.02)
    for layer in (*encoder.encoders, *encoder.up_encoders):
        for projection in (layer.self_attn.linear_q, layer.self_attn.linear_k, layer.self_attn.linear_pos):
            scale(projection, 2.0)  # attention that is far from even
        scale(layer.self_attn.linear_out, 0.1)
        scale(layer.feed_forward.w_2, 0.1)
    for name, part in estimator.named_modules():
        if name.endswith((".res_conv", ".mlp.1", "block.2")):
            scale(part, 0.3)
        elif name.endswith("block.0"):
            scale(part, 0.2)
    scale(estimator.final_proj, 4.0)


def shape_vocoder(vocoder, f0_spread, stream):
    """F0 around 90 Hz with the wanted spread (on mels of spread 2); magnitudes heard and not clipped."""
    predictor, probe = vocoder.f0_predictor, 2 * torch.randn(1, upstream.MEL, 200, generator=stream)
    predictor.classifier.bias.zero_()
    hidden = predictor.condnet(probe).transpose(1, 2)
    if f0_spread > 0:
        predictor.classifier.weight.mul_(f0_spread / predictor.classifier(hidden).std())
    predictor.classifier.bias.fill_(90.0 - predictor.classifier(hidden).mean())
    bins = vocoder.istft_params["n_fft"] // 2 + 1
    vocoder.conv_post.parametrizations.weight.original0.mul_(3)
    vocoder.m_source.l_linear.weight.mul_(3)
    scatter(vocoder.conv_post.bias[:bins], -2.5, 0.5, stream)
    scatter(vocoder.conv_post.bias[bins:], 0.0, 1.0, stream)


def round_tables(module):
    """Tables get values of 16 bits, so that a repository packs them in half the room; all else is full float32."""
    for child in module.modules():
        if isinstance(child, torch.nn.Embedding):
            child.weight.copy_(child.weight.bfloat16().float())


def write_model(folder, variant, sizes, seed, f0_spread, rounded, cloning):
    """`cloning` are the sizes of the networks that listen, or None."""
    sizes.check()
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    stream = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        t3 = upstream.build_t3(sizes)
        unsettle(t3, stream)
        shape_t3(t3, sizes, stream)
        if rounded:
            round_tables(t3)
        upstream.save_state(t3.state_dict(), folder / upstream.T3_FILE[variant])
        del t3
        vocoding = upstream.build_vocoding(sizes)
        unsettle(vocoding, stream)
        shape_flow(vocoding.flow)
        shape_vocoder(vocoding.mel2wav, f0_spread, stream)
        if rounded:
            round_tables(vocoding)
        if cloning:
            shape_cloning.write_cloning(folder, cloning, seed, rounded, vocoding.state_dict())
        else:
            upstream.save_state(vocoding.state_dict(), folder / "s3gen.safetensors")
    shutil.copyfile(TOKENIZERS / upstream.TOKENIZER_FILE[variant], folder / upstream.TOKENIZER_FILE[variant])


def write_voice(folder, prompt, t3_prompt, seed, odd=False):
    """A baked voice; prompt_feat in Fortran order and tokens in two integer types, as in the wild."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(seed)
    rows = 2 * prompt + (1 if odd else 0)
    speaker = np.abs(draw.standard_normal((1, 256)))
    slope = np.linspace(-3, -9, upstream.MEL)[None, None, :]
    # a log mel: a falling spectrum that breathes slowly, never below the floor log(1e-5)
    breath = np.cumsum(draw.standard_normal((1, rows, 1)), axis=1) * 0.3
    mel = np.maximum(slope + breath + draw.standard_normal((1, rows, upstream.MEL)), math.log(1e-5))
    arrays = {
        "soul_t3_256": (speaker / np.linalg.norm(speaker)).astype(np.float32),
        "t3_cond_tokens": draw.integers(0, 6561, (1, t3_prompt)).astype(np.int64),
        "emotion_adv": np.full((1, 1, 1), 0.7 if odd else 0.5, np.float32),
        "soul_s3_192": draw.standard_normal((1, 192)).astype(np.float32),
        "prompt_token": draw.integers(0, 6561, (1, prompt)).astype(np.int32),
        "prompt_feat": np.asfortranarray(mel.astype(np.float32)),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


def parsed_sizes(bases, changes):
    """The bases with NAME=NUMBER changed, each in the one that has a size of that name."""
    bases = list(bases)
    owner = {field.name: place for place, base in enumerate(bases) for field in dataclasses.fields(base)}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in owner or not value.isdigit():
            raise SystemExit(f"--size {change}: wants NAME=NUMBER with a name of {', '.join(sorted(owner))}")
        bases[owner[name]] = dataclasses.replace(bases[owner[name]], **{name: int(value)})
    return bases


def write_all(given, sizes, cloning):
    """The model and both voices; what fixture.json says of them."""
    sizes = dataclasses.replace(sizes, text_vocabulary=upstream.TEXT_VOCABULARY[given.variant])
    spread = given.f0_spread if given.f0_spread is not None else (0.0 if given.full_size else 120.0)
    write_model(given.out / "model", given.variant, sizes, given.seed, spread, given.rounded_tables, cloning)
    write_voice(given.out / "voice", given.prompt, given.t3_prompt, given.seed + 100)
    write_voice(given.out / "voice-odd", given.prompt, given.t3_prompt - 4, given.seed + 200, odd=True)
    return {"variant": given.variant, "sizes": dataclasses.asdict(sizes), "f0_spread": spread}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--variant", choices=list(upstream.T3_FILE), default="english")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--full-size", action="store_true", help="the real sizes: 30 layers of 1024, flow 512, vocoder 512"
    )
    parser.add_argument("--size", nargs="*", default=[], metavar="NAME=NUMBER", help="change single sizes")
    parser.add_argument("--prompt", type=int, default=23, help="speech tokens of the voice's prompt")
    parser.add_argument("--t3-prompt", type=int, default=31, help="speech tokens of T3's prompt, at most 150")
    parser.add_argument(
        "--f0-spread", type=float, help="Hz; 0 keeps F0 near 90 (default: 120 small, 0 full size)"
    )
    parser.add_argument("--rounded-tables", action="store_true", help="embedding tables hold 16-bit values")
    listening = parser.add_mutually_exclusive_group()
    listening.add_argument("--cloning", action="store_true", help="tokenizer, x-vector and voice encoder too")
    listening.add_argument("--only-cloning", action="store_true", help="only those: no voice, no T3")
    given = parser.parse_args()

    bases = (upstream.Sizes(), CloningSizes()) if given.full_size else (SMALL, SMALL_CLONING)
    sizes, cloning = parsed_sizes(bases, given.size)
    made = {"seed": given.seed}
    if given.only_cloning:
        shape_cloning.write_cloning(given.out / "model", cloning, given.seed, given.rounded_tables)
    else:
        made |= write_all(given, sizes, cloning if given.cloning else None)
    if given.cloning or given.only_cloning:
        made["cloning"] = dataclasses.asdict(cloning)
    (given.out / "fixture.json").write_text(json.dumps(made, indent=1) + "\n")
    print(f"{given.out}: " + json.dumps(made))


if __name__ == "__main__":
    main()
