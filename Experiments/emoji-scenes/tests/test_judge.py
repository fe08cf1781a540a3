"""What the scene reader is asked is what the scene shows, and nothing that cannot be known."""
import collections
import itertools
import math
import random
import unittest

import torch

from recipe import augmentation, captions, glyphs, judge, measures, scene_reader, settings, truths, world
from recipe.captions import Scene, Thing
from recipe.training import randomness
from recipe.truths import IGNORED, TINTED, Scenes
from recipe.world import Drawing, Truth, World
from tests import tiny

SETTINGS = tiny.load()
WORDS = truths.vocabulary(SETTINGS)
SIDE = 16  # patches of 8 pixels


def rectangle(left: int, top: int, right: int, bottom: int, value: float = 1.0) -> torch.Tensor:
    mask = torch.zeros(128, 128)
    mask[top:bottom, left:right] = value
    return mask


def drawing(scene: Scene, *masks: torch.Tensor, faces: tuple[str, ...] = ("left", "front")) -> Drawing:
    """Of things in the given places; the picture's left half is dark."""
    objects = tuple(Truth(thing.name, thing.color, side, world.bounding_box(mask), mask)
                    for thing, side, mask in zip(scene.things, faces, masks))
    return Drawing(scene, "", torch.cat([torch.zeros(3, 128, 64), torch.ones(3, 128, 64)], 2), objects)


def recorded(*drawings: Drawing) -> Scenes:
    return truths.record(drawings, measures.stack(drawings), SETTINGS)


def share_of(mixed: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> float | None:
    """How much of the second is in the mixture of two; None: it is no mixture of them, or the first alone."""
    share = ((mixed - first) * (second - first)).sum() / (second - first).square().sum()
    fits = share > 0.01 and torch.allclose(torch.lerp(first, second, share), mixed, atol=1e-5)
    return share.item() if fits else None


class TruthTests(unittest.TestCase):
    def setUp(self) -> None:
        # A dog on the patches of rows 2-3, columns 1-2; a ball on row 8, columns 12-14, on the last a sliver.
        self.scene = Scene((Thing("dog", "red"), Thing("ball", None)), place="at night")
        ball = rectangle(96, 64, 112, 72) + rectangle(112, 64, 113, 71)
        self.scenes = recorded(drawing(self.scene, rectangle(8, 16, 24, 32), ball))

    def grid(self, scenes: Scenes, name: str) -> torch.Tensor:
        return getattr(scenes.truths(8), name)[0].view(SIDE, SIDE, -1).squeeze(-1)

    def test_patches_have_the_labels_of_the_object_that_covers_them(self) -> None:
        expected = {"objects": (0, "dog", "ball"), "colors": (IGNORED, "red", "none"),
                    "facings": (IGNORED, "left", "front")}
        for name, (elsewhere, first, second) in expected.items():
            words, labels = getattr(WORDS, name), torch.full((SIDE, SIDE), elsewhere)
            labels[2:4, 1:3] = words.index(first)
            labels[8, 12:14] = words.index(second)  # 7 of 64 pixels are below `LEAST_COVERAGE`
            self.assertTrue(torch.equal(self.grid(self.scenes, name), labels), name)
        right = self.scenes.truths(8)
        self.assertEqual(WORDS.backgrounds[right.backgrounds[0]], "at night")
        self.assertEqual(WORDS.styles[right.styles[0]], "plain")
        covered = self.grid(self.scenes, "coverage")
        self.assertEqual(covered.sum().item(), 16 * 16 + 16 * 8 + 7)
        self.assertEqual(covered[8, 14].view(8, 8).nonzero().tolist(), [[row, 0] for row in range(7)])

    def test_the_object_that_covers_more_owns_a_patch(self) -> None:
        shared = recorded(drawing(self.scene, rectangle(0, 0, 8, 8, 0.4), rectangle(0, 0, 8, 8, 0.5)))
        self.assertEqual(WORDS.objects[self.grid(shared, "objects")[0, 0]], "ball")
        self.assertTrue(((self.grid(shared, "coverage")[0, 0] - 0.9).abs() < 0.01).all())

    def test_mirroring_exchanges_left_and_right_of_the_chosen(self) -> None:
        two = recorded(*[drawing(self.scene, rectangle(8, 16, 24, 32), rectangle(96, 64, 112, 72))] * 2)
        turned = two.mirrored(torch.tensor([True, False]))
        for name in Scenes._fields:
            self.assertTrue(torch.equal(getattr(turned, name)[1], getattr(two, name)[1]), name)
        self.assertTrue(torch.equal(turned.pictures[0], two.pictures[0].flip(-1)))
        facings = [WORDS.facings[number] for number in turned.facings[0]]
        self.assertEqual(facings, ["right", "front"])
        labels = self.grid(turned, "objects")
        self.assertEqual(labels.nonzero().tolist(), [[2, 13], [2, 14], [3, 13], [3, 14], [8, 2], [8, 3]])
        self.assertTrue(torch.equal(turned.mirrored(torch.tensor([True, False])).facings, two.facings))

    def test_one_object_has_no_second_facing_to_turn(self) -> None:
        one = recorded(drawing(Scene((Thing("car", None),)), rectangle(0, 0, 64, 64)))
        turned = one.mirrored(torch.tensor([True]))
        self.assertEqual(turned.facings.tolist(), [[WORDS.facings.index("right"), IGNORED]])

    def test_color_that_no_eye_can_tell_is_not_asked(self) -> None:
        for style, color, asked in (
            ("a pencil sketch of", "white", None), ("a pencil sketch of", "black", None),
            ("a pencil sketch of", "red", "red"), ("a pencil sketch of", None, "none"),
            ("pixel art of", "white", "white"), (None, "black", "black"),
        ):
            scenes = recorded(drawing(Scene((Thing("dog", color),), style=style), rectangle(0, 0, 64, 64)))
            number = WORDS.colors.index(asked) if asked else IGNORED
            self.assertEqual(scenes.colors[0, 0].item(), number, (style, color))
            self.assertEqual(self.grid(scenes, "colors")[0, 0].item(), number)
            self.assertEqual(WORDS.objects[scenes.objects[0, 0]], "dog")

    def test_of_a_color_without_a_name_it_is_asked_that_it_is_not_its_own(self) -> None:
        tinted = Thing("dog", None, tint=(120, 90, 200))
        scenes = recorded(drawing(Scene((tinted, Thing("ball", "red"))),
                                  rectangle(0, 0, 64, 64), rectangle(64, 64, 128, 128)))
        self.assertEqual(scenes.colors.tolist(), [[TINTED, WORDS.colors.index("red")]])
        self.assertEqual([WORDS.objects[number] for number in scenes.objects[0]], ["dog", "ball"])
        sketch = recorded(drawing(Scene((tinted,), style="a pencil sketch of"), rectangle(0, 0, 64, 64)))
        self.assertEqual(sketch.colors[0, 0].item(), IGNORED, "pencil has no wash of a color without a name")
        numbers = torch.tensor([TINTED, 2, IGNORED])
        logits = torch.zeros(3, 4)
        logits[0, 0] = math.log(5)  # its own: 5 of 8
        loss = judge.color_loss(logits, numbers)
        self.assertAlmostEqual(loss.item(), (-math.log(3 / 8) - math.log(1 / 4)) / 2, places=6)
        self.assertEqual(judge.color_loss(logits, torch.full((3,), IGNORED)).item(), 0)

    def test_styles_are_as_many_as_the_judge_asks(self) -> None:
        scenes = [judge.styled_world(SETTINGS).describe(number) for number in range(1000)]
        alone = [scene.style is not None for scene in scenes if len(scene.things) == 1]
        self.assertTrue(0.35 < sum(alone) / len(alone) < 0.45, sum(alone) / len(alone))

    @tiny.needs_font
    def test_drawn_scenes_are_labelled_where_they_are_drawn(self) -> None:
        drawings = [World(SETTINGS, "tests").draw(number) for number in range(20)]
        for drawn, numbers in zip(drawings, recorded(*drawings).truths(8).objects):
            named = {WORDS.objects[number] for number in numbers.tolist()} - {"none"}
            self.assertEqual(named, {thing.name for thing in drawn.scene.things})


class AugmentationTests(unittest.TestCase):
    def setUp(self) -> None:
        scene = Scene((Thing("dog", "red"),), background="blue")
        self.scenes = recorded(*[drawing(scene, rectangle(8, 16, 60, 70))] * 64)
        generator = torch.Generator().manual_seed(1)
        self.pictures = torch.rand(64, 3, 128, 128, generator=generator)

    def test_recolored_pictures_are_asked_that_the_color_is_not_the_own(self) -> None:
        pictures, scenes = self.recolored(0.5)
        changed = scenes.backgrounds == IGNORED
        for i in range(64):
            self.assertEqual(torch.equal(pictures[i], self.pictures[i]), not changed[i])
            if changed[i]:
                self.assertEqual(scenes.colors[i].tolist(), [TINTED, IGNORED])
            else:
                self.assertTrue(torch.equal(scenes.colors[i], self.scenes.colors[i]))
                self.assertEqual(scenes.backgrounds[i], self.scenes.backgrounds[i])
        self.assertTrue(pictures.min() >= 0 and pictures.max() <= 1)
        self.assertTrue(10 < int(changed.sum()) < 54)
        for name in ("objects", "facings", "styles", "coverage"):
            self.assertTrue(torch.equal(getattr(scenes, name), getattr(self.scenes, name)), name)

    def test_nothing_is_asked_of_a_new_color_that_is_like_one_to_avoid(self) -> None:
        coverage = self.scenes.coverage[0, :1]
        picture = torch.where(coverage > 0, glyphs.solid((100, 100, 100)), glyphs.solid((250, 0, 0)))
        for own, held_out, apart in (((100, 100, 54), None, True), ((100, 100, 56), None, False),
                                     ((0, 0, 0), (181, 100, 100), True), ((0, 0, 0), (179, 100, 100), False)):
            avoided = torch.full((11, 3), math.inf)
            avoided[0] = torch.tensor(own) / 255
            if held_out is not None:
                avoided[4] = torch.tensor(held_out) / 255
            self.assertEqual(augmentation.is_apart(picture, coverage, avoided), apart, (own, held_out))

    def test_nothing_is_asked_of_new_colors_of_sketches_and_silhouettes(self) -> None:
        for style in ("pencil", "silhouette"):
            self.scenes.styles.fill_(WORDS.styles.index(style))
            _, scenes = self.recolored(1.0)
            self.assertTrue((scenes.colors == IGNORED).all(), style)

    @tiny.needs_font
    def test_colors_to_avoid_are_the_own_and_those_that_are_held_out(self) -> None:
        avoided = augmentation.means_to_avoid(SETTINGS)
        for name in SETTINGS.world.objects:
            row = avoided[WORDS.objects.index(name)]
            for number, color in enumerate(WORDS.colors):
                is_avoided = number == 0 or SETTINGS.world.is_held_out(name, color)
                self.assertEqual(bool(row[number].isfinite().all()), is_avoided, (name, color))
        cactus = avoided[WORDS.objects.index("cactus")]
        own, yellow = cactus[0].tolist(), cactus[WORDS.colors.index("yellow")].tolist()
        self.assertTrue(own[1] > own[0] > own[2] and yellow[0] > yellow[1] > yellow[2], (own, yellow))

    def test_repainted_things_have_the_color_that_is_said_and_none_that_is_held_out(self) -> None:
        cactus = Scene((Thing("cactus", "green"),), background="red")
        scenes = recorded(*[drawing(cactus, rectangle(8, 16, 108, 110))] * 64)
        before = torch.rand(64, 3, 128, 128, generator=torch.Generator().manual_seed(2))
        pictures, scenes = augmentation.repainted(before, scenes, SETTINGS, 0.8, randomness(1, "tests", 0))
        covered = scenes.coverage[0, 0] > 0
        self.assertTrue(torch.equal(pictures[:, :, ~covered], before[:, :, ~covered]))
        named = collections.Counter()
        for i in range(64):
            number = scenes.colors[i, 0].item()
            middle = 255 * pictures[i][:, covered].median(1).values  # the middle shade is the colour itself
            if torch.equal(pictures[i], before[i]):
                self.assertEqual(WORDS.colors[number], "green")
            elif number == TINTED:
                distance = (middle - torch.tensor(SETTINGS.world.colors["yellow"])).norm()
                self.assertGreater(distance, captions.APART - 0.01)  # 255 times a quotient by 255 is rounded
            else:
                color = SETTINGS.world.colors[WORDS.colors[number]]
                self.assertLess((middle - torch.tensor(color)).abs().max(), 0.01, WORDS.colors[number])
            named[WORDS.colors[number] if number >= 0 else "tinted"] += 1
        self.assertEqual(set(WORDS.colors) - set(named), {"none", "yellow", "red"})
        self.assertTrue(15 < named["tinted"] < 37, named)

    def test_sketches_pixels_and_silhouettes_are_not_repainted(self) -> None:
        for style in ("pencil", "pixels", "silhouette"):
            self.scenes.styles.fill_(WORDS.styles.index(style))
            pictures, scenes = augmentation.repainted(
                self.pictures, self.scenes, SETTINGS, 1.0, randomness(1, "tests", 0))
            self.assertTrue(torch.equal(pictures, self.pictures) and torch.equal(scenes.colors, self.scenes.colors))

    def test_other_colors_are_exchanged_channels_a_negative_or_greys_in_part_or_whole(self) -> None:
        kinds, shares = collections.Counter(), []
        for step in range(80):
            own = self.pictures[step % 64]
            new = augmentation.in_other_colors(own, randomness(1, "tests", step))
            grey = (0.30 * own[0] + 0.59 * own[1] + 0.11 * own[2]).expand_as(own)
            exchanged = [own[list(order)] for order in itertools.permutations(range(3))][1:]
            fits = [(kind, share) for kind, result, targets in (
                ("grey", new, [grey]), ("exchanged", new, exchanged), ("negative", 1 - new, exchanged))
                for target in targets if (share := share_of(result, own, target)) is not None]
            same = torch.allclose(new, own, atol=1e-6) or torch.allclose(1 - new, own, atol=1e-6)
            self.assertEqual(len(fits) + same, 1)
            kinds.update(kind for kind, _ in fits)
            shares.extend(share for _, share in fits)
        self.assertEqual(len(kinds), 3)
        self.assertGreater(min(kinds.values()), 8)
        self.assertTrue(0.3 <= min(shares) < 0.4 and 0.9 < max(shares) <= 1.0001, (min(shares), max(shares)))

    def test_stretching_moves_all_pixels_by_one_line(self) -> None:
        factors, offsets = [], []
        for step in range(200):
            ramp = torch.linspace(0, 1, 101).expand(3, 1, -1)
            new = augmentation.stretched(ramp, randomness(1, "tests", step))[0, 0]
            inside = (new > 0.001) & (new < 0.999)
            steps = new.diff()[inside[1:] & inside[:-1]]
            self.assertLess((steps - steps[0]).abs().max().item(), 1e-5)
            factors.append(100 * steps[0].item())
            middle = new[inside][0].item() - factors[-1] * (ramp[0, 0][inside][0].item() - 0.5)
            offsets.append(middle - 0.5)
        self.assertTrue(0.6 <= min(factors) + 1e-4 and min(factors) < 0.65, min(factors))
        self.assertTrue(max(factors) - 1e-4 <= 1.4 and max(factors) > 1.35, max(factors))
        self.assertTrue(-0.2501 <= min(offsets) < -0.2 and 0.2 < max(offsets) <= 0.2501, (min(offsets), max(offsets)))

    def test_share_of_none_and_of_all(self) -> None:
        pictures, scenes = self.recolored(0.0)
        self.assertTrue(torch.equal(pictures, self.pictures) and torch.equal(scenes.colors, self.scenes.colors))
        _, scenes = self.recolored(1.0)
        self.assertTrue((scenes.backgrounds == IGNORED).all())

    def recolored(self, share: float) -> tuple[torch.Tensor, Scenes]:
        """With no colour to avoid."""
        avoided = torch.full((len(WORDS.objects), len(WORDS.colors), 3), math.inf)
        return augmentation.recolored(
            self.pictures, self.scenes, avoided, SETTINGS, share, randomness(1, "tests", 0))

    def test_window_is_a_square_and_all_that_is_seen_and_asked(self) -> None:
        kept = judge.window(SIDE, 5, randomness(1, "tests", 2))
        rows, columns = kept // SIDE, kept % SIDE
        top, left = int(rows.min()), int(columns.min())
        self.assertEqual(kept.tolist(), [SIDE * (top + i) + left + j for i in range(5) for j in range(5)])
        self.assertEqual(judge.window(SIDE, SIDE, randomness(1, "tests", 2)).tolist(), list(range(SIDE * SIDE)))
        places = {tuple(judge.window(SIDE, 11, randomness(1, "tests", step))[[0, -1]].tolist()) for step in range(600)}
        self.assertEqual(len(places), 36)
        torch.manual_seed(2)
        model = scene_reader.build(SETTINGS).eval()
        outside = torch.ones(SIDE, SIDE, dtype=torch.bool)
        outside[top : top + 5, left : left + 5] = False
        hidden = outside.repeat_interleave(8, 0).repeat_interleave(8, 1)
        with torch.no_grad():
            whole = model(self.pictures[:2], kept)
            masked = model(self.pictures[:2].masked_fill(hidden, 0.0), kept)
        self.assertEqual(whole.objects.shape, (2, 25, len(WORDS.objects)))
        for name, a, b in zip(whole._fields, whole, masked):
            self.assertTrue(torch.equal(a, b), f"{name} depend on what is outside of the window")
        with torch.no_grad():
            for a, b in zip(model(self.pictures[:2]), model(self.pictures[:2], torch.arange(SIDE * SIDE))):
                self.assertTrue(torch.equal(a, b), "answers come in another order than the patches")
        right = self.scenes.truths(8)
        for name in ("objects", "colors", "facings", "coverage"):
            self.assertTrue(torch.equal(getattr(right.of(kept), name), getattr(right, name)[:, kept]), name)

    def test_what_is_not_asked_costs_nothing_and_teaches_nothing(self) -> None:
        torch.manual_seed(4)
        model = scene_reader.build(SETTINGS)
        scenes = self.scenes._replace(
            colors=torch.full_like(self.scenes.colors, IGNORED), backgrounds=torch.full((64,), IGNORED))
        parts = judge.losses(model(self.pictures[:4]), scenes.of(range(4)).truths(8), judge.never_drawn(SETTINGS))
        self.assertEqual((parts["colors"].item(), parts["backgrounds"].item()), (0, 0))
        sum(parts.values()).backward()
        first = len(WORDS.objects)
        of_colors = model.patch_head.weight.grad[first : first + len(WORDS.colors)]
        self.assertEqual(of_colors.abs().max().item(), 0)
        self.assertGreater(model.patch_head.weight.grad[:first].abs().max().item(), 0)

    def test_pairs_that_are_never_drawn_are_not_learnt_against(self) -> None:
        never = judge.never_drawn(SETTINGS)
        self.assertEqual(int(never.sum()), sum(len(names) for names in SETTINGS.world.held_out.values()))
        scenes = recorded(drawing(Scene((Thing("cactus", "white"),)), rectangle(0, 0, 128, 128)))
        right = scenes.truths(8)
        answers = scene_reader.Answers(*(
            torch.zeros(1, 256, size, requires_grad=True) for size in (*WORDS.patch_sizes, 64)),
            *(torch.zeros(1, size, requires_grad=True) for size in WORDS.picture_sizes))
        parts = judge.losses(answers, right, never)
        (parts["objects"] + parts["colors"]).backward()
        for words, gradient, untouched in ((WORDS.colors, answers.colors.grad, {"yellow"}),
                                           (WORDS.objects, answers.objects.grad, {"snail", "flower", "shoe"})):
            still = {word for number, word in enumerate(words) if not gradient[..., number].any()}
            self.assertEqual(still, untouched)
        self.assertAlmostEqual(parts["colors"].item(), math.log(10), places=5)
        self.assertAlmostEqual(parts["objects"].item(), math.log(48), places=5)

    def test_losses_are_means_over_what_is_asked(self) -> None:
        generator = torch.Generator().manual_seed(6)
        logits, numbers = torch.randn(3, 5, generator=generator), torch.tensor([1, IGNORED, 4])
        expected = -(logits.double().log_softmax(-1)[0, 1] + logits.double().log_softmax(-1)[2, 4]) / 2
        self.assertAlmostEqual(judge.cross_entropy(logits, numbers).item(), expected.item(), places=6)
        weights = torch.tensor([0.1, 1, 1, 1, 1])
        log = logits.double().log_softmax(-1)
        weighted = -(0.1 * log[0, 0] + log[2, 4]) / 1.1
        found = judge.cross_entropy(logits, torch.tensor([0, IGNORED, 4]), weights)
        self.assertAlmostEqual(found.item(), weighted.item(), places=6)

    def test_blur_is_that_of_each_picture(self) -> None:
        dot = torch.zeros(2, 3, 15, 15)
        dot[:, :, 7, 7] = 1
        found = augmentation.blurred(dot, torch.tensor([0.0, 1.0]).view(2, 1, 1, 1))
        torch.testing.assert_close(found[0], dot[0], rtol=0, atol=1e-6)
        taps = torch.exp(-torch.arange(-3, 4).double().square() / 2.0001)
        taps = taps / taps.sum()
        torch.testing.assert_close(found[1, 2, 4:11, 4:11].double(), taps[:, None] * taps, rtol=0, atol=1e-6)


class NetworkTests(unittest.TestCase):
    def test_heads_begin_by_looking_at_one_neighbour(self) -> None:
        own = settings.load(overrides=["judge.tower={width: 96, layers: 1, heads: 3}"])
        torch.manual_seed(11)
        model = scene_reader.build(own)
        with torch.no_grad():
            tower = model.tower
            tower.embeddings.patch_embedding.weight.zero_()  # positions alone
            seen = tower.pre_layrnorm(tower.embeddings(torch.zeros(1, 3, 128, 128)))
            layer = tower.encoder.layers[0]
            seen = layer.layer_norm1(seen)[:, 1:]
            queries, keys = (project(seen).unflatten(-1, (3, -1))
                             for project in (layer.self_attn.q_proj, layer.self_attn.k_proj))
            scores = torch.einsum("bqhd,bkhd->hqk", queries, keys)
        torch.manual_seed(11)
        scene_reader.SceneReader(own)  # takes the same random numbers as before the directions are drawn
        places = [(row, column) for row in range(4, 12) for column in range(4, 12)]
        for head in range(3):
            down, right = (int(torch.randint(-2, 3, ())) for _ in range(2))
            best = [divmod(int(scores[head, SIDE * row + column].argmax()), SIDE) for row, column in places]
            hits = sum((r - row, c - column) == (down, right) for (r, c), (row, column) in zip(best, places))
            self.assertGreater(hits, 0.9 * len(places), f"head {head}: {down} down, {right} right")

    def test_words_are_those_of_the_world(self) -> None:
        world_ = SETTINGS.world
        self.assertEqual(WORDS.objects, ("none", *world_.objects))
        self.assertEqual(WORDS.backgrounds, ("plain", *world_.colors, *world_.places))
        self.assertEqual(WORDS.styles, ("plain", "pencil", "pixels", "silhouette"))


class StreamTests(unittest.TestCase):
    def test_the_judge_sees_other_scenes_than_all_others(self) -> None:
        full = settings.load()
        streams = ("judge", "vae", "clip", "unet", measures.STREAM)
        scenes = {name: [World(full, name).describe(number) for number in range(300)] for name in streams}
        self.assertEqual(judge.JudgeStage.name, "judge")
        for name in streams[1:]:
            same = sum(a == b for a, b in zip(scenes["judge"], scenes[name]))
            self.assertLess(same, 15, name)
        # Where things stand is another, too.
        thing = Scene((Thing("dog", None),))
        places = {World(full, name).arrange(thing, random.Random(f"{full.seed}/{name}/0/picture")) for name in streams}
        self.assertEqual(len(places), len(streams))

    def test_its_choices_follow_from_its_own_seed(self) -> None:
        full = settings.load()
        self.assertNotEqual(full.judge.seed, full.seed)
        ours, unets = (randomness(seed, name, 5).choices.random()
                       for seed, name in ((full.judge.seed, "judge"), (full.seed, "unet")))
        self.assertNotEqual(ours, unets)
        noise = judge.latent_noise(full, 20, 20)
        self.assertTrue(torch.equal(noise, judge.latent_noise(full, 20, 20)))
        self.assertFalse(torch.equal(noise, judge.latent_noise(full, 0, 20)))
        amounts = torch.cat([judge.latent_noise(full, first, 20).std((1, 2, 3)) for first in range(0, 400, 20)])
        self.assertTrue(0.4 < (amounts == 0).float().mean().item() < 0.6)
        self.assertTrue(0.25 < amounts.max().item() < 0.33)


if __name__ == "__main__":
    unittest.main()
