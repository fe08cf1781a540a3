"""What changes in a scene reader's answers where the same scenes pass through another VAE, scene by scene."""
import typing

from recipe import measures, validation
from recipe.validation import QUESTIONS, Tally

Z = 1.96  # standard errors to each side of a 95 % interval


class Change(typing.NamedTuple):
    """The mean of something under one VAE less its mean under another one, of the same things.

    - n: things, or pictures, of which it was asked. better, worse: how many of them the change makes larger, and smaller.
    - error: its standard error. Things of one scene are not independent: it follows from the sums of scenes.
    """

    n: int
    mean: float
    error: float
    better: int
    worse: int


def change(after: typing.Sequence[Tally], before: typing.Sequence[Tally], name: str) -> Change | None:
    """Of an answer or of `mask`, from a tally for each scene, the same scenes in the same order. None: it was not asked.

    The variance is that of a ratio of sums over scenes (Cochran 1977, eq. 6.13): the squares of what each scene's sum of
    differences lies off from its number of things times the mean.
    """
    scenes = [[float(b) - float(a) for a, b in zip(_values(old, name), _values(new, name), strict=True)]
              for old, new in zip(before, after, strict=True)]
    differences = [value for scene in scenes for value in scene]
    if not differences:
        return None
    n, count = len(differences), len(scenes)
    mean = sum(differences) / n
    squares = sum((sum(scene) - mean * len(scene)) ** 2 for scene in scenes)
    error = (squares * count / max(1, count - 1)) ** 0.5 / n
    return Change(n, mean, error, sum(value > 0 for value in differences), sum(value < 0 for value in differences))


def _values(tally: Tally, name: str) -> typing.Sequence[float]:
    return tally.values[name] if name == "mask" else tally.right[name]


def report(after: dict[str, list[Tally]], before: dict[str, list[Tally]], names: tuple[str, str]) -> str:
    """Markdown: a table for each kind of scenes.

    - names: of the VAEs, that of `after` first.
    """
    parts = []
    for kind, scenes in after.items():
        new, old = Tally.sum(scenes), Tally.sum(before[kind])
        rows = []
        for name in QUESTIONS:
            if (found := change(scenes, before[kind], name)) is not None:
                rows.append([f"{name} right", validation.share(new.right[name]), validation.share(old.right[name]),
                             _points(found)])
        if (found := change(scenes, before[kind], "mask")) is not None:
            reach = Z * found.error
            rows.append(["mask IoU", *(f"{measures.summarize(tally.values['mask']).mean:.3f}" for tally in (new, old)),
                         f"{found.mean:+.4f} ({found.mean - reach:+.4f} to {found.mean + reach:+.4f})"])
        parts.append(f"Of {len(scenes)} {kind}:\n\n" + validation.table(["", *names, "difference in points"], rows))
    return "\n\n".join(parts) + "\n"


def _points(found: Change) -> str:
    if not found.better and not found.worse:
        return f"none of {found.n} differs"
    mean, reach = 100 * found.mean, 100 * Z * found.error
    return (f"{mean:+.1f} ({mean - reach:+.1f} to {mean + reach:+.1f}); {found.better} of {found.n} better, "
            f"{found.worse} worse")
