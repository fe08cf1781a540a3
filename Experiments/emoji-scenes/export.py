#!/usr/bin/env python3
"""Writes a trained run as a Stable Diffusion 1.x pipeline in the diffusers layout, with the CLIP beside it.

    python Experiments/emoji-scenes/export.py my-model
    python Experiments/emoji-scenes/sample.py my-model --out my-model.png
    attnlab models my-model

Weights are fp16, as those of the bundled model. The folder is read again by diffusers and transformers, and every
weight and what each network computes is compared with the run's, rounded to fp16. If the judge was trained, it is there
too, as scene_reader; `validate.py` tells how often it is right.
"""
import pathlib

from recipe import checkpoints, clip, commands, exporting, judge, scene_reader, tokenizer, unet, vae
from recipe.folders import Model
from recipe.scene_reader import SceneReader
from recipe.settings import FOLDER, Settings


def read_run(settings: Settings, run: pathlib.Path) -> Model:
    """Raises `CheckpointError` if a stage was not trained."""
    autoencoder = vae.load(settings, run)
    words = tokenizer.prepare(settings, run)
    pair = clip.load(settings, words, run)
    return Model(words, clip.text_encoder(pair), autoencoder, unet.load(settings, run), unet.scheduler(settings), pair)


def read_judge(settings: Settings, run: pathlib.Path) -> SceneReader | None:
    """None if it was not trained: a model is whole without."""
    if not checkpoints.path(run, judge.JudgeStage.name).exists():
        return None
    return judge.load(settings, run)


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="DIR", help="is made; must not exist or be empty")
    parser.add_argument("--run", type=pathlib.Path, default=FOLDER / "run", metavar="DIR", help="default: %(default)s")
    given = parser.parse_args()
    settings = commands.settings(given)
    exporting.check_place(given.folder)
    model, reader = read_run(settings, given.run), read_judge(settings, given.run)
    exporting.write(model, reader, given.run / "tokenizer", settings, given.folder)
    count = exporting.check(model, given.folder)
    if reader is not None:
        count += exporting.check_scene_reader(reader, settings, given.folder / scene_reader.FOLDER)
    print(f"wrote {given.folder}; {count} weights and the networks' results are those of {given.run}")


if __name__ == "__main__":
    commands.run(main)
