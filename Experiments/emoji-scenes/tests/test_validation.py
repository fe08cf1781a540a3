"""What the validation of the scene reader says of made-up answers, and which scenes it asks about."""
import collections
import random
import unittest

import torch

from recipe import commands, measures, settings, validation, world
from recipe.captions import Scene, Thing
from recipe.errors import RecipeError
from recipe.validation import Tally
from recipe.world import Drawing, Truth, World
from tests import tiny

SETTINGS = settings.load()


def truth(name: str, color: str | None, box: tuple[int, int, int, int], faces: str = "front") -> Truth:
    left, top, right, bottom = box
    mask = torch.zeros(128, 128)
    mask[top:bottom, left:right] = 1
    assert world.bounding_box(mask) == box
    return Truth(name, color, faces, box, mask)


def answer(name: str, color: str | None, box: tuple[int, int, int, int], faces: str = "front") -> dict:
    """As attnlab says it of an object that fills its box."""
    left, top, right, bottom = box
    center = [(left + right) / 256, (top + bottom) / 256]
    return {"name": name, "color": color, "facing": faces, "box": list(box), "center": center}


def seen(*objects: dict, background: str = "plain", style: str = "plain") -> dict:
    return {"objects": list(objects), "background": {"name": background}, "style": {"name": style}}


def mask_of(*objects: dict) -> torch.Tensor:
    mask = torch.zeros(128, 128, dtype=torch.uint8)
    for number, said in enumerate(objects, 1):
        left, top, right, bottom = said["box"]
        mask[top:bottom, left:right] = number
    return mask


def compared(scene: Scene, objects: tuple[Truth, ...], said: dict) -> Tally:
    tally = Tally()
    drawing = Drawing(scene, "", torch.zeros(3, 128, 128), objects)
    validation.compare(drawing, said, mask_of(*said["objects"]), SETTINGS, tally)
    return tally


class OverlapTests(unittest.TestCase):
    def test_boxes_overlap_by_intersection_over_union(self) -> None:
        box = (10, 20, 30, 40)
        for other, expected in (
            (box, 1), ((20, 20, 40, 40), 1 / 3), ((10, 30, 30, 50), 1 / 3), ((15, 25, 20, 30), 25 / 400),
            ((30, 20, 40, 40), 0), ((31, 41, 50, 60), 0), ((0, 0, 0, 0), 0),
        ):
            self.assertAlmostEqual(validation.overlap(box, other), expected)
            self.assertAlmostEqual(validation.overlap(other, box), expected)
        self.assertEqual(validation.overlap((0, 0, 0, 0), (0, 0, 0, 0)), 0)

    def test_each_object_finds_the_best_that_is_left(self) -> None:
        left, right = truth("dog", None, (0, 0, 40, 40)), truth("cat", None, (60, 0, 100, 40))
        boxes = {"right": (62, 0, 100, 40), "left": (0, 0, 44, 40), "far": (100, 100, 128, 128)}
        said = [answer(name, None, box) for name, box in boxes.items()]
        self.assertEqual(validation.find((left, right), said), [1, 0])
        self.assertEqual(validation.find((left, right), said[:1]), [None, 0])
        self.assertEqual(validation.find((left, left), said), [1, None])
        self.assertEqual(validation.find((left,), []), [None])
        # 0.1 of the union is enough, less is not.
        for width, expected in ((4, 0), (3, None)):
            found = validation.find((left,), [answer("dog", None, (0, 0, width, 40))])
            self.assertEqual(found, [expected])


class CompareTests(unittest.TestCase):
    def test_right_answers_are_right_in_everything(self) -> None:
        things = (Thing("dog", "red"), Thing("ball", None))
        boxes = ((4, 8, 44, 48), (70, 60, 110, 100))
        said = seen(answer("ball", None, boxes[1]), answer("dog", "red", boxes[0], "left"), background="at night")
        tally = compared(Scene(things, place="at night"),
                         (truth("dog", "red", boxes[0], "left"), truth("ball", None, boxes[1])), said)
        self.assertEqual({name: (sum(right), len(right)) for name, right in tally.right.items()}, {
            "object": (2, 2), "color": (2, 2), "facing": (2, 2), "background": (1, 1), "style": (1, 1),
            "count of objects": (1, 1)})
        self.assertEqual(tally.values["mask"], [1, 1])
        for name in ("center", "size"):
            self.assertEqual(len(tally.values[name]), 2)
            self.assertLess(max(tally.values[name]), 1e-6)
        self.assertEqual(dict(tally.by_color), {"red": [True], "its own": [True]})

    def test_what_is_wrong_is_counted_where_it_is_wrong(self) -> None:
        scene = Scene((Thing("dog", "red"),), background="blue")
        said = seen(answer("cat", "red", (16, 0, 56, 40), "right"), background="red", style="pixels")
        tally = compared(scene, (truth("dog", "red", (0, 0, 40, 40), "left"),), said)
        self.assertEqual({name: right for name, right in tally.right.items()}, {
            "object": [False], "color": [True], "facing": [False], "background": [False], "style": [False],
            "count of objects": [True]})
        self.assertEqual(tally.confused, collections.Counter({("dog", "cat"): 1}))
        self.assertAlmostEqual(tally.values["center"][0], 16 / 128, places=6)
        self.assertAlmostEqual(tally.values["mask"][0], 24 / 56, places=6)

    def test_size_is_the_side_of_the_box_in_powers_of_two(self) -> None:
        tally = compared(Scene((Thing("dog", None),)), (truth("dog", None, (0, 0, 40, 40)),),
                         seen(answer("dog", None, (0, 0, 20, 20))))
        self.assertAlmostEqual(tally.values["size"][0], 1, places=6)
        self.assertAlmostEqual(tally.values["center"][0], 10 * 2**0.5 / 128, places=6)

    def test_what_was_not_found_is_wrong_in_everything_and_nowhere(self) -> None:
        scene = Scene((Thing("dog", None),))
        said = seen(answer("dog", None, (100, 100, 120, 120)))
        tally = compared(scene, (truth("dog", None, (0, 0, 40, 40)),), said)
        self.assertEqual([tally.right[name] for name in ("object", "color", "facing")], [[False]] * 3)
        self.assertEqual((tally.values["mask"], tally.values["center"], tally.values["size"]), ([0], [], []))
        self.assertEqual(tally.confused.total(), 0)
        empty = compared(scene, (truth("dog", None, (0, 0, 40, 40)),), seen())
        self.assertEqual((empty.right["object"], empty.right["count of objects"]), ([False], [False]))

    def test_color_is_asked_where_it_can_be_seen(self) -> None:
        box = (0, 0, 40, 40)
        for color, style, background, asked in (
            (None, None, None, True), (None, None, "red", True), ("red", None, None, True),
            ("white", "a pencil sketch of", None, False), ("black", "a pencil sketch of", None, False),
            ("red", "a pencil sketch of", None, True), ("white", "pixel art of", None, True),
        ):
            said = seen(answer("dog", color, box), background=background or "plain",
                        style=SETTINGS.world.styles[style] if style else "plain")
            tally = compared(Scene((Thing("dog", color),), background, None, style), (truth("dog", color, box),), said)
            self.assertEqual(tally.right["color"], [True] if asked else [], (color, style, background))
            self.assertEqual((tally.right["background"], tally.right["style"]), ([True], [True]))


class ReportTests(unittest.TestCase):
    def test_interval_is_wilsons(self) -> None:
        # Of 9 of 10; the formula of Wilson 1927, worked out in fractions of z = 1.96.
        for (right, count), (low, high) in {
            (9, 10): (0.59585, 0.98212), (0, 10): (0.0, 0.27753), (10, 10): (0.72247, 1.0),
            (50, 100): (0.40383, 0.59617),
        }.items():
            found = validation.interval(right, count)
            self.assertAlmostEqual(found[0], low, places=4)
            self.assertAlmostEqual(found[1], high, places=4)
        # Its ends are the shares from which the one found is 1.96 standard errors away.
        for end in validation.interval(9, 10):
            self.assertAlmostEqual(abs(0.9 - end), 1.96 * (end * (1 - end) / 10) ** 0.5, places=9)

    def test_report_has_a_column_for_each_kind_of_scenes(self) -> None:
        box = (0, 0, 40, 40)
        scene, objects = Scene((Thing("dog", "red"),)), (truth("dog", "red", box),)
        usual = compared(scene, objects, seen(answer("dog", "red", box)))
        other = compared(scene, objects, seen(answer("cat", "blue", box)))
        usual.right["object"] += [True] * 8 + [False]
        usual.by_object["cat"] += [True, False]
        usual.confused["cat", "dog"] += 1
        text = validation.report({"usual": usual, "other": other}, 1)
        lines = text.splitlines()
        self.assertEqual(lines[2:5], [
            "|  | usual | other |", "| --- | --- | --- |",
            "| object right | 90.0 % (59.6 to 98.2; n 10) | 0.0 % (0.0 to 79.3; n 1) |"])
        self.assertIn("| color right | 100.0 % (20.7 to 100.0; n 1) | 0.0 % (0.0 to 79.3; n 1) |", lines)
        self.assertIn("| mask IoU | 1.000 +- 0 (n 1) | 1.000 +- 0 (n 1) |", lines)
        self.assertIn("| center off by, picture widths | 0.0000 +- 0 (n 1) | 0.0000 +- 0 (n 1) |", lines)
        self.assertIn("Objects: cat 50 % (n 2), dog 100 % (n 1).", lines)
        self.assertIn("Objects, other: dog 0 % (n 1).", lines)
        self.assertIn("Most often confused: cat taken for dog (1).", lines)
        self.assertEqual(validation.summary(usual, other, None, 1), {
            "object": 0.9, "color": 1, "facing": 1, "background": 1, "style": 1, "mask": 1, "center": 0, "size": 0,
            "scenes": 1, "held_out_object": 0, "held_out_color": 0, "held_out_facing": 1})

    def test_of_what_was_never_found_nothing_is_said(self) -> None:
        tally = compared(Scene((Thing("dog", "white"),), style="a pencil sketch of"),
                         (truth("dog", "white", (0, 0, 40, 40)),), seen(style="pencil"))
        self.assertIn("| center off by, picture widths | nothing found |", validation.report({"usual": tally}, 1))
        self.assertIn("| color right | not asked |", validation.report({"usual": tally}, 1))
        self.assertEqual(validation.summary(tally, None, None, 1), {
            "object": 0, "facing": 0, "background": 1, "style": 1, "mask": 0, "scenes": 1})

    def test_program_that_fails_is_quoted(self) -> None:
        with self.assertRaisesRegex(RecipeError, "no-such-program: cannot be run"):
            commands.output("/no-such-program")
        with self.assertRaisesRegex(RecipeError, "sh -c echo why >&2; exit 3 ended with 3:\nwhy"):
            commands.output("sh", "-c", "echo why >&2; exit 3")


class SceneTests(unittest.TestCase):
    def test_held_out_pairs_come_first_and_can_be_seen(self) -> None:
        own, pairs = SETTINGS.world, set()
        for number in range(2000):
            scene = validation.held_out_scene(SETTINGS, random.Random(f"tests/{number}"))
            first, *others = scene.things
            self.assertTrue(own.is_held_out(first.name, first.color))
            self.assertFalse(any(own.is_held_out(thing.name, thing.color) for thing in others))
            self.assertNotEqual(scene.background, first.color)
            self.assertIn(scene.style, (None, "pixel art of"))
            pairs.add((first.name, first.color))
        self.assertEqual(len(pairs), 35)

    def test_none_is_drawn_of_a_color_without_pairs(self) -> None:
        own = settings.load(overrides=["world.held_out={red: [bear], blue: []}"])
        for number in range(20):
            scene = validation.held_out_scene(own, random.Random(number))
            self.assertEqual(scene.things[0], Thing("bear", "red"))

    @tiny.needs_font
    def test_drawn_scenes_follow_from_their_numbers_and_show_their_objects(self) -> None:
        usual = validation.drawings(SETTINGS, range(3, 5))
        stream = World(SETTINGS, measures.STREAM)
        for number, drawing in zip((3, 4), usual, strict=True):
            self.assertTrue(torch.equal(drawing.picture, stream.draw(number).picture))
        together = validation.held_out_drawings(SETTINGS, range(12))
        for number, drawing in enumerate(together):
            alone = validation.held_out_drawings(SETTINGS, [number])[0]
            self.assertTrue(torch.equal(drawing.picture, alone.picture))
            first = drawing.objects[0]
            self.assertTrue(SETTINGS.world.is_held_out(first.name, first.color))
            # It differs from what is around it.
            left, top, right, bottom = first.box
            inside = drawing.picture[:, first.mask > 0.9].mean(1)
            around = drawing.picture[:, max(0, top - 6) : bottom + 6, max(0, left - 6) : right + 6]
            around = around[:, first.mask[max(0, top - 6) : bottom + 6, max(0, left - 6) : right + 6] < 0.1].mean(1)
            self.assertGreater((inside - around).abs().max().item(), 0.05, drawing.caption)


if __name__ == "__main__":
    unittest.main()
