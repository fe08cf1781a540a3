#!/usr/bin/env python3
"""Validates the scene reader: attnlab looks at scenes that no stage is trained on, and what it says is held against the
truth.

    make build
    python Experiments/emoji-scenes/validate.py my-model --report scene-reader.md \\
        --json my-model/scene_reader/validation.json

Scenes of the stream `measure` are drawn and passed through the VAE; as many again hold a pair of colour and object that
is never drawn in training. Where `judge.others` is above 0, as many again hold something that is no object of the
world, of glyphs that no stage saw. `attnlab measure` reads them. An object is found if its box overlaps the true one (the best,
by intersection over union); what is not found is wrong in everything. --report writes the tables, --json the numbers
that attnlab prints beside its metrics.

--against OTHER passes the same scenes through the VAE of OTHER, too, and says how the answers differ, scene by scene:

    python Experiments/emoji-scenes/validate.py Sources/Pipelines/Models/emoji-scenes --count 500 \\
        --against Sources/Pipelines/Models/emoji-scenes-first --edition Experiments/emoji-scenes/second-edition.yaml
"""
import json
import pathlib
import tempfile
import typing

import torch
from diffusers import AutoencoderKL
from PIL import Image

from recipe import commands, comparison, folders, measures, pictures, scene_reader, vae, validation
from recipe.settings import Settings
from recipe.validation import Tally
from recipe.world import Drawing

AT_ONCE = 20
USUAL = "scenes as in training"
HELD_OUT = "held-out pairs"
STRANGERS = "things of no name"


def read(program: pathlib.Path, reader: pathlib.Path, shown: torch.Tensor) -> list[tuple[dict, torch.Tensor]]:
    """What attnlab says of pictures `[batch, 3, size, size]` in 0-1, and the numbers of its objects at each pixel,
    `[size, size]`."""
    with tempfile.TemporaryDirectory() as scratch:
        files = [pathlib.Path(scratch) / f"{i:03}.png" for i in range(len(shown))]
        for picture, file in zip(shown, files):
            pictures.save(picture, file)
        masks = pathlib.Path(scratch) / "masks"
        said = commands.output(program, "measure", *files, "--json", "--masks", masks, "--scene-reader", reader)
        return [(seen, numbers(masks / file.name)) for seen, file in zip(json.loads(said), files, strict=True)]


def numbers(file: pathlib.Path) -> torch.Tensor:
    """The red of a PNG, `[height, width]`."""
    red = Image.open(file).convert("RGB").getchannel("R")
    return torch.frombuffer(bytearray(red.tobytes()), dtype=torch.uint8).view(red.height, red.width)


def validate(
    draw: typing.Callable[[Settings, range], list[Drawing]], count: int, settings: Settings,
    autoencoders: typing.Sequence[AutoencoderKL], program: pathlib.Path, reader: pathlib.Path
) -> list[list[Tally]]:
    """A tally of each scene, for each autoencoder that the scenes pass through."""
    tallies: list[list[Tally]] = [[] for _ in autoencoders]
    for first in range(0, count, AT_ONCE):
        drawings = draw(settings, range(first, min(first + AT_ONCE, count)))
        for autoencoder, scenes in zip(autoencoders, tallies):
            answers = read(program, reader, vae.reconstruct(autoencoder, measures.stack(drawings)))
            for drawing, (seen, mask) in zip(drawings, answers, strict=True):
                scenes.append(Tally())
                validation.compare(drawing, seen, mask, settings, scenes[-1])
        print(f"read {first + len(drawings)} of {count} scenes", flush=True)
    return tallies


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="MODEL", help="whose VAE is used, as export.py writes it")
    parser.add_argument("--reader", type=pathlib.Path, metavar="DIR", help="default: MODEL/scene_reader")
    parser.add_argument("--against", type=pathlib.Path, metavar="OTHER", help="a model whose VAE is used as well")
    parser.add_argument("--count", type=int, default=2000, help="scenes of each kind (default 2000)")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    commands.add_program(parser)
    given = parser.parse_args()
    if given.count < 1:
        parser.error("--count is at least 1")
    settings, folders_of_vaes = commands.settings(given), [given.folder, *([given.against] if given.against else [])]
    autoencoders = [folders.load(folder).vae for folder in folders_of_vaes]
    kinds = {USUAL: validation.drawings}
    if any(settings.world.held_out.values()):
        kinds[HELD_OUT] = validation.held_out_drawings
    if settings.judge.others > 0:
        kinds[STRANGERS] = validation.stranger_drawings
    reader = given.reader or given.folder / scene_reader.FOLDER
    scenes = {name: validate(draw, given.count, settings, autoencoders, given.attnlab.resolve(), reader)
              for name, draw in kinds.items()}
    tallies = {name: Tally.sum(own) for name, (own, *_) in scenes.items()}
    text = validation.report(tallies, given.count)
    if given.against:
        own, others = ({name: found[i] for name, found in scenes.items()} for i in (0, 1))
        text += "\n" + comparison.report(own, others, (f"VAE of {given.folder.name}", f"VAE of {given.against.name}"))
    print(text)
    if given.report:
        given.report.write_text(text, encoding="utf-8")
    if given.json:
        found = validation.summary(tallies[USUAL], tallies.get(HELD_OUT), tallies.get(STRANGERS), given.count)
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    commands.run(main)
