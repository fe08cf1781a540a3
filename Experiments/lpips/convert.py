"""Makes the folder that attnlab reads LPIPS from: config.json and model.safetensors.

    pip install lpips torchvision torch safetensors
    python Experiments/lpips/convert.py lpips-alex                     # AlexNet, whose weights torchvision downloads
    python Experiments/lpips/convert.py lpips-vgg --net vgg
    python Experiments/lpips/convert.py lpips-alex --trunk alexnet-owt-7be5be79.pth    # a file that is already there

The linear layers are those of version 0.1 in the package `lpips`; the trunk is torchvision's network that was trained
on ImageNet, of which LPIPS uses the convolutions alone.
"""

import argparse
import json
import pathlib

import lpips
import torch
import torchvision
from safetensors.torch import save_file

TRUNKS = {"alex": torchvision.models.alexnet, "vgg": torchvision.models.vgg16}


def trunk_weights(net, path):
    """`features.<n>.weight` and `.bias` of a trunk: torchvision's own, or a state dict of it."""
    if path is None:
        state = TRUNKS[net](weights="IMAGENET1K_V1").state_dict()
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    return {name: values for name, values in state.items() if name.startswith("features.")}


def linear_layers(net):
    """`lin<k>.model.1.weight`, one weight a channel."""
    path = pathlib.Path(lpips.__file__).parent / f"weights/v0.1/{net}.pth"
    return torch.load(path, map_location="cpu", weights_only=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=pathlib.Path, help="where the two files go; made if it is not there")
    arguments.add_argument("--net", choices=TRUNKS, default="alex", help="the network whose features are compared")
    arguments.add_argument("--trunk", type=pathlib.Path, help="torchvision's weights of the network, as a .pth file")
    given = arguments.parse_args()
    weights = trunk_weights(given.net, given.trunk) | linear_layers(given.net)
    given.folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: values.float().contiguous() for name, values in weights.items()}
    save_file(tensors, str(given.folder / "model.safetensors"), metadata={"format": "pt"})
    (given.folder / "config.json").write_text(json.dumps({"net": given.net, "version": "0.1"}) + "\n")
    print(f"{given.folder}: {len(tensors)} tensors, {sum(t.numel() for t in tensors.values()):,} values")


if __name__ == "__main__":
    main()
