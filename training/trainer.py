"""What every training run shares: a clock that survives being cut off, a rate that falls to zero, a saved state."""

import os
import signal
import time
from pathlib import Path

import torch

import muon

WARM_UP = 0.02  # of the run
LAST_RATE = 0.02  # of the highest


def has_bfloat16():
    """Whether products of bfloat16 are the faster here: without AMX some processors are faster by float32."""
    if not (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()):
        return False
    wide, narrow = (torch.ones(1024, 256, dtype=type) for type in (torch.float32, torch.bfloat16))
    return _seconds(narrow) < _seconds(wide)


def _seconds(rows, times=7):
    """The least time of a product of these rows with themselves."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        torch.mm(rows.t(), rows)
        taken.append(time.perf_counter() - start)
    return min(taken)


PRODUCTS = torch.bfloat16 if has_bfloat16() else torch.float32  # the type in which matrices are multiplied


def narrow_products():
    return torch.autocast("cpu", torch.bfloat16, enabled=PRODUCTS == torch.bfloat16)


def spent():
    """Seconds of processor time, for each thread."""
    return time.process_time() / torch.get_num_threads()


class Run:
    """Counts processor time over all sittings and keeps the state in one file, written beside and renamed.

    Minutes are the processor's own, so that other work on the machine does not shorten a run.

    for step in run.steps(): …   ends when `minutes` are used up, or when the process is asked to end (SIGTERM); saves
    every `save_every` seconds and at the end.
    """

    def __init__(self, path, module, rate, minutes, decay=0.01, save_every=120, inner=None):
        """`inner(name)`: whether a matrix of that name turns one layer's channels into another's; Muon trains it."""
        self.path, self.module, self.rate, self.minutes, self.save_every = Path(path), module, rate, minutes, save_every
        named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        hidden = [p for name, p in named if p.dim() > 1 and inner and inner(name)]
        matrices = [p for name, p in named if p.dim() > 1 and not (inner and inner(name))]
        vectors = [p for _, p in named if p.dim() <= 1]
        groups = [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
        self.optimisers = {"optimiser": torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=True)}
        if hidden:
            self.optimisers["muon"] = muon.Muon(hidden, rate, decay)
        self.step, self.seconds = 0, 0.0
        if self.path.exists():
            state = torch.load(self.path, weights_only=False)
            module.load_state_dict(state["module"])
            for name, one in self.optimisers.items():
                if name in state:  # a state that was kept for long has weights alone
                    one.load_state_dict(state[name])
            self.step, self.seconds = state["step"], state["seconds"]
            print(f"{self.path}: goes on at step {self.step}, {self.seconds / 60:.1f} min", flush=True)

    @property
    def progress(self):
        return self.seconds / (60 * self.minutes)

    def current_rate(self):
        """Rises, stays, and falls in a straight line over the last two thirds."""
        if self.progress < WARM_UP:
            return self.rate * max(self.progress / WARM_UP, 0.01)
        return self.rate * max(min(1.0, (1 - self.progress) * 1.5), LAST_RATE)

    def steps(self):
        last, saved = spent(), time.monotonic()
        stopped = []
        signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
        while self.progress < 1 and not stopped:
            for one in self.optimisers.values():
                for group in one.param_groups:
                    group["lr"] = self.current_rate()
            yield self.step
            self.step += 1
            now = spent()
            self.seconds += now - last
            last = now
            if time.monotonic() - saved > self.save_every:
                self.save()
                saved = time.monotonic()
        self.save()

    def update(self, loss, clip=1.0):
        self.module.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.module.parameters(), clip)
        if torch.isfinite(norm):
            for one in self.optimisers.values():
                one.step()
        return float(norm)

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(f".{os.getpid()}.part")
        state = {"module": self.module.state_dict(), "step": self.step, "seconds": self.seconds}
        state |= {name: one.state_dict() for name, one in self.optimisers.items()}
        torch.save(state, beside)
        beside.rename(self.path)
