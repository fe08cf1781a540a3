#!/usr/bin/env python3
"""Remakes every fixture in this folder from PyTorch, diffusers and transformers.

    python Tests/Fixtures/make_fixtures.py                 # all of them
    python Tests/Fixtures/make_fixtures.py randn swaps     # some of them
    python Tests/Fixtures/make_fixtures.py --debug DIR     # also one UNet step block by block, to bisect a divergence

Needs torch, diffusers, transformers, safetensors, pillow, lpips, torchvision and daam (versions.json says which made the
committed files). The model is the bundled emoji-scenes-first, its fp16 weights widened to fp32. Feature maps in the files are
NCHW, as diffusers has them.
"""
import argparse
import importlib.metadata
import json
import pathlib
import platform

import diffusers
import numpy
import PIL
import safetensors
import torch
import transformers

from oracle import (
    caching, components, cross_read, daam, fast_tests, generations, inversions, lpips, methods, operations, quantities,
    randn, schedulers, swaps, tiny, vision,
)

FOLDER = pathlib.Path(__file__).resolve().parent
MODEL = FOLDER.parent.parent / "Sources/Pipelines/Models/emoji-scenes-first"

# Name on the command line -> what makes the files of that name.
FIXTURES = {
    "text_encoder": components.text_encoder,
    "unet_step": components.unet_step,
    "vae": components.vae,
    "generations": generations.make,
    "swaps": swaps.make_swaps,
    "maps": swaps.make_maps,
    "operations": operations.make,
    "references": operations.make_references,
    "methods": methods.make,
    "caching": caching.make,
    "quantities": quantities.make,
    "cross_read": cross_read.make,
    "schedulers": schedulers.make,
    "randn": randn.make,
    "tiny": tiny.make,
    "towers": vision.towers,
    "clip": vision.clip,
    "preprocessing": vision.preprocessing,
    "structure": vision.structure,
    "scene_reader": vision.scene_reader,
    "convolution_reader": vision.convolution_reader,
    "lpips": lpips.make,
    "fast_tests": fast_tests.make,
    "inversions": inversions.make,
    "daam": daam.make,
}


def versions():
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "transformers": transformers.__version__,
        "safetensors": safetensors.__version__,
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
        "lpips": importlib.metadata.version("lpips"),
        "torchvision": importlib.metadata.version("torchvision"),
        "daam": importlib.metadata.version("daam"),
        "torch_cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "torch_threads": torch.get_num_threads(),
        "model": "Sources/Pipelines/Models/emoji-scenes-first",
    }


def note_versions(names):
    """versions.json: the versions that made all fixtures, and under `remade`, for those that were made again by name since,
    the versions that are others."""
    file, now = FOLDER / "versions.json", versions()
    noted = now
    if names:
        noted = json.loads(file.read_text())
        others = {key: value for key, value in now.items() if noted.get(key) != value}
        remade = {name: kept for name, kept in noted.pop("remade", {}).items() if name not in names}
        remade |= {name: others for name in names if others}
        noted |= {"remade": remade} if remade else {}
    file.write_text(json.dumps(noted, indent=2) + "\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="*", help=f"which to make: {', '.join(FIXTURES)}; all when none is named")
    arguments.add_argument("--debug", type=pathlib.Path, metavar="DIR", help="write one UNet step block by block there")
    given = arguments.parse_args()
    unknown = sorted(set(given.names) - set(FIXTURES))
    if unknown:
        arguments.error(f"no such fixture: {', '.join(unknown)}; there are {', '.join(FIXTURES)}")

    # One number of threads, so that sums are split, and rounded, in the same way each time.
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    print(json.dumps(versions(), indent=2))
    for name in given.names or FIXTURES:
        print(f"{name} ...", flush=True)
        with torch.inference_mode():
            FIXTURES[name](MODEL, FOLDER)
    if given.debug:
        with torch.inference_mode():
            components.unet_blocks(MODEL, given.debug)
    note_versions(given.names)
    total = sum(f.stat().st_size for f in FOLDER.rglob("*") if f.is_file() and "__pycache__" not in f.parts)
    print(f"{FOLDER}: {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
