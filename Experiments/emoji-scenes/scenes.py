#!/usr/bin/env python3
"""Draws scenes: a contact sheet to look at, or a folder of pictures with their truth.

    python Experiments/emoji-scenes/scenes.py --sheet scenes.png                # 32 scenes, each above its caption
    python Experiments/emoji-scenes/scenes.py --folder DIR --count 100          # DIR/00000.png ... and DIR/truth.jsonl

Each line of truth.jsonl is one scene: picture, caption, background, place, style, and of each object name, colour,
which way it faces, its box (left, top, right, bottom in pixels, the last two excluded) and the file of its mask.
"""
import json
import pathlib

from recipe import commands, pictures
from recipe.world import Drawing, World


def write_folder(world: World, folder: pathlib.Path, first: int, count: int) -> None:
    """`count` scenes from number `first` on, with masks as 8-bit PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "truth.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(first, first + count):
            drawing = world.draw(number)
            name = f"{number:05}"
            pictures.save(drawing.picture, folder / f"{name}.png")
            for i, truth in enumerate(drawing.objects):
                pictures.save(truth.mask[None], folder / f"{name}-mask-{i}.png")
            lines.write(json.dumps(truth_line(name, drawing), ensure_ascii=False) + "\n")


def truth_line(name: str, drawing: Drawing) -> dict:
    scene = drawing.scene
    objects = [
        {"name": truth.name, "color": truth.color, "faces": truth.faces, "box": truth.box,
         "mask": f"{name}-mask-{i}.png"}
        for i, truth in enumerate(drawing.objects)
    ]
    return {"picture": f"{name}.png", "caption": drawing.caption, "background": scene.background, "place": scene.place,
            "style": scene.style, "objects": objects}


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("--sheet", type=pathlib.Path, metavar="FILE", help="write one PNG of scenes and captions")
    parser.add_argument("--folder", type=pathlib.Path, metavar="DIR", help="write pictures, masks and truth.jsonl")
    parser.add_argument("--stream", default="measure", help="vae, clip and unet are trained on; default: measure")
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER")
    parser.add_argument("--count", type=int, default=32)
    given = parser.parse_args()
    if not (given.sheet or given.folder) or given.count < 1 or given.first < 0:
        parser.error("give --sheet FILE or --folder DIR, --count from 1 and --first from 0")
    world = World(commands.settings(given), given.stream)
    if given.folder:
        write_folder(world, given.folder, given.first, given.count)
        print(f"wrote {given.count} scenes to {given.folder}")
    if given.sheet:
        drawings = [world.draw(given.first + i) for i in range(given.count)]
        pictures.save_sheet([d.picture for d in drawings], [d.caption for d in drawings], given.sheet)
        print(f"wrote {given.sheet}")


if __name__ == "__main__":
    commands.run(main)
