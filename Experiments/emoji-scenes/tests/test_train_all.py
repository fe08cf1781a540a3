"""`train.py all` trains stage by stage, goes on where it was stopped, and exports what separate trainings would."""
import argparse
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

import torch
from safetensors.torch import load_file

import train
from export import write_model
from recipe import checkpoints
from recipe.errors import RecipeError
from recipe.training import Interruption
from recipe.unet import UNetStage
from tests import tiny

STEPS = "2"


class Stopping(Interruption):
    """As if a signal came, by when it is asked after so often: after every step, and between stages."""

    def __init__(self, asked: int):
        super().__init__()
        self._left = asked

    @property
    def came(self) -> bool:
        self._left -= 1
        return self._left <= 0

    @came.setter
    def came(self, value: bool) -> None:
        pass


@tiny.needs_font
class TrainAllTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def _train(self, *words: object, stop_after: int = 1000) -> str:
        """What was said. Raises as `train.main`."""
        command = ["train.py", *map(str, words), *tiny.OPTIONS]
        with unittest.mock.patch.object(sys, "argv", command), unittest.mock.patch.object(sys, "orig_argv", command), \
                unittest.mock.patch("train.Interruption", lambda: Stopping(stop_after)), \
                unittest.mock.patch.object(UNetStage, "watched", return_value={}), \
                unittest.mock.patch("train.signal.signal"), contextlib.redirect_stdout(io.StringIO()) as said:
            train.main()
        return said.getvalue()

    def test_it_goes_on_where_it_was_and_exports_the_same(self) -> None:
        whole, parts, single = (self.folder / name for name in ("whole", "parts", "single"))
        self._train("all", "--run", whole, "--steps", STEPS)
        for stage in train.STAGES:
            self._train(stage, "--run", single, "--steps", STEPS)
        write_model(tiny.load(), single, single / "model")
        words = ("all", "--run", parts, "--steps", STEPS, "--export", self.folder / "my-model")
        for stopped_in, stop_after in (("clip", 4), ("unet", 3)):
            with self.assertRaisesRegex(SystemExit, "stopped before the end; this goes on: train.py all .* --resume$"):
                self._train(*words, *(["--resume"] if stopped_in != "clip" else []), stop_after=stop_after)
            self.assertTrue(checkpoints.path(parts, stopped_in).exists())
            self.assertFalse((self.folder / "my-model").exists())
        self.assertFalse(checkpoints.path(parts, "judge").exists())
        said = self._train(*words, "--resume")
        self.assertIn("vae: 2 steps already, which is all", said)
        self.assertIn("clip: 2 steps already, which is all", said)
        for other, exported in ((parts, self.folder / "my-model"), (single, single / "model")):
            for stage in train.STAGES:
                a, b = (checkpoints.read(run, stage, {}) for run in (whole, other))
                self.assertEqual((a.step, b.step), (2, 2))
                for name, value in a.best.items():
                    self.assertTrue(torch.equal(value, b.best[name]), f"{stage}: {name}")
            files = sorted(file.relative_to(exported) for file in exported.rglob("*.safetensors"))
            self.assertEqual(len(files), 6)
            for file in files:
                ours, theirs = load_file(whole / "model" / file), load_file(exported / file)
                self.assertTrue(all(torch.equal(value, theirs[name]) for name, value in ours.items()), file)

    def test_what_is_there_is_not_trained_over(self) -> None:
        run = self.folder / "run"
        with self.assertRaises(SystemExit):
            self._train("all", "--run", run, "--steps", STEPS, stop_after=5)  # at the end of clip
        with self.assertRaisesRegex(RecipeError, "vae.pt: there already. Give --resume"):
            self._train("all", "--run", run, "--steps", STEPS)
        with self.assertRaisesRegex(RecipeError, "another seed or another world"):
            self._train("all", "--run", run, "--steps", STEPS, "--resume", "--set", "seed=1")
        with self.assertRaisesRegex(RecipeError, "clip.pt: was trained with vae as it is, which is to be trained further"):
            self._train("all", "--run", run, "--steps", "3", "--resume")
        (run / "model").mkdir()
        (run / "model/file").touch()
        with self.assertRaisesRegex(RecipeError, "model: is there already"):
            self._train("all", "--run", run, "--steps", STEPS, "--resume")

    def test_a_clip_that_saw_no_picture_of_the_vae_outlives_it(self) -> None:
        run = self.folder / "run"
        with self.assertRaises(SystemExit):
            self._train("all", "--run", run, "--steps", STEPS, stop_after=5)  # at the end of clip
        checkpoints.path(run, "vae").unlink()
        given = argparse.Namespace(run=run, resume=True, minutes=None, steps=2)
        self.assertEqual(
            train.left(tiny.load("clip.decoded=0"), given), ["vae", "unet", "judge", "second_judge"])
        with self.assertRaisesRegex(RecipeError, "clip.pt: was trained with vae as it is"):
            train.left(tiny.load("clip.decoded=0.5"), given)

    def test_minutes_are_those_of_the_settings_and_judges_can_be_left_out(self) -> None:
        run = self.folder / "run"
        self._train("all", "--run", run, *(
            word for stage in train.STAGES
            for word in ("--set", f"{stage}.minutes={0 if 'judge' in stage else 0.0001}")))
        self.assertEqual(sorted(file.name for file in run.glob("*.pt")), ["clip.pt", "unet.pt", "vae.pt"])
        self.assertFalse((run / "model/scene_reader").exists())
        with self.assertRaisesRegex(RecipeError, "judge.minutes is 0: give --minutes or --steps"):
            self._train("judge", "--run", run, "--set", "judge.minutes=0")

    def test_options_of_single_stages_are_refused(self) -> None:
        for words in (("all", "--from-bundled"), ("all", "--resume", "--fresh-optimizer"), ("vae", "--export", "model"),
                      ("all", "--steps", "0"), ("all", "--minutes", "1", "--steps", "1")):
            with self.subTest(words), contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as caught:
                self._train(*words, "--run", self.folder / "run")
            self.assertEqual(caught.exception.code, 2)


if __name__ == "__main__":
    unittest.main()
