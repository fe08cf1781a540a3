#!/usr/bin/env python3
"""What the scene readers find in drawn scenes of an experiment's own prompts: no model can be expected to do better.

    make build
    python Experiments/emoji-scenes/ceiling.py Sources/Pipelines/Models/emoji-scenes \\
        Experiments/model-gates/experiment.yaml --edition Experiments/emoji-scenes/second-edition.yaml \\
        --report Results/model-gates/ceiling.md --csv Results/model-gates/ceiling.csv

For each prompt some scenes are drawn as in training and passed through the model's VAE. attnlab takes the metrics of
them as of generated pictures. Prints a table for each scene reader: the share of scenes that are right, by kind of
prompt, with its interval. --report writes the tables, --csv the answers about every scene.
"""
import csv
import json
import pathlib
import random
import tempfile
import typing

import torch

from recipe import captions, commands, folders, measures, pictures, validation, vae
from recipe.captions import Scene
from recipe.errors import RecipeError
from recipe.settings import Settings
from recipe.world import World

METRICS = ("object_present", "color_present", "binding_right", "binding_of_two", "background_right", "picture_right")
READERS = {"The scene reader": "", "The second scene reader": "_second"}  # and how the names of their metrics end
PALE = ("white", "black")  # colors that the gates of the card leave out
Answers = dict[str, float | None]  # by metric: 1 right, 0 wrong, None not asked


class Read(typing.NamedTuple):
    """What was read in a scene of a prompt."""

    prompt: str
    kind: str
    answers: Answers


def prompts(program: pathlib.Path, file: pathlib.Path) -> list[str]:
    """The prompts that attnlab generates for an experiment, each once."""
    planned = json.loads(commands.output(program, "plan", file, "--json"))
    return list(dict.fromkeys(run["prompt"] for group in planned["groups"] for run in group["runs"]))


def scenes(texts: typing.Sequence[str], settings: Settings) -> dict[str, Scene]:
    """Raises `RecipeError` with all prompts that are no captions of the world."""
    found = {text: captions.scene_of(text, settings.world) for text in texts}
    if unknown := [text for text, scene in found.items() if scene is None]:
        raise RecipeError(f"{len(unknown)} prompts are no captions of this world: {', '.join(unknown[:5])}")
    return {text: scene for text, scene in found.items() if scene is not None}


def kind(scene: Scene, core: typing.Collection[str]) -> str:
    """Of a prompt: how many things it names, of the core or others, and in what colors."""
    own = sum(thing.name in core for thing in scene.things)
    things = {(1, 1): "one of the core", (1, 0): "one other", (2, 2): "two of the core", (2, 0): "two others",
              (2, 1): "one of the core and another"}[len(scene.things), own]
    if not core:
        things = "one" if len(scene.things) == 1 else "two"
    colors = {thing.color for thing in scene.things}
    if None in colors:
        return f"{things}, without a color"
    return f"{things}, white or black" if colors & set(PALE) else f"{things}, in eight colors"


def judged(program: pathlib.Path, picture: torch.Tensor, prompt: str, metrics: typing.Sequence[str],
           readers: list[typing.Any]) -> Answers:
    """What attnlab's metrics say of a picture `[3, size, size]` in 0-1."""
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "scene.png"
        pictures.save(picture, file)
        said = commands.output(program, "measure", file, "--prompt", prompt, "--metrics", ",".join(metrics), "--json",
                               *readers)
    found = json.loads(said)[0]["metrics"]
    return {name: found.get(name) for name in metrics}


def report(found: typing.Sequence[Read], count: int, readers: typing.Mapping[str, str]) -> str:
    """Markdown: a table for each reader, a row for each kind of prompt."""
    kinds = sorted({read.kind for read in found})
    parts = [f"Of {len({read.prompt for read in found})} prompts, {count} drawn scenes each, through the VAE: the share "
             "of scenes that are right, with 95 % intervals (Wilson). They are of these prompts: what is missed is often "
             "missed in several scenes of one prompt, so other prompts may differ by more."]
    for reader, end in readers.items():
        rows = []
        for name in kinds:
            reads = [read for read in found if read.kind == name]
            columns = ([read.answers[metric + end] for read in reads] for metric in METRICS)
            rows.append([name, str(len({read.prompt for read in reads})), *(
                validation.share([value == 1 for value in column if value is not None]) for column in columns)])
        parts.append(f"{reader}:\n\n" + validation.table(["prompts of", "prompts", *METRICS], rows))
    return "\n\n".join(parts) + "\n"


def write(found: typing.Sequence[Read], file: pathlib.Path) -> None:
    """A row for each scene; empty is what was not asked."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened, lineterminator="\n")
        table.writerow(["prompt", "kind", *found[0].answers])
        for read in found:
            table.writerow([read.prompt, read.kind, *("" if value is None else f"{value:g}"
                                                      for value in read.answers.values())])


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="MODEL", help="whose VAE is used")
    parser.add_argument("experiment", type=pathlib.Path, metavar="EXPERIMENT")
    parser.add_argument("--count", type=int, default=4, help="scenes of each prompt (default 4)")
    parser.add_argument("--scene-reader", type=pathlib.Path, metavar="DIR", help="default: the bundled one")
    parser.add_argument("--second-scene-reader", type=pathlib.Path, metavar="DIR", help="default: the bundled one")
    parser.add_argument("--one-reader", action="store_true", help="leave the second scene reader out")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--csv", type=pathlib.Path, metavar="FILE")
    commands.add_program(parser)
    given = parser.parse_args()
    if given.count < 1:
        parser.error("--count is at least 1")
    settings, model, program = commands.settings(given), folders.load(given.folder), given.attnlab.resolve()
    asked = scenes(prompts(program, given.experiment), settings)
    looking = dict(list(READERS.items())[:1]) if given.one_reader else READERS
    metrics = [name + end for end in looking.values() for name in METRICS]
    readers = [part for name, folder in (("--scene-reader", given.scene_reader),
                                         ("--second-scene-reader", given.second_scene_reader))
               if folder for part in (name, folder)]
    world, found = World(settings, measures.STREAM), list[Read]()
    for number, (prompt, scene) in enumerate(asked.items(), 1):
        rng = random.Random(f"{settings.seed}/ceiling/{prompt}")
        seen = vae.reconstruct(model.vae, measures.stack([world.show(scene, rng) for _ in range(given.count)]))
        found += [Read(prompt, kind(scene, settings.world.core), judged(program, picture, prompt, metrics, readers))
                  for picture in seen]
        print(f"read the scenes of {number} of {len(asked)} prompts", flush=True)
    text = report(found, given.count, looking)
    print(text)
    if given.report:
        given.report.write_text(text, encoding="utf-8")
    if given.csv:
        write(found, given.csv)


if __name__ == "__main__":
    commands.run(main)
