"""Bakes the model's voices from clips that no network was trained on:  make_voices.py DATA MODEL --program nightingale

The first of VOICES becomes MODEL/conds.pt in upstream's own format, the built-in voice; each is also a file of
MODEL/voices. A clip is some seconds long only: the flow works on prompt and speech together, so a short one is fast.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import torch

import dataset
import speaker_space
import voices

VOICES = {"joe": "joe", "slt": "slt", "rms": "rms"}  # name: speaker
LICENCES = {
    "joe": "CC0: made with the Piper voice en_US-joe",
    "slt": "free for any use: made with flite's CMU ARCTIC voice slt",
    "rms": "free for any use: made with flite's CMU ARCTIC voice rms",
}
SECONDS = 5.2  # of a clip, about
USUAL_EMOTION = 0.5  # upstream's exaggeration


def clip(speech, name):
    """Whole validation utterances of a speaker end to end, those that come nearest to SECONDS: [sample], [token]."""
    own = [one for one in speech.validation() if one.speaker == name and 1.5 < one.tokens / 25 < SECONDS]
    own.sort(key=lambda one: abs(one.spread - np.median([other.spread for other in own])))
    best = min(
        ((first, second) for first in own[:12] for second in own[:12] if first is not second),
        key=lambda pair: abs(pair[0].tokens + pair[1].tokens - SECONDS * 25),
    )
    print(f"{name}: " + " ".join(one.text for one in best))
    return [np.concatenate([part(one) for one in best]) for part in (speech.audio, speech.code)]


def bake(program, model, recording, name, out):
    command = [program, "voice", "bake", recording, "--as-is", "--model", model, "--name", name, "-o", out]
    command += ["--licence", LICENCES[name], "--language", "en", "--quiet"]
    subprocess.run([str(part) for part in command], check=True)


def built_in(folder, codes, x_vector):
    """A baked folder's arrays as upstream's Conditionals.save lays them in conds.pt.

    What the clip says and who says it is known better than the tokenizer and CAMPPlus hear it.
    """
    array = {path.stem: torch.from_numpy(np.load(path)) for path in Path(folder).glob("*.npy")}
    for name in ("t3_cond_tokens", "prompt_token"):
        array[name] = torch.from_numpy(codes[None, : array[name].shape[1]].astype(np.int64))
    array["soul_s3_192"] = torch.from_numpy(x_vector[None].astype(np.float32))
    return {
        "t3": {
            "speaker_emb": array["soul_t3_256"].float(),
            "clap_emb": None,
            "cond_prompt_speech_tokens": array["t3_cond_tokens"].long(),
            "cond_prompt_speech_emb": None,
            "emotion_adv": torch.full((1, 1, 1), USUAL_EMOTION),
        },
        "gen": {
            "prompt_token": array["prompt_token"].long(),
            "prompt_token_len": torch.tensor([array["prompt_token"].shape[1]]),
            "prompt_feat": array["prompt_feat"].float(),
            "prompt_feat_len": None,
            "embedding": array["soul_s3_192"].float(),
        },
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--program", type=Path, required=True)
    given = parser.parse_args()
    (given.model / "voices").mkdir(parents=True, exist_ok=True)
    for place, (name, speaker) in enumerate(VOICES.items()):
        speech = dataset.Speech(given.data, audio=True, speakers={speaker})
        with tempfile.TemporaryDirectory() as work:
            recording = Path(work) / f"{name}.wav"
            samples, codes = clip(speech, speaker)
            soundfile.write(recording, samples, voices.RATE, subtype="FLOAT")
            if place == 0:
                bake(given.program, given.model, recording, name, Path(work) / "baked")
                x_vector = speaker_space.load_x_vectors(given.data.resolve().parent / "speakers.npz")[speaker].mean(0)
                torch.save(built_in(Path(work) / "baked", codes, x_vector), given.model / "conds.pt")
            else:
                bake(given.program, given.model, recording, name, given.model / "voices" / f"{name}.voice")


if __name__ == "__main__":
    main()
