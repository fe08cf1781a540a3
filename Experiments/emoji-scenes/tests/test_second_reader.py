"""The second scene reader answers the same questions, patch by patch, and shares nothing with the first."""
import dataclasses
import pathlib
import tempfile
import unittest

import torch

from recipe import exporting, judge, scene_reader, second_reader
from recipe.errors import RecipeError
from tests import tiny

SETTINGS = tiny.load()


class SecondReaderTests(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(8)
        self.reader = second_reader.build(SETTINGS).eval()
        self.pictures = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(3))

    @torch.no_grad()
    def test_answers_have_the_shapes_of_the_first_readers(self) -> None:
        first, second = scene_reader.build(SETTINGS)(self.pictures), self.reader(self.pictures)
        self.assertEqual([value.shape for value in first], [value.shape for value in second])
        some = torch.tensor([3, 77, 200])
        kept = self.reader(self.pictures, some)
        for name in ("objects", "colors", "facings", "coverage"):
            torch.testing.assert_close(getattr(kept, name), getattr(self.reader(self.pictures), name)[:, some])

    @torch.no_grad()
    def test_patches_come_row_by_row_from_above(self) -> None:
        changed = self.pictures.clone()
        changed[:, :, 16:24, 96:104] = 0
        moved = (self.reader(changed).coverage - self.reader(self.pictures).coverage).abs().sum(-1)[0]
        row, column = divmod(int(moved.argmax()), 16)  # a halving may move it by a patch
        self.assertLessEqual(max(abs(row - 2), abs(column - 12)), 1)

    def test_seeds_and_questions(self) -> None:
        stage = judge.SecondJudgeStage
        own = stage.section(stage, SETTINGS)
        self.assertNotEqual(own.seed, SETTINGS.judge.seed)
        self.assertNotEqual(own.seed, SETTINGS.seed)
        same = dataclasses.replace(
            own, **{name: getattr(SETTINGS.judge, name)
                    for name in ("seed", "batch", "window_share", "bf16", "optimizer")})
        self.assertEqual(same, SETTINGS.judge)

    def test_a_folder_is_read_back_and_another_kind_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name) / second_reader.FOLDER
            exporting.write_scene_reader(self.reader, SETTINGS, folder)
            self.assertEqual(exporting.check_scene_reader(self.reader, SETTINGS, folder),
                             sum(value.numel() for value in self.reader.state_dict().values()))
            with self.assertRaisesRegex(RecipeError, "config.json has other num_attention_heads than the settings"):
                scene_reader.read(SETTINGS, folder)
            with self.assertRaisesRegex(RecipeError, "config.json has other norm_num_groups than the settings"):
                second_reader.read(tiny.load("second_judge.norm_groups=4"), folder)


if __name__ == "__main__":
    unittest.main()
