#!/usr/bin/env python3
"""Trains the model: all of its parts one after the other, or one of them.

    python Experiments/emoji-scenes/train.py all --export my-model
    python Experiments/emoji-scenes/train.py unet --minutes 118

all trains vae, clip, unet, judge and second_judge, in this order, and writes the model at the end. By itself, unet needs
vae and clip, and the judges need vae. Each stage draws the scenes that it needs, before its first step. It takes as
many minutes as its key `minutes` says, as --set clip.minutes=30; --minutes and --steps say it in place of that, for
each stage alike. They count all sessions together.

Ctrl-C and SIGTERM save after the step and print the command that goes on (with --resume), with the same scenes, captions
and noise as if it had not been stopped. Stages that are done are left as they are. While scenes are drawn there is
nothing to save yet: they are drawn again. To fine-tune the weights that ship:

    python Experiments/emoji-scenes/train.py unet --from-bundled --minutes 30 --set unet.optimizer.learning_rate=0.0001

On a graphics card, and with a world that another file changes, see README.md:

    python Experiments/emoji-scenes/train.py unet --edition second-edition.yaml --device cuda --drawers 12 --minutes 10

RUN gets vae.pt, clip.pt, unet.pt, judge.pt, second_judge.pt (checkpoints), *.jsonl (a line every 15 seconds),
tokenizer/, latents.safetensors and judge-scenes.safetensors (what unet and the judges are trained on).
"""
import argparse
import pathlib
import shlex
import signal
import sys
import typing

import torch

import export
from recipe import bundled, checkpoints, clip, commands, exporting, judge, tokenizer, unet, vae
from recipe.errors import RecipeError
from recipe.settings import FOLDER, Settings
from recipe.training import Budget, Interruption, Machine, Stage, Trainer


ON_PROCESSOR = Machine()


def make_vae(settings: Settings, run: pathlib.Path, machine: Machine = ON_PROCESSOR) -> Stage:
    return vae.VAEStage(settings, machine)


def make_clip(settings: Settings, run: pathlib.Path, machine: Machine = ON_PROCESSOR) -> Stage:
    autoencoder = vae.load(settings, run) if settings.clip.decoded > 0 else None
    return clip.CLIPStage(settings, tokenizer.prepare(settings, run), autoencoder, machine)


def make_unet(settings: Settings, run: pathlib.Path, machine: Machine = ON_PROCESSOR) -> Stage:
    autoencoder = vae.load(settings, run)
    words = tokenizer.prepare(settings, run)
    text_encoder = clip.text_encoder(clip.load(settings, words, run))
    return unet.UNetStage(settings, words, text_encoder, autoencoder, run, machine)


def make_judge(settings: Settings, run: pathlib.Path, machine: Machine = ON_PROCESSOR) -> Stage:
    return judge.JudgeStage(settings, vae.load(settings, run), run)


def make_second_judge(settings: Settings, run: pathlib.Path, machine: Machine = ON_PROCESSOR) -> Stage:
    return judge.SecondJudgeStage(settings, vae.load(settings, run), run)


STAGES: dict[str, typing.Callable[..., Stage]] = {
    "vae": make_vae, "clip": make_clip, "unet": make_unet, "judge": make_judge, "second_judge": make_second_judge}
ALL = "all"
BUILT_ON = {"unet": ("vae", "clip"), "judge": ("vae",), "second_judge": ("vae",)}
ON_DEVICE = ("vae", "unet")  # stages that know of other devices than the processor
STARTS = ("--resume", "--from-bundled", "--fresh-optimizer", "--other-world")  # how a training begins or goes on


def parse() -> argparse.Namespace:
    parser = commands.parser(__doc__)
    parser.add_argument("stage", choices=[ALL, *STAGES])
    parser.add_argument("--run", type=pathlib.Path, default=FOLDER / "run", metavar="DIR", help="default: %(default)s")
    parser.add_argument(
        "--export", type=pathlib.Path, metavar="DIR", help="all: where the model is written (default: RUN/model)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--minutes", type=float, help="of training; preparing pictures is not counted (default: those of the settings)")
    length.add_argument("--steps", type=int)
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--resume", action="store_true", help="go on from the stage's checkpoint; all: from those that are there")
    start.add_argument("--from-bundled", action="store_true", help="begin a new run with the weights that ship for these settings")
    parser.add_argument(
        "--fresh-optimizer", action="store_true",
        help="with --resume: keep the weights alone; steps, time and learning rate begin anew")
    parser.add_argument(
        "--other-world", action="store_true",
        help="with --resume: go on although the checkpoint is of another seed or world")
    machine = parser.add_argument_group("machine")
    machine.add_argument("--device", default="cpu", help="of torch, for vae and unet: cpu (default), cuda")
    machine.add_argument(
        "--drawers", type=int, default=0, metavar="N",
        help="vae, clip, unet: processes that draw scenes ahead, such as one a core")
    machine.add_argument(
        "--begin-with", type=int, metavar="SCENES",
        help="unet: begin when so many scenes are there, while the others are drawn; two such trainings differ")
    machine.add_argument("--compile", action="store_true", help="vae, unet: by torch.compile, which takes a minute or two first")
    given = parser.parse_args()
    if any(value is not None and value <= 0 for value in (given.minutes, given.steps)):
        parser.error("--minutes and --steps are above 0")
    if given.device != "cpu" and given.stage not in (ALL, *ON_DEVICE):
        parser.error(f"--device goes with {ALL}, {' and '.join(ON_DEVICE)}")
    if given.drawers < 0 or (given.begin_with is not None and given.begin_with < 1):
        parser.error("--drawers is 0 or more, --begin-with 1 or more")
    if (given.fresh_optimizer or given.other_world) and not given.resume:
        parser.error("--fresh-optimizer and --other-world go with --resume")
    if given.stage == ALL and (given.from_bundled or given.fresh_optimizer or given.other_world):
        parser.error(f"--from-bundled, --fresh-optimizer and --other-world go with one stage, not with {ALL}")
    if given.export and given.stage != ALL:
        parser.error(f"--export goes with {ALL}; export.py writes what is there")
    return given


def command_that_goes_on(command: typing.Sequence[str]) -> str:
    """With the training that `command` began or went on with."""
    return shlex.join([*(word for word in command if word not in STARTS), "--resume"])


def budget(stage: str, settings: Settings, given: argparse.Namespace) -> Budget:
    if given.minutes is not None or given.steps is not None:
        return Budget(given.minutes, given.steps)
    minutes = getattr(settings, stage).minutes
    if minutes <= 0:
        raise RecipeError(f"{stage}.minutes is 0: give --minutes or --steps")
    return Budget(minutes)


def train(stage: str, settings: Settings, given: argparse.Namespace, stop: Interruption) -> bool:
    """Returns whether the training is at its end. Raises `RecipeError` if there is one already and it was not asked to go
    on."""
    file, length = checkpoints.path(given.run, stage), budget(stage, settings, given)
    going_on = given.from_bundled or (given.resume and (given.stage != ALL or file.exists()))
    if file.exists() and not going_on:
        raise RecipeError(f"{file}: there already. Give --resume to go on, or another --run")
    if given.resume and going_on and not given.other_world:
        # Before the stage is made, which may draw scenes in place of those that are there.
        checkpoints.check_world(given.run, stage, settings.world_digest)
    machine = Machine(
        given.device if stage in ON_DEVICE else "cpu", given.drawers, given.begin_with, given.compile)
    trainer = Trainer(STAGES[stage](settings, given.run, machine), settings, given.run)
    if going_on:
        trainer.resume(keep_optimizer=not given.fresh_optimizer)
    with stop.watched():
        finished = trainer.train(length, stop=lambda step: stop.came)
    print(f"{stage}: {trainer.step} steps, {trainer.seconds / 60:.1f} min of training; wrote {file}", flush=True)
    return finished


def left(settings: Settings, given: argparse.Namespace) -> list[str]:
    """The stages that are not at their end. Raises `RecipeError` if one that is trained was built on one of them."""
    asked = [stage for stage in STAGES if getattr(settings, stage).minutes > 0]
    there = [stage for stage in asked if checkpoints.path(given.run, stage).exists()]
    if there and not given.resume:
        raise RecipeError(
            f"{checkpoints.path(given.run, there[0])}: there already. Give --resume to go on, or another --run")
    for stage in there:
        checkpoints.check_world(given.run, stage, settings.world_digest)
    stored = {stage: checkpoints.read(given.run, stage, {}) for stage in there}
    done = [stage for stage, one in stored.items()
            if budget(stage, settings, given).done(one.step, one.seconds) >= 1]
    for stage in stored:
        # The CLIP sees the VAE's pictures only where the settings say so.
        parts = ("vae",) if stage == "clip" and settings.clip.decoded > 0 else BUILT_ON.get(stage, ())
        if changing := [part for part in parts if part in asked and part not in done]:
            raise RecipeError(
                f"{checkpoints.path(given.run, stage)}: was trained with {' and '.join(changing)} as it is, which is to be "
                f"trained further. Train that by itself, or remove this file to train {stage} anew")
    for stage in done:
        print(f"{stage}: {stored[stage].step} steps already, which is all", flush=True)
    return [stage for stage in asked if stage not in done]


def train_all(settings: Settings, given: argparse.Namespace, stop: Interruption) -> None:
    """Trains what is left, stage by stage, and exports."""
    folder = given.export or given.run / "model"
    exporting.check_place(folder)
    goes_on = f"this goes on: {command_that_goes_on(sys.orig_argv)}"
    try:
        stages = left(settings, given)
        for stage in stages:
            finished = train(stage, settings, given, stop)
            if not finished or (stop.came and stage != stages[-1]):
                sys.exit(f"stopped before the end; {goes_on}")
        export.write_model(settings, given.run, folder)
    except KeyboardInterrupt:
        sys.exit(f"stopped between trainings; {goes_on}")


def main() -> None:
    given = parse()
    settings = commands.settings(given)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, also while scenes are drawn
    torch.backends.cudnn.benchmark = True  # batches have few sizes
    stop = Interruption()
    if given.stage == ALL:
        train_all(settings, given, stop)
        return
    if given.from_bundled:
        bundled.start(settings, settings.bundled_folder, given.run)
    if not train(given.stage, settings, given, stop):
        sys.exit(f"stopped before the end; this goes on: {command_that_goes_on(sys.orig_argv)}")


if __name__ == "__main__":
    commands.run(main)
