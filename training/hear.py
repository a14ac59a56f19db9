"""What the speech tokenizer makes of the training data:  hear.py DATA TOKENIZER.pt HEARD.npz

For each shard of DATA the codes [token] as they are heard, right and wrong, for the flow to learn from.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import dataset
import listening
import phones
import train_tokenizer
import trainer


def heard_codes(tokenizer, audio):
    """[sample 960·token] at 24 kHz -> [token] codes."""
    mel = torch.from_numpy(listening.power(audio))[None].float()
    with torch.inference_mode(), trainer.narrow_products():
        raw = train_tokenizer.heard_by(tokenizer, listening.as_heard(mel))[0][0]
    return phones.codes(train_tokenizer.rounded(raw.numpy()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("heard", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = train_tokenizer.trained(given.tokenizer)
    shards = {}
    for path in dataset.shards(given.data):
        rows = [heard_codes(tokenizer, audio) for _, _, audio, _ in listening.utterances(path)]
        shards[path.stem] = np.concatenate(rows).astype(np.int16)
    np.savez(given.heard, **shards)
    print(f"{given.heard}: {sum(map(len, shards.values())) / 90000:.1f} h")


if __name__ == "__main__":
    main()
