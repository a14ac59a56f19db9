"""T3 for training: upstream's modules, with tables of only those codes that the data has.

Names of parameters are upstream's. Rows of the sequence as upstream's T3.inference lays them:
[condition 34 | text | start | start | speech]; both starts have learned position 0.
"""

import numpy as np
import torch
from torch.nn.functional import linear, silu, softmax

import phones
from sizes import upstream
from trainer import PRODUCTS

START, STOP = 6561, 6562
USED = torch.from_numpy(phones.used_codes().copy())  # compact number -> code
CODES = len(USED)
COMPACT_START, COMPACT_STOP, UNUSED = CODES, CODES + 1, CODES + 2  # UNUSED: head row of every other code
# compact number, start and stop among them -> number of the group that has the same sound and phase, at any pitch
WORDING = torch.from_numpy(np.concatenate([phones.wordings(USED.numpy()), [-1, -2]]) + 2)
CONDITION_ROWS = 34
ALIGNING_LAYER, ALIGNING_HEADS = 2, 2  # its first follows the letter being spoken, its second the one to come


def compact(codes):
    """Codes -> their numbers in the small tables."""
    return torch.searchsorted(USED, codes)


class T3(torch.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        whole = upstream.build_t3(sizes)
        self.sizes = sizes
        self.tfmr, self.cond_enc = whole.tfmr, whole.cond_enc
        self.text_emb, self.text_pos_emb, self.speech_pos_emb = whole.text_emb, whole.text_pos_emb, whole.speech_pos_emb
        self.speech_emb = torch.nn.Embedding(CODES + 2, sizes.model)
        self.speech_head = torch.nn.Linear(sizes.model, CODES + 3, bias=False)
        self.initialise()

    def initialise(self):
        for name, parameter in self.named_parameters():
            if "norm" in name or parameter.dim() < 2:
                continue
            torch.nn.init.normal_(parameter, std=0.02)
        for layer in self.tfmr.layers:
            for out in (layer.self_attn.o_proj, layer.mlp.down_proj):
                torch.nn.init.normal_(out.weight, std=0.02 / (2 * len(self.tfmr.layers)) ** 0.5)
        for table in (self.text_emb, self.speech_emb):
            torch.nn.init.normal_(table.weight, std=0.1)

    def condition(self, speaker, prompt, emotion):
        """[batch, 256], [batch, prompt] compact codes, [batch] -> [batch, row 34, model]"""
        rows = self.speech_emb(prompt) + self.speech_pos_emb.emb.weight[: prompt.shape[1]]
        return torch.cat(
            [
                self.cond_enc.spkr_enc(speaker)[:, None],
                self.cond_enc.perceiver(rows),
                self.cond_enc.emotion_adv_fc(emotion[:, None, None]),
            ],
            1,
        )

    def rows(self, condition, batch):
        """Every row of the sequence, gathered so that nothing stands between text and speech: [batch, row, model]."""
        text = self.text_emb(batch.text) * batch.heard[:, None, None]
        text = text + self.text_pos_emb.emb.weight[: text.shape[1]]
        speech = self.speech_emb(batch.given) + self.speech_pos_emb.emb.weight[batch.position]
        every = torch.cat([condition, text, speech], 1)
        index = batch.place[:, :, None].expand(-1, -1, every.shape[2])
        return every.gather(1, index)

    def rotation(self, count):
        angle = torch.arange(count)[:, None] * self.tfmr.rotary_emb.inv_freq[None]
        both = torch.cat([angle, angle], 1)
        return both.cos(), both.sin()

    def hidden(self, rows):
        """[batch, row, model] -> the same after the last norm, and the aligning heads' weights."""
        cosine, sine = self.rotation(rows.shape[1])
        x, aligning = rows.float(), None
        for number, layer in enumerate(self.tfmr.layers):
            x, scores = block(x, cosine, sine, *weights(layer))
            if number == ALIGNING_LAYER:
                aligning = scores
        return normed(x, self.tfmr.norm.weight), aligning

    def forward(self, batch):
        """(logits [batch, speech + 1, code], how far the aligning heads follow the text [batch, speech + 1, 2])"""
        condition = self.condition(batch.speaker, batch.prompt, batch.emotion)
        hidden, attention = self.hidden(self.rows(condition, batch))
        chosen = hidden.gather(1, batch.asked[:, :, None].expand(-1, -1, hidden.shape[2]))
        return self.speech_head(chosen).float(), self.followed(attention, batch)

    def followed(self, attention, batch):
        """[batch, speech + 1, 2] share of attention that the aligning heads pay to their letter and those beside it."""
        rows = attention.shape[2]
        asked = batch.asked[:, None, :, None].expand(-1, ALIGNING_HEADS, -1, rows)
        asked = attention.gather(2, asked)
        distance = torch.arange(rows) - CONDITION_ROWS - batch.letter.transpose(1, 2)[..., None]
        return (asked * torch.exp(-0.5 * (distance / BESIDE) ** 2)).sum(-1).transpose(1, 2)


BESIDE = 0.7  # letters


def weights(layer):
    """A Llama layer's parameters in the order that `block` takes them."""
    attention, feed = layer.self_attn, layer.mlp
    return [
        module.weight
        for module in (
            layer.input_layernorm, attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj,
            layer.post_attention_layernorm, feed.gate_proj, feed.up_proj, feed.down_proj,
        )
    ]  # fmt: skip


def block(x, cosine, sine, first_norm, query, key, value, out, second_norm, gate, up, down):
    """One layer, [batch, row, model] to the same, and the attention of its aligning heads.

    The matrices multiply in trainer.PRODUCTS, what stands between them is float.
    """
    inner = normed(x, first_norm).to(PRODUCTS)
    q, k, v = (split(linear(inner, weight.to(PRODUCTS))) for weight in (query, key, value))
    q, k = turned(q.float(), cosine, sine).to(PRODUCTS), turned(k.float(), cosine, sine).to(PRODUCTS)
    later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    scores = ((q @ k.transpose(2, 3)).float() / upstream.HEAD_WIDTH**0.5).masked_fill(later, -1e4)
    attention = softmax(scores, -1)
    heard = attention.to(PRODUCTS) @ v
    x = x + linear(heard.transpose(1, 2).flatten(2), out.to(PRODUCTS))
    inner = normed(x, second_norm).to(PRODUCTS)
    hidden = silu(linear(inner, gate.to(PRODUCTS)).float()) * linear(inner, up.to(PRODUCTS)).float()
    return x + linear(hidden.to(PRODUCTS), down.to(PRODUCTS)), attention[:, :ALIGNING_HEADS]


def normed(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weight


def split(x):
    """[batch, row, heads·64] -> [batch, head, row, 64]"""
    return x.unflatten(2, (-1, upstream.HEAD_WIDTH)).transpose(1, 2)


def turned(x, cosine, sine):
    first, second = x.chunk(2, -1)
    return x * cosine + torch.cat([-second, first], -1) * sine
