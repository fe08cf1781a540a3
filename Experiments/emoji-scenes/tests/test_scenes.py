"""Scenes are the same again, their captions tell what is drawn, and their truth is where the pixels are."""
import collections
import dataclasses
import hashlib
import math
import multiprocessing
import os
import random
import signal
import time
import unittest
import unittest.mock

import numpy
import torch
import yaml

from recipe import captions, glyphs, settings
from recipe.captions import Scene, Thing
from recipe.glyphs import solid
from recipe.world import DrawnAhead, Placement, SceneWindow, World, drawn
from tests import tiny

SETTINGS = settings.load()
SECOND = settings.load(edition=settings.FOLDER / "second-edition.yaml")
COUNT = 4000


def draw_with(scene: Scene, *placements: Placement, seed: int = 0):
    return World(SETTINGS, "tests").paint(scene, placements, random.Random(seed))


class CaptionTests(unittest.TestCase):
    def setUp(self) -> None:
        world = World(SETTINGS, "tests")
        self.scenes = [world.describe(number) for number in range(COUNT)]

    def test_scenes_follow_from_seed_stream_and_number(self) -> None:
        digest = hashlib.sha256(repr(self.scenes[:100]).encode()).hexdigest()
        again = World(SETTINGS, "tests")
        backwards = [again.describe(number) for number in reversed(range(100))][::-1]
        self.assertEqual(digest, hashlib.sha256(repr(backwards).encode()).hexdigest())
        self.assertNotEqual(self.scenes[:100], [World(SETTINGS, "other").describe(i) for i in range(100)])
        reseeded = settings.load(overrides=["seed=1"])
        self.assertNotEqual(self.scenes[:100], [World(reseeded, "tests").describe(i) for i in range(100)])

    def test_tints_take_the_place_of_some_colors_and_keep_clear_of_held_out_ones(self) -> None:
        world, rng = SETTINGS.world, random.Random(3)
        scenes = [captions.draw_scene(world, rng) for _ in range(4000)]
        changed = [captions.tinted(scene, world, 0.5, rng) for scene in scenes]
        colored = tinted = limited = close = 0
        for scene, other in zip(scenes, changed, strict=True):
            self.assertEqual((scene.background, scene.place, scene.style), (other.background, other.place, other.style))
            for thing, new in zip(scene.things, other.things, strict=True):
                colored += thing.color is not None
                if new.tint is None:
                    self.assertEqual(thing, new)
                    continue
                tinted += 1
                self.assertTrue(thing.color is not None and new.color is None and new.name == thing.name)
                self.assertTrue(0 <= min(new.tint) and max(new.tint) <= 255, new.tint)
                for color, never in world.held_out.items():
                    if new.name in never:
                        distance = math.dist(new.tint, world.colors[color])
                        self.assertGreaterEqual(distance, captions.APART)
                        limited, close = limited + 1, close + (distance <= 1.5 * captions.APART)
        self.assertTrue(0.45 < tinted / colored < 0.55, tinted / colored)
        self.assertGreater(close, 0.4 * limited)
        for share in (0, 1):
            kept = [thing.tint is None for scene in scenes for thing in captions.tinted(scene, world, share, rng).things
                    if thing.color or thing.tint]
            self.assertFalse(any(kept) if share else not all(kept))

    def test_held_out_pairs_are_never_drawn_and_all_others_are_possible(self) -> None:
        drawn = {(thing.name, thing.color) for scene in self.scenes for thing in scene.things}
        held_out = {pair for pair in drawn if SETTINGS.world.is_held_out(*pair)}
        self.assertEqual(held_out, set())
        # 550 pairs less 35; each is drawn 6 times or more on average.
        self.assertGreater(len(drawn), 490)

    def test_frequencies_are_the_odds(self) -> None:
        single = [scene for scene in self.scenes if len(scene.things) == 1]
        shares = {
            "two objects": (1 - len(single) / COUNT, 0.15),
            "style": (sum(scene.style is not None for scene in single) / len(single), 0.12),
            "place": (sum(scene.place is not None for scene in self.scenes) / COUNT, 0.35),
        }
        for name, (found, expected) in shares.items():
            # Five standard errors.
            self.assertLess(abs(found - expected), 5 * (expected * (1 - expected) / len(single)) ** 0.5, name)

    def test_second_edition_has_a_core_and_holds_out_combinations(self) -> None:
        scenes = [World(SECOND, "tests").describe(number) for number in range(COUNT)]
        things = [thing for scene in scenes for thing in scene.things]
        for name, found, expected, n in (
                ("core", sum(thing.name in SECOND.world.core for thing in things) / len(things), 0.8, len(things)),
                ("two", sum(len(scene.things) == 2 for scene in scenes) / COUNT, 0.6, COUNT)):
            # Five standard errors, and what redrawing held-out pairs and combinations moves.
            self.assertLess(abs(found - expected), 5 * (expected * (1 - expected) / n) ** 0.5 + 0.01, name)
        self.assertFalse(any(captions.is_held_out(scene.things, SECOND.world) for scene in scenes))
        every = [Thing(name, color) for name in SECOND.world.core for color in SECOND.world.colors]
        held_out = [captions.is_held_out((a, b), SECOND.world) for i, a in enumerate(every) for b in every[:i]]
        self.assertLess(abs(sum(held_out) / len(held_out) - 0.2), 0.02)
        for a, b in zip(every, reversed(every), strict=True):
            self.assertEqual(
                captions.is_held_out((a, b), SECOND.world), captions.is_held_out((b, a), SECOND.world))
        self.assertFalse(captions.is_held_out((every[0], Thing("cat", None)), SECOND.world))
        self.assertFalse(captions.is_held_out(tuple(every[:2]), SETTINGS.world))

    def test_experiments_ask_for_as_many_held_out_combinations_as_they_say(self) -> None:
        asked, texts = {}, {}
        for name in ("model-quality", "model-gates"):
            texts[name] = (settings.FOLDER.parent / name / "experiment.yaml").read_text(encoding="utf-8")
            prompts = yaml.safe_load(texts[name])["generate"]["prompts"]
            scenes = [captions.scene_of(prompt, SECOND.world) for prompt in prompts if isinstance(prompt, str)]
            self.assertNotIn(None, scenes)
            asked[name] = [scene.things for scene in scenes if len(scene.things) == 2]
        quality, gates = asked.values()
        core = [things for things in quality if all(thing.name in SECOND.world.core for thing in things)]
        counts = [(len(some), sum(captions.is_held_out(things, SECOND.world) for things in some))
                  for some in (quality, core, gates)]
        self.assertEqual(counts, [(200, 37), (27, 8), (48, 48)])
        card = (SECOND.bundled_folder / "README.md").read_text(encoding="utf-8")
        self.assertRegex(card, r"Of the 200 pairs, 37 are combinations that [^.]*, 8 of them among the 27")
        self.assertRegex(texts["model-quality"], r"37 of the\n *# combinations, 8 of the 27")
        self.assertIn("the cup in seven, the lion in five", texts["model-gates"])
        objects = collections.Counter(thing.name for things in gates for thing in things)
        self.assertEqual(objects, {**dict.fromkeys(SECOND.world.core, 6), "cup": 7, "lion": 5})

    def test_a_caption_tells_its_scene_again(self) -> None:
        for own in (SETTINGS, SECOND):
            world, rng = World(own, "tests"), random.Random(5)
            for number in range(1000):
                scene = world.describe(number)
                said = captions.caption(scene, own.world, rng)
                self.assertEqual(captions.scene_of(said, own.world), scene, said)
        for text in ("a red zebra", "red car", "an red car", "a dog and a cat and a bus", "", "a dog on a plaid background"):
            self.assertIsNone(captions.scene_of(text, SETTINGS.world), text)

    def test_no_background_has_the_colour_of_an_object(self) -> None:
        for scene in self.scenes:
            self.assertNotIn(scene.background, [thing.color for thing in scene.things if scene.background])
            self.assertIsNone(scene.background and scene.place)

    def test_captions_say_the_scene(self) -> None:
        red, two = Thing("car", "red"), (Thing("umbrella", None), Thing("apple", "orange"))
        cases = [
            (Scene((red,)), {"a red car"}, {"a photo of a red car", "a picture of a red car", "an image of a red car"}),
            (Scene(two), {"an umbrella and an orange apple"}, None),
            (Scene((red,), background="orange"), {"a red car on an orange background"}, None),
            (Scene((red,), place="on the beach"), {"a red car on the beach", "a red car standing on the beach"}, None),
            (Scene(two, place="at night"), {"an umbrella and an orange apple at night"}, None),
            (Scene((red,), style="pixel art of"), {"pixel art of a red car"}, set()),
        ]
        prefixes = [f"{prefix} " for prefix in SETTINGS.world.prefixes]
        for scene, plain, prefixed in cases:
            rng = random.Random(1)
            said = {captions.caption(scene, SETTINGS.world, rng) for _ in range(300)}
            if prefixed is None:
                prefixed = {prefix + words for prefix in prefixes for words in plain}
            self.assertEqual(said, plain | prefixed)

    def test_near_misses_have_one_thing_wrong(self) -> None:
        rng = random.Random(2)
        kinds: collections.Counter = collections.Counter()
        for scene in self.scenes[:500]:
            other = captions.near_miss(scene, SETTINGS.world, rng)
            names = [a.name != b.name for a, b in zip(scene.things, other.things)]
            colors = [a.color != b.color for a, b in zip(scene.things, other.things)]
            kinds[sum(names), sum(colors)] += 1
            self.assertEqual((scene.background, scene.place, scene.style), (other.background, other.place, other.style))
        self.assertEqual(set(kinds), {(1, 0), (0, 1), (0, 2), (0, 0)} & set(kinds))
        self.assertGreater(min(kinds[1, 0], kinds[0, 1], kinds[0, 2]), 0)

    def test_near_misses_are_not_held_out(self) -> None:
        rng = random.Random(4)
        green = Scene((Thing("car", "green"), Thing("tree", "brown")))
        found = [captions.near_miss(green, SETTINGS.world, rng) for _ in range(400)]
        pairs = {(thing.name, thing.color) for scene in found for thing in scene.things}
        self.assertFalse({pair for pair in pairs if SETTINGS.world.is_held_out(*pair)})
        # Exchanged, the tree would be green, which is held out; other words are wrong.
        self.assertGreater(len(pairs), 50)
        alone = Scene((Thing("car", "green"),))
        only = dataclasses.replace(SETTINGS.world, objects={"car": SETTINGS.world.objects["car"]}, colors={"green": (0, 9, 0)})
        self.assertEqual(captions.near_miss(alone, only, rng), alone)

    def test_wrong_objects_are_as_often_of_the_core_as_right_ones(self) -> None:
        second = settings.load(settings.FOLDER / "settings.yaml", [], settings.FOLDER / "second-edition.yaml").world
        rng = random.Random(3)
        names = [captions.draw_name(second, rng, besides="cat") for _ in range(2000)]
        self.assertNotIn("cat", names)
        self.assertEqual(set(names), set(second.objects) - {"cat"})
        # Five standard errors.
        self.assertAlmostEqual(sum(name in second.core for name in names) / 2000, second.odds.core, delta=0.045)


class GlyphTests(unittest.TestCase):
    def test_tint_goes_from_dark_over_the_colour_to_light(self) -> None:
        shade = torch.tensor([0.0, glyphs.MIDDLE / 2, glyphs.MIDDLE, 1.0]).view(1, 1, 4)
        glyph = glyphs.Glyph(torch.zeros(3, 1, 4), torch.ones(1, 1, 4), shade)
        found = glyphs.tint(glyph, (200, 100, 0), highlight=0.5)[:, 0] * 255
        expected = torch.tensor([[50.0, 125.0, 200.0, 227.5], [25.0, 62.5, 100.0, 177.5], [0.0, 0.0, 0.0, 127.5]])
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)

    def test_paste_covers_the_square_and_blends_by_alpha(self) -> None:
        picture, rgb = torch.zeros(3, 64, 64), torch.ones(3, 64, 64)
        found, mask = glyphs.paste(picture, rgb, torch.full((1, 64, 64), 0.5), 0.5, 0.5, -0.5, False)
        inside = torch.zeros(64, 64, dtype=torch.bool)
        inside[2:30, 34:62] = True
        self.assertTrue(((found[:, inside] - 0.5).abs() < 1e-5).all() and ((mask[inside] - 0.5).abs() < 1e-5).all())
        self.assertEqual(found[:, 33:].abs().max() + found[:, :, :31].abs().max(), 0)


@tiny.needs_font
class PictureTests(unittest.TestCase):
    def test_pictures_follow_from_seed_stream_and_number(self) -> None:
        first, second = World(SETTINGS, "tests"), World(SETTINGS, "tests")
        second.draw(17)
        for number in range(20):
            a, b = first.draw(number), second.draw(number)
            self.assertEqual(a.caption, b.caption)
            self.assertTrue(torch.equal(a.picture, b.picture), f"scene {number}")

    def test_every_object_is_drawn_whole_in_its_box(self) -> None:
        world, size = World(SETTINGS, "tests"), SETTINGS.world.picture_size
        for number in range(60):
            drawing = world.draw(number)
            self.assertEqual(drawing.picture.shape, (3, size, size))
            self.assertTrue(0 <= drawing.picture.min() and drawing.picture.max() <= 1)
            for truth in drawing.objects:
                left, top, right, bottom = truth.box
                self.assertTrue(0 <= left < right <= size and 0 <= top < bottom <= size)
                inside = truth.mask > 0.5
                self.assertEqual(int(inside[top:bottom, left:right].sum()), int(inside.sum()))
                for edge in (inside[top, :], inside[bottom - 1, :], inside[:, left], inside[:, right - 1]):
                    self.assertTrue(edge.any(), f"scene {number}: the box of {truth.name} is too large")

    def test_placement_says_where_the_object_is(self) -> None:
        scene = Scene((Thing("ball", "red"),))
        ball = draw_with(scene, Placement(0.5, 0.5, -0.5, False)).objects[0]
        # The glyph fills the square of 64 pixels around (96, 32).
        for found, expected in zip(ball.box, (64, 0, 128, 64)):
            self.assertLessEqual(abs(found - expected), 2)

    def test_mirroring_turns_the_picture_and_its_truth(self) -> None:
        scene = Scene((Thing("horse", "blue"),))
        left = draw_with(scene, Placement(0.7, 0.2, 0.1, False))
        right = draw_with(scene, Placement(0.7, -0.2, 0.1, True))
        self.assertEqual((left.objects[0].faces, right.objects[0].faces), ("left", "right"))
        self.assertLess((left.picture.flip(2) - right.picture).abs().max().item(), 1e-4)
        self.assertGreater((left.picture - right.picture).abs().max().item(), 0.1)
        front = draw_with(Scene((Thing("apple", None),)), Placement(0.7, 0, 0, True))
        self.assertEqual(front.objects[0].faces, "front")

    def test_tinted_objects_look_like_their_colour(self) -> None:
        for color in SETTINGS.world.colors:
            drawing = draw_with(Scene((Thing("car", color),)), Placement(0.8, 0, 0, False))
            middle = drawing.picture[:, drawing.objects[0].mask > 0.99].median(1).values
            nearest = min(SETTINGS.world.colors, key=lambda name: (
                middle - solid(SETTINGS.world.colors[name]).flatten()).square().sum())
            self.assertEqual(nearest, color)

    def test_tint_without_a_name_is_drawn(self) -> None:
        drawing = draw_with(Scene((Thing("car", None, tint=(40, 160, 150)),)), Placement(0.8, 0, 0, False))
        middle = drawing.picture[:, drawing.objects[0].mask > 0.99].median(1).values * 255
        self.assertLess((middle - torch.tensor([40.0, 160, 150])).abs().max().item(), 25)

    def test_two_objects_have_a_side_each(self) -> None:
        world = World(SETTINGS, "tests")
        scene = Scene((Thing("car", "red"), Thing("dog", None)))
        orders = set()
        for seed in range(40):
            rng = random.Random(seed)
            first, second = world.paint(scene, world.arrange(scene, rng), rng).objects
            orders.add(first.box[0] < second.box[0])
            self.assertLess((first.mask * second.mask).max().item(), 0.3)
            self.assertTrue(first.box[2] <= second.box[0] or second.box[2] <= first.box[0])
        self.assertEqual(orders, {True, False})

    def test_window_holds_the_scenes_of_its_step(self) -> None:
        world = World(SETTINGS, "tests")
        walked, jumped = SceneWindow(world, 6, 2), SceneWindow(world, 6, 2)
        for step in range(4):
            kept = walked.at(step)
            self.assertEqual([scene for _, scene in kept], [world.describe(2 * step + i) for i in range(6)])
        for (a, _), (b, _) in zip(walked.at(3), jumped.at(3), strict=True):
            self.assertTrue(torch.equal(a, b))

    def test_pictures_drawn_ahead_are_the_same(self) -> None:
        world = World(SETTINGS, "tests")
        with drawn(world, range(3, 12), 2, chunk=4) as ahead:
            ahead = list(ahead)
        with drawn(world, range(3, 12), 0) as asked:
            for (a, scene), (b, other) in zip(ahead, asked, strict=True):
                self.assertTrue(torch.equal(a, b))
                self.assertEqual(scene, other)

    def test_drawers_go_on_when_all_processes_of_a_training_are_signalled(self) -> None:
        with drawn(World(SETTINGS, "tests"), range(90), 1, chunk=30) as ahead:
            count = len([next(ahead)])
            (drawer,) = multiprocessing.active_children()
            for number in (signal.SIGINT, signal.SIGTERM):
                os.kill(drawer.pid, number)
            end = time.monotonic() + tiny.HANGING
            while count < 90:
                while not ahead.at_hand():
                    self.assertLess(time.monotonic(), end, "the drawer's scenes were lost")
                    time.sleep(0.05)
                count += len([next(ahead)])
            self.assertTrue(drawer.is_alive())
        self.assertEqual(multiprocessing.active_children(), [])

    def test_whether_the_next_picture_is_at_hand(self) -> None:
        processes = Drawers()
        ahead = DrawnAhead(processes, range(5), waiting=2, chunk=2)
        self.assertFalse(ahead.at_hand())
        self.assertEqual(processes.asked, [[0, 1], [2, 3]])
        processes.ready = 1
        self.assertTrue(ahead.at_hand())
        self.assertEqual([next(ahead)[1] for _ in range(2)], [0, 1])
        self.assertEqual(processes.asked, [[0, 1], [2, 3], [4]])
        self.assertFalse(ahead.at_hand())
        processes.ready = 3
        self.assertEqual([scene for _, scene in ahead], [2, 3, 4])
        # Nothing comes after the last one, so that nobody waits for it.
        self.assertTrue(ahead.at_hand())

    def test_some_pictures_of_a_window_are_changed_and_always_the_same(self) -> None:
        world = World(SETTINGS, "tests")
        plain = SceneWindow(world, 60, 20)
        walked, jumped = (SceneWindow(world, 60, 20, lambda picture: 1 - picture, 0.5) for _ in range(2))
        for step in (0, 1):
            changed = walked.at(step)
        jumped = jumped.at(1)
        kinds = []
        for (a, _), (b, _), (c, _) in zip(plain.at(1), changed, jumped, strict=True):
            self.assertTrue(torch.equal(b, c))
            kinds.append(torch.equal(b, 1 - a))
            self.assertTrue(kinds[-1] or torch.equal(a, b))
        self.assertTrue(10 < sum(kinds) < 50)


class Drawers:
    """In place of processes: `ready` of the chunks that were asked for are drawn, and a picture is all zeros."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.ready = 0

    def apply_async(self, _: object, arguments: tuple[list[int]]) -> unittest.mock.Mock:
        self.asked.append(arguments[0])
        number, count = len(self.asked), len(arguments[0])
        return unittest.mock.Mock(
            ready=lambda: number <= self.ready, get=lambda: (numpy.zeros((count, 3, 8, 8), numpy.float32), arguments[0]))


if __name__ == "__main__":
    unittest.main()
