#!/usr/bin/env python3
"""Checks that attnlab reads a model folder and generates what diffusers does.

    make build
    python Experiments/emoji-scenes/check_attnlab.py my-model

Runs `attnlab models DIR` and `attnlab generate`, and compares the final latents with those of diffusers from the same
noise, prompt and steps: the largest difference may be 1e-3 of the largest value.
"""
import pathlib
import tempfile

import torch
from safetensors.torch import load_file

import sample
from recipe import commands
from recipe.errors import RecipeError
from recipe.settings import SamplingSettings

TOLERANCE = 1e-3
PROMPT = "a red car on the beach"


def difference(
    program: pathlib.Path, folder: pathlib.Path, own: SamplingSettings, seed: int, out: pathlib.Path
) -> float:
    """Of the final latents, max|a - b| / max|b|; not a number if either holds one."""
    file = out / "latents.safetensors"
    commands.output(
        program, "generate", "--model", folder, "--prompt", PROMPT, "--seed", seed, "--steps", own.steps,
        "--guidance", own.guidance_scale, "--out", out / "picture.png", "--latents-out", file)
    stored = load_file(file)
    theirs = sample.pipeline(folder)(
        PROMPT, num_inference_steps=own.steps, guidance_scale=own.guidance_scale, latents=stored["noise"],
        output_type="latent").images
    if stored["latents"].shape != theirs.shape:
        raise RecipeError(f"attnlab's latents are {list(stored['latents'].shape)}, diffusers' {list(theirs.shape)}")
    return ((stored["latents"] - theirs).abs().max() / theirs.abs().max()).item()


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="DIR")
    commands.add_program(parser)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    own, program, folder = commands.settings(given).sampling, given.attnlab.resolve(), given.folder.resolve()
    commands.output(program, "models", folder)
    with tempfile.TemporaryDirectory() as out, torch.inference_mode():
        found = difference(program, folder, own, given.seed, pathlib.Path(out))
    print(f"final latents of {PROMPT!r}, seed {given.seed}, {own.steps} steps: differ from diffusers' by {found:.1e} "
          f"of the largest value ({TOLERANCE} is allowed)")
    if not found <= TOLERANCE:
        raise RecipeError(f"{folder}: attnlab generates something else than diffusers")


if __name__ == "__main__":
    commands.run(main)
