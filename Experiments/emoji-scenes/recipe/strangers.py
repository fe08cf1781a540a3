"""Things that are no object of the world: other glyphs of the font, blends of two objects, and blots.

The scene reader learns to call them something else, so that what a model draws wrong need not be one of the objects.
"""
import dataclasses
import math
import random
import typing

import torch
import torch.nn.functional as F

from recipe import glyphs, truths
from recipe.captions import Scene
from recipe.glyphs import Glyph
from recipe.settings import Settings

KINDS = ("glyph", "blend", "blot")
SEAM = 0.12  # of a blend, in widths of the glyph: how softly one object becomes the other
LEAST_OF_EACH = 0.3  # of a blend's coverage, that each of the two objects has at least
BLOT_CELLS = (3, 6)  # of the noise that a blot is cut from: few make one lump, many make arms
BLOT_SHARE = (0.25, 0.6)  # of its square, that a blot covers


class Strangers:
    """Makes them. Each follows from the random numbers that it is given alone."""

    def __init__(self, settings: Settings, characters: typing.Sequence[str]):
        """- characters: of the font, that are no object of the world."""
        self._size = settings.world.picture_size
        self._known = list(glyphs.load(settings.world).values())
        self._glyphs = list(glyphs.drawn(settings.world, {character: character for character in characters}).values())

    def introduced(self, scene: Scene, share: float, rng: random.Random) -> tuple[Scene, dict[int, Glyph]]:
        """A scene in which each thing is one by chance, and the glyphs of those by their places in it."""
        made = {place: self.make(rng.choice(KINDS), rng) for place in range(len(scene.things)) if rng.random() < share}
        things = tuple(dataclasses.replace(thing, name=truths.OTHER) if place in made else thing
                       for place, thing in enumerate(scene.things))
        return dataclasses.replace(scene, things=things), made

    def make(self, kind: str, rng: random.Random) -> Glyph:
        """One of `KINDS`."""
        if kind == "glyph":
            return rng.choice(self._glyphs)
        return self._blend(rng) if kind == "blend" else self._blot(rng)

    def _blend(self, rng: random.Random) -> Glyph:
        """Two objects, cut by one line and joined there."""
        while True:
            first, second = rng.sample(self._known, 2)
            angle, offset = rng.uniform(0, 2 * math.pi), rng.uniform(-0.1, 0.1)
            axis = torch.linspace(-0.5, 0.5, self._size)
            along = math.cos(angle) * axis.view(1, 1, -1) + math.sin(angle) * axis.view(1, -1, 1)
            share = ((along - offset) / SEAM + 0.5).clamp(0, 1)
            parts = (first.alpha * (1 - share), second.alpha * share)
            alpha = parts[0] + parts[1]
            if min(part.sum() for part in parts) >= LEAST_OF_EACH * alpha.sum():
                rgb = (first.rgb * parts[0] + second.rgb * parts[1]) / alpha.clamp(min=1e-3)
                return Glyph(rgb, alpha, glyphs.shade_of(rgb, alpha))

    def _blot(self, rng: random.Random) -> Glyph:
        """A lump of smooth noise in one or two colours."""
        generator = torch.Generator().manual_seed(rng.getrandbits(48))
        cells, share = rng.randint(*BLOT_CELLS), rng.uniform(*BLOT_SHARE)

        def noise(channels: int, cells: int) -> torch.Tensor:
            field = torch.rand(1, channels, cells, cells, generator=generator)
            return F.interpolate(field, size=(self._size, self._size), mode="bicubic")[0].clamp(0, 1)

        axis = torch.linspace(-1, 1, self._size)
        height = noise(1, cells) - 0.6 * (axis.view(1, 1, -1) ** 2 + axis.view(1, -1, 1) ** 2)
        level = height.flatten().quantile(1 - share)
        alpha = ((height - level) / 0.04 + 0.5).clamp(0, 1)
        colors = [torch.tensor([rng.random() for _ in range(3)]).view(3, 1, 1) for _ in range(2)]
        rgb = torch.lerp(colors[0], colors[1], noise(1, cells)) * (0.6 + 0.4 * noise(1, 2 * cells))
        return Glyph(rgb, alpha, glyphs.shade_of(rgb, alpha))
