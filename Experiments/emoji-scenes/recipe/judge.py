"""The training of the scene readers, which judge what the model makes: scenes through the VAE, and what they show."""
import dataclasses
import hashlib
import math
import pathlib
import random
import typing

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from safetensors import safe_open
from safetensors.torch import save_file

from recipe import augmentation, captions, checkpoints, scene_reader, second_reader, strangers, truths, vae
from recipe.scene_reader import Answers, SceneReader
from recipe.second_reader import SecondReader
from recipe.settings import JudgeSettings, Settings
from recipe.strangers import Strangers
from recipe.training import Randomness, Stage, randomness
from recipe.truths import IGNORED, TINTED, Scenes, Truths
from recipe.world import Drawing, World

DRAWN_AT_ONCE = 20
SCENES = "judge-scenes.safetensors"
UNNAMED = 0.1  # the weight of patches of no object: whether there is one is learnt by coverage too


def load(settings: Settings, run: pathlib.Path) -> SceneReader:
    """The scene reader of a run, not to be trained further."""
    model = scene_reader.build(settings)
    model.load_state_dict(checkpoints.read(run, JudgeStage.name, scene_reader.shape(settings)).best)
    return model.eval().requires_grad_(False)


def load_second(settings: Settings, run: pathlib.Path) -> SecondReader:
    """The second scene reader of a run, not to be trained further."""
    model = second_reader.build(settings)
    model.load_state_dict(checkpoints.read(run, SecondJudgeStage.name, second_reader.shape(settings)).best)
    return model.eval().requires_grad_(False)


def pool(settings: Settings, autoencoder: AutoencoderKL, run: pathlib.Path) -> Scenes:
    """The scenes 0 ... pool - 1, drawn and passed through the autoencoder once for each seed, world and autoencoder.

    Half of the latents get noise, up to `judge.latent_noise`: a generated picture is never quite a drawn one.
    """
    own = settings.judge
    drawn = (settings.world_digest, own.seed, own.latent_noise, own.styled, own.tinted, own.others, own.strangers,
             own.bf16)
    about = {"settings": hashlib.sha256(repr(drawn).encode()).hexdigest(),
             "scenes": str(own.pool), "vae": vae.digest(autoencoder)}
    file = run / SCENES
    if file.exists():
        with safe_open(file, "pt") as stored:
            if stored.metadata() == about:
                return Scenes(*(stored.get_tensor(name) for name in Scenes._fields))
    autoencoder = autoencoder.to(memory_format=torch.channels_last)  # half again as fast
    world, parts = styled_world(settings), []
    others = strangers.Strangers(settings, own.strangers) if own.others > 0 else None
    for first in range(0, own.pool, DRAWN_AT_ONCE):
        numbers = range(first, min(first + DRAWN_AT_ONCE, own.pool))
        drawings = [draw(world, number, own, others) for number in numbers]
        pictures = torch.stack([drawing.picture for drawing in drawings])
        noise = latent_noise(settings, first, len(numbers))
        with torch.autocast("cpu", torch.bfloat16, enabled=own.bf16):
            seen = vae.reconstruct(autoencoder, pictures, noise).float()
        parts.append(truths.record(drawings, seen, settings))
        print(f"judge: drew {numbers.stop} of {own.pool} scenes", flush=True)
    scenes = Scenes(*(torch.cat([getattr(part, name) for part in parts]).contiguous() for name in Scenes._fields))
    checkpoints.replace(file, lambda partial: save_file(scenes._asdict(), partial, metadata=about))
    return scenes


def styled_world(settings: Settings) -> World:
    """The world with more pictures in a style: elsewhere they are few, and they are the hardest to read."""
    odds = dataclasses.replace(settings.world.odds, style=settings.judge.styled)
    world = dataclasses.replace(settings.world, odds=odds)
    return World(dataclasses.replace(settings, world=world), JudgeStage.name)


def draw(world: World, number: int, own: JudgeSettings, others: Strangers | None = None) -> Drawing:
    """A scene of the world, but for `judge.tinted` of its colours, which have no name, and for `judge.others` of its
    things, which are no object of the world."""
    rng = random.Random(f"{own.seed}/judge/drawing/{number}")
    scene = captions.tinted(world.describe(number), world.settings, own.tinted, rng)
    if others is None:
        return world.show(scene, rng)
    scene, glyphs = others.introduced(scene, own.others, rng)
    return world.show(scene, rng, glyphs)


def latent_noise(settings: Settings, first: int, count: int) -> torch.Tensor:
    """What is added to the latents of the scenes from number `first` on; of about half of them nothing."""
    own, side = settings.judge, settings.latent_side
    rng = randomness(own.seed, "judge/latents", first).noise
    amounts = torch.rand(count, 1, 1, 1, generator=rng) * own.latent_noise
    amounts *= torch.rand(amounts.shape, generator=rng) < 0.5
    return amounts * torch.randn(count, settings.vae.latent_channels, side, side, generator=rng)


class JudgeStage(Stage):
    name = "judge"

    def __init__(self, settings: Settings, autoencoder: AutoencoderKL, run: pathlib.Path):
        self.settings, self.own = settings, self.section(settings)
        torch.manual_seed(self.own.seed)
        self.model = self.build()
        self._scenes = pool(settings, autoencoder, run)
        self._never, self._avoided = never_drawn(settings), augmentation.means_to_avoid(settings)

    def section(self, settings: Settings) -> JudgeSettings:
        """What decides the training."""
        return settings.judge

    def build(self) -> SceneReader | SecondReader:
        model = scene_reader.build(self.settings)
        # By plain products: on a processor the fused attention's way back takes several times as long at these sizes.
        model.tower.set_attn_implementation("eager")
        if self.own.locked_layers > 0:
            locked = (model.tower.embeddings, model.tower.pre_layrnorm,
                      *model.tower.encoder.layers[: self.own.locked_layers])
            for part in locked:
                part.requires_grad_(False)
        return model

    def trained(self) -> list[torch.nn.Parameter]:
        return [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    def shape(self) -> dict[str, typing.Any]:
        return scene_reader.shape(self.settings)

    def loss(self, step: int, done: float) -> tuple[torch.Tensor, dict[str, float]]:
        """The sum of `losses`.

        At first only a window of the patches is looked at, of a batch the same one: a step takes half as long.
        """
        rng = randomness(self.own.seed, self.name, step)
        chosen = rng.choices.sample(range(self.own.pool), self.own.batch)
        scenes = self._scenes.of(chosen).mirrored(torch.rand(self.own.batch, generator=rng.noise) < 0.5)
        pictures, scenes = augmentation.repainted(
            scenes.pictures.float() / 255, scenes, self.settings, self.own.repainted, rng)
        pictures, scenes = augmentation.recolored(
            pictures, scenes, self._avoided, self.settings, self.own.recolored, rng)
        side = self.settings.world.picture_size // self.own.patch
        kept = window(side, side if done >= self.own.window_share else self.own.window, rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.own.bf16):
            answers = self.model(augmentation.degraded(pictures, self.own, rng), kept)
        right = scenes.truths(self.own.patch).of(kept)
        parts = losses(answers, right, self._never)
        owned = right.objects > 0
        named = (answers.objects.argmax(-1) == right.objects)[owned].sum() / owned.sum().clamp(min=1)
        return sum(parts.values(), torch.zeros(())), {
            "right": named.item(), **{name: value.item() for name, value in parts.items()}}


class SecondJudgeStage(JudgeStage):
    """The same questions about the same scenes to a network of another kind, with other random numbers."""

    name = "second_judge"

    def section(self, settings: Settings) -> JudgeSettings:
        """Whole pictures from the start: a window saves a convolution nothing."""
        own = settings.second_judge
        return dataclasses.replace(
            settings.judge, seed=own.seed, batch=own.batch, window_share=0.0, bf16=own.bf16, optimizer=own.optimizer)

    def build(self) -> SecondReader:
        return second_reader.build(self.settings).to(memory_format=torch.channels_last)

    def shape(self) -> dict[str, typing.Any]:
        return second_reader.shape(self.settings)


def never_drawn(settings: Settings) -> torch.Tensor:
    """The pairs that are held out, `[objects, colors]` by the numbers of their words."""
    words, world = truths.vocabulary(settings), settings.world
    return torch.tensor([[world.is_held_out(name, color) for color in words.colors] for name in words.objects])


def losses(answers: Answers, right: Truths, never: torch.Tensor) -> dict[str, torch.Tensor]:
    """The cross-entropies of object, colour and facing over patches, of background and style over pictures, of coverage
    over pixels.

    A pair that is never drawn is not learnt against: the colour takes no part in the softmax of its object, nor the
    object in that of its colour.

    - never: `[objects, colors]`, as of `never_drawn`.
    """
    weights = torch.ones(answers.objects.shape[-1])
    weights[0] = UNNAMED
    answers = answers._replace(
        objects=answers.objects.masked_fill(never.T[right.colors.clamp(min=0)], -math.inf),
        colors=answers.colors.masked_fill(never[right.objects], -math.inf))
    named = ("facings", "backgrounds", "styles")
    return {
        "objects": cross_entropy(answers.objects, right.objects, weights),
        "colors": color_loss(answers.colors, right.colors),
        **{name: cross_entropy(getattr(answers, name), getattr(right, name)) for name in named},
        "coverage": F.binary_cross_entropy_with_logits(answers.coverage, right.coverage)}


def color_loss(logits: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """The cross-entropy; where a thing is `TINTED`, that it has not its own colour is right, and no more is asked."""
    asked = numbers != IGNORED
    if not asked.any():
        return torch.zeros(())
    shares, numbers = logits[asked].log_softmax(-1), numbers[asked]
    right = shares.gather(1, numbers.clamp(min=0)[:, None])[:, 0]
    return -torch.where(numbers == TINTED, shares[:, 1:].logsumexp(-1), right).mean()


def cross_entropy(logits: torch.Tensor, numbers: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """Over what is asked; 0 where nothing is. logits: `[..., words]`, numbers: `[...]`."""
    if (numbers == IGNORED).all():
        return torch.zeros(())
    return F.cross_entropy(logits.flatten(0, -2), numbers.flatten(), weights, ignore_index=IGNORED)


def window(side: int, width: int, rng: Randomness) -> torch.Tensor:
    """The numbers of the patches of a square `width` wide, somewhere among `side` times `side`."""
    top, left = (rng.choices.randrange(side - width + 1) for _ in range(2))
    return torch.arange(side * side).view(side, side)[top : top + width, left : left + width].flatten()
