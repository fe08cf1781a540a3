#!/usr/bin/env python3
"""Validates the scene reader: attnlab looks at scenes that no stage is trained on, and what it says is held against the truth.

    python Experiments/emoji-scenes/validate.py Sources/Pipelines/Models/emoji-scenes --report scene-reader.md

Scenes of the stream `measure` are drawn and passed through the VAE; as many again hold a pair of color and object that is never
drawn in training. `attnlab measure` reads them. An object is found if its box overlaps the true one (the best, by
intersection over union); what is not found is wrong in everything. --report writes the tables, --json the numbers that
attnlab prints beside every metric (validation.json of the scene reader's folder).
"""
import argparse
import collections
import dataclasses
import json
import pathlib
import random
import subprocess
import tempfile
import typing

import torch
from PIL import Image

from recipe import captions, commands, folders, judge, measures, pictures
from recipe.captions import Scene, Thing
from recipe.settings import FOLDER, Settings
from recipe.world import Drawing, World

AT_ONCE = 20
QUESTIONS = ("object", "color", "facing", "background", "style")
OVERLAP = 0.1  # of boxes, from which on an object is the one that was drawn
HELD_OUT = "held-out pairs"
USUAL = "scenes as in training"


@dataclasses.dataclass
class Tally:
    """Shares of right answers and errors, each value with the object or color that it is of."""

    right: dict[str, list[bool]] = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    values: dict[str, list[float]] = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    by_object: dict[str, list[bool]] = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    by_color: dict[str, list[bool]] = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    confused: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def share(self, name: str) -> float:
        return sum(self.right[name]) / len(self.right[name])

    def mean(self, name: str) -> float:
        return sum(self.values[name]) / len(self.values[name])


def held_out_scene(settings: Settings, rng: random.Random) -> Scene:
    """A scene as in training, whose first thing is a pair that is never drawn."""
    world = settings.world
    while True:
        scene = captions.draw_scene(world, rng)
        color = rng.choice(list(world.held_out))
        thing = Thing(rng.choice(world.held_out[color]), color)
        hidden = scene.background == color or (scene.style is not None and world.styles[scene.style] != "pixels")
        if not hidden:
            return dataclasses.replace(scene, things=(thing, *scene.things[1:]))


def drawings(settings: Settings, count: int, held_out: bool) -> typing.Iterator[Drawing]:
    world = World(settings, measures.STREAM)
    for number in range(count):
        if not held_out:
            yield world.draw(number)
            continue
        rng = random.Random(f"{settings.seed}/held-out/{number}")
        scene = held_out_scene(settings, rng)
        yield world.paint(scene, world.arrange(scene, rng), rng)


def read(attnlab: pathlib.Path, reader: pathlib.Path, files: list[pathlib.Path], masks: pathlib.Path) -> list[dict]:
    command = [attnlab, "measure", *files, "--json", "--masks", masks, "--scene-reader", reader]
    return json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True).stdout)


def overlap(a: typing.Sequence[int], b: typing.Sequence[int]) -> float:
    """Intersection over union of boxes (left, top, right, bottom)."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    inside = max(0, width) * max(0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return inside / max(1, sum(areas) - inside)


def compare(drawing: Drawing, seen: dict, mask: torch.Tensor, settings: Settings, tally: Tally) -> None:
    """- mask: `[size, size]`, the numbers of objects from 1."""
    scene, size = drawing.scene, settings.world.picture_size
    style = settings.world.styles[scene.style] if scene.style is not None else judge.PLAIN
    tally.right["background"].append(seen["background"]["name"] == (scene.background or scene.place or judge.PLAIN))
    tally.right["style"].append(seen["style"]["name"] == style)
    tally.right["count of objects"].append(len(seen["objects"]) == len(drawing.objects))
    free = dict(enumerate(seen["objects"]))
    for truth in drawing.objects:
        best = max(free, key=lambda i: overlap(free[i]["box"], truth.box), default=None)
        if best is not None and overlap(free[best]["box"], truth.box) < OVERLAP:
            best = None
        found = free.pop(best) if best is not None else None
        is_named = found is not None and found["name"] == truth.name
        tally.right["object"].append(is_named)
        tally.by_object[truth.name].append(is_named)
        if found is not None and not is_named:
            tally.confused[truth.name, found["name"]] += 1
        if truth.color != scene.background and not judge.hides_color(scene, settings, truth.color):
            is_colored = found is not None and found["color"] == truth.color
            tally.right["color"].append(is_colored)
            tally.by_color[truth.color or "its own"].append(is_colored)
        tally.right["facing"].append(found is not None and found["facing"] == truth.faces)
        covered = truth.mask > 0.5
        own = mask == best + 1 if best is not None else torch.zeros_like(covered)
        tally.values["mask IoU"].append(((own & covered).sum() / (own | covered).sum().clamp(min=1)).item())
        if found is None:
            continue
        rows, columns = covered.nonzero(as_tuple=True)
        x, y = (((places.float().mean() + 0.5) / size).item() for places in (columns, rows))
        tally.values["center"].append(((found["center"][0] - x) ** 2 + (found["center"][1] - y) ** 2) ** 0.5)
        sides = [((box[2] - box[0]) * (box[3] - box[1])) ** 0.5 for box in (found["box"], truth.box)]
        tally.values["size"].append(abs(torch.tensor(sides).log2().diff().item()))


def validate(model: folders.Model, settings: Settings, given: argparse.Namespace, held_out: bool) -> Tally:
    tally, waiting = Tally(), list(drawings(settings, given.count, held_out))
    for first in range(0, len(waiting), AT_ONCE):
        batch = waiting[first : first + AT_ONCE]
        with tempfile.TemporaryDirectory() as scratch:
            files = [pathlib.Path(scratch) / f"{i:03}.png" for i in range(len(batch))]
            for picture, file in zip(measures.reconstruct(model, measures.stack(batch)), files):
                pictures.save(picture, file)
            masks = pathlib.Path(scratch) / "masks"
            answers = read(given.attnlab, given.reader or given.folder / "scene_reader", files, masks)
            for drawing, seen, file in zip(batch, answers, files, strict=True):
                red = Image.open(masks / file.name).convert("RGB").getchannel("R")
                mask = torch.frombuffer(bytearray(red.tobytes()), dtype=torch.uint8).view(red.height, red.width)
                compare(drawing, seen, mask, settings, tally)
        print(f"read {first + len(batch)} of {len(waiting)} scenes", flush=True)
    return tally


def interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's, 95 %."""
    z, share = 1.96, right / count
    middle, reach = share + z * z / (2 * count), z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    return (middle - reach) / (1 + z * z / count), (middle + reach) / (1 + z * z / count)


def table(header: typing.Sequence[str], rows: typing.Iterable[typing.Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def report(tallies: dict[str, Tally], count: int) -> str:
    rows = []
    for name in (*QUESTIONS, "count of objects"):
        cells = []
        for tally in tallies.values():
            answers = tally.right[name]
            low, high = interval(sum(answers), len(answers))
            cells.append(f"{100 * tally.share(name):.1f} % ({100 * low:.1f} to {100 * high:.1f}; n {len(answers)})")
        rows.append([f"{name} right", *cells])
    for name, digits in (("mask IoU", 3), ("center", 4), ("size", 3)):
        cells = []
        for tally in tallies.values():
            summary = measures.summarize(tally.values[name])
            cells.append(f"{summary.mean:.{digits}f} +- {summary.error:.1g} (n {summary.n})")
        title = {"center": "center off by, picture widths", "size": "side of the box off by, log2"}.get(name, name)
        rows.append([title, *cells])
    usual = tallies[USUAL]

    def worst(groups: dict[str, list[bool]]) -> str:
        shares = sorted((sum(values) / len(values), name, len(values)) for name, values in groups.items())
        return ", ".join(f"{name} {100 * share:.0f} % (n {n})" for share, name, n in shares)

    confused = ", ".join(f"{a} taken for {b} ({n})" for (a, b), n in usual.confused.most_common(12))
    return "\n\n".join([
        f"Of {count} scenes of each kind, through the VAE; shares with 95 % intervals (Wilson), means with standard errors:",
        table(["", *tallies], rows), f"Objects: {worst(usual.by_object)}.", f"Colors: {worst(usual.by_color)}.",
        f"Most often confused: {confused or 'nothing'}."]) + "\n"


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("folder", type=pathlib.Path, metavar="MODEL", help="whose VAE is used, as export.py writes it")
    parser.add_argument("--reader", type=pathlib.Path, metavar="DIR", help="default: MODEL/scene_reader")
    parser.add_argument("--count", type=int, default=2000, help="scenes of each kind (default 2000)")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    parser.add_argument(
        "--attnlab", type=pathlib.Path, metavar="PROGRAM", default=FOLDER.parents[1] / ".build/release/attnlab")
    given = parser.parse_args()
    if given.count < 1:
        parser.error("--count is at least 1")
    settings = commands.settings(given)
    model = folders.load(given.folder)
    tallies = {USUAL: validate(model, settings, given, False), HELD_OUT: validate(model, settings, given, True)}
    text = report(tallies, given.count)
    print(text)
    if given.report:
        given.report.write_text(text, encoding="utf-8")
    if given.json:
        usual, held_out = tallies.values()
        numbers = {name: round(usual.share(name), 4) for name in QUESTIONS}
        numbers |= {"mask": round(usual.mean("mask IoU"), 4), "center": round(usual.mean("center"), 5)}
        numbers |= {"size": round(usual.mean("size"), 5), "scenes": given.count}
        numbers |= {f"held_out_{name}": round(held_out.share(name), 4) for name in ("object", "color", "facing")}
        given.json.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    commands.run(main)
