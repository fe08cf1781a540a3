#!/usr/bin/env python3
"""Measures model folders on scenes that no stage is trained on.

    python Experiments/emoji-scenes/measure.py vae  Sources/Pipelines/Models/emoji-scenes --count 256
    python Experiments/emoji-scenes/measure.py clip Sources/Pipelines/Models/emoji-scenes --count 256
    python Experiments/emoji-scenes/measure.py clip Sources/Pipelines/Models/emoji-scenes --clip my-eye
    python Experiments/emoji-scenes/measure.py unet Sources/Pipelines/Models/emoji-scenes my-model --count 512

vae: PSNR of reconstructions. clip: how often captions and pictures find each other, and how often objects and colours
are named, among all of the world; where the settings have a core, also those of the core alone. With --clip another
CLIP looks, at pictures through the VAE of the model. unet: the error of the predicted noise. Of several folders each
but the first is compared with the first, scene by scene. Prints means, their standard errors and the standard deviation
over scenes; --json FILE keeps every value.
"""
import argparse
import json
import pathlib
import typing

from recipe import commands, folders, measures, pictures, vae
from recipe.folders import Model
from recipe.settings import Settings
from recipe.world import Drawing, World

SHOWN = 2 * pictures.COLUMNS
Values = dict[str, list[float]]


def save_pairs(model: Model, drawings: list[Drawing], file: pathlib.Path) -> None:
    """A sheet of scenes, each row above the row of their reconstructions."""
    shown, words = [], []
    for first in range(0, len(drawings), pictures.COLUMNS):
        row = drawings[first : first + pictures.COLUMNS]
        shown += [*measures.stack(row), *vae.reconstruct(model.vae, measures.stack(row))]
        words += [drawing.caption for drawing in row] + ["through the VAE"] * len(row)
    pictures.save_sheet(shown, words, file)


def measure_vae(model: Model, settings: Settings, world: World, given: argparse.Namespace) -> Values:
    scenes = [world.draw(given.first + i) for i in range(given.count)]
    plain = measures.plain_scenes(world, given.count)
    if given.sheet:
        save_pairs(model, scenes[:SHOWN], given.sheet)
    return {"PSNR, dB": measures.reconstruction(model, scenes),
            "PSNR of plain scenes of one object, dB": measures.reconstruction(model, plain)}


def measure_clip(model: Model, settings: Settings, world: World, given: argparse.Namespace) -> Values:
    scenes = [world.draw(given.first + i) for i in range(given.count)]
    values = measures.retrieval(model, settings, scenes)
    kinds = {"": list(settings.world.objects)} | ({"core ": settings.world.core} if settings.world.core else {})
    for kind, names in kinds.items():
        plain = measures.plain_scenes(world, given.count, names)
        for how, change in {"": lambda x: x, ", through the VAE": lambda x: vae.reconstruct(model.vae, x)}.items():
            named = measures.naming(model, settings, plain, change)
            values |= {f"{kind}{key} named{how}": column for key, column in named.items()}
    return values


def measure_unet(model: Model, settings: Settings, world: World, given: argparse.Namespace) -> Values:
    return measures.denoising(model, settings, [world.draw(given.first + i) for i in range(given.count)])


MEASURES: dict[str, typing.Callable[[Model, Settings, World, argparse.Namespace], Values]] = {
    "vae": measure_vae, "clip": measure_clip, "unet": measure_unet}


def show(name: str, values: list[float]) -> None:
    s = measures.summarize(values)
    print(f"  {name}: {s.mean:.4g} +- {s.error:.2g} (n {s.n}, standard deviation {s.deviation:.3g}, "
          f"{s.smallest:.4g} to {s.largest:.4g})")


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("measure", choices=MEASURES)
    parser.add_argument("folders", nargs="+", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--count", type=int, default=256, help="scenes (default 256)")
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER", help="of the scenes (default 0)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--sheet", type=pathlib.Path, metavar="FILE", help="vae: 16 scenes above their reconstructions")
    parser.add_argument("--clip", type=pathlib.Path, metavar="DIR", help="clip: that of export.py --only clip")
    given = parser.parse_args()
    if given.clip and given.measure != "clip":
        parser.error("--clip goes with clip")
    if given.count < 2 or given.first < 0:
        parser.error("--count is at least 2 and --first at least 0")
    if given.sheet and (given.measure != "vae" or given.count < SHOWN):
        parser.error(f"--sheet goes with vae and a --count of {SHOWN} or more")
    settings = commands.settings(given)
    world = World(settings, measures.STREAM)
    results = []
    for folder in given.folders:
        model = folders.load(folder)
        if given.clip:
            model = folders.with_clip(model, given.clip)
        values = MEASURES[given.measure](model, settings, world, given)
        results.append(values)
        print(folder)
        for name, column in values.items():
            show(name, column)
            if len(results) > 1:
                changes = [b - a for a, b in zip(results[0][name], column, strict=True)]
                show(f"{name}, minus {given.folders[0]}", changes)
    if given.json:
        named = {str(folder): values for folder, values in zip(given.folders, results)}
        given.json.write_text(json.dumps({"measure": given.measure, "first": given.first, "folders": named}) + "\n")


if __name__ == "__main__":
    commands.run(main)
