#!/usr/bin/env python3
"""Writes a trained run as a Stable Diffusion 1.x pipeline in the diffusers layout, with the CLIP beside it.

    python Experiments/emoji-scenes/export.py my-model
    python Experiments/emoji-scenes/sample.py my-model --out my-model.png
    attnlab models my-model

Weights are fp16, as those of the bundled model. The folder is read again by diffusers and transformers, and every
weight and what each network computes is compared with the run's, rounded to fp16. If the judges were trained, they are
there too, as scene_reader and second_scene_reader; `validate.py` tells how often they are right.
"""
import pathlib

from recipe import checkpoints, clip, commands, exporting, judge, scene_reader, second_reader, tokenizer, unet, vae
from recipe.folders import Model
from recipe.scene_reader import Reader
from recipe.settings import FOLDER, Settings


def read_run(settings: Settings, run: pathlib.Path) -> Model:
    """Raises `CheckpointError` if a stage was not trained."""
    autoencoder = vae.load(settings, run)
    words = tokenizer.prepare(settings, run)
    pair = clip.load(settings, words, run)
    return Model(words, clip.text_encoder(pair), autoencoder, unet.load(settings, run), unet.scheduler(settings), pair)


def read_judges(settings: Settings, run: pathlib.Path) -> dict[str, Reader]:
    """By their folders, those that were trained: a model is whole without."""
    kinds = {scene_reader.FOLDER: (judge.JudgeStage, judge.load),
             second_reader.FOLDER: (judge.SecondJudgeStage, judge.load_second)}
    return {folder: load(settings, run) for folder, (stage, load) in kinds.items()
            if checkpoints.path(run, stage.name).exists()}


def write_model(settings: Settings, run: pathlib.Path, folder: pathlib.Path) -> None:
    """The whole of a run, read again and compared. Raises `RecipeError` if a stage was not trained or something is
    there."""
    model, readers = read_run(settings, run), read_judges(settings, run)
    exporting.write(model, readers, run / "tokenizer", settings, folder)
    count = exporting.check(model, folder)
    for name, reader in readers.items():
        count += exporting.check_scene_reader(reader, settings, folder / name)
    print(f"wrote {folder}; {count} weights and the networks' results are those of {run}")


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="DIR", help="is made; must not exist or be empty")
    parser.add_argument("--run", type=pathlib.Path, default=FOLDER / "run", metavar="DIR", help="default: %(default)s")
    parser.add_argument(
        "--only", choices=["clip"], help="the CLIP alone: a run of another seed makes an independent one")
    given = parser.parse_args()
    settings = commands.settings(given)
    exporting.check_place(given.folder)
    if given.only:
        words = tokenizer.prepare(settings, given.run)
        exporting.write_clip(clip.load(settings, words, given.run), given.run / "tokenizer", settings, given.folder)
        print(f"wrote {given.folder}, the CLIP of {given.run}")
        return
    write_model(settings, given.run, given.folder)


if __name__ == "__main__":
    commands.run(main)
