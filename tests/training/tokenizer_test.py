"""Does what the speech tokenizer spells teach its last block alone, and what it names the blocks before? Do gaps cover as
much as they should, and nothing else (training/train_tokenizer.py)?"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))

import train_tokenizer  # noqa: E402
from sizes import LISTENING_SIZES, upstream_cloning  # noqa: E402

TOKENS = 20
SPELLED = ("again", "alone", "sound", "digits")


def taught_by(name, tokenizer):
    """Numbers of the blocks whose naming or spelling a loss changes."""
    log_mel = torch.randn(1, train_tokenizer.FRAMES * TOKENS, 128) * 0.3 + 0.3
    raw, inner = train_tokenizer.heard_by(tokenizer, log_mel)
    digits = torch.ones(1, TOKENS, train_tokenizer.phones.DIGITS)
    tokenizer.zero_grad(set_to_none=True)
    train_tokenizer.losses(raw, inner, digits)[name].backward()
    weights = [block.mlp[0].weight.grad for block in tokenizer.encoder.blocks]
    return {number for number, grad in enumerate(weights) if grad is not None and grad.abs().max() > 0}


def check_gaps():
    heard = torch.randn(16, 1000, 4)
    gaps = train_tokenizer.with_gaps(heard)
    covered = (gaps != heard).any(-1)
    share = float(covered.float().mean())
    if abs(share - train_tokenizer.UNHEARD) > 0.03:
        sys.exit(f"gaps cover {share:.3f} of the frames instead of {train_tokenizer.UNHEARD}")
    mean = heard.mean((1, 2), keepdim=True).expand_as(heard)
    if not torch.equal(gaps[covered], mean[covered]):
        sys.exit("a gap holds something else than its item's mean")


def main():
    torch.manual_seed(1)
    check_gaps()
    tokenizer = train_tokenizer.begun(upstream_cloning.build_tokenizer(LISTENING_SIZES)).train()
    blocks = set(range(LISTENING_SIZES.tokenizer_blocks))
    last = {max(blocks)}
    wanted = {"name": blocks - last, "sure": blocks - last, **dict.fromkeys(SPELLED, last)}
    for name, which in wanted.items():
        taught = taught_by(name, tokenizer)
        if taught != which:
            sys.exit(f"{name} teaches the blocks {sorted(taught)} instead of {sorted(which)}")
    print(f"tokenizer: {len(wanted)} losses teach the blocks that they should")


if __name__ == "__main__":
    main()
