"""Converts a recording into a voice with upstream's own ChatterboxVC.generate and writes what it computed.

    make_conversion_reference.py MODEL VOICE SOURCE -o DIR [--seed 42] [--listening MODEL] [--tokens-only]

DIR gets source_16k.npy (the source as upstream resampled it), source_tokens.npy, and mel.npy and audio.npy (before
the watermark; the fade at the start is in). The generator is seeded once, before all of it: the draws are those of the
flow, then the vocoder's, unbroken. VOICE is a baked voice; --listening takes the speech tokenizer from another model
folder. A source above 30 s is tokenized in windows, as upstream does; --tokens-only stops behind them.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import upstream_cloning
from chatterbox.models.s3gen.s3gen import S3Token2Wav
from chatterbox.vc import ChatterboxVC
from make_voice_reference import DOWN, margins, save
from s3tokenizer.utils import merge_tokenized_segments

import upstream

OVERLAP, CODES_PER_SECOND = 4, 25  # model_v2.py


class Converting(S3Token2Wav):
    """Upstream's S3Token2Wav of any size; what vc.py calls of it is upstream's."""

    dtype, meanflow = torch.float32, False

    def __init__(self, listening, vocoding):
        torch.nn.Module.__init__(self)
        self.tokenizer = listening.tokenizer
        if vocoding:
            self.flow, self.mel2wav = vocoding.flow, vocoding.mel2wav
            self.register_buffer("trim_fade", vocoding.trim_fade, persistent=False)


class NoWatermark:
    def apply_watermark(self, samples, sample_rate):
        assert sample_rate == upstream.SAMPLE_RATE
        return samples


class Stopped(Exception):
    """Raised behind the tokens when nothing else is wanted."""


def converter(model, listening_model, voice, tokens_only):
    """ChatterboxVC without its constructor, which wants the real sizes and the watermark's network."""
    listening, _ = upstream_cloning.load_cloning(listening_model)
    vocoding = None if tokens_only else upstream.load_model(model, ("vocoding",)).vocoding
    vc = ChatterboxVC.__new__(ChatterboxVC)
    vc.sr, vc.device = upstream.SAMPLE_RATE, "cpu"
    vc.s3gen, vc.watermarker = Converting(listening, vocoding).eval(), NoWatermark()
    vc.ref_dict = {
        "prompt_token": voice["prompt_token"],
        "prompt_token_len": torch.tensor([voice["prompt_token"].shape[1]]),
        "prompt_feat": voice["prompt_feat"],
        "prompt_feat_len": None,
        "embedding": voice["soul_s3_192"],
    }
    return vc


def convert(vc, source, seed, tokens_only):
    """(arrays, margins of the codes' digits)."""
    found, projections, lengths = {}, [], []

    def heard(_, given, out):
        found["source_16k"] = given[0].numpy()[0]
        found["source_tokens"] = out[0].numpy()
        if tokens_only:
            raise Stopped

    gen = vc.s3gen
    gen.tokenizer.register_forward_hook(heard)
    gen.get_submodule(DOWN).register_forward_hook(lambda _, __, out: projections.append(out.numpy()))
    gen.tokenizer.encoder.register_forward_hook(lambda _, __, out: lengths.extend(out[1].tolist()))
    if not tokens_only:
        gen.flow.decoder.register_forward_hook(lambda _, __, out: found.update(whole=out[0].numpy()))
    torch.manual_seed(seed)
    try:
        samples = vc.generate(str(source))
    except Stopped:
        samples = None
    if samples is not None:
        prompt = vc.ref_dict["prompt_feat"].shape[1]
        # (1, frame, mel), without the prompt's frames
        found["mel"] = np.ascontiguousarray(found.pop("whole")[:, :, prompt:].transpose(0, 2, 1))
        found["audio"] = samples.numpy()[0]
    return found, margins(projections[0][rows_kept(lengths, len(projections[0]))])


def rows_kept(lengths, rows):
    """The rows of all windows' codes that upstream keeps where they overlap; of one window all."""
    longest = rows // len(lengths)
    windows = [list(range(place * longest, place * longest + length)) for place, length in enumerate(lengths)]
    return merge_tokenized_segments(windows, overlap=OVERLAP, token_rate=CODES_PER_SECOND)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("voice", type=Path)
    parser.add_argument("source", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--listening", type=Path, metavar="MODEL", help="the model with the tokenizer")
    parser.add_argument("--tokens-only", action="store_true")
    given = parser.parse_args()

    voice = upstream.load_voice(given.voice)
    vc = converter(given.model, given.listening or given.model, voice, given.tokens_only)
    arrays, near = convert(vc, given.source, given.seed, given.tokens_only)
    save(arrays, given.out)
    metadata = {
        "source": given.source.name,
        "seed": given.seed,
        "torch": torch.__version__,
        "margins": {"source_tokens": near},
    }
    (given.out / "metadata.json").write_text(json.dumps(metadata) + "\n")
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    print(f"{given.out}: {shapes}; smallest margin {near['smallest']:.2g}")


if __name__ == "__main__":
    main()
