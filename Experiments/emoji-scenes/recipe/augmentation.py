"""What is done to pictures before the scene reader sees them, so that it learns more than the drawn ones show."""
import math

import torch
import torch.nn.functional as F

from recipe import captions, glyphs, truths
from recipe.settings import JudgeSettings, Settings, WorldSettings
from recipe.training import Randomness
from recipe.truths import IGNORED, TINTED, Scenes

MOVED = 45  # of sRGB, 0-255: a mean colour so far from the glyph's own is another one
CONTRAST = 0.4  # of recolored pictures: what is taken from it or added to it at most
BRIGHTNESS = 0.25  # the same, of pixels in 0-1
BLUR_REACH = 3  # pixels, of the kernel to each side


def means_to_avoid(settings: Settings) -> torch.Tensor:
    """The mean colour in 0-1 of each object as it is and in the colours that it is never drawn in, `[objects, colors,
    3]` by the numbers of their words; of all else infinity."""
    words = truths.vocabulary(settings)
    means = torch.full((len(words.objects), len(words.colors), 3), math.inf)
    for name, glyph in glyphs.load(settings.world).items():
        own = words.objects.index(name)
        means[own, 0] = mean_color(glyph.rgb, glyph.alpha)
        for number, color in enumerate(words.colors):
            if settings.world.is_held_out(name, color):
                means[own, number] = mean_color(glyphs.tint_named(glyph, color, settings.world), glyph.alpha)
    return means


def mean_color(rgb: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Of `[3, height, width]`: `[3]`. weights: `[1, height, width]`."""
    return (rgb * weights).sum((1, 2)) / weights.sum()


def repainted(
    pictures: torch.Tensor, scenes: Scenes, settings: Settings, share: float, rng: Randomness
) -> tuple[torch.Tensor, Scenes]:
    """Some of the pictures `[batch, 3, size, size]` with their things in shades of other colours, with a name or
    without; never of one that is held out. Sketches, pixels and silhouettes stay as they are."""
    pictures, colors = pictures.clone(), scenes.colors.clone()
    words = truths.vocabulary(settings)
    for i in range(len(pictures)):
        if words.styles[scenes.styles[i]] != truths.PLAIN or rng.choices.random() >= share:
            continue
        behind = words.backgrounds[scenes.backgrounds[i]]
        for k in range(colors.shape[1]):
            if colors[i, k] == IGNORED:
                continue
            coverage = scenes.coverage[i, k : k + 1].float() / 255
            glyph = glyphs.Glyph(pictures[i], coverage, glyphs.shade_of(pictures[i], coverage))
            rgb, color = in_another_color(glyph, words.objects[scenes.objects[i, k]], behind, settings.world, rng)
            pictures[i] = torch.lerp(pictures[i], rgb, coverage)
            colors[i, k] = TINTED if color is None else words.colors.index(color)
    return pictures, scenes._replace(colors=colors)


def in_another_color(
    glyph: glyphs.Glyph, name: str, behind: str, world: WorldSettings, rng: Randomness
) -> tuple[torch.Tensor, str | None]:
    """The glyph in a colour, and that colour's name; None: it has none.

    - behind: the word of the background, whose colour it does not get.
    """
    named = [color for color in world.colors if color != behind and not world.is_held_out(name, color)]
    if not named or rng.choices.random() < 0.5:
        return glyphs.tint(glyph, captions.free_tint(world, name, rng.choices)), None
    color = rng.choices.choice(named)
    return glyphs.tint_named(glyph, color, world), color


def recolored(
    pictures: torch.Tensor, scenes: Scenes, avoided: torch.Tensor, settings: Settings, share: float, rng: Randomness
) -> tuple[torch.Tensor, Scenes]:
    """Some of the pictures `[batch, 3, size, size]` in other colours, lighter or darker, with more or less contrast.

    They teach shapes, whatever the colour, and are asked for no background; of a thing's colour only that it is not the
    glyph's own, where it is like neither that nor one that is held out.

    - avoided: as of `means_to_avoid`.
    """
    pictures, colors, backgrounds = pictures.clone(), scenes.colors.clone(), scenes.backgrounds.clone()
    words = truths.vocabulary(settings)
    for i in range(len(pictures)):
        if rng.choices.random() >= share:
            continue
        pictures[i] = stretched(in_other_colors(pictures[i], rng), rng)
        backgrounds[i] = IGNORED
        shown = words.styles[scenes.styles[i]] in truths.PAINTED
        for k in range(colors.shape[1]):
            apart = shown and colors[i, k] != IGNORED and is_apart(
                pictures[i], scenes.coverage[i, k : k + 1], avoided[scenes.objects[i, k]])
            colors[i, k] = TINTED if apart else IGNORED
    return pictures, scenes._replace(colors=colors, backgrounds=backgrounds)


def is_apart(picture: torch.Tensor, coverage: torch.Tensor, avoided: torch.Tensor) -> bool:
    """Whether what is covered has a mean colour at `MOVED` or more from the glyph's own and `captions.APART` from those
    that are held out.

    - coverage: `[1, size, size]`; avoided: `[colors, 3]`, the first the glyph's own.
    """
    distances = 255 * (avoided - mean_color(picture, coverage.float())).norm(dim=-1)
    return bool(distances[0] >= MOVED and (distances[1:] >= captions.APART).all())


def in_other_colors(picture: torch.Tensor, rng: Randomness) -> torch.Tensor:
    """`[3, size, size]` with its channels exchanged, as a negative, or in greys; in part or whole."""
    kind, share = rng.choices.choice(("exchanged", "negative", "grey")), rng.choices.uniform(0.3, 1)
    if kind == "grey":
        return torch.lerp(picture, glyphs.luminance(picture).expand_as(picture), share)
    exchanged = torch.lerp(picture, picture[rng.choices.sample(range(3), 3)], share)
    return 1 - exchanged if kind == "negative" else exchanged


def stretched(picture: torch.Tensor, rng: Randomness) -> torch.Tensor:
    """Pixels in 0-1 nearer to the middle or farther from it, up to `CONTRAST`, and moved by up to `BRIGHTNESS`."""
    factor = 1 + CONTRAST * rng.choices.uniform(-1, 1)
    return (0.5 + factor * (picture - 0.5) + BRIGHTNESS * rng.choices.uniform(-1, 1)).clamp(0, 1)


def degraded(pictures: torch.Tensor, own: JudgeSettings, rng: Randomness) -> torch.Tensor:
    """Half of `[batch, 3, size, size]` blurred, all with noise and shifted in colour a little."""
    count = (len(pictures), 1, 1, 1)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=rng.noise)

    soft = blurred(pictures, own.blur * draw(*count))
    soft = torch.where(draw(*count) < 0.5, soft, pictures)
    gain, offset = (1 + own.color_shift * (2 * draw(len(pictures), 3, 1, 1) - 1) for _ in range(2))
    noise = torch.randn(pictures.shape, generator=rng.noise) * own.noise * draw(*count)
    return (soft * gain + (offset - 1) + noise).clamp(0, 1)


def blurred(pictures: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """By a Gaussian of its own for each of `[batch, 3, height, width]`; sigma: `[batch, 1, 1, 1]`, in pixels."""
    offsets = torch.arange(-BLUR_REACH, BLUR_REACH + 1).view(1, 1, -1)
    kernel = torch.exp(-offsets.square() / (2 * sigma.view(-1, 1, 1).square() + 1e-4))
    kernel = (kernel / kernel.sum(-1, keepdim=True)).repeat_interleave(3, 0)
    reach = (BLUR_REACH, BLUR_REACH)
    flat = pictures.flatten(0, 1)[None]
    rows = F.conv2d(F.pad(flat, (*reach, 0, 0), mode="replicate"), kernel.unsqueeze(2), groups=len(kernel))
    both = F.conv2d(F.pad(rows, (0, 0, *reach), mode="replicate"), kernel.unsqueeze(3), groups=len(kernel))
    return both[0].unflatten(0, (-1, 3))
