"""Draws scenes and knows the truth of each: where every object stands, which way it faces, its colour and name."""
import collections
import contextlib
import dataclasses
import itertools
import multiprocessing.context
import random
import signal
import typing

import torch

from recipe import backgrounds, captions, glyphs
from recipe.captions import Scene, Thing
from recipe.settings import Settings

SILHOUETTE = 0.05
STOPPING = (signal.SIGINT, signal.SIGTERM)  # by which a training is stopped


@dataclasses.dataclass(frozen=True)
class Placement:
    """side: of the glyph's square, in picture widths. x, y: its centre, from -1 (left, top) to 1. mirrored: left and
    right of the glyph are exchanged."""

    side: float
    x: float
    y: float
    mirrored: bool


@dataclasses.dataclass(frozen=True)
class Truth:
    """One drawn object.

    - mask: coverage by the glyph, `[size, size]` in 0-1. Styles change the picture after it.
    - box: (left, top, right, bottom) in pixels, right and bottom excluded, around what is covered by more than half.
    - faces: left, right, or front for a glyph without such a side.
    """

    name: str
    color: str | None
    faces: str
    box: tuple[int, int, int, int]
    mask: torch.Tensor


@dataclasses.dataclass(frozen=True)
class Drawing:
    """picture: `[3, size, size]` in 0-1, RGB. objects: in the order of the caption."""

    scene: Scene
    caption: str
    picture: torch.Tensor
    objects: tuple[Truth, ...]


class World:
    """Scenes without end, each with a number.

    Scene `i` of a stream depends on the settings' seed, the stream's name and `i` alone: it is the same in every
    process and whichever was drawn before. Training and measuring use different streams.
    """

    def __init__(self, settings: Settings, stream: str):
        self.settings = settings.world
        self._key = f"{settings.seed}/{stream}"
        self._glyphs: dict[str, glyphs.Glyph] = {}

    def describe(self, number: int) -> Scene:
        return captions.draw_scene(self.settings, random.Random(f"{self._key}/{number}/scene"))

    def draw(self, number: int) -> Drawing:
        rng = random.Random(f"{self._key}/{number}/picture")
        return self.show(self.describe(number), rng)

    def show(self, scene: Scene, rng: random.Random, others: typing.Mapping[int, glyphs.Glyph] = {}) -> Drawing:
        """The scene with its things wherever they may stand. others: as of `paint`."""
        return self.paint(scene, self.arrange(scene, rng), rng, others)

    def arrange(self, scene: Scene, rng: random.Random) -> tuple[Placement, ...]:
        """One thing anywhere, but whole; of two each has a side, in either order."""
        layout, mirrored = self.settings.layout, self.settings.odds.mirrored
        if len(scene.things) == 1:
            side = rng.uniform(*layout.one)
            x, y = (rng.uniform(-1, 1) * (1 - side) for _ in range(2))
            return (Placement(side, x, y, rng.random() < mirrored),)
        first = rng.choice([-0.5, 0.5])
        placements = []
        for middle in (first, -first):
            side = rng.uniform(*layout.two)
            x, y = middle + rng.uniform(-1, 1) * (0.5 - side), rng.uniform(-0.7, 0.7) * (1 - side)
            placements.append(Placement(side, x, y, rng.random() < mirrored))
        return tuple(placements)

    def paint(self, scene: Scene, placements: typing.Sequence[Placement], rng: random.Random,
              others: typing.Mapping[int, glyphs.Glyph] = {}) -> Drawing:
        """The scene with its things at the given places; background and caption come from `rng`.

        - others: the glyphs of things that are no object of the world, by their places in the scene.
        """
        self._glyphs = self._glyphs or glyphs.load(self.settings)
        style = self.settings.styles[scene.style] if scene.style is not None else None
        picture = backgrounds.background(scene, self.settings, rng)
        objects = []
        for number, (thing, place) in enumerate(zip(scene.things, placements, strict=True)):
            glyph = others[number] if number in others else self._glyphs[thing.name]
            picture, mask = glyphs.paste(
                picture, self._colored(thing, glyph, style), glyph.alpha, place.side, place.x, place.y, place.mirrored)
            faces = "front" if number in others else self._faces(thing, place)
            objects.append(Truth(thing.name, thing.color, faces, bounding_box(mask), mask))
        if style == "pencil":
            color = scene.things[0].color
            wash = self.settings.colors[color] if color not in (None, "white", "black") else None
            picture = backgrounds.pencil(picture, objects[0].mask, wash)
        elif style == "pixels":
            picture = backgrounds.pixels(picture)
        return Drawing(scene, captions.caption(scene, self.settings, rng), picture.clamp(0, 1), tuple(objects))

    def _colored(self, thing: Thing, glyph: glyphs.Glyph, style: str | None) -> torch.Tensor:
        if style == "silhouette":
            return torch.full_like(glyph.rgb, SILHOUETTE)
        if thing.tint is not None:
            return glyphs.tint(glyph, thing.tint)
        return glyphs.tint_named(glyph, thing.color, self.settings)

    def _faces(self, thing: Thing, place: Placement) -> str:
        faces = self.settings.objects[thing.name].faces
        if not place.mirrored or faces == "front":
            return faces
        return {"left": "right", "right": "left"}[faces]


def bounding_box(mask: torch.Tensor) -> tuple[int, int, int, int]:
    """Of the places above one half in `[height, width]`, as `Truth.box`; (0, 0, 0, 0) if there is none."""
    rows, columns = (mask > 0.5).nonzero(as_tuple=True)
    if not len(rows):
        return (0, 0, 0, 0)
    return (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)


class DrawnOnDemand:
    """Pictures with their scenes, each drawn when it is asked for."""

    def __init__(self, world: World, numbers: typing.Iterable[int]):
        self._drawings = map(world.draw, numbers)

    def __iter__(self) -> typing.Self:
        return self

    def __next__(self) -> tuple[torch.Tensor, Scene]:
        drawing = next(self._drawings)
        return drawing.picture, drawing.scene

    def at_hand(self) -> bool:
        """Whether nothing is gained by waiting with the next one."""
        return True


class DrawnAhead:
    """The same in the order of the numbers, drawn by other processes, `chunk` scenes at a time.

    - waiting: chunks that are asked for and not yet taken, at most, so that memory is bounded.
    """

    def __init__(self, processes: typing.Any, numbers: typing.Iterable[int], waiting: int, chunk: int):
        self._processes, self._numbers, self._waiting, self._chunk = processes, iter(numbers), waiting, chunk
        self._asked: collections.deque = collections.deque()
        self._taken: typing.Iterator[tuple[torch.Tensor, Scene]] = iter(())
        self._left = 0
        self._ask()

    def _ask(self) -> None:
        while len(self._asked) < self._waiting and (some := list(itertools.islice(self._numbers, self._chunk))):
            self._asked.append(self._processes.apply_async(_draw, (some,)))

    def __iter__(self) -> typing.Self:
        return self

    def __next__(self) -> tuple[torch.Tensor, Scene]:
        if self._left == 0:
            if not self._asked:
                raise StopIteration
            pictures, scenes = self._asked.popleft().get()
            self._taken, self._left = zip(torch.from_numpy(pictures), scenes, strict=True), len(scenes)
            self._ask()
        self._left -= 1
        return next(self._taken)

    def at_hand(self) -> bool:
        """Whether the next one is drawn already."""
        return self._left > 0 or not self._asked or self._asked[0].ready()


class Drawer(multiprocessing.context.SpawnProcess):
    """A process that draws. It ignores the signals that a terminal or a scheduler sends to all processes of a training:
    one that ended by them would take the scenes it draws with it, and the training would wait for these without end."""

    def terminate(self) -> None:
        self.kill()


class Drawers(multiprocessing.context.SpawnContext):
    """Makes pools of `Drawer`s."""

    Process = Drawer


@contextlib.contextmanager
def ignored_signals() -> typing.Iterator[None]:
    """Ctrl-C and SIGTERM do nothing, neither here nor in processes that are begun meanwhile."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def drawn(world: World, numbers: typing.Iterable[int], drawers: int, chunk: int = 50
          ) -> typing.Iterator[DrawnOnDemand | DrawnAhead]:
    """Pictures with their scenes in the order of `numbers`, which may have no end.

    - drawers: processes that draw ahead; 0 draws when asked. The pictures are the same.
    """
    if drawers == 0:
        yield DrawnOnDemand(world, numbers)
        return
    with ignored_signals():
        processes = Drawers().Pool(drawers, _begin_to_draw, (world,))
    with processes:
        yield DrawnAhead(processes, numbers, 3 * drawers, chunk)


_drawing: World


def _begin_to_draw(world: World) -> None:
    global _drawing
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)  # one that takes the place of another one has inherited nothing
    torch.set_num_threads(1)
    _drawing = world


def _draw(numbers: list[int]) -> tuple[typing.Any, list[Scene]]:
    """As an array: tensors would travel by shared memory, whose files run out."""
    drawings = [_drawing.draw(number) for number in numbers]
    return torch.stack([drawing.picture for drawing in drawings]).numpy(), [drawing.scene for drawing in drawings]


class SceneWindow:
    """The pictures that batches are drawn from, as they move along a stream.

    At step `n` it holds the scenes `n * fresh` up to `n * fresh + size`: the step number alone says what is in it.

    - changed: what is done to the pictures of some scenes, `share` of them: `[3, size, size]` in 0-1 to the same.
    - drawers: processes that draw ahead.
    """

    def __init__(self, world: World, size: int, fresh: int,
                 changed: typing.Callable[[torch.Tensor], torch.Tensor] | None = None, share: float = 0.0,
                 drawers: int = 0):
        self._world, self._size, self._fresh, self._drawers = world, size, fresh, drawers
        self._changed, self._share = changed, share
        self._next, self._coming, self._processes = -1, iter(()), contextlib.ExitStack()
        self._kept: dict[int, tuple[torch.Tensor, Scene]] = {}

    def at(self, step: int) -> list[tuple[torch.Tensor, Scene]]:
        """Pictures `[3, size, size]` in 0-1 with their scenes."""
        numbers = range(step * self._fresh, step * self._fresh + self._size)
        kept = {}
        for number in numbers:
            if number not in self._kept:
                picture, scene = self._scene(number)
                self._kept[number] = (self._shown(number, picture), scene)
            kept[number] = self._kept[number]
        self._kept = kept
        return list(kept.values())

    def _scene(self, number: int) -> tuple[torch.Tensor, Scene]:
        """The next of the scenes that are drawn ahead; those are begun anew where another one is asked for."""
        if number != self._next:
            self._processes.close()
            self._next = number
            self._coming = self._processes.enter_context(drawn(self._world, itertools.count(number), self._drawers))
        self._next += 1
        return next(self._coming)

    def _shown(self, number: int, picture: torch.Tensor) -> torch.Tensor:
        if self._changed is None or random.Random(f"{number}/changed").random() >= self._share:
            return picture
        return self._changed(picture)
