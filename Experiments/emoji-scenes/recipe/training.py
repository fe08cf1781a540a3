"""The loop that every stage is trained by: steps, rates, averages, checkpoints, a log, and an orderly stop."""
import abc
import contextlib
import dataclasses
import itertools
import json
import math
import pathlib
import random
import signal
import sys
import time
import typing

import torch

from recipe import checkpoints
from recipe.errors import RecipeError
from recipe.settings import Optimizer, Settings

SAVE_SECONDS = 600
REPORT_SECONDS = 15
WATCH_SECONDS = 1800  # at most between two looks at how it binds; a short training is looked at eight times
CLIP_NORM = 1.0


@dataclasses.dataclass(frozen=True)
class Machine:
    """What a training runs on.

    - device: of torch, such as `cpu` or `cuda`.
    - drawers: processes that draw scenes ahead; 0 draws in the training itself.
    - begin_with: scenes of a pool that must be there before the first step; None: all of them. While a pool grows,
      which scenes a step sees depends on the machine.
    - compiled: whether torch.compile is used.
    """

    device: str = "cpu"
    drawers: int = 0
    begin_with: int | None = None
    compiled: bool = False

    def autocast(self, enabled: bool) -> torch.autocast:
        """Products in bfloat16."""
        return torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=enabled)


class Stage(abc.ABC):
    """One network to be trained. `name` is also its section of the settings."""

    name: str
    model: torch.nn.Module

    @abc.abstractmethod
    def loss(self, step: int, done: float) -> tuple[torch.Tensor, dict[str, float | torch.Tensor]]:
        """The loss of a step, and further numbers for the log.

        Every random number in it comes from `randomness`. done: the part of the training that is over, 0-1.
        """

    def watched(self) -> dict[str, float]:
        """What is looked at now and then besides the loss, for the log."""
        return {}

    @abc.abstractmethod
    def shape(self) -> dict[str, typing.Any]:
        """The settings that fix the sizes of the weights; a checkpoint of others is refused."""

    def extras(self, weights: checkpoints.Weights) -> dict[str, typing.Any]:
        """What a checkpoint holds beside `weights`, the ones that will be built upon."""
        return {}

    def restore(self, extras: dict[str, typing.Any]) -> None:
        """Is told what the checkpoint held that the training goes on from."""

    def prepare(self, step: int, done: float) -> dict[str, float]:
        """Is called once before the first step of a session, `step`. Returns what it found, for the log."""
        return {}

    def trained(self) -> list[torch.nn.Parameter]:
        return list(self.model.parameters())


class Randomness(typing.NamedTuple):
    """The random numbers of one step: a generator for choices, one for tensors."""

    choices: random.Random
    noise: torch.Generator


def randomness(seed: int, stream: str, step: int, device: str = "cpu") -> Randomness:
    """Follows from its arguments alone, so that the number of the step is all that a checkpoint must know.

    - device: where tensors are drawn; other kinds of device draw other numbers.
    """
    choices = random.Random(f"{seed}/{stream}/step/{step}")
    return Randomness(choices, torch.Generator(device).manual_seed(choices.getrandbits(48)))


@dataclasses.dataclass(frozen=True)
class Budget:
    """How long a stage is trained, all sessions together: one of minutes and steps."""

    minutes: float | None = None
    steps: int | None = None

    @property
    def watch_seconds(self) -> float:
        return WATCH_SECONDS if self.minutes is None else min(WATCH_SECONDS, 60 * self.minutes / 8)

    def done(self, step: int, seconds: float) -> float:
        """The part that is over, from 0; at 1 the training ends."""
        return step / self.steps if self.steps is not None else seconds / (60 * self.minutes)


def learning_rate(optimizer: Optimizer, step: int, done: float) -> float:
    """A linear warm-up, the full rate, and over the last `decay` of the training a line down to `final_share` of it.

    A resumed training goes on at the full rate, however much longer it is to be than it once was.
    """
    fallen = min(1.0, max(0.0, (done - 1 + optimizer.decay) / optimizer.decay)) if optimizer.decay > 0 else 0.0
    return optimizer.learning_rate * min(1.0, (step + 1) / optimizer.warmup) * (
        1 - fallen * (1 - optimizer.final_share))


class Trainer:
    """Trains a stage in a folder, from a checkpoint or from its first weights."""

    def __init__(self, stage: Stage, settings: Settings, run: pathlib.Path):
        self.stage, self.settings, self.run = stage, settings, run
        self.rates: Optimizer = getattr(settings, stage.name).optimizer
        self.parameters = stage.trained()
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=self.rates.learning_rate, betas=self.rates.betas, weight_decay=self.rates.weight_decay,
            fused=True)
        self.ema = self._averaged(self._copy()) if self.rates.ema is not None else None
        self.step, self.seconds = 0, 0.0

    def _copy(self) -> checkpoints.Weights:
        return {name: value.detach().clone().cpu() for name, value in self.stage.model.state_dict().items()}

    def _averaged(self, weights: checkpoints.Weights) -> checkpoints.Weights:
        """A copy where the weights are, of their type: a checkpoint may hold halves."""
        return {name: weights[name].to(value, copy=True)
                for name, value in self.stage.model.state_dict().items()}

    def resume(self, keep_optimizer: bool = True) -> None:
        """Goes on from the checkpoint; or takes its weights alone, and steps, time and so the learning rate begin anew.

        Raises `CheckpointError` if there is none or it is of another shape.
        """
        stored = checkpoints.read(self.run, self.stage.name, self.stage.shape())
        self.stage.model.load_state_dict(stored.weights)
        self.stage.restore(stored.extras)
        if self.ema is not None:
            self.ema = self._averaged(stored.best)
        if not keep_optimizer:
            return
        if stored.optimizer is not None:
            try:
                self.optimizer.load_state_dict(stored.optimizer)
            except ValueError as error:
                raise checkpoints.CheckpointError(
                    f"{checkpoints.path(self.run, self.stage.name)}: its optimiser was of other parameters ({error}); "
                    "was clip.lock_text changed? Use --fresh-optimizer") from error
            for group in self.optimizer.param_groups:
                # The moments are the checkpoint's, the rates those of the settings.
                group["betas"], group["weight_decay"] = self.rates.betas, self.rates.weight_decay
        self.step, self.seconds = stored.step, stored.seconds

    def save(self) -> None:
        weights = self._copy()
        ema = self.ema and {name: value.cpu() for name, value in self.ema.items()}
        checkpoint = checkpoints.Checkpoint(
            self.stage.name, self.step, self.seconds, self.stage.shape(), weights, ema, self.optimizer.state_dict(), {},
            self.settings.world_digest)
        checkpoint.extras = self.stage.extras(checkpoint.best)
        checkpoints.write(checkpoint, self.run)

    def train(self, budget: Budget, stop: typing.Callable[[int], bool] = lambda step: False) -> bool:
        """Trains until the budget is spent, or until `stop` says so after a step; then saves.

        - Returns: whether the budget is spent.
        """
        log = Log(self.run / f"{self.stage.name}.jsonl", self.stage.name, self.step)
        if (done := budget.done(self.step, self.seconds)) < 1:
            log.note(self.step, self.stage.prepare(self.step, done))
        saved = looked = time.monotonic()
        while (done := budget.done(self.step, self.seconds)) < 1:
            began = time.monotonic()
            log.add(self._step(done))
            self.seconds += time.monotonic() - began
            log.report(self.step, self.seconds, budget)
            if stop(self.step):
                break
            if time.monotonic() - looked > budget.watch_seconds:
                log.note(self.step, self.stage.watched())
                looked = time.monotonic()
            if time.monotonic() - saved > SAVE_SECONDS:
                log.report(self.step, self.seconds, budget, now=True)
                self.save()
                saved = time.monotonic()
        log.report(self.step, self.seconds, budget, now=True)
        log.note(self.step, self.stage.watched())
        self.save()
        return done >= 1 or budget.done(self.step, self.seconds) >= 1

    def _step(self, done: float) -> dict[str, float | torch.Tensor]:
        rate = learning_rate(self.rates, self.step, done)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, numbers = self.stage.loss(self.step, done)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, CLIP_NORM)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self._average()
        # A number that was not asked for keeps a graphics card from waiting.
        return {"loss": loss.detach(), **numbers, "gradient_norm": norm, "learning_rate": rate}

    @torch.no_grad()
    def _average(self) -> None:
        """Shorter at first, so that the first weights are soon forgotten."""
        if self.ema is None or self.rates.ema is None:
            return
        decay = min(self.rates.ema, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(list(self.ema.values()), list(self.stage.model.state_dict().values()), 1 - decay)


class Log:
    """A line of JSON and a line for people every few seconds, of the means since the last one.

    A training that goes on adds to the lines up to its step. One that begins keeps what another one left, under another
    name.
    """

    def __init__(self, file: pathlib.Path, stage: str, step: int):
        self._file, self._stage, self._first, self._last = file, stage, step, time.monotonic()
        self._sums: dict[str, float | torch.Tensor] = {}
        self._steps = 0
        file.parent.mkdir(parents=True, exist_ok=True)
        if step == 0:
            self._put_aside()
        kept = self._lines_up_to(step)
        checkpoints.replace(file, lambda partial: partial.write_text("".join(f"{line}\n" for line in kept)))

    def _put_aside(self) -> None:
        """Renames a log of another training: unet.jsonl becomes unet-1.jsonl, or the first number that is free."""
        if self._file.exists() and self._file.stat().st_size > 0:
            names = (self._file.with_stem(f"{self._file.stem}-{number}") for number in itertools.count(1))
            self._file.rename(next(name for name in names if not name.exists()))

    def _lines_up_to(self, step: int) -> list[str]:
        """Steps that were made after the last checkpoint are made again; a line that a crash cut off is none."""
        kept: list[str] = []
        for line in self._file.read_text().splitlines() if self._file.exists() else []:
            try:
                if json.loads(line)["step"] > step:
                    break
            except ValueError:
                break
            kept.append(line)
        return kept

    def add(self, numbers: dict[str, float | torch.Tensor]) -> None:
        self._steps += 1
        for name, value in numbers.items():
            self._sums[name] = self._sums.get(name, 0.0) + value

    def note(self, step: int, numbers: dict[str, float]) -> None:
        """What was looked at besides; nothing if there is nothing."""
        if numbers:
            self._write({"stage": self._stage, "step": step, **numbers})
            said = ", ".join(f"{name} {value:.4f}" for name, value in numbers.items())
            print(f"{self._stage}: step {step}, {said}", flush=True)

    def _write(self, line: dict[str, typing.Any]) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def report(self, step: int, seconds: float, budget: Budget, now: bool = False) -> None:
        """Raises `RecipeError` if the loss is no number any more: weights that it made are not saved."""
        elapsed = time.monotonic() - self._last
        if not self._steps or (elapsed < REPORT_SECONDS and not now):
            return
        means = {name: float(value) / self._steps for name, value in self._sums.items()}
        if not math.isfinite(means["loss"]):
            raise RecipeError(
                f"{self._stage}: the loss is {means['loss']} by step {step}; the last checkpoint is kept. Go on from "
                f"it with a smaller {self._stage}.optimizer.learning_rate")
        line = {"stage": self._stage, "step": step, "seconds": round(seconds, 1),
                "steps_per_second": round(self._steps / max(elapsed, 1e-9), 3), **means}
        self._write(line)
        done = budget.done(step, seconds)
        left = seconds * (1 / done - 1) / 60 if 0 < done < 1 else 0.0
        print(f"{self._stage}: step {step}, loss {means['loss']:.4f}, {line['steps_per_second']:.2f} steps/s, "
              f"{left:.1f} min left", flush=True)
        self._sums, self._steps, self._last = {}, 0, time.monotonic()


class Interruption:
    """Whether Ctrl-C or SIGTERM came. The first is noted; a second one ends the program at once."""

    def __init__(self) -> None:
        self.came = False

    def _note(self, number: int, _: typing.Any) -> None:
        print("stopping after this step; once more ends at once, without saving", file=sys.stderr, flush=True)
        self.came = True
        signal.signal(number, signal.SIG_DFL)

    @contextlib.contextmanager
    def watched(self) -> typing.Iterator[None]:
        before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
