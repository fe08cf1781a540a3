"""The scene reader: a vision transformer that tells what a picture of the closed world shows, patch by patch.

It shares no weight with the model that it judges and is trained from its own seed. Of the text encoder, and so of
captions, it knows nothing.
"""
import dataclasses
import hashlib
import json
import math
import pathlib
import typing

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import CLIPVisionConfig, CLIPVisionModel

from recipe import checkpoints, vae
from recipe.captions import Scene
from recipe.errors import RecipeError
from recipe.settings import Settings
from recipe.training import Randomness, Stage, randomness
from recipe.world import Drawing, World

DRAWN_AT_ONCE = 20
SCENES = "judge-scenes.safetensors"
FACINGS = ("left", "right", "front")
NOTHING = "none"
PLAIN = "plain"
LEAST_COVERAGE = 0.125  # of a patch, for it to belong to an object
SHARPNESS = 0.65  # of a head's first look at one neighbour
UNNAMED = 0.1  # the weight of patches of no object: whether there is one is learnt by coverage too
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

    def forward(self, pictures: torch.Tensor, kept: torch.Tensor | None = None) -> "Answers":
        """Of pictures `[batch, 3, size, size]` in 0-1.

        - kept: numbers of the patches that are looked at and answered for; None: all.
        """
        tower = self.tower
        seen = tower.pre_layrnorm(tower.embeddings(vae.to_model(pictures)))
        if kept is not None:
            seen = torch.cat([seen[:, :1], seen[:, 1:][:, kept]], dim=1)
        seen = tower.encoder(inputs_embeds=seen).last_hidden_state
        patches = self.patch_head(self.patch_norm(seen[:, 1:])).float()
        whole = self.picture_head(tower.post_layernorm(seen[:, 0])).float()
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

    def of(self, kept: torch.Tensor) -> "Truths":
        """Of some patches alone, by their numbers."""
        names = ("objects", "colors", "facings", "coverage")
        return self._replace(**{name: getattr(self, name)[:, kept] for name in names})


def build(settings: Settings) -> SceneReader:
    """With first weights from torch's global generator."""
    model = SceneReader(settings)
    look_at_neighbours(model, settings.world.picture_size // settings.judge.patch)
    return model


@torch.no_grad()
def look_at_neighbours(model: SceneReader, side: int) -> None:
    """Lets every head begin as one tap of a convolution: a patch looks at the one beside it in some direction.

    Without it a transformer must first learn from its pictures what neighbours are, which takes longer than all the rest
    (structured initialisation, Zheng et al. 2024). Positions begin as sines and cosines of rows and columns in the first
    channels of a head's width; one step is a turn of each pair, so queries are turned positions and keys positions.
    """
    config = model.tower.config
    width, depth = config.hidden_size // config.num_attention_heads, config.hidden_size
    pairs = width // 4  # a sine and a cosine for each of two axes
    rates = math.pi / torch.tensor([1.5 * 1.35**i for i in range(pairs)])
    steps = torch.arange(side).float()
    waves = torch.stack([torch.sin(steps[:, None] * rates), torch.cos(steps[:, None] * rates)], -1).flatten(1)
    rows, columns = waves.repeat_interleave(side, 0), waves.repeat(side, 1)
    positions = model.tower.embeddings.position_embedding.weight
    positions.mul_(0.5)
    positions[1:, : 4 * pairs] = torch.cat([rows, columns], 1)
    for layer in model.tower.encoder.layers:
        attention = layer.self_attn
        for head in range(config.num_attention_heads):
            own = slice(head * width, head * width + 4 * pairs)
            down, right = (int(torch.randint(-2, 3, ())) for _ in range(2))
            turns = torch.block_diag(*(
                torch.tensor([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
                for step in (down, right) for a in (rates * step).tolist()))
            attention.q_proj.weight[own] = 0.1 * attention.q_proj.weight[own]
            attention.k_proj.weight[own] = 0.1 * attention.k_proj.weight[own]
            attention.q_proj.weight[own, : 4 * pairs] += SHARPNESS * turns
            attention.k_proj.weight[own, : 4 * pairs] += SHARPNESS * torch.eye(4 * pairs)
    assert depth >= 4 * pairs


def load(settings: Settings, run: pathlib.Path) -> SceneReader:
    """The scene reader of a run, not to be trained further."""
    model = build(settings)
    model.load_state_dict(checkpoints.read(run, JudgeStage.name, shape(settings)).best)
    return model.eval().requires_grad_(False)


def write(model: SceneReader, settings: Settings, folder: pathlib.Path) -> None:
    """Writes `folder` in the layout that attnlab reads: the tower as transformers has it and the words of the answers, in
    fp16; then reads it again and compares. Raises `RecipeError` if a weight is not as it was."""
    folder.mkdir()
    world = settings.world
    phrases = {name: phrase for phrase, name in world.styles.items()}
    about = {
        **model.tower.config.to_diff_dict(), "model_type": "clip_vision_model", **model.words._asdict(),
        "style_phrases": [phrases.get(name, "") for name in model.words.styles], "prefixes": world.prefixes,
        "held_out": [f"{color} {name}" for color, names in world.held_out.items() for name in names]}
    (folder / "config.json").write_text(json.dumps(about, indent=2) + "\n")
    size, side = {"height": world.picture_size, "width": world.picture_size}, world.picture_size
    (folder / "preprocessor_config.json").write_text(json.dumps({
        "image_processor_type": "CLIPImageProcessor", "do_resize": True, "size": size, "resample": 3,
        "do_center_crop": False, "crop_size": side, "do_rescale": True, "rescale_factor": 1 / 255,
        "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}, indent=2) + "\n")
    weights = {name: value.half().contiguous() for name, value in exported(model).items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    stored = build(settings)
    fill(stored, folder)
    for name, value in stored.state_dict().items():
        if not torch.equal(value, model.state_dict()[name].half().float()):
            raise RecipeError(f"{folder}: {name} is not what was written")


def exported(model: SceneReader) -> checkpoints.Weights:
    """The weights by the names that they have in a file; those of the tower as in transformers' `CLIPVisionModel`."""
    def name(key: str) -> str:
        return "vision_model." + key.removeprefix("tower.").removeprefix("vision_model.") if key.startswith("tower.") else key

    return {name(key): value for key, value in model.state_dict().items() if not key.endswith("position_ids")}


def fill(model: SceneReader, folder: pathlib.Path) -> None:
    """Takes the weights of a folder. Raises `RecipeError` if they are of another shape."""
    stored = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
    have, want = ({k: tuple(v.shape) for k, v in weights.items()} for weights in (stored, exported(model)))
    if have != want:
        differing = sorted(key for key in have.keys() | want.keys() if have.get(key) != want.get(key))
        raise RecipeError(f"{folder}: {len(differing)} weights are not as the settings have them, first {differing[0]}")
    own = model.state_dict()
    for key, value in exported(model).items():
        value.copy_(stored[key])
    model.load_state_dict(own)


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
        """Of each patch and picture."""
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
        over pictures.

        At first only a window of the patches is looked at, of a batch the same one: a step takes half as long.
        """
        rng = randomness(self.own.seed, self.name, step)
        chosen = rng.choices.sample(range(self.own.pool), self.own.batch)
        scenes = self._scenes[chosen].mirrored(torch.rand(self.own.batch, generator=rng.noise) < 0.5)
        pictures, scenes = self._recolor(scenes.pictures.float() / 255, scenes, rng)
        side = self.settings.world.picture_size // self.own.patch
        window = side if done >= self.own.window_share else self.own.window
        top, left = (rng.choices.randrange(side - window + 1) for _ in range(2))
        kept = torch.arange(side * side).view(side, side)[top : top + window, left : left + window].flatten()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.own.bf16):
            answers = self.model(self._augment(pictures, rng), kept)
        truths = scenes.truths(self.own.patch).of(kept)
        weights = torch.ones(answers.objects.shape[-1])
        weights[0] = UNNAMED
        losses = {
            "objects": F.cross_entropy(answers.objects.flatten(0, -2), truths.objects.flatten(), weights),
            **{name: F.cross_entropy(getattr(answers, name).flatten(0, -2), getattr(truths, name).flatten())
               for name in ("colors", "facings", "backgrounds", "styles")},
            "coverage": F.binary_cross_entropy_with_logits(answers.coverage, truths.coverage)}
        loss = sum(losses.values(), torch.zeros(()))
        owned = truths.objects > 0
        right = (answers.objects.argmax(-1) == truths.objects)[owned].float().mean().item()
        return loss, {"right": right, **{name: value.item() for name, value in losses.items()}}

    def _recolor(self, pictures: torch.Tensor, scenes: Scenes, rng: Randomness) -> tuple[torch.Tensor, Scenes]:
        """Some pictures with their channels exchanged, or as negatives: they teach shapes, whatever the color, and are asked
        for no color and no background."""
        pictures, colors, backgrounds = pictures.clone(), scenes.colors.clone(), scenes.backgrounds.clone()
        for i in range(len(pictures)):
            if rng.choices.random() < self.own.recolored:
                order = rng.choices.sample(range(3), 3)
                pictures[i] = pictures[i, order] if rng.choices.random() < 0.7 else 1 - pictures[i, order]
                colors[i], backgrounds[i] = IGNORED, IGNORED
        return pictures, scenes._replace(colors=colors, backgrounds=backgrounds)

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
