"""Writes tests/goldens/ops.json: small inputs of every operation that computes, and what PyTorch makes of them.

Inputs are multiples of 1/64, which any format holds exactly; results are computed in float64 (phases in float32, as
upstream runs them). All sizes of a case differ, so that a transposed operand cannot go unnoticed. Arrays are stored
in this project's layout, channels innermost; the transposes to PyTorch's layout and back are all in this file.
"""
import argparse
import json
import math
from pathlib import Path

import torch
from torch.nn import functional as F

SEED = 20


def numbers(*shape, scale=1.0):
    """Exact in every format, and never 0, where some activations have a kink."""
    drawn = (torch.randn(*shape, dtype=torch.float64) * scale * 64).round()
    return torch.where(drawn == 0, torch.ones_like(drawn), drawn) / 64


def stored(tensor):
    tensor = tensor.detach().contiguous()
    if tensor.dtype.is_floating_point:
        values = [float(f"{value:.12g}") for value in tensor.flatten().tolist()]
    else:
        values = tensor.flatten().tolist()
    return {"shape": list(tensor.shape), "values": [int(v) if v == int(v) else v for v in values]}


def case(name, expected, options=None, **given):
    return {"case": name, "options": options or {}, "given": {key: stored(value) for key, value in given.items()},
            "expected": stored(expected)}


def rows(x):
    """[batch, row, channel] and [batch, channel, row], either way."""
    return x.transpose(1, 2)


def tables_and_matrices():
    ids, table = torch.tensor([[3, 0, 6], [5, 5, 1]]), numbers(7, 4)
    yield case("embedding", F.embedding(ids, table), ids=ids, table=table)
    x, weight, bias, added = numbers(2, 3, 5), numbers(7, 5), numbers(7), numbers(2, 3, 7)
    yield case("linear", F.linear(x, weight, bias), x=x, weight=weight, bias=bias)
    yield case("linear fused", F.gelu(F.linear(x, weight)) + added, x=x, weight=weight, added=added)


def convolutions():
    for name, batch, row, inside, out, taps, stride, dilation, left, right in [
            ("causal", 2, 9, 3, 4, 5, 1, 1, 4, 0), ("dilated", 1, 13, 2, 5, 3, 1, 3, 3, 3),
            ("strided", 2, 23, 5, 3, 6, 3, 1, 1, 1), ("pointwise", 1, 4, 6, 3, 1, 1, 1, 0, 0)]:
        x, weight, bias = numbers(batch, row, inside), numbers(out, inside, taps), numbers(out)
        result = F.conv1d(F.pad(rows(x), (left, right)), weight, bias, stride=stride, dilation=dilation)
        options = {"stride": stride, "dilation": dilation, "left": left, "right": right}
        yield case(f"conv1d {name}", rows(result), options, x=x, weight=weight, bias=bias)
    x, weight, bias = numbers(2, 6, 3), numbers(3, 4, 7), numbers(4)
    yield case("conv_transpose1d", rows(F.conv_transpose1d(rows(x), weight, bias, stride=3, padding=2)),
               {"stride": 3, "trim": 2}, x=x, weight=weight, bias=bias)


def norms():
    # the numbers are small, so that each eps shows
    x, weight, shift = numbers(2, 3, 5, scale=0.03), numbers(5), numbers(5)
    for eps in (1e-5, 1e-12):
        yield case(f"layer_norm {eps:g}", F.layer_norm(x, (5,), weight, shift, eps), {"eps": eps}, x=x, weight=weight, shift=shift)
    yield case("layer_norm plain", F.silu(F.layer_norm(x, (5,), eps=1e-5)), {"eps": 1e-5}, x=x)
    yield case("rms_norm", F.rms_norm(x, (5,), weight, 1e-5), {"eps": 1e-5}, x=x, weight=weight)
    x[0, 1] = 0
    yield case("normalise", F.normalize(x, dim=-1), {"eps": 1e-12}, x=x)


def heads(x):
    """[batch, row, head, width] and [batch, head, row, width], either way."""
    return x.transpose(1, 2)


def attentions():
    q, k, v = numbers(2, 3, 4, 6), numbers(2, 5, 4, 6), numbers(2, 5, 4, 6)
    yield case("attention", heads(F.scaled_dot_product_attention(heads(q), heads(k), heads(v), scale=0.3)), {"scale": 0.3}, query=q, key=k, value=v)
    q, k, v = numbers(2, 7, 3, 4), numbers(2, 7, 3, 4), numbers(2, 7, 3, 4)
    causal = F.scaled_dot_product_attention(heads(q), heads(k), heads(v), scale=0.5, is_causal=True)
    yield case("cached_attention", heads(causal), {"scale": 0.5, "steps": [4, 1, 2]}, query=q, key=k, value=v)
    yield relative_attention()


def relative_attention():
    """Upstream's own module, its five linear layers set to the identity."""
    from chatterbox.models.s3gen.transformer.attention import RelPositionMultiHeadedAttention
    batch, row, head, width = 2, 5, 3, 4
    module = RelPositionMultiHeadedAttention(head, head * width, 0.0).double().eval()
    for layer in (module.linear_q, module.linear_k, module.linear_v, module.linear_out, module.linear_pos):
        layer.weight.data = torch.eye(head * width, dtype=torch.float64)
        if layer.bias is not None:
            layer.bias.data.zero_()
    u, v = numbers(head, width), numbers(head, width)
    module.pos_bias_u.data, module.pos_bias_v.data = u, v
    query, key, value = (numbers(batch, row, head, width) for _ in range(3))
    position = numbers(2 * row - 1, head, width)
    flat = [x.reshape(batch, row, head * width) for x in (query, key, value)]
    out, _ = module(*flat, pos_emb=position.reshape(1, 2 * row - 1, head * width))
    return case("relative_attention", out.reshape(batch, row, head, width), {"scale": 1 / math.sqrt(width)},
                query=query, key=key, value=value, position=position, u=u, v=v)


def rotary():
    from transformers.models.llama.modeling_llama import apply_rotary_pos_emb
    x, start = numbers(2, 3, 5, 6), 17
    frequencies = torch.tensor([1.0, 0.125, 0.015625], dtype=torch.float64)
    angles = torch.arange(start, start + 3, dtype=torch.float64)[:, None] * frequencies
    angles = torch.cat([angles, angles], dim=-1)[None]
    turned, _ = apply_rotary_pos_emb(heads(x), heads(x), angles.cos(), angles.sin())
    yield case("rotary", heads(turned), {"start": start}, x=x, frequencies=frequencies)


def pointwise():
    x = numbers(2, 3, 7, scale=3)
    functions = {"silu": F.silu, "gelu": F.gelu, "mish": F.mish, "elu": F.elu, "relu": F.relu, "tanh": torch.tanh,
                 "sine": torch.sin, "absolute": torch.abs,
                 "leaky_relu": lambda n: F.leaky_relu(n, 0.125), "exponential": lambda n: torch.clip(torch.exp(n), max=8),
                 "clamp": lambda n: torch.clamp(n, -0.75, 0.75), "above": lambda n: (n > 0.5).double()}
    parameters = {"leaky_relu": 0.125, "exponential": 8, "clamp": 0.75, "above": 0.5}
    for name, function in functions.items():
        yield case(f"activate {name}", function(x), {"parameter": parameters.get(name, 0)}, x=x)
    from chatterbox.models.s3gen.transformer.activation import Snake
    snake = Snake(7)
    snake.alpha.data = numbers(7).abs()
    yield case("snake", rows(snake(rows(x))), x=x, alpha=snake.alpha)


def spectra():
    window, hop = 16, 4
    hann = torch.hann_window(window, dtype=torch.float64)
    x = numbers(2, 44)
    transform = torch.stft(x, window, hop, window, window=hann, return_complex=True)
    yield case("stft", rows(torch.cat([transform.real, transform.imag], dim=1)), {"window": window, "hop": hop}, x=x)
    magnitude, phase = numbers(2, 12, 9).abs(), numbers(2, 12, 9, scale=3)
    samples = torch.istft(torch.polar(rows(magnitude), rows(phase)), window, hop, window, window=hann)
    yield case("istft", samples, {"window": window, "hop": hop}, magnitude=magnitude, phase=phase)


def phases():
    """As SineGen: 27 pitches of 480 samples each, long enough for float's rounding of the running sum to show."""
    harmonics, rate = 4, 24000
    hertz = (numbers(1, 27).abs() * 200).float()
    f0 = hertz.repeat_interleave(480, dim=1)
    steps = torch.stack([f0 * (h + 1) / rate for h in range(harmonics)], dim=1)
    theta = 2 * math.pi * (torch.cumsum(steps, dim=-1) % 1)
    at = list(range(0, f0.shape[1], 397))
    yield case("phases", rows(theta[:, :, at]), {"harmonics": harmonics, "rate": rate, "times": 480, "at": at}, hertz=hertz)


def planes():
    """conv2d: here [batch, row, column, channel], upstream [batch, channel, column, row]."""
    x, weight = numbers(2, 5, 7, 3), numbers(4, 3, 3, 2)
    for name, row, column in [("conv2d", (1, 1, 1, 0), (1, 1, 1, 1)), ("conv2d strided", (1, 2, 0, 2), (2, 1, 1, 1))]:
        (row_stride, row_dilation, row_left, row_right), (stride, dilation, left, right) = row, column
        plane = F.pad(x.permute(0, 3, 2, 1), (row_left, row_right, left, right))
        result = F.conv2d(plane, weight, stride=(stride, row_stride), dilation=(dilation, row_dilation))
        yield case(name, result.permute(0, 3, 2, 1), {"row": row, "column": column}, x=x, weight=weight)
    x, weight, added = numbers(2, 6, 4), numbers(4, 1, 5), numbers(2, 6, 4)
    result = rows(F.conv1d(F.pad(rows(x), (3, 1)), weight, groups=4)) + added
    yield case("depthwise_conv1d", result, {"left": 3, "right": 1}, x=x, weight=weight, added=added)


def recurrent():
    lstm = torch.nn.LSTM(5, 3, batch_first=True).double()
    names = {"weight_ih_l0": "input", "weight_hh_l0": "recurrent", "bias_ih_l0": "input_bias", "bias_hh_l0": "recurrent_bias"}
    given = {}
    for name, ours in names.items():
        given[ours] = numbers(*getattr(lstm, name).shape)
        getattr(lstm, name).data = given[ours]
    x = numbers(2, 7, 5)
    yield case("lstm", lstm(x)[0], x=x, **given)


def pools():
    x, weight, shift = numbers(2, 11, 3), numbers(3), numbers(3)
    mean, variance = numbers(3), numbers(3).abs()
    norm = F.batch_norm(rows(x), mean, variance, weight, shift, eps=1e-5)
    scale = weight / torch.sqrt(variance + 1e-5)
    yield case("affine", F.relu(rows(norm)), x=x, scale=scale, shift=shift - mean * scale)
    yield case("mean", x.mean(1), x=x)
    yield case("deviation", x.std(1), x=x)
    means = F.avg_pool1d(rows(x), 4, 4, ceil_mode=True)
    yield case("segment_mean", rows(means.repeat_interleave(4, dim=2)[..., :11]), {"length": 4}, x=x)
    x = numbers(2, 3, 7, scale=3)
    yield case("activate sigmoid", torch.sigmoid(x), {"parameter": 0}, x=x)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, default=Path(__file__).parents[1] / "tests/goldens/ops.json")
    out = parser.parse_args().out
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    groups = [tables_and_matrices, convolutions, norms, attentions, rotary, pointwise, spectra, phases,
              planes, recurrent, pools]
    cases = [one for group in groups for one in group()]
    content = {
        "provenance": {"script": "tools/make_op_goldens.py", "torch": torch.__version__, "seed": SEED,
                       "upstream": "chatterbox-tts 0.1.7 for relative_attention and snake"},
        "tolerance": "1e-10 of the result's scale for the reference substrate: both sides are float64; phases 2e-7, where upstream is float32",
        "cases": cases}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(content, separators=(",", ":")).replace('{"case"', '\n{"case"') + "\n")
    print(f"{out}: {len(cases)} cases, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
