#!/usr/bin/env python3
"""Upstream's PyTorch as the other side of `nightingale bench`, driven by JSON lines, so that runs alternate.

    pytorch_side.py MODEL VOICE [--threads 2] [--prompt 250] [--speech 125]

Every line on the input is one run, every answer one line; the process says {"ready": …} first, after
loading and warming up:

    {"stage": "t3", "tokens": 50}   → {"seconds": …, "tokens": 50, "prefill_seconds": …, "peak_memory": bytes}
    {"stage": "flow"}               → {"seconds": …, "tokens": 125, "peak_memory": …}     tokens to mel
    {"stage": "hift"}               → {"seconds": …, "tokens": 125, "peak_memory": …}     mel to samples
    {"stage": "bake", "recording": PATH}
        → {"seconds": …, "parts": {"resample": …, "tokens": …, "x_vector": …, "voice_encoder": …, "mel": …}, …}
    {"stage": "quit"}               ends the process

`seconds` of t3 is the decoding alone, one forward pass per token with the choice that follows it; the
prefill is told apart. The work is the same whatever the weights: the voice's prompt is repeated or cut to
`--prompt` tokens (250 are 10 s) and the speech tokens are drawn. A bake is upstream's prepare_conditionals
of a file, reading it included; without "recording" it is --recording, or 10 s of drawn sound at 44.1 kHz.
`tokens` are those of both prompts. With `--stages bake` the model needs no T3 and VOICE is not read. Peak memory is of the whole process. A
fault of a run is answered as {"error": "…"}.
"""

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model", type=Path)
parser.add_argument("voice", type=Path)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--prompt", type=int, default=250, help="speech tokens of the flow's prompt")
parser.add_argument("--speech", type=int, default=125, help="speech tokens to speak")
parser.add_argument("--recording", type=Path, help="what is baked")
parser.add_argument("--stages", default="t3,flow,hift", help="load only what these need")
given = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(given.threads)  # before torch starts its pool

# Answers go to the real output; whatever upstream prints goes to the error output.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import torch  # noqa: E402

import upstream  # noqa: E402

TEXT_TOKENS = 60  # about as many as 5 s of speech have
CODES, START_TEXT, STOP_TEXT = 6561, 255, 0


def tell(**message):
    answers.write(json.dumps(message) + "\n")


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Clock:
    """Notes the time whenever T3's head has spoken: the first call ends the prefill, each other one token."""

    def __init__(self, t3):
        self.times = []
        self.hook = t3.speech_head.register_forward_hook(lambda *_: self.times.append(time.perf_counter()))

    def stop(self):
        self.hook.remove()
        return self.times


class Bench:
    def __init__(self, stages):
        if "bake" in stages:
            from pytorch_bake import Bake  # librosa and its like load only when needed

            self.baker = Bake(given.model, given.recording)
        if stages != {"bake"}:
            self.load_speaking(stages)

    def load_speaking(self, stages):
        parts = [
            part
            for part, needed in (("t3", "t3" in stages), ("vocoding", {"flow", "hift"} & stages))
            if needed
        ]
        self.model = upstream.load_model(given.model, parts)
        voice = upstream.load_voice(given.voice)
        draw = torch.Generator().manual_seed(1)
        self.voice = voice
        self.text = torch.randint(3, 250, (1, TEXT_TOKENS), generator=draw)
        self.text[0, 0], self.text[0, -1] = START_TEXT, STOP_TEXT
        self.speech = torch.randint(0, CODES, (1, given.speech), generator=draw)
        times = -(-given.prompt // voice["prompt_token"].shape[1])
        self.prompt = voice["prompt_token"].repeat(1, times)[:, : given.prompt]
        self.prompt_mel = voice["prompt_feat"].repeat(1, times + 1, 1)[:, : 2 * given.prompt]
        self.mel = torch.randn(1, upstream.MEL, 2 * given.speech, generator=draw) - 5

    def t3(self, tokens):
        """Sampling with upstream's defaults, kept from stopping early: the stop token's logit is pushed down."""
        head = self.model.t3.speech_head
        keep_on = head.register_forward_hook(
            lambda _, __, out: out.index_fill_(-1, torch.tensor([6562]), -1e4)
        )
        clock = Clock(self.model.t3)
        started = time.perf_counter()
        try:
            chosen = self.model.t3.inference(
                t3_cond=upstream.t3_condition(self.voice),
                text_tokens=torch.cat([self.text, self.text]),
                max_new_tokens=tokens + 1,
                temperature=0.8,
                cfg_weight=0.5,
                repetition_penalty=1.2,
                min_p=0.05,
                top_p=1.0,
            )
        finally:
            keep_on.remove()
            ended = clock.stop()
        # the first choice comes from the prefill; the `tokens` after it cost one forward pass each
        prefill, steps = ended[0] - started, len(ended) - 1
        if chosen.shape[1] != tokens + 1 or steps < tokens:
            raise RuntimeError(
                f"T3 gave {chosen.shape[1]} tokens in {steps} passes, {tokens + 1} were asked for"
            )
        return {"seconds": ended[tokens] - ended[0], "tokens": tokens, "prefill_seconds": prefill}

    def flow(self, steps=10):
        length = lambda ids: torch.tensor([ids.shape[1]])  # noqa: E731
        started = time.perf_counter()
        self.model.vocoding.flow.inference(
            token=self.speech,
            token_len=length(self.speech),
            prompt_token=self.prompt.float(),
            prompt_token_len=length(self.prompt),
            prompt_feat=self.prompt_mel,
            prompt_feat_len=None,
            embedding=self.voice["soul_s3_192"],
            finalize=True,
            n_timesteps=steps,
        )
        return {"seconds": time.perf_counter() - started, "tokens": given.speech}

    def hift(self, *_):
        started = time.perf_counter()
        self.model.vocoding.mel2wav.inference(self.mel)
        return {"seconds": time.perf_counter() - started, "tokens": given.speech}

    def bake(self, recording=None):
        return self.baker.run(recording)

    def run(self, stage, *size):
        torch.manual_seed(42)
        with torch.inference_mode():
            return getattr(self, stage)(*size) | {"peak_memory": peak_memory()}


def main():
    known = {"t3", "flow", "hift", "bake"}
    stages = set(given.stages.split(","))
    if not stages <= known:
        raise SystemExit(f"--stages {given.stages}: wants some of {','.join(sorted(known))}")
    torch.set_num_threads(given.threads)
    bench = Bench(stages)
    for stage in sorted(stages):
        bench.run(stage, *([] if stage == "bake" else [2]))  # two tokens, or two Euler steps
    tell(
        ready=sorted(stages),
        torch=torch.__version__,
        threads=torch.get_num_threads(),
        peak_memory=peak_memory(),
    )
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            asked = json.loads(line)
            stage = asked["stage"]
            if stage == "quit":
                break
            if stage not in stages:
                raise ValueError(f"stage {stage}: loaded are {sorted(stages)}")
            size = {"t3": [int(asked.get("tokens", 50))], "bake": [asked.get("recording")]}.get(stage, [])
            tell(stage=stage, **bench.run(stage, *size))
        except Exception as fault:  # told to the other side, which knows what it asked for
            tell(error=f"{type(fault).__name__}: {fault}")


if __name__ == "__main__":
    main()
