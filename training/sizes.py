"""The sizes of the small model, by upstream's names (tools/upstream.py, tools/upstream_cloning.py)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import upstream  # noqa: E402
import upstream_cloning  # noqa: E402

SIZES = upstream.Sizes(
    text_vocabulary=704,
    speech_vocabulary=6563,  # 3^8 codes, start and stop
    model=192,
    layers=5,
    heads=3,
    hidden=512,
    text_positions=514,
    speech_positions=1028,
    channel=128,
    conformer_heads=2,
    encoder_hidden=384,
    encoder_blocks=1,
    estimator=160,
    estimator_heads=2,
    transformers=1,
    mid_blocks=2,
    vocoder=128,
    f0=96,
)
LISTENING_SIZES = upstream_cloning.CloningSizes(
    tokenizer_heads=3,
    tokenizer_hidden=384,
    tokenizer_blocks=6,
    image=5,
    x_vector_width=24,
    growth=5,
    bottleneck=4,
    voice_hidden=256,
)
