#!/usr/bin/env python3
"""Writes a Stable Diffusion 1.5 folder with seeded random weights, and what diffusers computes with it.

    python Tests/Fixtures/sd15_random.py DIR          # 2 GB, the exact configuration of SD 1.5
    python Tests/Fixtures/sd15_random.py --tiny DIR   # SD 2.x's features at a tiny width, as in Tests/Fixtures/tiny-sd2

DIR lies outside the checkout. It gets the diffusers layout in fp16, `reference.safetensors` (inputs and outputs of a
UNet step, the text encoder and the VAE, in fp32) and `reference.json`.
"""
import argparse
import pathlib

import torch

from oracle import random_models

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
MODEL = CHECKOUT / "Sources/Pipelines/Models/emoji-scenes-first"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=pathlib.Path, metavar="DIR", help="is emptied first")
    arguments.add_argument("--tiny", action="store_true", help="the small variant with SD 2.x's features")
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    folder = given.folder.resolve()
    if CHECKOUT == folder or CHECKOUT in folder.parents or folder in CHECKOUT.parents:
        arguments.error(f"{folder} lies in the checkout; name a folder outside of it")
    if folder.exists() and any(folder.iterdir()) and not (folder / "reference.json").exists():
        arguments.error(f"{folder} holds something else; name an empty folder or one that this script made")
    torch.set_num_threads(2)
    make = random_models.make_tiny_sd2 if given.tiny else random_models.make_sd15
    with torch.inference_mode():
        make(MODEL, folder, given.seed)
    print(folder)


if __name__ == "__main__":
    main()
