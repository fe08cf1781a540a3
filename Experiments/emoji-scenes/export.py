#!/usr/bin/env python3
"""Writes a trained run as a Stable Diffusion 1.x pipeline in the diffusers layout, with the CLIP beside it.

    python Experiments/emoji-scenes/export.py my-model
    python Experiments/emoji-scenes/sample.py my-model --out my-model.png
    attnlab models my-model

Weights are fp16, as those of the bundled model. The folder is read again by diffusers and transformers, and every
weight and what each network computes is compared with the run's, rounded to fp16. A run with a judge leaves it there too, in
scene_reader.
"""
import pathlib

from recipe import checkpoints, clip, commands, exporting, judge, tokenizer, unet, vae
from recipe.folders import Model
from recipe.settings import FOLDER, Settings


def read_run(settings: Settings, run: pathlib.Path) -> Model:
    """Raises `CheckpointError` if a stage was not trained."""
    autoencoder = vae.load(settings, run)
    words = tokenizer.prepare(settings, run)
    pair = clip.load(settings, words, run)
    return Model(words, clip.text_encoder(pair), autoencoder, unet.load(settings, run), unet.scheduler(settings), pair)


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="DIR", help="is made; must not exist or be empty")
    parser.add_argument("--run", type=pathlib.Path, default=FOLDER / "run", metavar="DIR", help="default: %(default)s")
    given = parser.parse_args()
    settings = commands.settings(given)
    exporting.check_place(given.folder)
    model = read_run(settings, given.run)
    exporting.write(model, given.run / "tokenizer", settings.world.picture_size, given.folder)
    count = exporting.check(model, given.folder)
    if checkpoints.path(given.run, judge.JudgeStage.name).exists():
        judge.write(judge.load(settings, given.run), settings, given.folder / "scene_reader")
    print(f"wrote {given.folder}; {count} weights and the networks' results are those of {given.run}")


if __name__ == "__main__":
    commands.run(main)
