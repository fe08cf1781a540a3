"""The training of the scene reader, which judges what the model makes: scenes through the VAE, and what they show."""
import dataclasses
import hashlib
import pathlib
import random
import typing

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from safetensors import safe_open
from safetensors.torch import save_file

from recipe import captions, checkpoints, glyphs, scene_reader, truths, vae
from recipe.scene_reader import Answers, SceneReader
from recipe.settings import JudgeSettings, Settings
from recipe.training import Randomness, Stage, randomness
from recipe.truths import IGNORED, TINTED, Scenes, Truths
from recipe.world import Drawing, World

DRAWN_AT_ONCE = 20
SCENES = "judge-scenes.safetensors"
UNNAMED = 0.1  # the weight of patches of no object: whether there is one is learnt by coverage too
CONTRAST = 0.4  # of recolored pictures: what is taken from it or added to it at most
BRIGHTNESS = 0.25  # the same, of pixels in 0-1
BLUR_REACH = 3  # pixels, of the kernel to each side


def load(settings: Settings, run: pathlib.Path) -> SceneReader:
    """The scene reader of a run, not to be trained further."""
    model = scene_reader.build(settings)
    model.load_state_dict(checkpoints.read(run, JudgeStage.name, scene_reader.shape(settings)).best)
    return model.eval().requires_grad_(False)


def pool(settings: Settings, autoencoder: AutoencoderKL, run: pathlib.Path) -> Scenes:
    """The scenes 0 ... pool - 1, drawn and passed through the autoencoder once for each world and autoencoder.

    Half of the latents get noise, up to `judge.latent_noise`: a generated picture is never quite a drawn one.
    """
    own = settings.judge
    drawn = (own.seed, own.latent_noise, own.styled, own.tinted, own.bf16, settings.world)
    about = {"settings": hashlib.sha256(repr(drawn).encode()).hexdigest(),
             "scenes": str(own.pool), "vae": vae.digest(autoencoder)}
    file = run / SCENES
    if file.exists():
        with safe_open(file, "pt") as stored:
            if stored.metadata() == about:
                return Scenes(*(stored.get_tensor(name) for name in Scenes._fields))
    autoencoder = autoencoder.to(memory_format=torch.channels_last)  # half again as fast
    world, parts = styled_world(settings), []
    for first in range(0, own.pool, DRAWN_AT_ONCE):
        numbers = range(first, min(first + DRAWN_AT_ONCE, own.pool))
        drawings = [draw(world, number, own) for number in numbers]
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


def draw(world: World, number: int, own: JudgeSettings) -> Drawing:
    """A scene of the world, but for `judge.tinted` of its colours, which have no name."""
    rng = random.Random(f"{own.seed}/judge/drawing/{number}")
    return world.show(captions.tinted(world.describe(number), world.settings, own.tinted, rng), rng)


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
        self.settings, self.own = settings, settings.judge
        torch.manual_seed(self.own.seed)
        self.model = scene_reader.build(settings)
        # By plain products: on a processor the fused attention's way back takes several times as long at these sizes.
        self.model.tower.set_attn_implementation("eager")
        self._scenes = pool(settings, autoencoder, run)

    def shape(self) -> dict[str, typing.Any]:
        return scene_reader.shape(self.settings)

    def loss(self, step: int, done: float) -> tuple[torch.Tensor, dict[str, float]]:
        """The sum of `losses`.

        At first only a window of the patches is looked at, of a batch the same one: a step takes half as long.
        """
        rng = randomness(self.own.seed, self.name, step)
        chosen = rng.choices.sample(range(self.own.pool), self.own.batch)
        scenes = self._scenes.of(chosen).mirrored(torch.rand(self.own.batch, generator=rng.noise) < 0.5)
        pictures, scenes = recolored(scenes.pictures.float() / 255, scenes, self.own.recolored, rng)
        side = self.settings.world.picture_size // self.own.patch
        kept = window(side, side if done >= self.own.window_share else self.own.window, rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.own.bf16):
            answers = self.model(degraded(pictures, self.own, rng), kept)
        right = scenes.truths(self.own.patch).of(kept)
        parts = losses(answers, right)
        owned = right.objects > 0
        named = (answers.objects.argmax(-1) == right.objects)[owned].sum() / owned.sum().clamp(min=1)
        return sum(parts.values(), torch.zeros(())), {
            "right": named.item(), **{name: value.item() for name, value in parts.items()}}


def losses(answers: Answers, right: Truths) -> dict[str, torch.Tensor]:
    """The cross-entropies of object, colour and facing over patches, of background and style over pictures, of coverage
    over pixels."""
    weights = torch.ones(answers.objects.shape[-1])
    weights[0] = UNNAMED
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


def recolored(
    pictures: torch.Tensor, scenes: Scenes, share: float, rng: Randomness
) -> tuple[torch.Tensor, Scenes]:
    """Some of the pictures `[batch, 3, size, size]` in other colours, lighter or darker, with more or less contrast.

    They teach shapes, whatever the colour, and are asked for no colour and no background.
    """
    pictures, colors, backgrounds = pictures.clone(), scenes.colors.clone(), scenes.backgrounds.clone()
    for i in range(len(pictures)):
        if rng.choices.random() < share:
            pictures[i] = stretched(in_other_colors(pictures[i], rng), rng)
            colors[i], backgrounds[i] = IGNORED, IGNORED
    return pictures, scenes._replace(colors=colors, backgrounds=backgrounds)


def in_other_colors(picture: torch.Tensor, rng: Randomness) -> torch.Tensor:
    """`[3, size, size]` with its channels exchanged, as a negative, or in greys."""
    kind = rng.choices.choice(("exchanged", "negative", "grey"))
    if kind == "grey":
        return glyphs.luminance(picture).expand_as(picture)
    exchanged = picture[rng.choices.sample(range(3), 3)]
    return 1 - exchanged if kind == "negative" else exchanged


def stretched(picture: torch.Tensor, rng: Randomness) -> torch.Tensor:
    """Pixels in 0-1 nearer to the middle or farther from it, up to `CONTRAST`, and moved by up to `BRIGHTNESS`."""
    factor = 1 + CONTRAST * rng.choices.uniform(-1, 1)
    return (0.5 + factor * (picture - 0.5) + BRIGHTNESS * rng.choices.uniform(-1, 1)).clamp(0, 1)


def degraded(pictures: torch.Tensor, own: JudgeSettings, rng: Randomness) -> torch.Tensor:
    """Half of `[batch, 3, size, size]` blurred, all with noise and shifted in colour a little."""
    count = (len(pictures), 1, 1, 1)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=rng.noise)

    soft = blurred(pictures, own.blur * draw(*count))
    soft = torch.where(draw(*count) < 0.5, soft, pictures)
    gain, offset = (1 + own.color_shift * (2 * draw(len(pictures), 3, 1, 1) - 1) for _ in range(2))
    noise = torch.randn(pictures.shape, generator=rng.noise) * own.noise * draw(*count)
    return (soft * gain + (offset - 1) + noise).clamp(0, 1)


def blurred(pictures: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """By a Gaussian of its own for each of `[batch, 3, height, width]`; sigma: `[batch, 1, 1, 1]`, in pixels."""
    offsets = torch.arange(-BLUR_REACH, BLUR_REACH + 1).view(1, 1, -1)
    kernel = torch.exp(-offsets.square() / (2 * sigma.view(-1, 1, 1).square() + 1e-4))
    kernel = (kernel / kernel.sum(-1, keepdim=True)).repeat_interleave(3, 0)
    reach = (BLUR_REACH, BLUR_REACH)
    flat = pictures.flatten(0, 1)[None]
    rows = F.conv2d(F.pad(flat, (*reach, 0, 0), mode="replicate"), kernel.unsqueeze(2), groups=len(kernel))
    both = F.conv2d(F.pad(rows, (0, 0, *reach), mode="replicate"), kernel.unsqueeze(3), groups=len(kernel))
    return both[0].unflatten(0, (-1, 3))
