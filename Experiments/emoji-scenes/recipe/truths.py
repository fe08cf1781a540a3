"""What drawn scenes show, as the numbers that the scene reader is to answer."""
import typing

import torch

from recipe.captions import Scene
from recipe.settings import Settings
from recipe.world import Drawing, Truth

FACINGS = ("left", "right", "front")
MIRRORED = torch.tensor([1, 0, 2])  # numbers of FACINGS, left and right exchanged
NOTHING = "none"
OTHER = "something else"  # the name of whatever is no object of the world
PLAIN = "plain"
PAINTED = (PLAIN, "pixels")  # styles that show every colour
LEAST_COVERAGE = 0.125  # of a patch, for it to belong to an object
IGNORED = -100  # cross_entropy's mark of a place that has no truth
TINTED = -101  # a colour without a name: which, is not asked, but it is not the glyph's own


class Vocabulary(typing.NamedTuple):
    """What each number of an answer means. Of objects and colours 0 is none."""

    objects: tuple[str, ...]
    colors: tuple[str, ...]
    facings: tuple[str, ...]
    backgrounds: tuple[str, ...]
    styles: tuple[str, ...]

    @property
    def patch_sizes(self) -> tuple[int, int, int]:
        return len(self.objects), len(self.colors), len(self.facings)

    @property
    def picture_sizes(self) -> tuple[int, int]:
        return len(self.backgrounds), len(self.styles)


def vocabulary(settings: Settings) -> Vocabulary:
    world = settings.world
    others = (OTHER,) if settings.judge.others > 0 else ()
    return Vocabulary(
        (NOTHING, *world.objects, *others), (NOTHING, *world.colors), FACINGS, (PLAIN, *world.colors, *world.places),
        (PLAIN, *world.styles.values()))


class Truths(typing.NamedTuple):
    """The answers that are right, as numbers of words (`IGNORED`: none is asked; `TINTED`), and coverage in 0-1."""

    objects: torch.Tensor
    colors: torch.Tensor
    facings: torch.Tensor
    coverage: torch.Tensor
    backgrounds: torch.Tensor
    styles: torch.Tensor

    def of(self, kept: torch.Tensor) -> "Truths":
        """Of some patches alone, by their numbers."""
        names = ("objects", "colors", "facings", "coverage")
        return self._replace(**{name: getattr(self, name)[:, kept] for name in names})


class Scenes(typing.NamedTuple):
    """Pictures through the autoencoder and what they show.

    - pictures: `[scenes, 3, size, size]`, coverage: `[scenes, 2, size, size]` of the first and second object, bytes.
    - objects, colors, facings: `[scenes, 2]`; backgrounds, styles: `[scenes]`; numbers of words, or `IGNORED`; of colours
      also `TINTED`.
    """

    pictures: torch.Tensor
    coverage: torch.Tensor
    objects: torch.Tensor
    colors: torch.Tensor
    facings: torch.Tensor
    backgrounds: torch.Tensor
    styles: torch.Tensor

    def of(self, numbers: typing.Sequence[int]) -> "Scenes":
        """Some of the scenes alone."""
        return Scenes(*(getattr(self, name)[numbers] for name in self._fields))

    def mirrored(self, chosen: torch.Tensor) -> "Scenes":
        """Left and right exchanged where `chosen`, `[scenes]`, is true."""
        place = chosen.view(-1, 1, 1, 1)
        facings = torch.where(self.facings == IGNORED, self.facings, MIRRORED[self.facings.clamp(min=0)])
        return self._replace(
            pictures=torch.where(place, self.pictures.flip(-1), self.pictures),
            coverage=torch.where(place, self.coverage.flip(-1), self.coverage),
            facings=torch.where(chosen.view(-1, 1), facings, self.facings))

    def truths(self, patch: int) -> Truths:
        """Of each patch and picture. A patch is of the object that covers most of it, and of none below
        `LEAST_COVERAGE`; of what is not there neither colour nor facing is asked."""
        shares = torch.stack([patches(self.coverage[:, i].float() / 255, patch) for i in range(2)])
        amounts, owner = shares.mean(-1).max(0)
        owned = amounts >= LEAST_COVERAGE

        def of_owner(numbers: torch.Tensor, elsewhere: int) -> torch.Tensor:
            return torch.where(owned, numbers.gather(1, owner), elsewhere)

        return Truths(
            of_owner(self.objects, 0), of_owner(self.colors, IGNORED), of_owner(self.facings, IGNORED),
            shares.sum(0).clamp(max=1), self.backgrounds, self.styles)


def record(drawings: typing.Sequence[Drawing], pictures: torch.Tensor, settings: Settings) -> Scenes:
    """What the drawings show, with `pictures` in 0-1 of how they came through the autoencoder."""
    words, size = vocabulary(settings), settings.world.picture_size
    coverage = torch.zeros(len(drawings), 2, size, size, dtype=torch.uint8)
    numbers = torch.full((3, len(drawings), 2), IGNORED)
    whole = torch.zeros(2, len(drawings), dtype=torch.long)
    for i, drawing in enumerate(drawings):
        scene = drawing.scene
        for k, truth in enumerate(drawing.objects):
            coverage[i, k] = (truth.mask * 255).round().to(torch.uint8)
            numbers[0, i, k] = words.objects.index(truth.name)
            if asks_color(scene, settings, truth):
                numbers[1, i, k] = words.colors.index(truth.color or NOTHING)
            if scene.things[k].tint is not None:
                numbers[1, i, k] = IGNORED if style(scene, settings) == "pencil" else TINTED
            if truth.name != OTHER:
                numbers[2, i, k] = words.facings.index(truth.faces)
        whole[0, i] = words.backgrounds.index(background(scene))
        whole[1, i] = words.styles.index(style(scene, settings))
    return Scenes((pictures * 255).round().to(torch.uint8), coverage, *numbers, *whole)


def background(scene: Scene) -> str:
    """A word of `Vocabulary.backgrounds`."""
    return scene.background or scene.place or PLAIN


def style(scene: Scene, settings: Settings) -> str:
    """A word of `Vocabulary.styles`."""
    return settings.world.styles[scene.style] if scene.style is not None else PLAIN


def hides_color(scene: Scene, settings: Settings, color: str | None) -> bool:
    """Whether no eye could tell: a pencil sketch is not washed with white or black."""
    return style(scene, settings) == "pencil" and color in ("white", "black")


def asks_color(scene: Scene, settings: Settings, truth: Truth) -> bool:
    """Whether its colour can be told. Of what is no object of the world nobody knows its own colours."""
    is_known = truth.name != OTHER or truth.color is not None
    return is_known and not hides_color(scene, settings, truth.color)


def patches(maps: torch.Tensor, side: int) -> torch.Tensor:
    """`[batch, size, size]` cut into squares: `[batch, patches, side * side]`."""
    count = maps.shape[-1] // side
    cut = maps.unflatten(2, (count, side)).unflatten(1, (count, side))
    return cut.transpose(2, 3).flatten(1, 2).flatten(2)
