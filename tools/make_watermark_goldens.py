"""Writes tests/goldens/watermark: a small watermark network with seeded weights, and what upstream makes of a sound.

    make_watermark_goldens.py      needs the Python of tools/setup_python.sh

The network is resemble-perth's own in other sizes (6 bins, 10 hidden channels); its weights keep the signal's strength
from layer to layer, so that a wrong slope or a lost bias shows. The sound is noise, digital silence and a tone, in
24 kHz, as many samples as whole hops. Arrays lie in this project's layout: [frame, bin].
"""
import datetime
import importlib.metadata
import importlib.util
import json
import math
import sys
import types
from pathlib import Path

import librosa
import numpy as np
import torch
from safetensors.torch import save_file

stand_in = types.ModuleType("pkg_resources")  # of the old setuptools, which resemble-perth asks for its own folder
stand_in.resource_filename = lambda package, name: str(
    Path(*importlib.util.find_spec("perth").submodule_search_locations, "perth_net", name))
sys.modules.setdefault("pkg_resources", stand_in)

from perth.perth_net.perth_net_implicit.config import default_hp  # noqa: E402
from perth.perth_net.perth_net_implicit.model import magmask  # noqa: E402
from perth.perth_net.perth_net_implicit.model.decoder import _lerp  # noqa: E402
from perth.perth_net.perth_net_implicit.model.perth_net import PerthNet  # noqa: E402
from perth.perth_net.perth_net_implicit.perth_watermarker import PerthImplicitWatermarker  # noqa: E402

SEED = 11
RATE, BINS, HIDDEN = 24000, 6, 10
OUT = Path(__file__).resolve().parents[1] / "tests/goldens/watermark"


def small_network():
    top = default_hp.sample_rate / 2
    network = PerthNet(default_hp._replace(hidden_size=HIDDEN, max_wmark_freq=BINS * top / (default_hp.n_fft // 2 + 1)))
    assert network.subband == BINS
    stream = torch.Generator().manual_seed(SEED)
    for name, parameter in network.named_parameters():
        drawn = torch.randn(parameter.shape, generator=stream)
        last = ".layers.6." in name or "_layers.6." in name
        if name.endswith("weight"):
            fan_in = parameter.shape[1] * parameter.shape[2]
            drawn *= math.sqrt(2 / fan_in) * (0.1 if "encoder.layers.6." in name else 1)
        else:
            drawn = 0.1 * drawn + (0.4 if last and "decoder" in name else 0)
        parameter.data = drawn if not (last and name.endswith("bias") and "encoder" in name) else 0.02 * drawn
    return network.eval()


def sound():
    """Noise, silence, a tone: 8400 samples, 11200 at 32 kHz, 35 hops."""
    draw = np.random.default_rng(SEED)
    samples = np.zeros(8400)
    samples[:3000] = 0.2 * draw.standard_normal(3000)
    samples[6000:] = 0.4 * np.sin(2 * np.pi * 70 * np.arange(2400) / RATE) + 0.02 * draw.standard_normal(2400)
    return samples.astype(np.float32)


def rows(x):
    """[1, bin, frame] as [frame, bin]."""
    return x[0].transpose(0, 1).contiguous()


def references(network, samples):
    watermarker = PerthImplicitWatermarker(run_name=None, perth_net=network)
    marked = watermarker.apply_watermark(samples, sample_rate=RATE)
    levels = network.ap.signal_to_magphase(librosa.resample(samples, orig_sr=RATE, target_sr=32000))[0][None]
    audible = magmask(levels)
    shown = levels[:, :BINS]
    arrays = {"samples": torch.from_numpy(samples), "marked": torch.from_numpy(marked), "levels": rows(shown),
              "audible": audible[0], "residual": rows(network.encoder.layers(shown) * audible[:, None])}
    for branch, stretch in (("slow", 1.25), ("normal", 1), ("fast", 0.75)):
        layers = getattr(network.decoder, f"{branch}_layers")
        arrays[f"answers.{branch}"] = rows(layers(_lerp(shown, int(shown.shape[2] * stretch))))
    heard = [float(watermarker.get_watermark(x, sample_rate=RATE, round=False)) for x in (samples, marked)]
    assert 0 < min(audible[0]) + 1 and 0 < audible.sum() < audible.numel() and all(0.05 < x < 0.95 for x in heard), heard
    arrays["confidence"] = torch.tensor(heard)  # of the samples and of the marked samples
    for rate in (8000, 44100):
        arrays[f"polyphase.{rate}"] = torch.from_numpy(
            librosa.resample(samples[:400], orig_sr=rate, target_sr=32000, res_type="polyphase"))
    return {name: array.detach().float().contiguous() for name, array in arrays.items()}


@torch.no_grad()
def main():
    OUT.mkdir(parents=True, exist_ok=True)
    network = small_network()
    weights = {name: value for name, value in network.state_dict().items() if not name.startswith("ap.")}
    save_file(weights, OUT / "perth.safetensors")
    arrays = references(network, sound())
    save_file(arrays, OUT / "reference.safetensors")
    said = {
        "script": "tools/make_watermark_goldens.py",
        "seed": SEED,
        "packages": {name: importlib.metadata.version(name) for name in ("resemble-perth", "torch", "librosa", "soxr", "scipy")},
        "date": str(datetime.date.today()),
        "tolerance": "1e-5 of an array's norm: upstream computes in float32, transforms here in float64",
        "weights": "random, seeded; nothing of a trained model",
    }
    (OUT / "provenance.json").write_text(json.dumps(said, indent=1) + "\n")
    print(f"residual {arrays['residual'].std():.3f}, confidence {arrays['confidence'].tolist()}, "
          f"{int(arrays['audible'].sum())} of {len(arrays['audible'])} frames audible")


if __name__ == "__main__":
    main()
