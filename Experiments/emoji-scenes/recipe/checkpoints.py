"""Checkpoints of a training: everything that it needs to go on, in one file that is either old or new, never half."""
import dataclasses
import os
import pathlib
import tempfile
import typing

import torch

from recipe.errors import RecipeError

FORMAT = 1
Weights = dict[str, torch.Tensor]


class CheckpointError(RecipeError):
    """A checkpoint that is missing, damaged or of another training; says which file and what to do."""


@dataclasses.dataclass
class Checkpoint:
    """A stage of a training after some step.

    - step: how many were made; all random numbers follow from it and the seed.
    - seconds: of training, all sessions together.
    - shape: the settings that fix the sizes of the weights.
    - ema: the moving average of the weights, or None. optimizer: its state, or None for a fresh one.
    - extras: what the stage adds.
    - world: `Settings.world_digest` of the scenes that it was trained on; None: not known.
    """

    stage: str
    step: int
    seconds: float
    shape: dict[str, typing.Any]
    weights: Weights
    ema: Weights | None
    optimizer: dict[str, typing.Any] | None
    extras: dict[str, typing.Any]
    world: str | None = None

    @property
    def best(self) -> Weights:
        """What is exported and built upon."""
        return self.weights if self.ema is None else self.ema


def path(run: pathlib.Path, stage: str) -> pathlib.Path:
    return run / f"{stage}.pt"


def write(checkpoint: Checkpoint, run: pathlib.Path) -> None:
    """Writes a file beside it, has it on the disk, and puts it in place of the old one."""
    content = {field.name: getattr(checkpoint, field.name) for field in dataclasses.fields(checkpoint)}
    replace(path(run, checkpoint.stage), lambda file: torch.save({"format": FORMAT, **content}, file))


def replace(target: pathlib.Path, write_to: typing.Callable[[pathlib.Path], None]) -> None:
    """`target` as `write_to` writes it, all at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".partial")
    os.close(handle)
    partial = pathlib.Path(name)
    try:
        write_to(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.chmod(0o644)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def read(run: pathlib.Path, stage: str, shape: dict[str, typing.Any]) -> Checkpoint:
    """The checkpoint of a stage, whose weights have the sizes that `shape` says.

    Raises `CheckpointError` if there is none, if it cannot be read, or if it was made with another shape.
    """
    file = path(run, stage)
    if not file.exists():
        raise CheckpointError(
            f"{file}: there is no checkpoint of {stage}. Train it first (train.py {stage} --run {run}), or begin with "
            "the weights that ship (--from-bundled)")
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
        if content.pop("format") != FORMAT:
            raise ValueError("it is of another version of this recipe")
        checkpoint = Checkpoint(**content)
    except Exception as error:
        # torch.load raises whatever the damaged bytes lead it to.
        raise CheckpointError(f"{file}: cannot be read: {error}. Remove it to train {stage} anew") from error
    differing = [key for key in shape if checkpoint.shape.get(key) != shape[key]]
    if differing:
        raise CheckpointError(
            f"{file}: was made with other settings of {', '.join(differing)}. Give the same ones, or another folder "
            "with --run")
    return checkpoint


def check_world(run: pathlib.Path, stage: str, world: str) -> None:
    """Raises `CheckpointError` if the checkpoint of a stage is of another seed or world than `world`, a digest.

    Its scenes would be others, and among them what was held out from it. One of no known world passes.
    """
    stored = read(run, stage, {}).world
    if stored not in (None, world):
        raise CheckpointError(
            f"{path(run, stage)}: was trained with another seed or another world. Give the same --edition, seed and "
            "world, or --other-world to go on with these: it then sees other scenes, and may see what was held out")


def check_sizes(stored: Weights, expected: Weights, place: pathlib.Path) -> None:
    """Raises `CheckpointError` if the weights of a folder are others than those that the settings make."""
    have, want = ({key: tuple(value.shape) for key, value in weights.items()} for weights in (stored, expected))
    differing = sorted(key for key in have.keys() | want.keys() if have.get(key) != want.get(key))
    if differing:
        key = differing[0]
        raise CheckpointError(
            f"{place}: {len(differing)} weights are not as the settings have them, first {key}: "
            f"{have.get(key)} in the folder, {want.get(key)} in the settings. Give those that it was trained with")
