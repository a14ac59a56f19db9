"""Bakes a voice with upstream's own prepare_conditionals and writes what it computed: a voice folder.

    make_voice_reference.py MODEL RECORDING -o VOICE [--layers DIR]
    make_voice_reference.py MODEL RECORDING… -o VOICES          each into VOICES/NAME

VOICE gets the six arrays of a baked voice, the recording as upstream resampled it (audio_24k.npy,
audio_16k.npy) and metadata.json, which lists digits of codes so near the next one that rounding may decide
them: [code, digit, distance]. With --layers, DIR gets what the three
networks computed on the way: PATH.out.npy is what the layer of that path made, PATH.in.npy what it was
given; both of the flow's prompt (the first 10 s), the voice encoder's of the whole recording.
"""

import argparse
import json
import logging
from contextlib import contextmanager
from pathlib import Path

import chatterbox.models.voice_encoder.voice_encoder as voice_encoder_module
import librosa
import numpy as np
import torch
from chatterbox.models.s3gen.s3gen import get_resampler
from chatterbox.models.voice_encoder.melspec import melspectrogram

import upstream
import upstream_cloning

LISTENED = 16000
FSQ_SCALE = 0.9990000128746033  # model_v2.py: a code's digit is round(scale * tanh(h)) + 1
NEAR = 1e-3
DOWN = "tokenizer.quantizer._codebook.project_down"


def as_array(value):
    return value.detach().clone().numpy() if torch.is_tensor(value) else np.asarray(value)


class Listener:
    """What the networks compute while a voice is baked; of each layer the first call is kept.

    The flow's prompt is baked first, so the tokenizer's layers are those of that prompt; the projections
    before rounding are kept of every call, for their margins.
    """

    def __init__(self, listening, voice_encoder):
        self.listening, self.ve = listening, voice_encoder
        self.kept, self.projections = {}, []

    def keep(self, name, value):
        self.kept.setdefault(name, as_array(value))

    def out(self, path):
        return lambda _, __, out: self.keep(f"{path}.out", out[0] if isinstance(out, tuple) else out)

    def given(self, path):
        return lambda _, given: self.keep(f"{path}.in", given[0])

    def lstm(self, _, given, out):
        # one partial is enough: what each of the three layers' states ends with, and all rows of the last
        self.keep("lstm.in", given[0][:1])
        self.keep("lstm.out", out[0][:1])
        self.keep("lstm.hidden", out[1][0][:, :1])
        self.keep("lstm.cell", out[1][1][:, :1])

    @contextmanager
    def watching(self):
        listening, blocks = self.listening, len(self.listening.tokenizer.encoder.blocks)
        xvector = [
            f"speaker_encoder.xvector.{name}"
            for name, _ in listening.speaker_encoder.xvector.named_children()
        ]
        outs = [f"tokenizer.encoder.blocks.{place}" for place in range(blocks)]
        outs += ["speaker_encoder.head", "speaker_encoder.xvector.block1.tdnnd1", *xvector]
        # behind conv1 and conv2 stands a GELU: what the next layer is given has it
        ins = ["tokenizer.encoder", "tokenizer.encoder.conv2", "tokenizer.encoder.blocks.0"]
        hooks = [listening.get_submodule(path).register_forward_hook(self.out(path)) for path in outs]
        hooks += [listening.get_submodule(path).register_forward_pre_hook(self.given(path)) for path in ins]
        hooks.append(
            listening.speaker_encoder.head.register_forward_pre_hook(
                lambda _, given: self.keep("speaker_encoder.in", given[0].transpose(1, 2))
            )
        )
        hooks.append(
            listening.get_submodule(DOWN).register_forward_hook(
                lambda _, __, out: self.projections.append(as_array(out))
            )
        )
        hooks.append(self.ve.lstm.register_forward_hook(self.lstm))
        hooks.append(self.ve.register_forward_hook(lambda _, __, out: self.keep("partials.out", out)))
        voice_encoder_module.melspectrogram = self.voice_mel
        try:
            yield
        finally:
            voice_encoder_module.melspectrogram = melspectrogram
            for hook in hooks:
                hook.remove()

    def voice_mel(self, clip, facts):
        mel = melspectrogram(clip, facts)
        self.keep("mel", mel.T.astype(np.float32))  # unpadded (frame, mel), as the partials are cut from it
        return mel


def distances(projection):
    """(code, digit): how near each digit is to being another; digits change at -0.5 and 0.5."""
    return np.abs(np.abs(FSQ_SCALE * np.tanh(projection.astype(np.float64))) - 0.5)


def margins(projection):
    apart = distances(projection)
    near = [[int(code), int(digit), float(apart[code, digit])] for code, digit in np.argwhere(apart < NEAR)]
    return {"smallest": float(apart.min()), "near": near}


def digits(codes):
    """(8, 3): how often each digit of the codes is 0, 1, 2."""
    codes = np.asarray(codes).reshape(-1)
    return [[int((codes // 3**place % 3 == value).sum()) for value in range(3)] for place in range(8)]


def bake(networks, recording, exaggeration=0.5):
    """(arrays of the voice folder, layers, metadata) of a recording, by upstream's code."""
    listening, voice_encoder = networks
    tts = upstream_cloning.cloner(listening, voice_encoder)
    listener = Listener(listening, voice_encoder)
    logging.disable(logging.WARNING)  # "mel length is not equal": said of every recording of an odd length
    with listener.watching(), torch.inference_mode():
        tts.prepare_conditionals(str(recording), exaggeration=exaggeration)
    arrays = upstream_cloning.voice_arrays(tts.conds)
    at_24k = librosa.load(str(recording), sr=upstream.SAMPLE_RATE)[0]
    at_16k = librosa.resample(at_24k, orig_sr=upstream.SAMPLE_RATE, target_sr=LISTENED)
    flow, t3 = listener.projections
    flow = flow[: arrays["prompt_token"].shape[1]]  # an odd mel drops a code
    metadata = {
        "recording": recording.name,
        "exaggeration": exaggeration,
        "torch": torch.__version__,
        "margins": {"prompt_token": margins(flow), "t3_cond_tokens": margins(t3)},
        "digits": digits(arrays["prompt_token"]),
    }
    layers = listener.kept | {f"{DOWN}.out": listener.projections[0]}
    layers |= unseen(layers, at_24k, at_16k)
    return arrays | {"audio_24k": at_24k, "audio_16k": at_16k}, layers, metadata


def unseen(layers, at_24k, at_16k):
    """What no hook sees: the flow's own 16 kHz (torchaudio's), and what the voice encoder cuts out of its."""
    clip = torch.from_numpy(at_24k[: 10 * upstream.SAMPLE_RATE])
    step = voice_encoder_module.get_frame_step(0.5, 1.3, voice_encoder_module.VoiceEncConfig())
    return {
        "flow_16k": get_resampler(upstream.SAMPLE_RATE, LISTENED, "cpu")(clip).numpy(),
        "trimmed": np.int32(
            librosa.effects.trim(at_16k, top_db=20)[1]
        ),  # first sample, and one behind the last
        "partials.starts": np.int32([step * place for place in range(len(layers["partials.out"]))]),
    }


def save(arrays, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.npy"):
        old.unlink()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


def write(networks, recording, exaggeration, folder, layers_folder):
    arrays, layers, metadata = bake(networks, recording, exaggeration)
    save(arrays, folder)
    if layers_folder:
        save(layers, layers_folder)
        listing = {name: list(array.shape) for name, array in sorted(layers.items())}
        (layers_folder / "layers.json").write_text(json.dumps(listing, indent=1) + "\n")
    (folder / "metadata.json").write_text(json.dumps(metadata) + "\n")
    print(
        f"{folder}: {len(arrays['audio_24k']) / upstream.SAMPLE_RATE:.2f} s, "
        f"{arrays['prompt_token'].shape[1]} codes of the flow, {arrays['t3_cond_tokens'].shape[1]} of T3, "
        f"{arrays['prompt_feat'].shape[1]} mel rows, {len(layers['partials.out'])} partials, "
        f"smallest margin {min(margin['smallest'] for margin in metadata['margins'].values()):.2g}; "
        f"digits 0, 1, 2: {metadata['digits']}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--layers", type=Path, metavar="DIR")
    parser.add_argument("--exaggeration", type=float, default=0.5)
    given = parser.parse_args()
    several = len(given.recordings) > 1
    if several and given.layers:
        parser.error("--layers wants one recording")

    networks = upstream_cloning.load_cloning(given.model)
    for recording in given.recordings:
        folder = given.out / recording.stem if several else given.out
        write(networks, recording, given.exaggeration, folder, given.layers)


if __name__ == "__main__":
    main()
