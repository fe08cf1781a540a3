#!/usr/bin/env python3
"""Trains a part of the model: vae first, then clip, then unet, which needs both, and the judges, which need the vae.

    python Experiments/emoji-scenes/train.py vae --minutes 72
    python Experiments/emoji-scenes/train.py clip --minutes 54
    python Experiments/emoji-scenes/train.py unet --minutes 118
    python Experiments/emoji-scenes/train.py judge --minutes 72
    python Experiments/emoji-scenes/train.py second_judge --minutes 72

Ctrl-C and SIGTERM save after the step and print the command that goes on (with --resume), with the same scenes, captions
and noise as if it had not been stopped. --minutes and --steps count all sessions together. To fine-tune the weights that
ship:

    python Experiments/emoji-scenes/train.py unet --from-bundled --minutes 30 --set unet.optimizer.learning_rate=0.0001

On a graphics card, and with a world that another file changes, see README.md:

    python Experiments/emoji-scenes/train.py unet --edition second-edition.yaml --device cuda --drawers 12 --minutes 10

RUN gets vae.pt, clip.pt, unet.pt, judge.pt, second_judge.pt (checkpoints), *.jsonl (a line every 15 seconds),
tokenizer/, latents.safetensors and judge-scenes.safetensors (what unet and the judges are trained on).
"""
import argparse
import pathlib
import shlex
import sys
import typing

import torch

from recipe import bundled, checkpoints, clip, commands, judge, tokenizer, unet, vae
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
ON_DEVICE = ("vae", "unet")  # stages that know of other devices than the processor
STARTS = ("--resume", "--from-bundled", "--fresh-optimizer", "--other-world")  # how a training begins or goes on


def parse() -> argparse.Namespace:
    parser = commands.parser(__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--run", type=pathlib.Path, default=FOLDER / "run", metavar="DIR", help="default: %(default)s")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="of training; preparing pictures is not counted")
    length.add_argument("--steps", type=int)
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--resume", action="store_true", help="go on from the stage's checkpoint")
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
    if (given.minutes if given.steps is None else given.steps) <= 0:
        parser.error("--minutes and --steps are above 0")
    if given.device != "cpu" and given.stage not in ON_DEVICE:
        parser.error(f"--device goes with {' and '.join(ON_DEVICE)}")
    if given.drawers < 0 or (given.begin_with is not None and given.begin_with < 1):
        parser.error("--drawers is 0 or more, --begin-with 1 or more")
    if (given.fresh_optimizer or given.other_world) and not given.resume:
        parser.error("--fresh-optimizer and --other-world go with --resume")
    return given


def command_that_goes_on(command: typing.Sequence[str]) -> str:
    """With the training that `command` began or went on with."""
    return shlex.join([*(word for word in command if word not in STARTS), "--resume"])


def main() -> None:
    given = parse()
    settings = commands.settings(given)
    if given.from_bundled:
        bundled.start(settings, settings.bundled_folder, given.run)
    file = checkpoints.path(given.run, given.stage)
    going_on = given.resume or given.from_bundled
    if file.exists() and not going_on:
        raise RecipeError(f"{file}: there already. Give --resume to go on, or another --run")
    if given.resume and not given.other_world:
        # Before the stage is made, which may draw scenes in place of those that are there.
        checkpoints.check_world(given.run, given.stage, settings.world_digest)
    stop = Interruption()
    torch.backends.cudnn.benchmark = True  # batches have few sizes
    machine = Machine(given.device, given.drawers, given.begin_with, given.compile)
    trainer = Trainer(STAGES[given.stage](settings, given.run, machine), settings, given.run)
    if going_on:
        trainer.resume(keep_optimizer=not given.fresh_optimizer)
    with stop.watched():
        finished = trainer.train(Budget(given.minutes, given.steps), stop=lambda step: stop.came)
    print(f"{given.stage}: {trainer.step} steps, {trainer.seconds / 60:.1f} min of training; wrote {file}")
    if not finished:
        sys.exit(f"stopped before the end; this goes on: {command_that_goes_on(sys.orig_argv)}")


if __name__ == "__main__":
    commands.run(main)
