"""Writes pictures, alone or as a sheet with captions."""
import pathlib
import textwrap
import typing

import torch
from PIL import Image, ImageDraw

COLUMNS = 8
CAPTION_HEIGHT = 36  # pixels


def to_image(picture: torch.Tensor) -> Image.Image:
    """`[3, height, width]` or `[1, height, width]` in 0-1."""
    pixels = (picture.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
    mode = "L" if pixels.shape[2] == 1 else "RGB"
    return Image.frombytes(mode, (pixels.shape[1], pixels.shape[0]), bytes(pixels.flatten().tolist()))


def save(picture: torch.Tensor, file: pathlib.Path) -> None:
    to_image(picture).save(file)


def save_sheet(pictures: typing.Sequence[torch.Tensor], captions: typing.Sequence[str], file: pathlib.Path) -> None:
    """Pictures `[3, size, size]` in rows of `COLUMNS`, each above its caption."""
    size = pictures[0].shape[-1]
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (size + 4), rows * (size + CAPTION_HEIGHT)), "white")
    draw = ImageDraw.Draw(sheet)
    for i, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        x, y = i % columns * (size + 4), i // columns * (size + CAPTION_HEIGHT)
        sheet.paste(to_image(picture), (x, y))
        draw.multiline_text((x + 2, y + size + 1), "\n".join(textwrap.wrap(caption, size // 6)[:3]), "black", spacing=0)
    file.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(file)
