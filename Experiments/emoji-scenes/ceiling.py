#!/usr/bin/env python3
"""What the scene readers find in drawn scenes of an experiment's own prompts: no model can be expected to do better.

    make build
    python Experiments/emoji-scenes/ceiling.py Sources/Pipelines/Models/emoji-scenes \\
        Experiments/model-gates/experiment.yaml --edition Experiments/emoji-scenes/second-edition.yaml

For each prompt some scenes are drawn as in training and passed through the model's VAE. attnlab takes the metrics of
them as of generated pictures. Prints the mean of each metric with its standard error over prompts, for prompts of one
thing and of two apart. --json FILE keeps every value.
"""
import json
import pathlib
import random
import tempfile
import typing

import torch
import yaml

from recipe import captions, commands, folders, measures, pictures, vae
from recipe.captions import Scene
from recipe.errors import RecipeError
from recipe.settings import Settings
from recipe.world import World

METRICS = ("object_present", "color_present", "binding_right", "binding_of_two", "background_right", "picture_right")
SECOND = ("object_present_second", "color_present_second", "binding_right_second", "background_right_second",
          "picture_right_second")
KINDS = ("one thing", "two things")
Values = dict[str, list[float]]  # of a metric, a mean for each prompt


def prompts(file: pathlib.Path) -> list[str]:
    """Raises `RecipeError` if the file is no experiment with a list of prompts."""
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))["generate"]["prompts"]
    except (OSError, yaml.YAMLError, TypeError, KeyError) as error:
        raise RecipeError(f"{file}: no experiment with generate.prompts ({error})") from error
    if not isinstance(found, list) or not all(isinstance(prompt, str) for prompt in found):
        raise RecipeError(f"{file}: generate.prompts is no list of texts")
    return found


def scenes(texts: typing.Sequence[str], settings: Settings) -> dict[str, Scene]:
    """Raises `RecipeError` with all prompts that are no captions of the world."""
    found = {text: captions.scene_of(text, settings.world) for text in texts}
    if unknown := [text for text, scene in found.items() if scene is None]:
        raise RecipeError(f"{len(unknown)} prompts are no captions of this world: {', '.join(unknown[:5])}")
    return {text: scene for text, scene in found.items() if scene is not None}


def judged(program: pathlib.Path, picture: torch.Tensor, prompt: str, metrics: typing.Sequence[str],
           readers: list[typing.Any]) -> dict[str, float | None]:
    """What attnlab's metrics say of a picture `[3, size, size]` in 0-1."""
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "scene.png"
        pictures.save(picture, file)
        said = commands.output(program, "measure", file, "--prompt", prompt, "--metrics", ",".join(metrics), "--json",
                               *readers)
    return json.loads(said)[0]["metrics"]


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="MODEL", help="whose VAE is used")
    parser.add_argument("experiment", type=pathlib.Path, metavar="EXPERIMENT")
    parser.add_argument("--count", type=int, default=4, help="scenes of each prompt (default 4)")
    parser.add_argument("--scene-reader", type=pathlib.Path, metavar="DIR", help="default: the bundled one")
    parser.add_argument("--second-scene-reader", type=pathlib.Path, metavar="DIR", help="default: the bundled one")
    parser.add_argument("--one-reader", action="store_true", help="leave the second scene reader out")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    commands.add_program(parser)
    given = parser.parse_args()
    if given.count < 1:
        parser.error("--count is at least 1")
    settings, model = commands.settings(given), folders.load(given.folder)
    asked = scenes(prompts(given.experiment), settings)
    metrics = METRICS if given.one_reader else (*METRICS, *SECOND)
    readers = [part for name, folder in (("--scene-reader", given.scene_reader),
                                         ("--second-scene-reader", given.second_scene_reader))
               if folder for part in (name, folder)]
    world, program = World(settings, measures.STREAM), given.attnlab.resolve()
    found: dict[str, Values] = {kind: {} for kind in KINDS}
    for number, (prompt, scene) in enumerate(asked.items(), 1):
        rng = random.Random(f"{settings.seed}/ceiling/{prompt}")
        seen = vae.reconstruct(model.vae, measures.stack([world.show(scene, rng) for _ in range(given.count)]))
        answers = [judged(program, picture, prompt, metrics, readers) for picture in seen]
        for name in metrics:
            if values := [answer[name] for answer in answers if answer[name] is not None]:
                found[KINDS[len(scene.things) - 1]].setdefault(name, []).append(sum(values) / len(values))
        print(f"read the scenes of {number} of {len(asked)} prompts", flush=True)
    for kind, values in found.items():
        for name, shares in values.items():
            summary = measures.summarize(shares)
            print(f"{kind}: {name} {100 * summary.mean:.1f} +- {100 * summary.error:.1f} % "
                  f"({summary.n} prompts, {given.count} scenes each)")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    commands.run(main)
