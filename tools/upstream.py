"""Upstream's own PyTorch modules (package chatterbox-tts) in any size, built from a model folder.

Every size is read from the shapes of the tensors, as the engine does, so that the same scripts drive the
real checkpoint, a small fixture and anyone's fine-tune. Nothing of upstream's arithmetic is rewritten here:
the modules are upstream's, only their widths are set. Odd: a few upstream constructors write 512 or 1024
into their children (PreLookaheadLayer, Upsample1D, Perceiver); those children are built again in the wanted
width.
"""

import copy
import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

logging.getLogger("chatterbox").setLevel(logging.ERROR)

import chatterbox.models.t3.t3 as t3_module  # noqa: E402
from chatterbox.models.s3gen.configs import CFM_PARAMS  # noqa: E402
from chatterbox.models.s3gen.decoder import ConditionalDecoder  # noqa: E402
from chatterbox.models.s3gen.f0_predictor import ConvRNNF0Predictor  # noqa: E402
from chatterbox.models.s3gen.flow import CausalMaskedDiffWithXvec  # noqa: E402
from chatterbox.models.s3gen.flow_matching import CausalConditionalCFM  # noqa: E402
from chatterbox.models.s3gen.hifigan import HiFTGenerator  # noqa: E402
from chatterbox.models.s3gen.transformer.upsample_encoder import (  # noqa: E402
    PreLookaheadLayer,
    Upsample1D,
    UpsampleConformerEncoder,
)
from chatterbox.models.t3 import T3  # noqa: E402
from chatterbox.models.t3.llama_configs import LLAMA_CONFIGS  # noqa: E402
from chatterbox.models.t3.modules.cond_enc import T3Cond  # noqa: E402
from chatterbox.models.t3.modules.perceiver import Perceiver  # noqa: E402
from chatterbox.models.t3.modules.t3_config import T3Config  # noqa: E402

# Upstream's progress bar would fill a log; the loop itself is untouched.
t3_module.tqdm = lambda steps, **_: steps

SAMPLE_RATE = 24000
HEAD_WIDTH = 64  # llama_configs.py head_dim, s3gen.py attention_head_dim
MEL = 80
TEXT_VOCABULARY = {"english": 704, "multilingual": 2454}  # t3_config.py
T3_FILE = {"english": "t3_cfg.safetensors", "multilingual": "t3_mtl23ls_v2.safetensors"}
TOKENIZER_FILE = {"english": "tokenizer.json", "multilingual": "grapheme_mtl_merged_expanded_v1.json"}


@dataclass
class Sizes:
    """Every free size of the two networks; the defaults are the real ones."""

    text_vocabulary: int = 704
    speech_vocabulary: int = 8194
    model: int = 1024
    layers: int = 30
    heads: int = 16
    hidden: int = 4096
    text_positions: int = 2050
    speech_positions: int = 4100
    channel: int = 512  # flow encoder, always conformer_heads * 64
    conformer_heads: int = 8
    encoder_hidden: int = 2048
    encoder_blocks: int = 6
    estimator: int = 256
    estimator_heads: int = 8
    transformers: int = 4  # transformer blocks after each residual block
    mid_blocks: int = 12
    vocoder: int = 512  # halves three times
    f0: int = 512

    def check(self):
        if self.channel % self.conformer_heads:
            raise SystemExit(
                f"flow channel {self.channel} must be a multiple of the {self.conformer_heads} heads"
            )
        if self.vocoder % 8:
            raise SystemExit(f"vocoder width {self.vocoder} must be divisible by 8: it halves three times")
        if self.model % 4 or self.model % self.heads:
            raise SystemExit(
                f"T3 model width {self.model} must be divisible by its {self.heads} heads (transformers checks "
                f"that) and by the perceiver's 4"
            )
        if self.estimator % 8:
            raise SystemExit(
                f"estimator width {self.estimator} must be divisible by 8, the groups of a norm that upstream drops"
            )


def layers_under(names, prefix):
    """How many numbered children stand directly under a name."""
    found = {int(match[1]) for name in names if (match := re.match(re.escape(prefix) + r"\.(\d+)\.", name))}
    return len(found)


def sizes_of(t3_state, s3gen_state):
    """Solves every size from the shapes of the tensors."""
    t3, gen = t3_state, s3gen_state
    estimator = "flow.decoder.estimator"
    first_transformer = f"{estimator}.down_blocks.0.1.0"
    model = t3["text_emb.weight"].shape[1]
    return Sizes(
        text_vocabulary=t3["text_emb.weight"].shape[0],
        speech_vocabulary=t3["speech_emb.weight"].shape[0],
        model=model,
        layers=layers_under(t3, "tfmr.layers"),
        heads=t3["tfmr.layers.0.self_attn.q_proj.weight"].shape[0] // HEAD_WIDTH,
        hidden=t3["tfmr.layers.0.mlp.up_proj.weight"].shape[0],
        text_positions=t3["text_pos_emb.emb.weight"].shape[0],
        speech_positions=t3["speech_pos_emb.emb.weight"].shape[0],
        channel=gen["flow.input_embedding.weight"].shape[1],
        conformer_heads=gen["flow.encoder.encoders.0.self_attn.pos_bias_u"].shape[0],
        encoder_hidden=gen["flow.encoder.encoders.0.feed_forward.w_1.weight"].shape[0],
        encoder_blocks=layers_under(gen, "flow.encoder.encoders"),
        estimator=gen[f"{estimator}.final_proj.weight"].shape[1],
        estimator_heads=gen[f"{first_transformer}.attn1.to_q.weight"].shape[0] // HEAD_WIDTH,
        transformers=layers_under(gen, f"{estimator}.down_blocks.0.1"),
        mid_blocks=layers_under(gen, f"{estimator}.mid_blocks"),
        vocoder=gen["mel2wav.conv_pre.bias"].shape[0],
        f0=gen["mel2wav.f0_predictor.classifier.weight"].shape[1],
    )


def build_t3(sizes):
    """Upstream's T3 in the given widths; query rows are heads * 64 and may differ from the model's width."""
    name = "nightingale"
    LLAMA_CONFIGS[name] = copy.deepcopy(LLAMA_CONFIGS["Llama_520M"]) | {
        "hidden_size": sizes.model,
        "intermediate_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.heads,
        "head_dim": HEAD_WIDTH,
    }
    facts = T3Config(text_tokens_dict_size=sizes.text_vocabulary)
    facts.speech_tokens_dict_size = sizes.speech_vocabulary
    facts.llama_config_name = name
    facts.max_text_tokens = sizes.text_positions - 2
    facts.max_speech_tokens = sizes.speech_positions - 4
    # The described upstream has no alignment analyzer; the released package turns it on by this property.
    facts.__class__ = type("WithoutAnalyzer", (T3Config,), {"is_multilingual": False})
    with perceiver_width(sizes.model):
        return T3(facts).eval()


@contextmanager
def perceiver_width(model):
    """T3CondEnc calls Perceiver() with no width; this hands it one."""
    import chatterbox.models.t3.modules.cond_enc as cond_enc

    cond_enc.Perceiver = lambda: Perceiver(pre_attention_query_size=model, embedding_dim=model)
    try:
        yield
    finally:
        cond_enc.Perceiver = Perceiver


@contextmanager
def uninitialised():
    """Modules built inside leave their weights unset: half a billion values that a file fills anyway."""
    drawing = {
        name: getattr(torch.Tensor, name)
        for name in ("normal_", "uniform_", "trunc_normal_")
        if hasattr(torch.Tensor, name)
    }
    for name in drawing:
        setattr(torch.Tensor, name, lambda tensor, *_, **__: tensor)
    try:
        yield
    finally:
        for name, method in drawing.items():
            setattr(torch.Tensor, name, method)


class Vocoding(torch.nn.Module):
    """The part of upstream's S3Token2Wav that speaks: `flow` and `mel2wav`, with its tensor names."""

    def __init__(self, sizes):
        super().__init__()
        encoder = UpsampleConformerEncoder(
            input_size=sizes.channel,
            output_size=sizes.channel,
            attention_heads=sizes.conformer_heads,
            linear_units=sizes.encoder_hidden,
            num_blocks=sizes.encoder_blocks,
            input_layer="linear",
            pos_enc_layer_type="rel_pos_espnet",
            selfattention_layer_type="rel_selfattn",
            normalize_before=True,
            use_cnn_module=False,
            macaron_style=False,
        )
        encoder.pre_lookahead_layer = PreLookaheadLayer(channels=sizes.channel, pre_lookahead_len=3)
        encoder.up_layer = Upsample1D(channels=sizes.channel, out_channels=sizes.channel, stride=2)
        estimator = ConditionalDecoder(
            in_channels=4 * MEL,
            out_channels=MEL,
            causal=True,
            channels=[sizes.estimator],
            dropout=0.0,
            attention_head_dim=HEAD_WIDTH,
            n_blocks=sizes.transformers,
            num_mid_blocks=sizes.mid_blocks,
            num_heads=sizes.estimator_heads,
            act_fn="gelu",
            meanflow=False,
        )
        decoder = CausalConditionalCFM(spk_emb_dim=MEL, cfm_params=CFM_PARAMS, estimator=estimator)
        self.flow = CausalMaskedDiffWithXvec(input_size=sizes.channel, encoder=encoder, decoder=decoder)
        self.mel2wav = HiFTGenerator(
            base_channels=sizes.vocoder,
            sampling_rate=SAMPLE_RATE,
            upsample_rates=[8, 5, 3],
            upsample_kernel_sizes=[16, 11, 7],
            source_resblock_kernel_sizes=[7, 7, 11],
            source_resblock_dilation_sizes=[[1, 3, 5]] * 3,
            f0_predictor=ConvRNNF0Predictor(cond_channels=sizes.f0),
        )
        # s3gen.py S3Token2Wav: 20 ms of silence, then 20 ms of raised cosine
        half = SAMPLE_RATE // 50
        fade = torch.zeros(2 * half)
        fade[half:] = (torch.cos(torch.linspace(torch.pi, 0, half)) + 1) / 2
        self.register_buffer("trim_fade", fade, persistent=False)


def build_vocoding(sizes):
    return Vocoding(sizes).eval()


@dataclass
class Model:
    folder: Path
    variant: str
    sizes: Sizes
    t3: torch.nn.Module = None
    vocoding: torch.nn.Module = None


def load_model(folder, parts=("t3", "vocoding")):
    """Loads a model folder into upstream's modules; the variant is told by which T3 file the folder holds."""
    folder = Path(folder)
    variant = next((v for v, name in T3_FILE.items() if (folder / name).exists()), None)
    if variant is None or not (folder / "s3gen.safetensors").exists():
        raise SystemExit(
            f"{folder}: not a model folder: wants s3gen.safetensors and one of {list(T3_FILE.values())}"
        )
    t3_state = load_file(folder / T3_FILE[variant])
    s3gen_state = {
        name: tensor
        for name, tensor in load_file(folder / "s3gen.safetensors").items()
        if name.startswith(("flow.", "mel2wav."))
    }
    model = Model(folder, variant, sizes_of(t3_state, s3gen_state))
    if "t3" in parts:
        with uninitialised():
            model.t3 = build_t3(model.sizes)
        model.t3.load_state_dict(t3_state)
    del t3_state
    if "vocoding" in parts:
        with uninitialised():
            model.vocoding = build_vocoding(model.sizes)
        model.vocoding.load_state_dict(s3gen_state)
    return model


VOICE_FILES = ("soul_t3_256", "t3_cond_tokens", "emotion_adv", "soul_s3_192", "prompt_token", "prompt_feat")


def load_voice(folder):
    """The six arrays of a baked voice as tensors, in the types upstream uses."""
    voice = {}
    for name in VOICE_FILES:
        array = np.load(Path(folder) / f"{name}.npy")
        kind = np.int64 if "token" in name else np.float32
        voice[name] = torch.from_numpy(np.ascontiguousarray(array.astype(kind)))
    return voice


def t3_condition(voice):
    return T3Cond(
        speaker_emb=voice["soul_t3_256"],
        cond_prompt_speech_tokens=voice["t3_cond_tokens"],
        emotion_adv=voice["emotion_adv"],
    )


def tokenizer_of(model):
    path = str(model.folder / TOKENIZER_FILE[model.variant])
    if model.variant == "english":
        from chatterbox.models.tokenizers import EnTokenizer

        return EnTokenizer(path)
    return multilingual_tokenizer(path)


def multilingual_tokenizer(path):
    """Upstream's MTLTokenizer without its Chinese converter, which downloads a segmenter when constructed."""
    import chatterbox.models.tokenizers.tokenizer as module

    module.ChineseCangjieConverter = lambda *_, **__: None
    return module.MTLTokenizer(path)


def normalise(text, variant):
    """Upstream's punc_norm of the variant."""
    if variant == "english":
        from chatterbox.tts import punc_norm
    else:
        from chatterbox.mtl_tts import punc_norm
    return punc_norm(text)


def text_tokens(model, text, language=None):
    """(1, text) token ids of normalised text, without start and stop."""
    tokenizer = tokenizer_of(model)
    text = normalise(text, model.variant)
    if model.variant == "english":
        return tokenizer.text_to_tokens(text)
    return tokenizer.text_to_tokens(text, language_id=language)


def save_state(state, path):
    save_file({name: tensor.detach().contiguous().clone() for name, tensor in state.items()}, str(path))
    Path(path).chmod(0o644)
