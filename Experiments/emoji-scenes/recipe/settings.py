"""What settings.yaml holds, as dataclasses; settings.yaml itself says what each key means and its unit."""
import dataclasses
import hashlib
import os
import pathlib
import typing

from recipe import strict

FOLDER = pathlib.Path(__file__).resolve().parents[1]
MODELS = FOLDER.parents[1] / "Sources/Pipelines/Models"  # those that ship
VAE_FACTOR = 8  # pixels to a latent cell, of Stable Diffusion 1.x's four levels
AUTO = "auto"
Color = tuple[int, int, int]
Span = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Glyph:
    glyph: str
    faces: typing.Literal["left", "right", "front"]


@dataclasses.dataclass(frozen=True)
class Place:
    sky: Color
    ground: Color
    grain: float
    detail: typing.Literal["trees", "flakes", "sea", "stars"]


@dataclasses.dataclass(frozen=True)
class Odds:
    core: float
    two_objects: float
    object_color: float
    colored_background: float
    place: float
    style: float
    prefix: float
    standing: float
    mirrored: float


@dataclasses.dataclass(frozen=True)
class Layout:
    one: Span
    two: Span
    horizon: Span


@dataclasses.dataclass(frozen=True)
class WorldSettings:
    picture_size: int
    font: str
    objects: dict[str, Glyph]
    colors: dict[str, Color]
    held_out: dict[str, tuple[str, ...]]
    held_out_twos: float
    core: tuple[str, ...]
    places: dict[str, Place]
    styles: dict[str, typing.Literal["pencil", "pixels", "silhouette"]]
    prefixes: tuple[str, ...]
    odds: Odds
    layout: Layout

    def is_held_out(self, name: str, color: str | None) -> bool:
        return color is not None and name in self.held_out.get(color, ())

    @property
    def font_file(self) -> pathlib.Path:
        """The file of ATTNLAB_EMOJI_FONT where it is set, else the one of the settings."""
        return pathlib.Path(os.environ.get("ATTNLAB_EMOJI_FONT") or self.font)


@dataclasses.dataclass(frozen=True)
class Optimizer:
    learning_rate: float
    final_share: float
    warmup: int
    betas: tuple[float, float]
    weight_decay: float
    ema: float | None
    decay: float


@dataclasses.dataclass(frozen=True)
class TokenizerSettings:
    captions: int
    merges: int


@dataclasses.dataclass(frozen=True)
class VAESettings:
    widths: tuple[int, int, int, int]
    layers_per_block: int
    latent_channels: int
    norm_groups: int
    pool: int
    fresh: int
    batch: int
    crop_batch: int
    crop_side: int
    crop_share: float
    absolute_weight: float
    edge_weight: float
    log_weight: float
    kl_weight: float
    lock_encoder: bool
    minutes: float
    optimizer: Optimizer


@dataclasses.dataclass(frozen=True)
class Tower:
    width: int
    layers: int
    heads: int


@dataclasses.dataclass(frozen=True)
class CLIPSettings:
    projection: int
    text: Tower
    vision: Tower
    patch: int
    pool: int
    fresh: int
    batch: int
    negatives: int
    decoded: float
    lock_text: bool
    minutes: float
    optimizer: Optimizer


@dataclasses.dataclass(frozen=True)
class UNetSettings:
    widths: tuple[int, int, int, int]
    layers_per_block: int
    heads: int
    norm_groups: int
    pool: int
    captions: int
    batch: int
    unconditional: float
    padding_emptied: float
    end_emptied: float
    min_snr: float
    bf16: typing.Literal[True, False, "auto"]
    minutes: float
    optimizer: Optimizer


@dataclasses.dataclass(frozen=True)
class JudgeSettings:
    seed: int
    tower: Tower
    patch: int
    pool: int
    batch: int
    styled: float
    tinted: float
    others: float
    strangers: tuple[str, ...]
    unseen_strangers: tuple[str, ...]
    latent_noise: float
    noise: float
    blur: float
    color_shift: float
    repainted: float
    recolored: float
    window: int
    window_share: float
    locked_layers: int
    bf16: bool
    minutes: float
    optimizer: Optimizer


@dataclasses.dataclass(frozen=True)
class SecondJudgeSettings:
    seed: int
    widths: tuple[int, int, int, int]
    blocks: tuple[int, int, int, int]
    norm_groups: int
    batch: int
    bf16: bool
    minutes: float
    optimizer: Optimizer


@dataclasses.dataclass(frozen=True)
class SchedulerSettings:
    train_timesteps: int
    beta_start: float
    beta_end: float


@dataclasses.dataclass(frozen=True)
class SamplingSettings:
    steps: int
    guidance_scale: float
    prompts: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Settings:
    seed: int
    bundled: str
    world: WorldSettings
    tokenizer: TokenizerSettings
    vae: VAESettings
    clip: CLIPSettings
    unet: UNetSettings
    judge: JudgeSettings
    second_judge: SecondJudgeSettings
    scheduler: SchedulerSettings
    sampling: SamplingSettings

    @property
    def bundled_folder(self) -> pathlib.Path:
        """The model that ships and is of these settings."""
        return MODELS / self.bundled

    @property
    def world_digest(self) -> str:
        """Of the seed and the world: what decides the scenes of a stream, and what is held out."""
        return hashlib.sha256(repr((self.seed, self.world)).encode()).hexdigest()

    @property
    def latent_side(self) -> int:
        """In latent cells."""
        return self.world.picture_size // VAE_FACTOR


def load(path: pathlib.Path = FOLDER / "settings.yaml", overrides: typing.Sequence[str] = (),
         edition: pathlib.Path | None = None) -> Settings:
    """The settings of a file. Raises `strict.SettingsError` with everything that is wrong with it.

    - edition: a file of the keys that another edition changes; `overrides` come after it.
    """
    settings = strict.read(Settings, path, overrides, edition)
    problems = [*_world_problems(settings.world), *_size_problems(settings), *_training_problems(settings)]
    if problems:
        raise strict.SettingsError(str(path), problems)
    return settings


def _world_problems(world: WorldSettings) -> typing.Iterator[str]:
    for color, names in world.held_out.items():
        if color not in world.colors:
            yield f"world.held_out.{color}: no such colour; known are {', '.join(world.colors)}"
        for name in names:
            if name not in world.objects:
                yield f"world.held_out.{color}: no object {name!r} in world.objects"
    for name in world.core:
        if name not in world.objects:
            yield f"world.core: no object {name!r} in world.objects"
    if world.odds.core > 0 and not 0 < len(set(world.core) & set(world.objects)) < len(world.objects):
        yield "world.core: odds.core above 0 needs some of the objects here, and some left out"
    for name in world.objects:
        if world.colors and all(world.is_held_out(name, color) for color in world.colors):
            yield f"world.held_out: {name} is left with no colour"
    for name, color in world.colors.items():
        if not all(0 <= part <= 255 for part in color):
            yield f"world.colors.{name}: the parts of a colour are 0-255, found {list(color)}"
    for field, value in dataclasses.asdict(world.odds).items():
        if not 0 <= value <= 1:
            yield f"world.odds.{field}: a probability is 0-1, found {value}"
    if not 0 <= world.held_out_twos < 1:
        yield f"world.held_out_twos: a share is from 0 up to 1, found {world.held_out_twos}"
    if world.odds.colored_background + world.odds.place > 1:
        yield "world.odds: colored_background and place together are above 1"
    for field, (low, high) in dataclasses.asdict(world.layout).items():
        limit = 0.5 if field == "two" else 1
        if not 0 < low <= high <= limit:
            yield f"world.layout.{field}: two numbers from small to large, above 0 and at most {limit}"
    for field in ("objects", "colors", "places", "styles", "prefixes"):
        if not getattr(world, field):
            yield f"world.{field}: is empty"


def _size_problems(settings: Settings) -> typing.Iterator[str]:
    side = settings.world.picture_size
    if side <= 0 or side % (8 * VAE_FACTOR) or side % settings.clip.patch:
        yield (f"world.picture_size: {side} is not a multiple of {8 * VAE_FACTOR} (three halvings of the VAE, three of "
               f"the UNet) and of clip.patch ({settings.clip.patch})")
    if settings.judge.patch < 1 or side % settings.judge.patch:
        yield f"judge.patch: {settings.judge.patch} does not divide world.picture_size ({side})"
    elif settings.judge.patch != 2 ** (len(settings.second_judge.widths) - 1):
        yield f"judge.patch: {settings.judge.patch} is not 8: the second judge halves pictures three times"
    elif not 1 <= settings.judge.window <= side // settings.judge.patch:
        yield f"judge.window: {settings.judge.window} is not from 1 to {side // settings.judge.patch} patches"
    crop = settings.vae.crop_side
    if crop <= 0 or crop % VAE_FACTOR or crop > side:
        yield f"vae.crop_side: {crop} is not a multiple of {VAE_FACTOR} up to {side}"
    for name in ("vae", "unet", "second_judge"):
        part = getattr(settings, name)
        for width in part.widths:
            if part.norm_groups < 1 or width < 1 or width % part.norm_groups:
                yield f"{name}.widths: {width} is not a multiple of norm_groups ({part.norm_groups})"
    for width in settings.unet.widths:
        if settings.unet.heads < 1 or width % settings.unet.heads:
            yield f"unet.widths: {width} is not a multiple of heads ({settings.unet.heads})"
    towers = {"clip.text": settings.clip.text, "clip.vision": settings.clip.vision, "judge.tower": settings.judge.tower}
    for name, tower in towers.items():
        if min(tower.width, tower.layers, tower.heads) < 1 or tower.width % tower.heads:
            yield f"{name}: width {tower.width} is not a multiple of heads ({tower.heads})"
    if settings.judge.tower.width < 4 * settings.judge.tower.heads:
        yield "judge.tower: a head is below 4 wide, too little for its first look at a neighbour"


def _training_problems(settings: Settings) -> typing.Iterator[str]:
    counts = {
        "vae": ("layers_per_block", "latent_channels", "pool", "fresh", "batch", "crop_batch"),
        "clip": ("projection", "pool", "fresh", "batch"),
        "unet": ("layers_per_block", "pool", "captions", "batch"),
        "judge": ("pool", "batch"),
        "second_judge": ("batch",),
        "tokenizer": ("captions", "merges"),
        "scheduler": ("train_timesteps",),
        "sampling": ("steps",),
    }
    for name, fields in counts.items():
        for field in fields:
            if getattr(getattr(settings, name), field) < 1:
                yield f"{name}.{field}: must be at least 1"
    if settings.clip.batch > settings.clip.pool:
        yield f"clip.batch: {settings.clip.batch} different scenes cannot be had of a pool of {settings.clip.pool}"
    if settings.judge.batch > settings.judge.pool:
        yield f"judge.batch: {settings.judge.batch} different scenes cannot be had of a pool of {settings.judge.pool}"
    if settings.second_judge.batch > settings.judge.pool:
        yield (f"second_judge.batch: {settings.second_judge.batch} different scenes cannot be had of a pool of "
               f"{settings.judge.pool}")
    if not 0 <= settings.judge.locked_layers <= settings.judge.tower.layers:
        yield f"judge.locked_layers: {settings.judge.locked_layers} is not from 0 to {settings.judge.tower.layers}"
    if min(settings.second_judge.blocks) < 0:
        yield "second_judge.blocks: must be 0 or more"
    if settings.judge.others > 0 and not (settings.judge.strangers and settings.judge.unseen_strangers):
        yield "judge.others: above 0 needs some strangers and unseen_strangers"
    for field in ("latent_noise", "noise", "blur", "color_shift"):
        if getattr(settings.judge, field) < 0:
            yield f"judge.{field}: must be 0 or more"
    for name in ("vae", "clip", "unet", "judge", "second_judge"):
        minutes = getattr(settings, name).minutes
        if minutes < 0 or (minutes == 0 and name not in ("judge", "second_judge")):
            yield f"{name}.minutes: must be above 0; of the judges 0 leaves them out"
        optimizer = getattr(settings, name).optimizer
        if not optimizer.learning_rate > 0 or optimizer.warmup < 1:
            yield f"{name}.optimizer: learning_rate must be above 0 and warmup at least 1"
        if not 0 <= optimizer.decay <= 1:
            yield f"{name}.optimizer.decay: a share is 0-1, found {optimizer.decay}"
        if optimizer.ema is not None and not 0 <= optimizer.ema < 1:
            yield f"{name}.optimizer.ema: must be from 0 up to 1, or null for none; found {optimizer.ema}"
    shares = {"vae.crop_share": settings.vae.crop_share, "clip.decoded": settings.clip.decoded,
              "unet.unconditional": settings.unet.unconditional,
              "unet.padding_emptied and end_emptied together":
                  settings.unet.padding_emptied + settings.unet.end_emptied,
              "judge.window_share": settings.judge.window_share, "judge.recolored": settings.judge.recolored,
              "judge.repainted": settings.judge.repainted, "judge.styled": settings.judge.styled,
              "judge.tinted": settings.judge.tinted, "judge.others": settings.judge.others}
    for name, value in shares.items():
        if not 0 <= value <= 1:
            yield f"{name}: a share is 0-1, found {value}"
