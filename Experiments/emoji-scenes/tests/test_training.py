"""A training that was stopped ends with the same bits as one that was not, and an export is read back as it was."""
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing
import unittest
import unittest.mock

import torch
from diffusers.models.attention_processor import AttnProcessor
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, CLIPVisionModel

import train
from export import read_judges, read_run
from recipe import bundled, checkpoints, clip, exporting, judge, scene_pool, scene_reader, settings, tokenizer, unet, vae
from recipe.checkpoints import CheckpointError
from recipe.errors import RecipeError
from recipe.scene_pool import ScenePool
from recipe.settings import Optimizer, Settings
from recipe.training import Budget, Interruption, Machine, Trainer, learning_rate
from recipe.world import DrawnOnDemand
from tests import tiny

STEPS = 4
WEIGHTS = "diffusion_pytorch_model.safetensors"
SECOND = settings.load(edition=settings.FOLDER / "second-edition.yaml")


def files_of(folder: pathlib.Path) -> list[pathlib.Path]:
    """All of one training within it, also those of linked folders: not the independent CLIP, which is of another."""
    files = ((pathlib.Path(place) / name).relative_to(folder)
             for place, _, names in os.walk(folder, followlinks=True) for name in names)
    return sorted(file for file in files if file.parts[0] != "independent_clip")


def trained(own: Settings, run: pathlib.Path, stage: str, stop_after: int | None = None) -> checkpoints.Checkpoint:
    """The checkpoint after `STEPS` steps; if it is stopped between, by two trainers and with a damaged log."""
    budget, make = Budget(steps=STEPS), train.STAGES[stage]
    trainer = Trainer(make(own, run), own, run)
    finished = trainer.train(budget, stop=lambda step: step == stop_after)
    if stop_after is not None:
        assert not finished
        with (run / f"{stage}.jsonl").open("a") as log:
            log.write('{"stage": "cut o')
        trainer = Trainer(make(own, run), own, run)
        trainer.resume()
        assert trainer.step == stop_after
        assert trainer.train(budget)
    return checkpoints.read(run, stage, trainer.stage.shape())


class RateTests(unittest.TestCase):
    def test_rate_warms_up_stays_and_falls_at_the_end(self) -> None:
        rates = Optimizer(
            learning_rate=2.0, final_share=0.1, warmup=10, betas=(0.9, 0.9), weight_decay=0, ema=None, decay=0.2)
        for step, done, expected in (
                (0, 0, 0.2), (9, 0, 2.0), (99, 0.5, 2.0), (99, 0.8, 2.0), (99, 0.9, 1.1), (99, 1, 0.2), (99, 2, 0.2)):
            self.assertAlmostEqual(learning_rate(rates, step, done), expected)
            self.assertAlmostEqual(learning_rate(dataclasses.replace(rates, decay=0.0), 99, done), 2.0)

    def test_weights_are_those_of_min_snr(self) -> None:
        noising = unet.scheduler(tiny.load())
        timesteps = torch.arange(1000)
        weights = unet.min_snr_weights(noising, timesteps, 5.0)
        betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
        alpha = (1 - betas).cumprod(0)
        expected = torch.minimum(5 * (1 - alpha) / alpha, torch.ones(()))
        torch.testing.assert_close(weights.double(), expected, rtol=1e-4, atol=0)

    def test_the_logarithm_of_an_error_is_its_psnr(self) -> None:
        pictures, result = (torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
        expected = -10 * (pictures - result).square().mean((1, 2, 3)).log10().mean()
        errors = (vae.to_model(pictures) - vae.to_model(result)).square().mean((1, 2, 3))
        torch.testing.assert_close(vae.decibels(errors.log().mean()), expected)

    def test_routes_empty_the_positions_from_or_after_the_end_token(self) -> None:
        end = 9
        tokens = torch.tensor([[8, 1, 2, end, end, end], [8, end, end, end, end, end]]).repeat(3, 1)
        route = torch.tensor([0.1, 0.1, 0.6, 0.6, 0.9, 0.9])  # end and padding, padding, neither
        emptied = unet.emptied_positions(tokens, end, route, padding=0.25, ends=0.5)
        expected = [[0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 1], [0] * 6, [0] * 6]
        self.assertEqual(emptied.int().tolist(), expected)

    def test_padded_attention_is_plain_attention(self) -> None:
        torch.manual_seed(0)
        model = unet.build(tiny.load("unet.widths=[24, 48, 48, 48]"))  # heads of 6 and 12
        inputs = (torch.randn(2, 4, 16, 16), 501, torch.randn(2, 77, 16))
        outcomes = {}
        for processor in (AttnProcessor(), unet.PaddedAttention(), unet.UniformCrossAttention()):
            model.set_attn_processor(processor)
            with torch.no_grad():
                outcomes[type(processor).__name__] = model(*inputs).sample
        plain, padded, uniform = outcomes.values()
        torch.testing.assert_close(padded, plain, rtol=0, atol=2e-6)
        self.assertGreater((uniform - plain).abs().max().item(), 1e-4)
        # Uniform is what it says: with the same embedding at every position there is nothing to look at.
        same = (*inputs[:2], inputs[2][:, :1].expand(-1, 77, -1))
        with torch.no_grad():
            uniform = model(*same).sample
            model.set_attn_processor(AttnProcessor())
            torch.testing.assert_close(uniform, model(*same).sample, rtol=0, atol=2e-6)

    def test_the_command_that_goes_on_begins_nothing_anew(self) -> None:
        for starts in (["--from-bundled"], ["--resume"], ["--resume", "--fresh-optimizer", "--other-world"], []):
            command = ["python", "train.py", "unet", *starts, "--run", "a run", "--minutes", "3"]
            self.assertEqual(train.command_that_goes_on(command), "python train.py unet --run 'a run' --minutes 3 --resume")

    def test_signal_is_noted_once(self) -> None:
        # A shell that starts this in the background has it ignore SIGINT.
        before = signal.getsignal(signal.SIGINT)
        stop = Interruption()
        with stop.watched():
            self.assertFalse(stop.came)
            os.kill(os.getpid(), signal.SIGTERM)
            self.assertTrue(stop.came)
            self.assertIs(signal.getsignal(signal.SIGTERM), signal.SIG_DFL)
        self.assertIs(signal.getsignal(signal.SIGINT), before)


@tiny.needs_font
class TrainingTests(unittest.TestCase):
    def setUp(self) -> None:
        self.settings = tiny.load()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def assert_same(self, a: checkpoints.Weights | None, b: checkpoints.Weights | None) -> None:
        self.assertEqual(a is None, b is None)
        for name in a or {}:
            self.assertTrue(torch.equal(a[name], b[name]), name)

    def test_all_stages_resume_export_and_reload(self) -> None:
        through, halves = self.folder / "through", self.folder / "halves"
        for stage in train.STAGES:
            with self.subTest(stage):
                whole = trained(self.settings, through, stage)
                parts = trained(self.settings, halves, stage, stop_after=2)
                self.assertEqual((whole.step, parts.step), (STEPS, STEPS))
                self.assert_same(whole.weights, parts.weights)
                self.assert_same(whole.ema, parts.ema)
                self.assertEqual(whole.extras, parts.extras)
                steps = [json.loads(line)["step"] for line in (halves / f"{stage}.jsonl").read_text().splitlines()]
                self.assertEqual(sorted(set(steps)), [2, STEPS])
        self._exports(through)
        self._exports_the_judge(through)

    def _exports(self, run: pathlib.Path) -> None:
        model, folder = read_run(self.settings, run), self.folder / "model"
        exporting.write(model, {}, run / "tokenizer", self.settings, folder)
        exporting.check(model, folder)
        files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
        shipped = {str(file) for file in files_of(SECOND.bundled_folder)}
        self.assertEqual(files, {file for file in shipped if "scene_reader/" not in file} - {"README.md"})
        self.assertEqual({file.stat().st_mode & 0o777 for file in folder.rglob("*.safetensors")}, {0o644})
        self.assertEqual([file.name for file in self.folder.glob("*.partial")], [])
        with self.assertRaisesRegex(RecipeError, "is there already"):
            exporting.check_place(folder)
        # One weight that changed by a fp16 step is found.
        file = folder / "vae/diffusion_pytorch_model.safetensors"
        weights = load_file(file)
        name = sorted(weights)[0]
        weights[name].view(torch.int16).flatten()[0] += 1
        save_file(weights, file, metadata={"format": "pt"})
        with self.assertRaisesRegex(RecipeError, f"{name} is not what was written"):
            exporting.check(model, folder)

    def _exports_the_judge(self, run: pathlib.Path) -> None:
        readers, folder = read_judges(self.settings, run), self.folder / "with-judge"
        self.assertEqual(set(readers), {"scene_reader", "second_scene_reader"})
        exporting.write(read_run(self.settings, run), readers, run / "tokenizer", self.settings, folder)
        place, reader = folder / "scene_reader", readers["scene_reader"]
        exporting.check_scene_reader(readers["second_scene_reader"], self.settings, folder / "second_scene_reader")
        self.assertEqual(exporting.check_scene_reader(reader, self.settings, place),
                         sum(value.numel() for value in reader.state_dict().values()))
        # transformers knows every weight of the tower by its name, and computes the same with it.
        tower, told = CLIPVisionModel.from_pretrained(place, dtype=torch.float32, output_loading_info=True)
        self.assertFalse(told["missing_keys"])
        self.assertEqual(
            set(told["unexpected_keys"]), {f"{name}.{kind}" for name in ("patch_norm", "patch_head", "picture_head")
                                           for kind in ("weight", "bias")})
        stored = scene_reader.read(self.settings, place)
        pictures = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(3))
        with torch.no_grad():
            seen = tower(vae.to_model(pictures))
            sizes = stored.words.patch_sizes
            objects = stored.patch_head(stored.patch_norm(seen.last_hidden_state[:, 1:]))[..., : sizes[0]]
            torch.testing.assert_close(stored(pictures).objects, objects, rtol=0, atol=1e-6)
        # A weight that changed by a fp16 step is found, and so are other words.
        weights = load_file(place / "model.safetensors")
        weights["patch_head.bias"].view(torch.int16)[0] += 1
        save_file(weights, place / "model.safetensors")
        with self.assertRaisesRegex(RecipeError, "patch_head.bias is not what was written"):
            exporting.check_scene_reader(reader, self.settings, place)
        config = json.loads((place / "config.json").read_text())
        config["colors"][1:3] = reversed(config["colors"][1:3])
        (place / "config.json").write_text(json.dumps(config))
        with self.assertRaisesRegex(RecipeError, "config.json has other colors than the settings"):
            scene_reader.read(self.settings, place)

    def test_a_pool_that_grows_is_the_one_that_is_drawn_at_once(self) -> None:
        own = tiny.load("unet.pool=5")
        words, autoencoder = tokenizer.prepare(own, self.folder), vae.build(own).eval()

        def pool(folder: str, machine: Machine) -> ScenePool:
            return ScenePool(own, "tests", words, autoencoder, self.folder / folder, machine)

        with unittest.mock.patch.object(scene_pool, "ENCODED_AT_ONCE", 2):
            whole, growing = pool("whole", Machine()), pool("growing", Machine(begin_with=1))
            self.assertEqual(growing.ready, 2)
            with unittest.mock.patch.object(DrawnOnDemand, "at_hand", return_value=False):
                growing.grow()
            self.assertEqual(growing.ready, 2)
            for ready in (4, 5, 5):
                growing.grow()
                self.assertEqual(growing.ready, ready)
        self.assertTrue(torch.equal(growing.latents, whole.latents))
        self.assertTrue(torch.equal(growing.tokens, whole.tokens))

    def test_a_pool_is_drawn_once_for_each_seed(self) -> None:
        own, other = tiny.load(), tiny.load("seed=1")
        tokenizer.prepare(own, self.folder)
        autoencoder = vae.build(own).eval()

        def scenes(own: Settings) -> list[torch.Tensor]:
            # The tokenizer of a training that goes on is loaded again.
            words = tokenizer.prepare(own, self.folder)
            pool = ScenePool(own, "unet", words, autoencoder, self.folder, Machine())
            return [pool.latents, pool.tokens]

        def judged(own: Settings) -> list[torch.Tensor]:
            return list(judge.pool(own, autoencoder, self.folder))

        for pool, drawing in ((scenes, "recipe.scene_pool.drawn"), (judged, "recipe.judge.draw")):
            with self.subTest(drawing):
                first = pool(own)
                with unittest.mock.patch(drawing, side_effect=AssertionError("drawn again")):
                    for a, b in zip(first, pool(own), strict=True):
                        self.assertTrue(torch.equal(a, b))
                    with self.assertRaisesRegex(AssertionError, "drawn again"):
                        pool(other)

    def _train(self, run: pathlib.Path, *words: str) -> None:
        with unittest.mock.patch.object(sys, "argv", ["train.py", *words, "--run", str(run), *tiny.OPTIONS]):
            train.main()

    def test_going_on_in_another_world_is_asked_for(self) -> None:
        run = self.folder / "run"
        file = checkpoints.path(run, "vae")
        self._train(run, "vae", "--steps", "1")
        stored = file.read_bytes()
        for change in ("world.held_out_twos=0.2", "seed=1"):
            words = ["vae", "--steps", "2", "--resume", "--set", change]
            # Nothing is drawn, so that no pool takes the place of the one that is there.
            with unittest.mock.patch.dict(train.STAGES, vae=unittest.mock.Mock(side_effect=AssertionError)):
                with self.assertRaisesRegex(CheckpointError, "vae.pt: was trained with another seed or another world"):
                    self._train(run, *words)
        self.assertEqual(file.read_bytes(), stored)
        self._train(run, "vae", "--steps", "2", "--resume", "--other-world", "--set", "seed=1")
        self._train(run, "vae", "--steps", "3", "--resume", "--set", "seed=1")
        with self.assertRaisesRegex(CheckpointError, "another seed"):
            self._train(run, "vae", "--steps", "4", "--resume")
        # Of an older checkpoint nobody knows the world.
        content = torch.load(file, weights_only=True)
        del content["world"]
        torch.save(content, file)
        self._train(run, "vae", "--steps", "4", "--resume")
        self.assertEqual(checkpoints.read(run, "vae", {}).step, 4)

    def test_rates_are_those_of_the_settings_also_where_a_training_goes_on(self) -> None:
        run = self.folder / "run"
        trained(self.settings, run, "vae")
        other = tiny.load("vae.optimizer.weight_decay=0.1", "vae.optimizer.betas=[0.8, 0.9]")
        trainer = Trainer(train.make_vae(other, run), other, run)
        trainer.resume()
        (group,) = trainer.optimizer.param_groups
        self.assertEqual((group["weight_decay"], group["betas"]), (0.1, (0.8, 0.9)))
        self.assertEqual({int(state["step"]) for state in trainer.optimizer.state.values()}, {STEPS})

    def test_the_log_of_a_former_training_is_kept(self) -> None:
        run, logs = self.folder / "run", []
        trained(self.settings, run, "vae")
        for steps in (1, 2):
            logs.append((run / "vae.jsonl").read_text())
            trainer = Trainer(train.make_vae(self.settings, run), self.settings, run)
            trainer.resume(keep_optimizer=False)
            trainer.train(Budget(steps=steps))
        kept = [json.loads((run / name).read_text())["step"] for name in ("vae-1.jsonl", "vae-2.jsonl", "vae.jsonl")]
        self.assertEqual(kept, [STEPS, 1, 2])
        self.assertEqual([(run / f"vae-{number}.jsonl").read_text() for number in (1, 2)], logs)

    def test_ctrl_c_ends_a_training_while_scenes_are_drawn_ahead(self) -> None:
        run = self.folder / "run"
        command = [sys.executable, settings.FOLDER / "train.py", "vae", "--drawers", "1", "--steps", "100000", "--run", run,
                   *tiny.OPTIONS, "--set", "vae.pool=200"]
        with (self.folder / "log").open("w") as log:
            training = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self.addCleanup(lambda: self._in_session(training.pid) and os.killpg(training.pid, signal.SIGKILL))
        # The first 50 scenes came; the drawer is at the next ones. A terminal sends the signal to all processes.
        self._wait_until(lambda: any(self._written(child) > 5e6 for child in self._children(training.pid)))
        self.assertFalse((run / "vae.pt").exists())
        os.killpg(training.pid, signal.SIGINT)
        said = (self.folder / "log").read_text
        self._wait_until(lambda: training.poll() is not None)
        self.assertEqual(training.returncode, 1, said())
        self.assertRegex(said(), r"vae: 1 steps, .*\nstopped before the end; this goes on: .*--resume\n$")
        self.assertNotIn("Traceback", said())
        self.assertEqual(checkpoints.read(run, "vae", {}).step, 1)
        self._wait_until(lambda: not self._in_session(training.pid))

    def _wait_until(self, holds: typing.Callable[[], bool]) -> None:
        end = time.monotonic() + tiny.HANGING
        while not holds():
            self.assertLess(time.monotonic(), end, "waited in vain")
            time.sleep(0.05)

    def _in_session(self, leader: int) -> bool:
        """Whether any process of its group is left."""
        try:
            os.killpg(leader, 0)
        except ProcessLookupError:
            return False
        return True

    def _children(self, process: int) -> list[str]:
        file = pathlib.Path(f"/proc/{process}/task/{process}/children")
        return file.read_text().split() if file.exists() else []

    def _written(self, process: str) -> int:
        """In bytes, to files and pipes."""
        try:
            return int(pathlib.Path(f"/proc/{process}/io").read_text().split("wchar:")[1].split()[0])
        except OSError:
            return 0

    def test_a_locked_encoder_stays_and_so_does_its_scale(self) -> None:
        run = self.folder / "run"
        before = trained(self.settings, run, "vae")
        locked = tiny.load("vae.lock_encoder=true", "vae.crop_share=0")
        trainer = Trainer(train.make_vae(locked, run), locked, run)
        trainer.resume(keep_optimizer=False)
        trainer.train(Budget(steps=2))
        after = checkpoints.read(run, "vae", trainer.stage.shape())
        changed = {name.split(".")[0] for name, value in after.weights.items()
                   if not torch.equal(value, before.weights[name])}
        self.assertEqual(changed, {"decoder", "post_quant_conv"})
        self.assertEqual(after.extras, before.extras)
        with self.assertRaisesRegex(RecipeError, "lock_encoder: needs weights to go on from"):
            fresh = Trainer(train.make_vae(locked, run), locked, run)
            fresh.train(Budget(steps=1))

    def test_a_checkpoint_of_halves_goes_on_in_full(self) -> None:
        run = self.folder / "run"
        stored = trained(self.settings, run, "vae")
        halves = {name: value.half() for name, value in stored.best.items()}
        checkpoints.write(dataclasses.replace(stored, weights=halves, ema=None, optimizer=None), run)
        trainer = Trainer(train.make_vae(self.settings, run), self.settings, run)
        trainer.resume(keep_optimizer=False)
        trainer.train(Budget(steps=1))
        averaged = checkpoints.read(run, "vae", trainer.stage.shape()).ema
        self.assertIsNotNone(averaged)
        self.assertEqual({value.dtype for value in averaged.values()}, {torch.float32})

    def test_wrong_checkpoints_are_refused(self) -> None:
        run = self.folder / "run"
        with self.assertRaisesRegex(RecipeError, "there is no checkpoint of vae"):
            train.make_unet(self.settings, run)
        trained(self.settings, run, "vae")
        other = tiny.load("vae.layers_per_block=2")
        with self.assertRaisesRegex(RecipeError, "was made with other settings of vae.layers_per_block"):
            Trainer(train.make_vae(other, run), other, run).resume()
        file = checkpoints.path(run, "vae")
        file.write_bytes(file.read_bytes()[:1000])
        with self.assertRaisesRegex(RecipeError, "cannot be read"):
            Trainer(train.make_vae(self.settings, run), self.settings, run).resume()

    def test_failed_write_leaves_the_old_file(self) -> None:
        target = self.folder / "file"
        target.write_text("old")

        def fail(partial: pathlib.Path) -> None:
            partial.write_text("half")
            raise OSError("no space")

        with self.assertRaises(OSError):
            checkpoints.replace(target, fail)
        self.assertEqual([(file.name, file.read_text()) for file in self.folder.iterdir()], [("file", "old")])


class BundledTests(unittest.TestCase):
    def test_bundled_weights_come_back_bit_by_bit(self) -> None:
        for own in (settings.load(), SECOND):
            with self.subTest(own.bundled), tempfile.TemporaryDirectory() as name:
                self._come_back(own, pathlib.Path(name) / "run", pathlib.Path(name) / "model")

    def _come_back(self, own: Settings, run: pathlib.Path, folder: pathlib.Path) -> None:
        shipped = own.bundled_folder
        bundled.start(own, shipped, run)
        exporting.write(read_run(own, run), read_judges(own, run), run / "tokenizer", own, folder)
        for file in files_of(shipped):
            if file.suffix == ".safetensors":
                theirs, ours = load_file(shipped / file), load_file(folder / file)
                self.assertEqual(theirs.keys(), ours.keys(), file)
                for key, value in theirs.items():
                    self.assertEqual(value.dtype, ours[key].dtype)
                    self.assertTrue(torch.equal(value, ours[key]), f"{file}: {key}")
            elif file.suffix == ".json" and file.name != "validation.json":  # by validate.py, not by the export
                theirs, ours = (self._settings(json.loads((place / file).read_text())) for place in (shipped, folder))
                self.assertEqual(theirs, ours, file)
            elif file.name == "merges.txt":
                self.assertEqual((shipped / file).read_text(), (folder / file).read_text(), file)
        with self.assertRaisesRegex(RecipeError, "there already"):
            bundled.start(own, shipped, run)

    def test_the_independent_clip_is_of_this_recipe(self) -> None:
        shipped = SECOND.bundled_folder / "independent_clip"
        with tempfile.TemporaryDirectory() as name:
            run, folder = pathlib.Path(name) / "run", pathlib.Path(name) / "eye"
            model = CLIPModel.from_pretrained(shipped, dtype=torch.float32)
            words = tokenizer.prepare(dataclasses.replace(SECOND, seed=23), run)
            self.assertEqual({key: tuple(value.shape) for key, value in model.state_dict().items()},
                             {key: tuple(value.shape) for key, value in clip.build(SECOND, words).state_dict().items()})
            exporting.write_clip(model, run / "tokenizer", SECOND, folder)
            for file in files_of(shipped):
                if file.name in ("vocab.json", "merges.txt"):
                    self.assertEqual((shipped / file).read_text(), (folder / file).read_text(), file)
            theirs, ours = load_file(shipped / "model.safetensors"), load_file(folder / "model.safetensors")
            self.assertEqual({key: True for key in theirs}, {key: torch.equal(theirs[key], ours[key]) for key in ours})
            self.assertEqual((folder / "model.safetensors").stat().st_mode & 0o777, 0o644)

    def test_scene_reader_comes_along_where_there_is_one(self) -> None:
        own = settings.load(overrides=["judge.tower={width: 16, layers: 1, heads: 2}"])
        torch.manual_seed(5)
        reader = scene_reader.build(own)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name) / "model"
            shutil.copytree(own.bundled_folder, folder, ignore=shutil.ignore_patterns("scene_reader"))
            bundled.start(own, folder, pathlib.Path(name) / "without")
            self.assertEqual(read_judges(own, pathlib.Path(name) / "without"), {})
            exporting.write_scene_reader(reader, own, folder / "scene_reader")
            run = pathlib.Path(name) / "with"
            bundled.start(own, folder, run)
            for key, value in read_judges(own, run)["scene_reader"].state_dict().items():
                self.assertTrue(torch.equal(value, reader.state_dict()[key].half().float()), key)
            # Nothing is left behind by a folder whose scene reader is of other sizes.
            with self.assertRaisesRegex(RecipeError, "scene_reader: 27 weights are not as the settings have them"):
                bundled.start(settings.load(overrides=["judge.tower={width: 32, layers: 1, heads: 2}"]), folder,
                              pathlib.Path(name) / "other")
            self.assertFalse((pathlib.Path(name) / "other").exists())

    def test_both_editions_have_one_space_of_latents(self) -> None:
        first, second = (load_file(own.bundled_folder / "vae" / WEIGHTS) for own in (settings.load(), SECOND))
        changed = {key.split(".")[0] for key, value in first.items() if not torch.equal(value, second[key])}
        self.assertEqual(changed, {"decoder", "post_quant_conv"})
        # What is equal is there once.
        for part in ("text_encoder", "tokenizer", "scheduler", "clip"):
            self.assertTrue((settings.load().bundled_folder / part).samefile(SECOND.bundled_folder / part), part)

    def test_other_sizes_are_refused(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            with self.assertRaisesRegex(RecipeError, "weights are not as the settings have them"):
                bundled.start(tiny.load(), SECOND.bundled_folder, pathlib.Path(name) / "run")

    def _settings(self, value: dict) -> dict:
        """Without the versions of the libraries and the places that a file was loaded from. Within the CLIP's config
        transformers notes the type of each tower where the model was itself loaded from a folder."""
        ignored = ("_diffusers_version", "transformers_version", "_name_or_path")
        kept = {key: item for key, item in value.items() if key not in ignored}
        for tower in ("text_config", "vision_config"):
            kept.get(tower, {}).pop("dtype", None)
        return kept


if __name__ == "__main__":
    unittest.main()
