"""The settings file is read strictly, and it is the world that the model's card describes."""
import pathlib
import re
import tempfile
import unittest

from recipe import settings
from recipe.strict import SettingsError

TEXT = (settings.FOLDER / "settings.yaml").read_text(encoding="utf-8")


class SettingsTests(unittest.TestCase):
    def problems(self, text: str = TEXT, overrides: tuple[str, ...] = ()) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "settings.yaml"
            file.write_text(text, encoding="utf-8")
            with self.assertRaises(SettingsError) as caught:
                settings.load(file, overrides)
        return caught.exception.problems

    def test_wrong_values_are_named(self) -> None:
        cases = {
            "unet.bacth=4": ["--set unet.bacth=4: write KEY=VALUE with a key of the file, such as unet.batch=16"],
            "unet.batch=four": ["unet.batch: expected a whole number, found 'four'"],
            "unet.batch=true": ["unet.batch: expected a whole number, found True"],
            "unet.batch=0": ["unet.batch: must be at least 1"],
            "unet.optimizer.decay=1.5": ["unet.optimizer.decay: a share is 0-1, found 1.5"],
            "world.held_out_twos=1.0": ["world.held_out_twos: a share is from 0 up to 1, found 1.0"],
            "unet.min_snr=1e-3":
                ["unet.min_snr: expected a number, found '1e-3' (a text to YAML: write a decimal point, as in 1.0e-3)"],
            "vae.widths=[32, 64, 96]": ["vae.widths: expected 4 values, found 3"],
            "vae.widths=[32, 64, 96, 100]": ["vae.widths: 100 is not a multiple of norm_groups (16)"],
            "clip.text={width: 128, layers: 4, head: 4}":
                ["clip.text.head: unknown key; did you mean heads?", "clip.text.heads: missing"],
            "world.objects.dog.faces=up": ["world.objects.dog.faces: 'up' is none of left, right, front"],
            "world.odds.place=0.8": ["world.odds: colored_background and place together are above 1"],
            "world.held_out.red=[beer]": ["world.held_out.red: no object 'beer' in world.objects"],
            "world.layout.two=[0.4, 0.6]":
                ["world.layout.two: two numbers from small to large, above 0 and at most 0.5"],
            "unet.optimizer.ema=1.0": ["unet.optimizer.ema: must be from 0 up to 1, or null for none; found 1.0"],
            "judge.patch=12": ["judge.patch: 12 does not divide world.picture_size (128)"],
            "judge.window=17": ["judge.window: 17 is not from 1 to 16 patches"],
            "judge.window=0": ["judge.window: 0 is not from 1 to 16 patches"],
            "judge.tower={width: 192, layers: 5, heads: 7}":
                ["judge.tower: width 192 is not a multiple of heads (7)"],
            "judge.tower={width: 192, layers: 5, heads: 64}":
                ["judge.tower: a head is below 4 wide, too little for its first look at a neighbour"],
            "judge.batch=18001": ["judge.batch: 18001 different scenes cannot be had of a pool of 18000"],
            "judge.blur=-0.1": ["judge.blur: must be 0 or more"],
            "judge.recolored=1.1": ["judge.recolored: a share is 0-1, found 1.1"],
            "judge.repainted=-0.1": ["judge.repainted: a share is 0-1, found -0.1"],
            "judge.tinted=-0.1": ["judge.tinted: a share is 0-1, found -0.1"],
            "judge.styled=1.5": ["judge.styled: a share is 0-1, found 1.5"],
            "judge.others=1.5": ["judge.others: a share is 0-1, found 1.5"],
            "judge.patch=16": ["judge.patch: 16 is not 8: the second judge halves pictures three times"],
            "judge.locked_layers=6": ["judge.locked_layers: 6 is not from 0 to 5"],
            "second_judge.widths=[24, 48, 96, 100]": ["second_judge.widths: 100 is not a multiple of norm_groups (8)"],
            "second_judge.batch=18001":
                ["second_judge.batch: 18001 different scenes cannot be had of a pool of 18000"],
            "unet.bf16=fast": ["unet.bf16: 'fast' is none of true, false, auto"],
            "unet.bf16=1": ["unet.bf16: 1 is none of true, false, auto"],
            "unet.minutes=0": ["unet.minutes: must be above 0; of the judges 0 leaves them out"],
            "judge.minutes=-1": ["judge.minutes: must be above 0; of the judges 0 leaves them out"],
            "judge.bf16=1": ["judge.bf16: expected true or false, found 1"],
            "judge.optimizer.warmup=0": ["judge.optimizer: learning_rate must be above 0 and warmup at least 1"],
            "clip.decoded=1.5": ["clip.decoded: a share is 0-1, found 1.5"],
            "clip.batch=4096": ["clip.batch: 4096 different scenes cannot be had of a pool of 2048"],
        }
        for override, expected in cases.items():
            with self.subTest(override):
                self.assertEqual(self.problems(overrides=(override,)), expected)

    def test_unknown_missing_and_double_keys_come_together(self) -> None:
        text = TEXT.replace("  min_snr: 5.0", "  min_snrr: 5.0").replace("seed: 0 ", "seeds: 0 ")
        self.assertEqual(self.problems(text), [
            "seeds: unknown key; did you mean seed?", "seed: missing",
            "unet.min_snrr: unknown key; did you mean min_snr?", "unet.min_snr: missing"])
        twice = self.problems(TEXT.replace("  min_snr: 5.0", "  batch: 5"))
        self.assertEqual(len(twice), 1)
        self.assertIn("the key 'batch' stands twice", twice[0])

    def test_overrides_replace_values(self) -> None:
        made = settings.load(overrides=["unet.batch=7", "unet.optimizer.ema=null", "vae.widths=[16, 16, 32, 32]"])
        self.assertEqual((made.unet.batch, made.unet.optimizer.ema, made.vae.widths), (7, None, (16, 16, 32, 32)))

    def test_an_edition_replaces_values_and_overrides_come_after_it(self) -> None:
        second = settings.FOLDER / "second-edition.yaml"
        made = settings.load(overrides=["unet.pool=7"], edition=second)
        self.assertEqual((len(made.world.core), made.world.odds.core, made.world.odds.prefix), (16, 0.8, 0.3))
        self.assertEqual((made.world.layout.two, made.world.layout.horizon), ((0.42, 0.5), (0.5, 0.65)))
        self.assertEqual((made.unet.pool, made.unet.batch), (7, settings.load().unet.batch))
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "edition.yaml"
            file.write_text("world: { odds: { cores: 0.5 } }\nunet: { padding_emptied: 0.7, end_emptied: 0.5 }\n")
            with self.assertRaises(SettingsError) as caught:
                settings.load(edition=file)
            self.assertEqual(caught.exception.problems, ["world.odds.cores: unknown key; did you mean core?"])
            file.write_text("world: { core: [dgo], odds: { core: 0.5 } }\n"
                            "unet: { padding_emptied: 0.7, end_emptied: 0.5 }\n")
            with self.assertRaises(SettingsError) as caught:
                settings.load(edition=file)
            self.assertEqual(caught.exception.problems, [
                "world.core: no object 'dgo' in world.objects",
                "world.core: odds.core above 0 needs some of the objects here, and some left out",
                "unet.padding_emptied and end_emptied together: a share is 0-1, found 1.2"])

    def test_held_out_pairs_follow_the_rule_of_the_card(self) -> None:
        world = settings.load().world
        names, colors = list(world.objects), list(world.colors)
        free = {*names[:10], "car"}
        rule = {(name, color) for i, name in enumerate(names) for j, color in enumerate(colors)
                if name not in free and (7 * i + 3 * j) % 11 == 0}
        pairs = {(name, color) for name in names for color in colors if world.is_held_out(name, color)}
        self.assertEqual(pairs, rule)
        self.assertEqual(len(pairs), 35)

    def test_world_is_that_of_the_card(self) -> None:
        own = settings.load(edition=settings.FOLDER / "second-edition.yaml")
        world, card = own.world, (own.bundled_folder / "README.md").read_text(encoding="utf-8")
        paragraph = " ".join(card.split("**Objects**")[1].split("An object without")[0].split())
        listed = re.search(r"Ten animals: ([a-z, ]+)\. Forty others: ([a-z, ]+)\.", paragraph)
        self.assertIsNotNone(listed)
        self.assertEqual(", ".join(listed.groups()), ", ".join(world.objects))
        self.assertIn("ten: " + ", ".join(world.colors) + ".", paragraph)
        for color, names in world.held_out.items():
            self.assertIn(f"| {color} | {', '.join(names)} |", card)


if __name__ == "__main__":
    unittest.main()
