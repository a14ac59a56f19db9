"""Runs upstream's PyTorch on a model and a voice and writes what every step computed: a reference folder.

    make_reference.py MODEL VOICE --text "Hello world." -o DIR [--seed 42] [--language de] [--all] [--layers]

Steps, names and axes are those of the reference folders that `nightingale verify` reads. The generator is
seeded anew before T3, before the flow and before the vocoder, so that each step can be checked alone.
`--compare FOLDER` writes nothing and says how far an existing reference folder is from what this machine
computes.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch

import upstream
from record import Layers, Margins

# The near-greedy run; upstream's own numbers, with a temperature that lets the best token win.
NEAR_GREEDY = {
    "temperature": 0.001,
    "cfg_weight": 0.5,
    "repetition_penalty": 2.0,
    "min_p": 0.05,
    "top_p": 1.0,
}
# The sampled run: the defaults of upstream's T3.inference (not those of generate).
SAMPLED = {"temperature": 0.8, "cfg_weight": 0.5, "repetition_penalty": 1.2, "min_p": 0.05, "top_p": 0.95}
STEPS, GUIDANCE = 10, 0.7
STOP = 6562  # t3_config.py stop_speech_token
VOICED = 10.0  # hifigan.py nsf_voiced_threshold, Hz
SHORT_TRAJECTORY = (1, 5, 10)


def int32(values):
    return np.asarray(values, np.int32)


def t3_steps(model, voice, padded, seed, most, layers):
    """Steps 2 and 3: conditioning, the near-greedy tokens, the sampled tokens."""
    condition = model.t3.prepare_conditioning(upstream.t3_condition(voice))
    found = {
        "step2_emotion_value": voice["emotion_adv"],
        "step2_speaker_token": condition[:, :1],
        "step2_perceiver_out": condition[:, 1:33],
        "step2_emotion_token": condition[:, 33:],
        "step2_final_cond": condition,
    }
    both = torch.cat([padded, padded]).long()  # two rows for guidance
    for name, sampling in (
        ("step3_speech_tokens", NEAR_GREEDY),
        (f"step3_sampled_tokens_seed{seed}", SAMPLED),
    ):
        near_greedy = sampling is NEAR_GREEDY
        torch.manual_seed(seed)
        with Margins(model.t3) as margins, layers.watching(model.t3, near_greedy):
            tokens = model.t3.inference(
                t3_cond=upstream.t3_condition(voice), text_tokens=both, max_new_tokens=most, **sampling
            )
        tokens = tokens[0].tolist()
        spoken = tokens[: tokens.index(STOP)] if STOP in tokens else tokens
        found[name] = int32(spoken)
        found["step3_margins" if near_greedy else "step3_sampled_margins"] = margins.of(near_greedy)[
            : len(tokens)
        ]
        if near_greedy:
            found["step3_first_logits"], found["step3_last_logits"] = (
                margins.logits[0],
                margins.logits[len(tokens) - 1],
            )
    return found


def flow_steps(model, voice, speech, seed, steps, layers):
    """Steps 4 to 7: from tokens to mel. What happens inside is recorded by hooks on upstream's modules."""
    flow, prompt = model.vocoding.flow, voice["prompt_token"]
    seen, evaluations = {}, []
    forward = flow.decoder.estimator.forward

    def evaluate(**given):
        velocity = forward(**given)
        evaluations.append((given["x"][:1].clone(), velocity.clone()))
        return velocity

    hooks = [
        flow.encoder.register_forward_hook(
            lambda _, given, out: seen.update(embedded=given[0], encoded=out[0])
        ),
        flow.decoder.register_forward_pre_hook(lambda _, __, given: seen.update(given), with_kwargs=True),
        flow.decoder.register_forward_hook(lambda _, __, out: seen.update(end=out[0])),
    ]
    flow.decoder.estimator.forward = evaluate
    torch.manual_seed(seed)
    length = lambda tokens: torch.tensor([tokens.shape[1]])  # noqa: E731
    with layers.watching(model.vocoding.flow, True):
        mel, _ = flow.inference(
            token=speech,
            token_len=length(speech),
            prompt_token=prompt.float(),
            prompt_token_len=length(prompt),
            prompt_feat=voice["prompt_feat"],
            prompt_feat_len=None,
            embedding=voice["soul_s3_192"],
            finalize=True,
            n_timesteps=STEPS,
        )
    flow.decoder.estimator.forward = forward
    for hook in hooks:
        hook.remove()

    full = torch.cat([prompt, speech], dim=1)
    conditioned, unconditioned = evaluations[0][1][:1], evaluations[0][1][1:]
    trajectory = [x for x, _ in evaluations] + [seen["end"]]
    found = {
        "step4_embedding": voice["soul_s3_192"],
        "step4_prompt_feat": voice["prompt_feat"],
        "step4_prompt_token": int32(prompt),
        "step5_full_tokens": int32(full),
        "step5_prompt_token_len": int32([prompt.shape[1]]),
        "step5_speech_token_len": int32([speech.shape[1]]),
        "step5_mask": torch.ones(1, full.shape[1], 1),
        "step5_token_emb": seen["embedded"],
        "step5_spk_emb": seen["spks"],
        "step6_encoder_out": seen["encoded"],
        "step6_mu": seen["mu"].transpose(1, 2).contiguous(),
        "step6_x_cond": seen["cond"].transpose(1, 2).contiguous(),
        "step7_initial_noise": trajectory[0],
        "step7a_velocity_t0": conditioned,
        "ode_step1_v_cond": conditioned,
        "ode_step1_v_uncond": unconditioned,
        "ode_step1_v_mix": (1 + GUIDANCE) * conditioned - GUIDANCE * unconditioned,
        "step7_mel": seen["end"].transpose(1, 2),
        "step7_mel_trimmed": mel.transpose(1, 2).contiguous(),
    }
    return found | {f"ode_traj_step{step}": trajectory[step] for step in steps}, mel


def vocoder_steps(model, mel, seed, layers):
    """Step 8: from mel to samples."""
    torch.manual_seed(seed)
    with layers.watching(model.vocoding.mel2wav, True):
        samples, source = model.vocoding.mel2wav.inference(mel)
    pitch = model.vocoding.mel2wav.f0_predictor(mel)
    near = (pitch - VOICED).abs().min().item()
    if near < 1e-2:
        print(
            f"warning: a frame's F0 is {near:.2g} Hz from the voiced threshold; voicing may differ between programs"
        )
    faded = samples.clone()
    faded[:, : len(model.vocoding.trim_fade)] *= model.vocoding.trim_fade
    return {"step8_f0": pitch, "step8_source": source, "step8_audio_raw": samples, "step8_audio": faded[0]}


def compute(model_folder, voice_folder, text, language, seed, most, steps, layers):
    """All arrays by name. T3 is let go before the flow is loaded, so that the peak is one network, not two."""
    voice = upstream.load_voice(voice_folder)
    with torch.inference_mode():
        model = upstream.load_model(model_folder, ("t3",))
        ids = upstream.text_tokens(model, text, language)
        padded = torch.nn.functional.pad(torch.nn.functional.pad(ids, (1, 0), value=255), (0, 1), value=0)
        if padded.shape[1] > model.sizes.text_positions:
            raise SystemExit(
                f"text has {padded.shape[1]} tokens, the model's positions end at {model.sizes.text_positions}"
            )
        arrays = {"step1_text_tokens": int32(ids[0]), "step1_text_tokens_padded": int32(padded[0])}
        arrays |= t3_steps(model, voice, padded, seed, most, layers)
        model.t3 = None
        model = upstream.load_model(model_folder, ("vocoding",))
        # upstream's drop_invalid_tokens and the engine alike: only real codes are spoken
        speech = torch.tensor([[token for token in arrays["step3_speech_tokens"].tolist() if token < 6561]])
        if not speech.numel():
            raise SystemExit("T3 stopped at once: nothing to speak; take another seed")
        flow, mel = flow_steps(model, voice, speech, seed, steps, layers)
        arrays |= flow | vocoder_steps(model, mel, seed, layers)
    return {name: array if isinstance(array, np.ndarray) else array.numpy() for name, array in arrays.items()}


def save(arrays, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.npy"):
        old.unlink()
    for name, array in arrays.items():
        np.save(
            folder / f"{name}.npy", array
        )  # keeps the order: step7_mel is in Fortran order, as upstream leaves it


def compare(arrays, folder):
    """Prints each array's distance from the folder's; true when all are within 1e-6 (tokens equal)."""
    good = True
    for path in sorted(Path(folder).glob("*.npy")):
        theirs, ours = np.load(path), arrays.get(path.stem)
        if ours is None or ours.shape != theirs.shape:
            verdict = "missing here" if ours is None else f"shape {ours.shape}, theirs {theirs.shape}"
            good = False
        else:
            scale = np.linalg.norm(theirs.astype(np.float64))
            error = np.linalg.norm(ours.astype(np.float64) - theirs) / (scale or 1)
            whole = np.issubdtype(theirs.dtype, np.integer)
            fits = error == 0 if whole else error <= 1e-6
            good &= bool(fits)
            verdict = f"{'equal' if fits else 'DIFFERS'}  {error:.2g}"
        print(f"{path.stem:34} {verdict}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("voice", type=Path)
    parser.add_argument("--text", default="The nightingale sings by day and by night.")
    parser.add_argument("--language", help="multilingual models: de, fr, …")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--max-new-tokens", type=int, default=40)
    parser.add_argument(
        "--all", action="store_true", help="every step of the Euler trajectory, not only 1, 5, 10"
    )
    parser.add_argument(
        "--layers", action="store_true", help="inputs and outputs of single layers too, into DIR/layers"
    )
    parser.add_argument("-o", "--out", type=Path)
    parser.add_argument(
        "--compare", type=Path, help="compare with this reference folder instead of writing one"
    )
    given = parser.parse_args()
    if not given.out and not given.compare:
        parser.error("wants -o DIR or --compare DIR")
    if given.compare:
        known = json.loads((given.compare / "metadata.json").read_text())
        given.text, given.seed, given.max_new_tokens = known["text"], known["seed"], known["max_new_tokens"]
        given.language = known.get("language")

    layers = Layers(given.layers)
    steps = range(STEPS + 1) if given.all else SHORT_TRAJECTORY
    arrays = compute(
        given.model, given.voice, given.text, given.language, given.seed, given.max_new_tokens, steps, layers
    )
    if given.compare:
        raise SystemExit(0 if compare(arrays, given.compare) else 1)
    save(arrays, given.out)
    layers.save(given.out / "layers")
    metadata = {
        "text": given.text,
        "language": given.language or "en",
        "seed": given.seed,
        **NEAR_GREEDY,
        "exaggeration": round(float(arrays["step2_emotion_value"].item()), 6),
        "n_cfm_timesteps": STEPS,
        "cfg_rate": GUIDANCE,
        "sample_rate": upstream.SAMPLE_RATE,
        "max_new_tokens": given.max_new_tokens,
        "sampled": {"seed": given.seed, **SAMPLED},
        "torch": torch.__version__,
    }
    (given.out / "metadata.json").write_text(json.dumps(metadata, indent=1, ensure_ascii=False) + "\n")
    audio = arrays["step8_audio"]
    print(
        f"{given.out}: {len(arrays)} arrays, {len(arrays['step3_speech_tokens'])} tokens, "
        f"{len(audio) / upstream.SAMPLE_RATE:.2f} s, "
        f"rms {math.sqrt(float((audio.astype(np.float64) ** 2).mean())):.3g}, peak {np.abs(audio).max():.3g}, "
        f"f0 {arrays['step8_f0'].min():.0f}..{arrays['step8_f0'].max():.0f} Hz, "
        f"smallest margin {arrays['step3_margins'].min():.2g}"
    )


if __name__ == "__main__":
    main()
