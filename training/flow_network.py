"""The flow of S3Gen as it is trained: upstream's modules and parameters, their arithmetic written shorter.

Every item of a batch has the same length, so that nothing is masked, and everything is [batch, frame, channel].
Without dropout the results are upstream's (`train_flow.py --compare` shows it). Odd: upstream's relative attention
multiplies queries by the sines and cosines of all 2·length - 1 distances and shifts the rows into place; here the
sine of the sum is taken apart, sin((i - j)w) = sin(iw) cos(jw) - cos(iw) sin(jw), so that it is one more product of
queries and keys.
"""

import math

import torch
import torch.nn.functional as F

SLOPE = 0.01  # of leaky_relu in the look-ahead


def convolved(layer, x, before):
    """A convolution over frames as one matrix product; `before` zeros stand before, the rest of them after."""
    out, channels, width = layer.weight.shape
    count = x.shape[1]
    padded = F.pad(x, (0, 0, before, width - 1 - before))
    taps = torch.cat([padded[:, place : place + count] for place in range(width)], -1)
    return F.linear(taps, layer.weight.permute(0, 2, 1).reshape(out, width * channels), layer.bias)


def heads(x, count):
    """[batch, frame, channel] -> [batch, head, frame, channel / head]"""
    return x.unflatten(-1, (count, -1)).transpose(1, 2)


def attended(query, key, value, scale):
    """[batch, head, frame, width] each -> [batch, frame, head·width of the values]"""
    if query.shape == value.shape and query.dtype == torch.float32:
        return F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
    weights = torch.softmax(query * scale @ key.transpose(-1, -2), -1)
    return (weights @ value).transpose(1, 2).flatten(2)


def distances(count, width):
    """Sines and cosines [frame, width / 2] of upstream's position table."""
    speed = torch.exp(torch.arange(0, width, 2) * -(math.log(10000.0) / width))
    angle = torch.arange(count)[:, None] * speed
    return angle.sin(), angle.cos()


def relative_attention(layer, x, table):
    """Upstream's RelPositionMultiHeadedAttention."""
    sine, cosine = table
    query, key, value = (heads(part(x), layer.h) for part in (layer.linear_q, layer.linear_k, layer.linear_v))
    place = layer.linear_pos.weight.unflatten(0, (layer.h, layer.d_k))
    turned = (query + layer.pos_bias_v[:, None]) @ torch.cat([place[..., 0::2], place[..., 1::2]], -1)
    of_sine, of_cosine = turned.chunk(2, -1)
    left = of_sine * sine + of_cosine * cosine
    right = of_cosine * sine - of_sine * cosine
    query = torch.cat([(query + layer.pos_bias_u[:, None]), left.to(query.dtype), right.to(query.dtype)], -1)
    positions = torch.cat([cosine, sine], -1).to(key.dtype).expand(*key.shape[:3], -1)
    mixed = attended(query, torch.cat([key, positions], -1), value, 1 / math.sqrt(layer.d_k))
    return layer.linear_out(mixed)


def conformer_layer(layer, x, table):
    x = x + relative_attention(layer.self_attn, layer.norm_mha(x), table)
    inner = layer.feed_forward
    return x + inner.w_2(F.silu(inner.w_1(layer.norm_ff(x))))


def conformer_layers(layers, x):
    table = distances(*x.shape[1:])
    for layer in layers:
        x = conformer_layer(layer, x, table)
    return x


def embedded(layer, x):
    return layer.out[1](layer.out[0](x)) * layer.pos_enc.xscale


def encode(encoder, x):
    """[batch, token, channel] -> [batch, frame 2·token, channel], upstream's UpsampleConformerEncoder."""
    x = embedded(encoder.embed, x)
    ahead = encoder.pre_lookahead_layer
    inner = F.leaky_relu(convolved(ahead.conv1, x, 0), SLOPE)
    x = x + convolved(ahead.conv2, inner, 2)
    x = conformer_layers(encoder.encoders, x)
    x = convolved(encoder.up_layer.conv, x.repeat_interleave(2, 1), 4)
    x = embedded(encoder.up_embed, x)
    x = conformer_layers(encoder.up_encoders, x)
    return encoder.after_norm(x)


def block(layer, x):
    convolution, _, norm, _, _ = layer.block
    return F.mish(norm(convolved(convolution, x, 2)))


def residual(layer, x, time):
    inner = block(layer.block1, x) + layer.mlp[1](time)[:, None]
    return block(layer.block2, inner) + F.linear(x, layer.res_conv.weight[..., 0], layer.res_conv.bias)


def transformer(layer, x):
    """Upstream's BasicTransformerBlock."""
    part, normed = layer.attn1, layer.norm1(x)
    query, key, value = (heads(linear(normed), part.heads) for linear in (part.to_q, part.to_k, part.to_v))
    x = x + part.to_out[0](attended(query, key, value, part.scale))
    return x + layer.ff.net[2](F.gelu(layer.ff.net[0].proj(layer.norm3(x))))


def transformed(layers, x):
    for layer in layers:
        x = transformer(layer, x)
    return x


def estimate(estimator, x, mu, time, speaker, condition):
    """[batch, frame, mel 80] three times, [batch] of 0..1, [batch, 80] -> [batch, frame, mel 80]."""
    time = F.mish(estimator.time_mlp(estimator.time_embeddings(time)))
    x = torch.cat([x, mu, speaker[:, None].expand_as(x), condition], -1)
    first, layers, after = estimator.down_blocks[0]
    skip = transformed(layers, residual(first, x, time))
    x = convolved(after, skip, 2)
    for first, layers in estimator.mid_blocks:
        x = transformed(layers, residual(first, x, time))
    first, layers, after = estimator.up_blocks[0]
    x = transformed(layers, residual(first, torch.cat([x, skip], -1), time))
    x = block(estimator.final_block, convolved(after, x, 2))
    return F.linear(x, estimator.final_proj.weight[..., 0], estimator.final_proj.bias)
