"""Upstream's three networks that listen to a recording, in any size: speech tokenizer, CAMPPlus, voice encoder.

As in upstream.py every size is read from the shapes of the tensors and nothing of upstream's arithmetic is
written again. Odd: upstream's constructors fix the tokenizer's hidden width (4 x width) and CAMPPlus' image
channels (32); the children with those widths are built again.
"""

import types
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

import upstream
from chatterbox.models.s3gen.s3gen import S3Token2Mel
from chatterbox.models.s3gen.utils.mel import mel_spectrogram
from chatterbox.models.s3gen.xvector import FCM, CAMPPlus
from chatterbox.models.s3tokenizer import S3Tokenizer
from chatterbox.models.t3.modules.t3_config import T3Config
from chatterbox.models.voice_encoder import VoiceEncConfig, VoiceEncoder
from chatterbox.tts import ChatterboxTTS
from s3tokenizer.model import Linear
from s3tokenizer.model_v2 import ModelConfig

PARTS = ("tokenizer.", "speaker_encoder.")  # of s3gen.safetensors
X_VECTOR = 192


@dataclass
class CloningSizes:
    """Every free size of the three networks; the defaults are the real ones."""

    tokenizer_heads: int = 20  # the width is heads * 64
    tokenizer_hidden: int = 5120
    tokenizer_blocks: int = 6
    image: int = 32  # channels of CAMPPlus' two-dimensional head
    x_vector_width: int = 128  # channels before the first dense block
    growth: int = 32  # channels that each dense layer adds
    bottleneck: int = 4  # times growth
    voice_hidden: int = 256


def sizes_of(s3gen_state, ve_state):
    gen = s3gen_state
    tokenizer, dense = "tokenizer.encoder.blocks", "speaker_encoder.xvector.block1.tdnnd1"
    growth = gen[f"{dense}.cam_layer.linear_local.weight"].shape[0]
    return CloningSizes(
        tokenizer_heads=gen["tokenizer.encoder.conv1.bias"].shape[0] // upstream.HEAD_WIDTH,
        tokenizer_hidden=gen[f"{tokenizer}.0.mlp.0.bias"].shape[0],
        tokenizer_blocks=upstream.layers_under(gen, tokenizer),
        image=gen["speaker_encoder.head.conv1.weight"].shape[0],
        x_vector_width=gen["speaker_encoder.xvector.tdnn.linear.weight"].shape[0],
        growth=growth,
        bottleneck=gen[f"{dense}.linear1.weight"].shape[0] // growth,
        voice_hidden=ve_state["proj.weight"].shape[1],
    )


class Listening(S3Token2Mel):
    """The part of upstream's S3Token2Mel that listens, with its tensor names; `embed_ref` is upstream's."""

    dtype = torch.float32

    def __init__(self, sizes):
        torch.nn.Module.__init__(self)
        self.tokenizer = build_tokenizer(sizes)
        self.speaker_encoder = build_speaker_encoder(sizes)
        self.mel_extractor = mel_spectrogram


@contextmanager
def defaults(function, *values):
    """Exchanges the defaults of a function whose caller hands it nothing."""
    usual, function.__defaults__ = function.__defaults__, values
    try:
        yield
    finally:
        function.__defaults__ = usual


def build_tokenizer(sizes):
    width = sizes.tokenizer_heads * upstream.HEAD_WIDTH
    facts = ModelConfig(
        n_audio_state=width, n_audio_head=sizes.tokenizer_heads, n_audio_layer=sizes.tokenizer_blocks
    )

    # S3Tokenizer hands its config to nobody
    with defaults(S3Tokenizer.__base__.__init__, facts):
        tokenizer = S3Tokenizer(config=facts)
    if sizes.tokenizer_hidden != 4 * width:
        for block in tokenizer.encoder.blocks:
            block.mlp[0] = Linear(width, sizes.tokenizer_hidden)
            block.mlp[2] = Linear(sizes.tokenizer_hidden, width)
    return tokenizer


def build_speaker_encoder(sizes):
    # CAMPPlus takes its head's width for granted
    block, blocks, _, features = FCM.__init__.__defaults__
    with defaults(FCM.__init__, block, blocks, sizes.image, features):
        return CAMPPlus(
            growth_rate=sizes.growth,
            bn_size=sizes.bottleneck,
            init_channels=sizes.x_vector_width,
            memory_efficient=False,
        )


def build_voice_encoder(sizes):
    facts = VoiceEncConfig()
    facts.ve_hidden_size = sizes.voice_hidden
    return VoiceEncoder(facts)


def load_cloning(folder):
    """The networks of a model folder as (Listening, VoiceEncoder)."""
    folder = Path(folder)
    if not (folder / "s3gen.safetensors").exists() or not (folder / "ve.safetensors").exists():
        raise SystemExit(f"{folder}: wants s3gen.safetensors and ve.safetensors")
    s3gen = {k: v for k, v in load_file(folder / "s3gen.safetensors").items() if k.startswith(PARTS)}
    if not s3gen:
        raise SystemExit(f"{folder}/s3gen.safetensors: no tensors of {' or '.join(PARTS)}")
    ve = load_file(folder / "ve.safetensors")
    sizes = sizes_of(s3gen, ve)
    with upstream.uninitialised():
        listening, voice_encoder = Listening(sizes), build_voice_encoder(sizes)
    listening.load_state_dict(s3gen)
    voice_encoder.load_state_dict(ve)
    return listening.eval(), voice_encoder.eval()


def cloner(listening, voice_encoder):
    """Upstream's ChatterboxTTS with all that `prepare_conditionals` touches, and nothing else."""
    tts = ChatterboxTTS.__new__(ChatterboxTTS)
    tts.s3gen, tts.ve, tts.device = listening, voice_encoder, "cpu"
    tts.t3 = types.SimpleNamespace(hp=T3Config())
    return tts


def voice_arrays(conditionals):
    """What `prepare_conditionals` found, by the names of a voice folder."""
    t3, gen = conditionals.t3, conditionals.gen
    return {
        "soul_t3_256": t3.speaker_emb.numpy(),
        "t3_cond_tokens": t3.cond_prompt_speech_tokens.numpy(),
        "emotion_adv": t3.emotion_adv.numpy(),
        "soul_s3_192": gen["embedding"].numpy(),
        "prompt_token": gen["prompt_token"].numpy(),
        "prompt_feat": gen["prompt_feat"].numpy(),
    }
