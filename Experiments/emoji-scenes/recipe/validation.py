"""Holds what the scene reader says of drawn scenes against their truth, and tells how often it is right."""
import collections
import dataclasses
import random
import typing

import torch

from recipe import captions, measures, truths
from recipe.captions import Scene, Thing
from recipe.settings import Settings
from recipe.strangers import KINDS, Strangers
from recipe.world import Drawing, Truth, World

OVERLAP = 0.1  # of boxes, from which on an object is the one that was drawn
CONFUSIONS = 12  # shown
Box = typing.Sequence[int]
Object = dict[str, typing.Any]  # one that `attnlab measure --json` lists
QUESTIONS = ("object", "color", "facing", "background", "style")
COUNT = "count of objects"
ERRORS = {"mask": ("mask IoU", 3), "center": ("center off by, picture widths", 4),
          "size": ("side of the box off by, log2", 3)}  # title in the table, and digits


@dataclasses.dataclass
class Tally:
    """Right and wrong answers and errors, by what was asked.

    - by_object, by_color: the same of names and colours, by the one that is right.
    - confused: how often an object was taken for another.
    """

    right: dict[str, list[bool]] = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    values: dict[str, list[float]] = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    by_object: dict[str, list[bool]] = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    by_color: dict[str, list[bool]] = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    confused: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    @classmethod
    def sum(cls, tallies: typing.Iterable["Tally"]) -> "Tally":
        total = cls()
        for tally in tallies:
            for field in ("right", "values", "by_object", "by_color"):
                for name, values in getattr(tally, field).items():
                    getattr(total, field)[name] += values
            total.confused += tally.confused
        return total

    def share(self, name: str) -> float:
        return sum(self.right[name]) / len(self.right[name])

    def mean(self, name: str) -> float:
        return measures.summarize(self.values[name]).mean


def drawings(settings: Settings, numbers: typing.Iterable[int]) -> list[Drawing]:
    """Scenes as in training, of a stream that no stage is trained on."""
    world = World(settings, measures.STREAM)
    return [world.draw(number) for number in numbers]


def held_out_drawings(settings: Settings, numbers: typing.Iterable[int]) -> list[Drawing]:
    """Scenes with a pair that is never drawn in training."""
    world, made = World(settings, measures.STREAM), []
    for number in numbers:
        rng = random.Random(f"{settings.seed}/held-out/{number}")
        made.append(world.show(held_out_scene(settings, rng), rng))
    return made


def held_out_scene(settings: Settings, rng: random.Random) -> Scene:
    """A scene as in training, but for its first thing: a pair that is never drawn, in a colour that can be seen."""
    world = settings.world
    while True:
        scene = captions.draw_scene(world, rng)
        color = rng.choice([color for color, names in world.held_out.items() if names])
        thing = Thing(rng.choice(world.held_out[color]), color)
        if scene.background != color and truths.style(scene, settings) in truths.PAINTED:
            return dataclasses.replace(scene, things=(thing, *scene.things[1:]))


def stranger_drawings(settings: Settings, numbers: typing.Iterable[int]) -> list[Drawing]:
    """Scenes whose first thing is no object of the world, of glyphs that no stage is trained on."""
    world, made = World(settings, measures.STREAM), []
    others = Strangers(settings, settings.judge.unseen_strangers)
    for number in numbers:
        rng = random.Random(f"{settings.seed}/strangers/{number}")
        scene = captions.draw_scene(settings.world, rng)
        thing = dataclasses.replace(scene.things[0], name=truths.OTHER)
        glyph = others.make(KINDS[number % len(KINDS)], rng)
        made.append(world.show(dataclasses.replace(scene, things=(thing, *scene.things[1:])), rng, {0: glyph}))
    return made


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of boxes (left, top, right, bottom)."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    inside = max(0, width) * max(0, height)
    return inside / max(1, _area(a) + _area(b) - inside)


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def find(objects: typing.Sequence[Truth], seen: typing.Sequence[Object]) -> list[int | None]:
    """Of each object, in their order, which of those that were seen overlaps it most, if by `OVERLAP`.

    None is taken twice.
    """
    free, found = list(range(len(seen))), []
    for truth in objects:
        best = max(free, key=lambda i: overlap(seen[i]["box"], truth.box), default=None)
        if best is None or overlap(seen[best]["box"], truth.box) < OVERLAP:
            found.append(None)
            continue
        free.remove(best)
        found.append(best)
    return found


def compare(
    drawing: Drawing, seen: dict[str, typing.Any], mask: torch.Tensor, settings: Settings, tally: Tally
) -> None:
    """Adds a scene to the tally. An object that was not found is wrong in everything that is asked of it.

    - seen: what `attnlab measure --json` says of the picture.
    - mask: `[size, size]`, the numbers of the objects that were seen, from 1.
    """
    scene = drawing.scene
    tally.right["background"].append(seen["background"]["name"] == truths.background(scene))
    tally.right["style"].append(seen["style"]["name"] == truths.style(scene, settings))
    tally.right[COUNT].append(len(seen["objects"]) == len(drawing.objects))
    for truth, number in zip(drawing.objects, find(drawing.objects, seen["objects"])):
        found = seen["objects"][number] if number is not None else None
        _compare_words(truth, found, truths.asks_color(scene, settings, truth), tally)
        covered = truth.mask > 0.5
        own = mask == number + 1 if number is not None else torch.zeros_like(covered)
        tally.values["mask"].append(((own & covered).sum() / (own | covered).sum().clamp(min=1)).item())
        if found is not None:
            _compare_places(truth, found, tally)


def _compare_words(truth: Truth, found: Object | None, shows_color: bool, tally: Tally) -> None:
    is_named = found is not None and found["name"] == truth.name
    tally.right["object"].append(is_named)
    tally.by_object[truth.name].append(is_named)
    if found is not None and not is_named:
        tally.confused[truth.name, found["name"]] += 1
    if shows_color:
        is_colored = found is not None and found["color"] == truth.color
        tally.right["color"].append(is_colored)
        tally.by_color[truth.color or "its own"].append(is_colored)
    if truth.name != truths.OTHER:
        tally.right["facing"].append(found is not None and found["facing"] == truth.faces)


def _compare_places(truth: Truth, found: Object, tally: Tally) -> None:
    rows, columns = (truth.mask > 0.5).nonzero(as_tuple=True)
    x, y = (((places.float().mean() + 0.5) / len(truth.mask)).item() for places in (columns, rows))
    tally.values["center"].append(((found["center"][0] - x) ** 2 + (found["center"][1] - y) ** 2) ** 0.5)
    sides = torch.tensor([_area(box) ** 0.5 for box in (found["box"], truth.box)])
    tally.values["size"].append(abs(sides.log2().diff().item()))


def interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's, 95 %, of a share."""
    z, share = 1.96, right / count
    middle, reach = share + z * z / (2 * count), z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    return (middle - reach) / (1 + z * z / count), (middle + reach) / (1 + z * z / count)


def report(tallies: dict[str, Tally], count: int) -> str:
    """Markdown: a table with a column for each tally, the objects of each, and of the first what else is hard.

    - count: scenes of each.
    """
    rows = []
    for name in (*QUESTIONS, COUNT):
        rows.append([f"{name} right", *(share(tally.right[name]) for tally in tallies.values())])
    for name, (title, digits) in ERRORS.items():
        rows.append([title, *(_mean(tally.values[name], digits) for tally in tallies.values())])
    first = next(iter(tallies.values()))
    confused = ", ".join(f"{a} taken for {b} ({n})" for (a, b), n in first.confused.most_common(CONFUSIONS))
    return "\n\n".join([
        f"Of {count} scenes of each kind, through the VAE; shares with 95 % intervals (Wilson), means with standard "
        "errors:",
        table(["", *tallies], rows), f"Objects: {_worst_first(first.by_object)}.",
        *(f"Objects, {name}: {_worst_first(tally.by_object)}." for name, tally in list(tallies.items())[1:]),
        f"Colors: {_worst_first(first.by_color)}.", f"Most often confused: {confused or 'nothing'}."]) + "\n"


def table(header: typing.Sequence[str], rows: typing.Iterable[typing.Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def share(answers: typing.Sequence[bool]) -> str:
    if not answers:
        return "not asked"
    low, high = interval(sum(answers), len(answers))
    share = sum(answers) / len(answers)
    return f"{100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f}; n {len(answers)})"


def _mean(values: typing.Sequence[float], digits: int) -> str:
    if not values:
        return "nothing found"
    summary = measures.summarize(values)
    return f"{summary.mean:.{digits}f} +- {summary.error:.1g} (n {summary.n})"


def _worst_first(groups: dict[str, list[bool]]) -> str:
    shares = sorted((sum(values) / len(values), name, len(values)) for name, values in groups.items())
    return ", ".join(f"{name} {100 * share:.0f} % (n {n})" for share, name, n in shares)


def summary(usual: Tally, held_out: Tally | None, others: Tally | None, count: int) -> dict[str, float]:
    """What attnlab prints beside its metrics: validation.json of a scene reader's folder. Of what nothing was found or
    asked there is no number."""
    numbers = {name: round(usual.share(name), 4) for name in QUESTIONS if usual.right[name]}
    numbers |= {name: round(usual.mean(name), 5) for name in ERRORS if usual.values[name]}
    numbers |= {"scenes": count}
    if held_out is not None:
        names = ("object", "color", "facing")
        numbers |= {f"held_out_{name}": round(held_out.share(name), 4) for name in names if held_out.right[name]}
    if others is not None and (named := others.by_object[truths.OTHER]):
        numbers |= {"something_else": round(sum(named) / len(named), 4)}
    return numbers
