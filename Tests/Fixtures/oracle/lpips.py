"""LPIPS by the package `lpips`, with its linear layers, over trunks whose weights are random."""
import math

import lpips
import numpy as np
import torch

from .files import noise, save, save_json
from .vision import pictures

# Of vision.PICTURES, all of 128 x 128.
PAIRS = [(0, 1), (2, 3), (1, 1)]


def fill(parameters):
    """Weights that Swift makes too, without millions of draws: 4099 normal values of a seed, over and over, scaled."""
    for seed, (_, parameter) in enumerate(sorted(parameters.items())):
        repeats = math.ceil(parameter.numel() / 4099)
        values = noise(seed, (4099,)).repeat(repeats)[: parameter.numel()].view(parameter.shape)
        scale = 0.1 if parameter.ndim == 1 else math.sqrt(2 / parameter[0].numel())
        parameter.data.copy_(values * scale)


def tensor(picture):
    return lpips.im2tensor(np.array(picture))


def make(_, folder):
    """`vision/lpips.safetensors`: for each net `<net>.lin<k>`, and `<net>.distances` of PAIRS, then of the picture of
    200 x 130 and itself turned by half."""
    shown = pictures(folder)
    pairs = [(shown[a], shown[b]) for a, b in PAIRS] + [(shown[4], shown[4].rotate(180))]
    out = {}
    for net in ["alex", "vgg"]:
        model = lpips.LPIPS(net=net, pnet_rand=True, verbose=False)
        # As torchvision names them: `net.slice2.3.weight` is `features.3.weight`.
        fill({f"features.{'.'.join(name.split('.')[2:])}": p for name, p in model.named_parameters()
              if name.startswith("net.")})
        for place, layer in enumerate(model.lins):
            out[f"{net}.lin{place}"] = layer.model[1].weight
        out[f"{net}.distances"] = torch.cat([model(tensor(a), tensor(b)).flatten() for a, b in pairs])
        print(f"  {net}: {out[f'{net}.distances'].tolist()}")
    save(folder / "vision/lpips.safetensors", out)
    save_json(folder / "vision/lpips.json", {"pairs": PAIRS})
