#!/usr/bin/env python3
"""Makes pictures with diffusers from a model folder, as a contact sheet.

    python Experiments/emoji-scenes/sample.py Sources/Pipelines/Models/emoji-scenes --out samples.png
    python Experiments/emoji-scenes/sample.py my-model --seed 3 --prompt "a red car" --prompt "a bus" --out two.png

Without --prompt those of the settings. Each picture starts from noise of its own: SEED, SEED + 1 and so on.
"""
import pathlib

import torch
from diffusers import StableDiffusionPipeline

from recipe import commands, folders, pictures


def pipeline(folder: pathlib.Path) -> StableDiffusionPipeline:
    """The folder in fp32, with no progress bar. Raises `FolderError`."""
    parts = folders.load(folder)._asdict()
    del parts["clip"]
    made = StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    made.set_progress_bar_config(disable=True)
    return made


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="FILE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--prompt", action="append", metavar="TEXT")
    given = parser.parse_args()
    own = commands.settings(given).sampling
    prompts = given.prompt or list(own.prompts)
    model = pipeline(given.folder)
    made = []
    for number, prompt in enumerate(prompts):
        generator = torch.Generator("cpu").manual_seed(given.seed + number)
        made += model(
            prompt, num_inference_steps=own.steps, guidance_scale=own.guidance_scale, generator=generator,
            output_type="pt").images
    pictures.save_sheet(made, prompts, given.out)
    print(f"wrote {given.out}")


if __name__ == "__main__":
    commands.run(main)
