"""What is no object of the world is called something else, and nothing that cannot be known is asked of it."""
import pathlib
import random
import tempfile
import unittest

import torch
from safetensors.torch import load_file

from recipe import exporting, judge, scene_reader, settings, strangers, truths, validation
from recipe.captions import Scene, Thing
from recipe.strangers import Strangers
from recipe.truths import IGNORED, OTHER
from recipe.world import World
from tests import tiny

SETTINGS = tiny.load("judge.others=0.5")
WORDS = truths.vocabulary(SETTINGS)


class VocabularyTests(unittest.TestCase):
    def test_the_word_is_the_last_and_only_there_where_it_is_taught(self) -> None:
        self.assertEqual(WORDS.objects, (*truths.vocabulary(tiny.load()).objects, OTHER))
        self.assertFalse(judge.never_drawn(SETTINGS)[-1].any())

    def test_no_stranger_is_an_object_and_none_of_the_validation_is_seen(self) -> None:
        own = settings.load()
        known = {entry.glyph for entry in own.world.objects.values()}
        taught, unseen = set(own.judge.strangers), set(own.judge.unseen_strangers)
        self.assertFalse(taught & unseen or taught & known or unseen & known)
        self.assertEqual((len(taught), len(unseen)), (len(own.judge.strangers), len(own.judge.unseen_strangers)))

    def test_a_reader_without_the_word_learns_it_and_says_all_else_as_before(self) -> None:
        before = tiny.load()
        torch.manual_seed(3)
        reader = scene_reader.build(before)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name) / "scene_reader"
            exporting.write_scene_reader(reader, before, folder)
            old, new = scene_reader.read(before, folder), scene_reader.read(SETTINGS, folder)
            rows = load_file(folder / scene_reader.WEIGHTS)["patch_head.weight"].shape[0]
        self.assertEqual(new.patch_head.out_features, rows + 1)
        pictures = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(4))
        with torch.no_grad():
            was, now = old(pictures), new(pictures)
        torch.testing.assert_close(now.objects[..., :-1], was.objects)
        self.assertLess(now.objects.softmax(-1)[..., -1].max().item(), 1e-3)
        for part in ("colors", "facings", "coverage", "backgrounds", "styles"):
            torch.testing.assert_close(getattr(now, part), getattr(was, part))


@tiny.needs_font
class StrangersTests(unittest.TestCase):
    def setUp(self) -> None:
        self.strangers = Strangers(SETTINGS, SETTINGS.judge.strangers)

    def test_each_follows_from_its_random_numbers_and_has_a_body(self) -> None:
        for kind in strangers.KINDS:
            seen = set()
            for seed in range(8):
                one, again = (self.strangers.make(kind, random.Random(seed)) for _ in range(2))
                for a, b in zip(one, again):
                    self.assertTrue(torch.equal(a, b), kind)
                    self.assertTrue(a.min() >= 0 and a.max() <= 1.0001 and a.isfinite().all(), kind)
                covered = (one.alpha > 0.5).float().mean().item()
                self.assertTrue(0.05 < covered < 0.95, f"{kind} {seed}: {covered}")
                seen.add(round(one.rgb.sum().item(), 2))
            self.assertGreater(len(seen), 5, kind)

    def test_a_blend_shows_two_objects_at_its_two_sides(self) -> None:
        known = self.strangers._known
        for seed in range(6):
            made = self.strangers.make("blend", random.Random(seed))
            parts = [((made.alpha - glyph.alpha).abs() + (made.rgb - glyph.rgb).abs() * glyph.alpha).sum(0) < 0.02
                     for glyph in known]
            shares = sorted((part.float().mean().item() for part in parts), reverse=True)
            self.assertTrue(shares[0] < 0.98 and shares[1] > 0.2, shares[:3])

    def test_a_share_of_things_is_swapped_and_keeps_its_color(self) -> None:
        scene = Scene((Thing("dog", "red"), Thing("ball", None)), place="at night")
        swapped = [0, 0]
        for seed in range(400):
            new, made = self.strangers.introduced(scene, 0.3, random.Random(seed))
            self.assertEqual({place for place, thing in enumerate(new.things) if thing.name == OTHER}, set(made))
            self.assertEqual(([thing.color for thing in new.things], new.place), (["red", None], "at night"))
            for place in made:
                swapped[place] += 1
        self.assertTrue(all(80 < count < 160 for count in swapped), swapped)

    def test_of_a_stranger_neither_its_side_nor_its_own_colors_are_asked(self) -> None:
        world = World(SETTINGS, "tests")
        for color, asked in (("red", WORDS.colors.index("red")), (None, IGNORED)):
            rng = random.Random(1)
            drawing = world.show(Scene((Thing(OTHER, color), Thing("dog", None))), rng,
                                 {0: self.strangers.make("blend", rng)})
            scenes = truths.record([drawing], drawing.picture[None], SETTINGS)
            self.assertEqual([WORDS.objects[number] for number in scenes.objects[0]], [OTHER, "dog"])
            self.assertEqual(scenes.colors[0].tolist(), [asked, WORDS.colors.index("none")])
            self.assertEqual(scenes.facings[0, 0].item(), IGNORED)
            self.assertGreater(scenes.coverage[0, 0].float().mean().item(), 5)

    def test_the_validation_shows_what_no_stage_saw(self) -> None:
        drawings = validation.stranger_drawings(SETTINGS, range(6))
        self.assertEqual({drawing.objects[0].name for drawing in drawings}, {OTHER})
        other = validation.stranger_drawings(SETTINGS, [3])[0]
        self.assertTrue(torch.equal(other.picture, drawings[3].picture))


if __name__ == "__main__":
    unittest.main()
