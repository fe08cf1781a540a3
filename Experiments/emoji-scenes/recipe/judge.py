"""The scene reader: a vision transformer that tells what a picture of the closed world shows, patch by patch.

It shares no weight with the model that it judges and is trained from its own seed. Of the text encoder, and so of
captions, it knows nothing.
"""
import dataclasses
import hashlib
import pathlib
import typing

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModel

from recipe import checkpoints, vae
from recipe.captions import Scene
from recipe.settings import Settings
from recipe.training import Randomness, Stage, randomness
from recipe.world import Drawing, World

DRAWN_AT_ONCE = 20
SCENES = "judge-scenes.safetensors"
FACINGS = ("left", "right", "front")
NOTHING = "none"
PLAIN = "plain"
LEAST_COVERAGE = 0.125  # of a patch, for it to belong to an object
IGNORED = -100  # cross_entropy's mark of a place that has no truth


class Vocabulary(typing.NamedTuple):
    """What each number of an answer means. Of objects and colours 0 is none."""

    objects: tuple[str, ...]
    colors: tuple[str, ...]
    facings: tuple[str, ...]
    backgrounds: tuple[str, ...]
    styles: tuple[str, ...]

    @property
    def patch_sizes(self) -> tuple[int, int, int]:
        return len(self.objects), len(self.colors), len(self.facings)

    @property
    def picture_sizes(self) -> tuple[int, int]:
        return len(self.backgrounds), len(self.styles)


def vocabulary(settings: Settings) -> Vocabulary:
    world = settings.world
    return Vocabulary(
        (NOTHING, *world.objects), (NOTHING, *world.colors), FACINGS, (PLAIN, *world.colors, *world.places),
        (PLAIN, *world.styles.values()))


class SceneReader(torch.nn.Module):
    """A CLIP vision tower with a linear answer for each patch and one for the picture."""

    def __init__(self, settings: Settings):
        super().__init__()
        own = settings.judge
        self.words = vocabulary(settings)
        self.tower = CLIPVisionModel(CLIPVisionConfig(
            hidden_size=own.tower.width, intermediate_size=4 * own.tower.width, num_hidden_layers=own.tower.layers,
            num_attention_heads=own.tower.heads, image_size=settings.world.picture_size, patch_size=own.patch,
            hidden_act="quick_gelu"))
        self.patch_norm = torch.nn.LayerNorm(own.tower.width)
        self.patch_head = torch.nn.Linear(own.tower.width, sum(self.words.patch_sizes) + own.patch**2)
        self.picture_head = torch.nn.Linear(own.tower.width, sum(self.words.picture_sizes))

    def forward(self, pictures: torch.Tensor) -> "Answers":
        """Of pictures `[batch, 3, size, size]` in 0-1."""
        seen = self.tower(pixel_values=vae.to_model(pictures))
        patches = self.patch_head(self.patch_norm(seen.last_hidden_state[:, 1:])).float()
        whole = self.picture_head(seen.pooler_output).float()
        sizes = self.words.patch_sizes
        return Answers(
            *patches[..., : sum(sizes)].split(sizes, -1), patches[..., sum(sizes) :],
            *whole.split(self.words.picture_sizes, -1))


class Answers(typing.NamedTuple):
    """Logits. objects, colors, facings: `[batch, patches, words]`, rows of patches from above. coverage: `[batch,
    patches, patch * patch]`, whether a pixel belongs to any object. backgrounds, styles: `[batch, words]`."""

    objects: torch.Tensor
    colors: torch.Tensor
    facings: torch.Tensor
    coverage: torch.Tensor
    backgrounds: torch.Tensor
    styles: torch.Tensor


class Truths(typing.NamedTuple):
    """The answers that are right, as numbers of words (`IGNORED`: none is), and coverage in 0-1."""

    objects: torch.Tensor
    colors: torch.Tensor
    facings: torch.Tensor
    coverage: torch.Tensor
    backgrounds: torch.Tensor
    styles: torch.Tensor


def build(settings: Settings) -> SceneReader:
    """With first weights from torch's global generator."""
    return SceneReader(settings)


def load(settings: Settings, run: pathlib.Path) -> SceneReader:
    """The scene reader of a run, not to be trained further."""
    model = build(settings)
    model.load_state_dict(checkpoints.read(run, JudgeStage.name, shape(settings)).best)
    return model.eval().requires_grad_(False)


def hides_color(scene: Scene, settings: Settings, color: str | None) -> bool:
    """Whether no eye could tell: a pencil sketch is not washed with white or black."""
    style = settings.world.styles[scene.style] if scene.style is not None else None
    return style == "pencil" and color in ("white", "black")


def patches(maps: torch.Tensor, side: int) -> torch.Tensor:
    """`[batch, size, size]` cut into squares: `[batch, patches, side * side]`."""
    count = maps.shape[-1] // side
    cut = maps.unflatten(2, (count, side)).unflatten(1, (count, side))
    return cut.transpose(2, 3).flatten(1, 2).flatten(2)


class Scenes(typing.NamedTuple):
    """Pictures through the autoencoder and what they show.

    - pictures: `[scenes, 3, size, size]`, coverage: `[scenes, 2, size, size]` of the first and second object, bytes.
    - objects, colors, facings: `[scenes, 2]`; backgrounds, styles: `[scenes]`; numbers of words, or `IGNORED`.
    """

    pictures: torch.Tensor
    coverage: torch.Tensor
    objects: torch.Tensor
    colors: torch.Tensor
    facings: torch.Tensor
    backgrounds: torch.Tensor
    styles: torch.Tensor

    def __getitem__(self, numbers: typing.Sequence[int]) -> "Scenes":  # type: ignore[override]
        return Scenes(*(getattr(self, name)[numbers] for name in self._fields))

    def mirrored(self, chosen: torch.Tensor) -> "Scenes":
        """Left and right exchanged where `chosen`, `[scenes]`, is true."""
        place = chosen.view(-1, 1, 1, 1)
        turned = torch.tensor([1, 0, 2])  # of FACINGS
        facings = torch.where(self.facings == IGNORED, self.facings, turned[self.facings.clamp(min=0)])
        return self._replace(
            pictures=torch.where(place, self.pictures.flip(-1), self.pictures),
            coverage=torch.where(place, self.coverage.flip(-1), self.coverage),
            facings=torch.where(chosen.view(-1, 1), facings, self.facings))

    def truths(self, patch: int) -> Truths:
        shares = torch.stack([patches(self.coverage[:, i].float() / 255, patch) for i in range(2)])
        amounts, owner = shares.mean(-1).max(0)
        owned = amounts >= LEAST_COVERAGE

        def of_owner(numbers: torch.Tensor, elsewhere: int) -> torch.Tensor:
            return torch.where(owned, numbers.gather(1, owner), elsewhere)

        return Truths(
            of_owner(self.objects, 0), of_owner(self.colors, IGNORED), of_owner(self.facings, IGNORED),
            shares.sum(0).clamp(max=1), self.backgrounds, self.styles)


def record(drawings: typing.Sequence[Drawing], pictures: torch.Tensor, settings: Settings) -> Scenes:
    """What the drawings show, with `pictures` in 0-1 of how they came through the autoencoder."""
    words, world = vocabulary(settings), settings.world
    size = world.picture_size
    coverage = torch.zeros(len(drawings), 2, size, size, dtype=torch.uint8)
    numbers = torch.full((3, len(drawings), 2), IGNORED)
    whole = torch.zeros(2, len(drawings), dtype=torch.long)
    for i, drawing in enumerate(drawings):
        scene = drawing.scene
        for k, truth in enumerate(drawing.objects):
            coverage[i, k] = (truth.mask * 255).round().to(torch.uint8)
            numbers[0, i, k] = words.objects.index(truth.name)
            if not hides_color(scene, settings, truth.color):
                numbers[1, i, k] = words.colors.index(truth.color or NOTHING)
            numbers[2, i, k] = words.facings.index(truth.faces)
        whole[0, i] = words.backgrounds.index(scene.background or scene.place or PLAIN)
        whole[1, i] = words.styles.index(world.styles[scene.style] if scene.style is not None else PLAIN)
    return Scenes((pictures * 255).round().to(torch.uint8), coverage, *numbers, *whole)


@torch.no_grad()
def reconstruct(autoencoder: AutoencoderKL, pictures: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
    """Through the autoencoder and back, `[batch, 3, size, size]` in 0-1.

    - noise: added to the scaled latents, of the same shape.
    """
    latents = autoencoder.encode(vae.to_model(pictures)).latent_dist.mean
    if noise is not None:
        latents = latents + noise / autoencoder.config.scaling_factor
    return (autoencoder.decode(latents).sample / 2 + 0.5).clamp(0, 1)


def pool(settings: Settings, autoencoder: AutoencoderKL, run: pathlib.Path) -> Scenes:
    """The scenes 0 ... pool - 1, drawn and passed through the autoencoder once for each world and autoencoder.

    Half of the latents get noise, up to `judge.latent_noise`: a generated picture is never quite a drawn one.
    """
    own = settings.judge
    about = {"settings": hashlib.sha256(repr((own.seed, own.latent_noise, settings.world)).encode()).hexdigest(),
             "scenes": str(own.pool), "vae": vae.digest(autoencoder)}
    file = run / SCENES
    if file.exists():
        with safe_open(file, "pt") as stored:
            if stored.metadata() == about:
                return Scenes(*(stored.get_tensor(name) for name in Scenes._fields))
    autoencoder = autoencoder.to(memory_format=torch.channels_last)  # half again as fast
    world, parts = World(settings, JudgeStage.name), []
    for first in range(0, own.pool, DRAWN_AT_ONCE):
        numbers = range(first, min(first + DRAWN_AT_ONCE, own.pool))
        drawings = [world.draw(number) for number in numbers]
        rng = randomness(own.seed, "judge/latents", first).noise
        amounts = torch.rand(len(numbers), 1, 1, 1, generator=rng) * own.latent_noise
        amounts *= torch.rand(amounts.shape, generator=rng) < 0.5
        side = settings.latent_side
        noise = amounts * torch.randn(len(numbers), settings.vae.latent_channels, side, side, generator=rng)
        pictures = torch.stack([drawing.picture for drawing in drawings])
        parts.append(record(drawings, reconstruct(autoencoder, pictures, noise), settings))
        print(f"judge: drew {numbers.stop} of {own.pool} scenes", flush=True)
    scenes = Scenes(*(torch.cat([getattr(part, name) for part in parts]).contiguous() for name in Scenes._fields))
    checkpoints.replace(file, lambda partial: save_file(scenes._asdict(), partial, metadata=about))
    return scenes


class JudgeStage(Stage):
    name = "judge"

    def __init__(self, settings: Settings, autoencoder: AutoencoderKL, run: pathlib.Path):
        self.settings, self.own = settings, settings.judge
        torch.manual_seed(self.own.seed)
        self.model = build(settings)
        self._scenes = pool(settings, autoencoder, run)

    def shape(self) -> dict[str, typing.Any]:
        return shape(self.settings)

    def loss(self, step: int, done: float) -> tuple[torch.Tensor, dict[str, float]]:
        """The cross-entropies of object, colour and facing over patches, of coverage over pixels, of background and style
        over pictures."""
        rng = randomness(self.own.seed, self.name, step)
        chosen = rng.choices.sample(range(self.own.pool), self.own.batch)
        scenes = self._scenes[chosen].mirrored(torch.rand(self.own.batch, generator=rng.noise) < 0.5)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.own.bf16):
            answers = self.model(self._augment(scenes.pictures.float() / 255, rng))
        truths = scenes.truths(self.own.patch)
        losses = {
            **{name: F.cross_entropy(getattr(answers, name).flatten(0, -2), getattr(truths, name).flatten())
               for name in ("objects", "colors", "facings", "backgrounds", "styles")},
            "coverage": F.binary_cross_entropy_with_logits(answers.coverage, truths.coverage)}
        loss = sum(losses.values(), torch.zeros(()))
        owned = truths.objects > 0
        right = (answers.objects.argmax(-1) == truths.objects)[owned].float().mean().item()
        return loss, {"right": right, **{name: value.item() for name, value in losses.items()}}

    def _augment(self, pictures: torch.Tensor, rng: Randomness) -> torch.Tensor:
        """Some of `[batch, 3, size, size]` blurred, all with noise and shifted in colour a little."""
        count = (len(pictures), 1, 1, 1)

        def draw(*shape: int) -> torch.Tensor:
            return torch.rand(*shape, generator=rng.noise)

        sigma = self.own.blur * draw(*count)
        offsets = torch.arange(-3, 4).view(1, 1, 7)
        kernel = torch.exp(-offsets.square() / (2 * sigma.view(-1, 1, 1).square() + 1e-4))
        kernel = (kernel / kernel.sum(-1, keepdim=True)).repeat_interleave(3, 0)
        flat = pictures.flatten(0, 1)[None]
        rows = F.conv2d(F.pad(flat, (3, 3, 0, 0), mode="replicate"), kernel.unsqueeze(2), groups=len(kernel))
        both = F.conv2d(F.pad(rows, (0, 0, 3, 3), mode="replicate"), kernel.unsqueeze(3), groups=len(kernel))
        blurred = torch.where(draw(*count) < 0.5, both[0].unflatten(0, (-1, 3)), pictures)
        shift = self.own.color_shift
        gain, offset = (1 + shift * (2 * draw(len(pictures), 3, 1, 1) - 1) for _ in range(2))
        noise = torch.randn(pictures.shape, generator=rng.noise) * self.own.noise * draw(*count)
        return (blurred * gain + (offset - 1) + noise).clamp(0, 1)


def shape(settings: Settings) -> dict[str, typing.Any]:
    own = dataclasses.asdict(settings.judge)
    return {"world.picture_size": settings.world.picture_size, "vocabulary": list(map(list, vocabulary(settings))),
            **{f"judge.{key}": own[key] for key in ("tower", "patch")}}
