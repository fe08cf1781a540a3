"""What stands behind the objects, and the styles that a finished picture is turned into."""
import random

import torch
import torch.nn.functional as F

from recipe.captions import Scene
from recipe.glyphs import solid
from recipe.settings import Place, WorldSettings

SEA = (30, 120, 190)
LEAVES = (50, 130, 50)


def background(scene: Scene, world: WorldSettings, rng: random.Random) -> torch.Tensor:
    """The picture before any object, `[3, size, size]` in 0-1."""
    size = world.picture_size
    if scene.place is not None:
        return _place(world.places[scene.place], world, rng)
    if scene.background is not None:
        slope = torch.linspace(-1, 1, size).view(1, size, 1) * rng.choice([-1, 1])
        return (solid(world.colors[scene.background]) * (1 - 0.08 * slope)).expand(3, size, size).clamp(0, 1).clone()
    # A white object would not be seen on a light ground.
    white = any(thing.color == "white" for thing in scene.things)
    return torch.full((3, size, size), rng.uniform(0.5, 0.75) if white else rng.uniform(0.82, 0.98))


def _place(place: Place, world: WorldSettings, rng: random.Random) -> torch.Tensor:
    size = world.picture_size
    unit = size / 128  # the details below are in pixels of 128
    horizon = int(size * rng.uniform(*world.layout.horizon))
    noise = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(rng.getrandbits(48)))
    grain = F.interpolate(noise, size=(size, size), mode="bilinear")[0]
    picture = solid(place.sky).expand(3, size, size).clone()
    picture[:, horizon:] = solid(place.ground) * (1 - place.grain * grain[:, horizon:])
    if place.detail == "sea":
        picture[:, horizon - round(14 * unit) : horizon] = solid(SEA)
    elif place.detail == "trees":
        for _ in range(3):
            middle, width = rng.randrange(size), round(rng.randrange(10, 22) * unit)
            picture[:, horizon - width : horizon, max(0, middle - width) : middle + width] = solid(LEAVES)
    else:
        stars, dot = place.detail == "stars", max(1, round(2 * unit))
        for _ in range(40):
            y, x = rng.randrange(horizon if stars else size), rng.randrange(size)
            picture[:, y : y + dot, x : x + dot] = 1.0 if stars else 0.99
    return picture


def pencil(picture: torch.Tensor, mask: torch.Tensor, color: tuple[int, int, int] | None) -> torch.Tensor:
    """Dark lines where the picture `[3, size, size]` differs from its surroundings; the object, of the coverage `mask`
    `[size, size]`, is washed with its colour."""
    gray = picture.mean(0, keepdim=True)
    surroundings = F.avg_pool2d(F.pad(gray[None], (3, 3, 3, 3), mode="replicate"), 7, 1)[0]
    lines = (1 - (surroundings - gray).abs() * 5).clamp(0, 1).expand(3, -1, -1).clone()
    return lines if color is None else lines * (1 - mask * 0.45 * (1 - solid(color)))


def pixels(picture: torch.Tensor) -> torch.Tensor:
    """Squares of 8 pixels at 128 take their mean."""
    size = picture.shape[-1]
    return F.interpolate(F.avg_pool2d(picture[None], size // 16), size=(size, size), mode="nearest")[0]
