"""`unet.bf16: auto` takes what is faster, says so, and keeps to it where a training goes on."""
import contextlib
import io
import itertools
import json
import pathlib
import tempfile
import unittest
import unittest.mock

import torch

import train
from recipe import checkpoints, precision
from recipe.precision import Timing
from recipe.training import Budget, Trainer
from recipe.unet import UNetStage
from tests import tiny

STEPS = 3


class Clock:
    """Goes on when it is asked a second time: by `fp32` seconds for a step in fp32, by `bf16` for one in bfloat16, which
    comes after it."""

    def __init__(self, fp32: float, bf16: float):
        self.now, self.moves = 0.0, itertools.cycle((0.0, fp32, 0.0, bf16))

    def __call__(self) -> float:
        self.now += next(self.moves)
        return self.now


class TimingTests(unittest.TestCase):
    def test_steps_are_timed_in_turn_and_the_first_ones_are_not(self) -> None:
        made: list[bool] = []
        now = 0.0

        def step(bf16: bool) -> None:
            nonlocal now
            made.append(bf16)
            # The first ones are slow, and one later on: something else ran beside it.
            now += 100 if len(made) <= 2 or len(made) == 5 else 2 if bf16 else 3

        with unittest.mock.patch.object(precision, "clock", lambda: now):
            found = precision.timed(step)
        self.assertEqual(made, [False, True] * (precision.TIMED + 1))
        self.assertEqual(found, Timing(3, 2))
        self.assertTrue(found.prefers_bf16)
        self.assertFalse(Timing(2, 2).prefers_bf16)


@tiny.needs_font
class AutoTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.run_of = pathlib.Path(folder.name)
        for stage in ("vae", "clip"):
            own = tiny.load()
            Trainer(train.STAGES[stage](own, self.run_of), own, self.run_of).train(Budget(steps=1))

    def _trained(self, bf16: str, clock: Clock | None = None, stop_after: int | None = None, resume: bool = False
                 ) -> tuple[checkpoints.Checkpoint, str]:
        """The checkpoint, and what was said. Without a clock nothing may be timed."""
        own = tiny.load(f"unet.bf16={bf16}")
        trainer = Trainer(train.make_unet(own, self.run_of), own, self.run_of)
        if resume:
            trainer.resume()
        unasked = unittest.mock.Mock(side_effect=AssertionError("timed"))
        with unittest.mock.patch.object(precision, "clock", clock or unasked), \
                unittest.mock.patch.object(UNetStage, "watched", return_value={}), \
                contextlib.redirect_stdout(io.StringIO()) as said:
            trainer.train(Budget(steps=STEPS), stop=lambda step: step == stop_after)
        return checkpoints.read(self.run_of, "unet", trainer.stage.shape()), said.getvalue()

    def _lines(self) -> list[dict]:
        return [json.loads(line) for line in (self.run_of / "unet.jsonl").read_text().splitlines()]

    def test_the_faster_one_is_taken_and_leaves_no_trace(self) -> None:
        for bf16, clock in (("true", Clock(2.0, 0.5)), ("false", Clock(0.5, 2.0))):
            plain, said = self._trained(bf16)
            self.assertNotIn("on this machine", said)
            self.assertEqual(plain.extras, {})
            found, said = self._trained("auto", clock)
            self.assertEqual(found.extras, {"prefers_bf16": {"cpu": bf16 == "true"}})
            for name, value in plain.weights.items():
                self.assertTrue(torch.equal(value, found.weights[name]), name)
            self.assertIn(f"training in {'bf16' if bf16 == 'true' else 'fp32'}\n", said)
            self.assertIn(f"{2.0 if bf16 == 'false' else 0.5:.3f} s in bf16", said)
            first = self._lines()[0]
            self.assertEqual(first["bf16"], float(bf16 == "true"))
            self.assertEqual({first["fp32_seconds"], first["bf16_seconds"]}, {0.5, 2.0})

    def test_a_training_that_goes_on_keeps_it(self) -> None:
        whole, _ = self._trained("auto", Clock(0.5, 2.0))
        self._trained("auto", Clock(0.5, 2.0), stop_after=1)
        parts, _ = self._trained("auto", resume=True)
        self.assertEqual((whole.step, parts.step, parts.extras), (STEPS, STEPS, whole.extras))
        for name, value in whole.weights.items():
            self.assertTrue(torch.equal(value, parts.weights[name]), name)

    def test_another_kind_of_device_is_timed_anew(self) -> None:
        self._trained("auto", Clock(0.5, 2.0), stop_after=1)
        file = checkpoints.path(self.run_of, "unet")
        content = torch.load(file, weights_only=True)
        content["extras"] = {"prefers_bf16": {"cuda": True}}
        torch.save(content, file)
        found, _ = self._trained("auto", Clock(0.5, 2.0), resume=True)
        self.assertEqual(found.extras, {"prefers_bf16": {"cuda": True, "cpu": False}})


if __name__ == "__main__":
    unittest.main()
