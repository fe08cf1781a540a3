"""The glyphs of Noto Color Emoji as square pictures, and their tinting."""
import math
import typing

import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont

from recipe.errors import RecipeError
from recipe.settings import WorldSettings

BITMAP_SIZE = 109  # the one size in points that the font's bitmaps have
CANVAS = 160  # pixels; holds the largest glyph
LUMINANCE = (0.30, 0.59, 0.11)
HIGHLIGHT = 0.8  # how far the light parts of a tinted glyph go towards white
HIGHLIGHT_OF_BLACK = 0.35  # the same of black, which would be grey
MIDDLE = 0.55  # the shade that a glyph's median is brought to, and that becomes the colour itself


class FontError(RecipeError):
    """The font cannot be had; says where it was looked for and how to get it."""


class Glyph(typing.NamedTuple):
    """rgb: `[3, size, size]`; alpha: `[1, size, size]`; shade: `[1, size, size]`, from dark to light; each 0-1."""

    rgb: torch.Tensor
    alpha: torch.Tensor
    shade: torch.Tensor


def load(world: WorldSettings) -> dict[str, Glyph]:
    """Every object's glyph, as of `drawn`."""
    return drawn(world, {name: entry.glyph for name, entry in world.objects.items()})


def drawn(world: WorldSettings, characters: typing.Mapping[str, str]) -> dict[str, Glyph]:
    """Glyphs at the size of the picture, each centred in a square that it fills in its longer direction.

    - characters: of the font, by name.
    """
    file = world.font_file
    try:
        font = ImageFont.truetype(str(file), BITMAP_SIZE)
    except OSError as error:
        raise FontError(
            f"{file}: the font cannot be read ({error}). On Debian: apt-get install fonts-noto-color-emoji; "
            "elsewhere set ATTNLAB_EMOJI_FONT to the path of NotoColorEmoji.ttf") from None
    return {name: _glyph(font, name, character, world.picture_size) for name, character in characters.items()}


def _glyph(font: ImageFont.FreeTypeFont, name: str, character: str, size: int) -> Glyph:
    canvas = Image.new("RGBA", (CANVAS, CANVAS))
    ImageDraw.Draw(canvas).text((12, 12), character, font=font, embedded_color=True)
    box = canvas.getbbox()
    if box is None:
        raise FontError(f"{name}: the font has no picture for {character!r}")
    drawn = canvas.crop(box)
    side = max(drawn.size)
    square = Image.new("RGBA", (side, side))
    square.paste(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
    resized = square.resize((size, size), Image.Resampling.LANCZOS)
    pixels = torch.frombuffer(bytearray(resized.tobytes()), dtype=torch.uint8)
    planes = pixels.view(size, size, 4).permute(2, 0, 1).float() / 255
    return Glyph(planes[:3], planes[3:], shade_of(planes[:3], planes[3:]))


def shade_of(rgb: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """Luminance stretched over 0-1 and bent so that its median is `MIDDLE`: dark and light glyphs take a tint alike."""
    light = luminance(rgb)
    inside = light[alpha > 0.5]
    low, high = inside.quantile(0.02), inside.quantile(0.98)
    stretched = ((light - low) / (high - low + 1e-3)).clamp(0, 1)
    median = stretched[alpha > 0.5].median().clamp(0.15, 0.85)
    return stretched ** (math.log(MIDDLE) / math.log(median.item()))


def luminance(rgb: torch.Tensor) -> torch.Tensor:
    """Of a picture `[3, height, width]` in 0-1: `[1, height, width]`, by Rec. 601's weights, rounded."""
    return (rgb * torch.tensor(LUMINANCE).view(3, 1, 1)).sum(0, keepdim=True)


def solid(color: typing.Sequence[int]) -> torch.Tensor:
    """An sRGB colour, 0-255, as `[3, 1, 1]` in 0-1."""
    return torch.tensor(color, dtype=torch.float32).view(3, 1, 1) / 255


def tint(glyph: Glyph, color: typing.Sequence[int], highlight: float = HIGHLIGHT) -> torch.Tensor:
    """The glyph in shades of one colour, `[3, size, size]`: a quarter of it where dark, itself in the middle, towards
    white by the share `highlight` where light."""
    base = solid(color)
    dark, light = base * 0.25, base + (1 - base) * highlight
    shade = glyph.shade
    below = dark + (base - dark) * (shade / MIDDLE)
    above = base + (light - base) * ((shade - MIDDLE) / (1 - MIDDLE))
    return torch.where(shade < MIDDLE, below, above)


def tint_named(glyph: Glyph, color: str | None, world: WorldSettings) -> torch.Tensor:
    """In a colour of the world; None: in the glyph's own, `[3, size, size]`."""
    if color is None:
        return glyph.rgb
    return tint(glyph, world.colors[color], HIGHLIGHT_OF_BLACK if color == "black" else HIGHLIGHT)


def paste(picture: torch.Tensor, rgb: torch.Tensor, alpha: torch.Tensor, side: float, x: float, y: float,
          mirrored: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Lays a square of pictures `[3, size, size]` and `[1, size, size]` over `picture`.

    - side: of the square, in picture widths; x, y: its centre, from -1 (left, top) to 1.
    - Returns: the new picture and the coverage `[size, size]`, 0-1.
    """
    flip = -1.0 if mirrored else 1.0
    transform = torch.tensor([[[flip / side, 0, -x * flip / side], [0, 1 / side, -y / side]]])
    size = picture.shape[-1]
    grid = F.affine_grid(transform, [1, 4, size, size], align_corners=False)
    # Colours are multiplied by alpha before they are resampled, so that nothing bleeds in from outside of the glyph.
    placed = F.grid_sample(torch.cat([rgb * alpha, alpha])[None], grid, align_corners=False)[0]
    return picture * (1 - placed[3:]) + placed[:3], placed[3]
