"""Networks that are trained in a second, and a font that need not be there."""
import unittest

from recipe import settings
from recipe.settings import Settings

SIZES = [
    "vae.widths=[16, 16, 16, 16]", "vae.norm_groups=8", "vae.pool=8", "vae.fresh=2", "vae.batch=2", "vae.crop_batch=2",
    "clip.text={width: 16, layers: 1, heads: 2}", "clip.vision={width: 16, layers: 1, heads: 2}", "clip.projection=16",
    "clip.pool=8", "clip.fresh=2", "clip.batch=4", "clip.negatives=1", "clip.decoded=0.5",
    "unet.widths=[16, 16, 16, 16]", "unet.norm_groups=8", "unet.pool=8", "unet.batch=2", "unet.layers_per_block=1",
    "judge.tower={width: 16, layers: 1, heads: 2}", "judge.pool=8", "judge.batch=4",
    "second_judge.widths=[8, 8, 16, 16]", "second_judge.blocks=[0, 1, 0, 1]", "second_judge.batch=4",
    "tokenizer.captions=300",
]
HANGING = 1800  # seconds: what waits longer waits without end, even beside builds that take the processor
OPTIONS = [word for size in SIZES for word in ("--set", size)]


def load(*overrides: str) -> Settings:
    return settings.load(overrides=[*SIZES, *overrides])


def needs_font(case: type[unittest.TestCase]) -> type[unittest.TestCase]:
    """Skips, with its reason, where Noto Color Emoji is not installed."""
    file = settings.load().world.font_file
    return unittest.skipUnless(file.exists(), f"{file} is not there: apt-get install fonts-noto-color-emoji")(case)
