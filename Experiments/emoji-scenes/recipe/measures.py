"""What a model folder is worth on scenes that it was not trained on; every value is of one scene."""
import random
import statistics
import typing

import torch

from recipe import captions, clip, folders, unet, vae
from recipe.captions import Scene, Thing
from recipe.folders import Model
from recipe.scene_pool import encode
from recipe.settings import Settings
from recipe.world import Drawing, World

AT_ONCE = 32
STREAM = "measure"  # no stage is trained on it


class Summary(typing.NamedTuple):
    """Mean, standard deviation over the scenes, smallest and largest."""

    n: int
    mean: float
    deviation: float
    smallest: float
    largest: float

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return self.deviation / self.n**0.5


def summarize(values: typing.Sequence[float]) -> Summary:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return Summary(len(values), statistics.fmean(values), deviation, min(values), max(values))


def batches(items: typing.Sequence) -> typing.Iterator[typing.Sequence]:
    for first in range(0, len(items), AT_ONCE):
        yield items[first : first + AT_ONCE]


def stack(drawings: typing.Sequence[Drawing]) -> torch.Tensor:
    """`[drawings, 3, size, size]` in 0-1."""
    return torch.stack([drawing.picture for drawing in drawings])


def reconstruction(model: Model, drawings: typing.Sequence[Drawing]) -> list[float]:
    """PSNR of each picture in dB, of a peak of 1."""
    values: list[float] = []
    for batch in batches(drawings):
        pictures = stack(batch)
        errors = (vae.reconstruct(model.vae, pictures) - pictures).square().mean((1, 2, 3))
        values += (-10 * errors.log10()).tolist()
    return values


@torch.inference_mode()
def retrieval(model: Model, settings: Settings, drawings: typing.Sequence[Drawing]) -> dict[str, list[float]]:
    """1 where the CLIP is right, else 0.

    - caption of picture: the picture's caption is the nearest of the captions of all scenes.
    - picture of caption: the other way round.
    - true caption against a near miss: it is nearer to the picture than the caption with one word wrong.

    A scene counts as found if the nearest is another with the same words.
    """
    texts = [drawing.caption for drawing in drawings]
    rng = random.Random("near misses")
    misses = [captions.caption(_miss(drawing.scene, settings, rng), settings.world, rng) for drawing in drawings]
    seen = torch.cat([clip.embed_pictures(model.clip, stack(batch)) for batch in batches(drawings)])
    said, missed = (
        torch.cat([clip.embed_captions(model.clip, model.tokenizer, batch) for batch in batches(lines)])
        for lines in (texts, misses))
    near = seen @ said.T
    return {
        "caption of picture": [float(texts[j] == texts[i]) for i, j in enumerate(near.argmax(1).tolist())],
        "picture of caption": [float(texts[i] == texts[j]) for j, i in enumerate(near.argmax(0).tolist())],
        "true caption against a near miss": ((seen * said).sum(1) > (seen * missed).sum(1)).float().tolist(),
    }


def _miss(scene: Scene, settings: Settings, rng: random.Random) -> Scene:
    while (other := captions.near_miss(scene, settings.world, rng)) == scene:
        pass
    return other


def plain_scenes(world: World, count: int, names: typing.Sequence[str] = ()) -> list[Drawing]:
    """One tinted object each on a plain background, pairs drawn evenly, held-out ones too, as in the card's table.

    - names: the objects to draw from; empty: all of the world.
    """
    own = world.settings
    chosen = list(names or own.objects)
    drawings = []
    for number in range(count):
        rng = random.Random(f"{STREAM}/plain/{number}")
        scene = Scene((Thing(rng.choice(chosen), rng.choice(list(own.colors))),))
        drawings.append(world.paint(scene, world.arrange(scene, rng), rng))
    return drawings


@torch.inference_mode()
def naming(model: Model, settings: Settings, drawings: typing.Sequence[Drawing],
           change: typing.Callable[[torch.Tensor], torch.Tensor] = lambda pictures: pictures) -> dict[str, list[float]]:
    """1 where the CLIP names the object among all, the colour given, or the colour among all, the object given.

    - change: what is done to the pictures `[batch, 3, size, size]` first.
    """
    names, colors = list(settings.world.objects), list(settings.world.colors)
    phrases = [captions.noun_phrase(Thing(name, color)) for name in names for color in colors]
    said = torch.cat([clip.embed_captions(model.clip, model.tokenizer, batch) for batch in batches(phrases)])
    table = said.view(len(names), len(colors), -1)
    right: dict[str, list[float]] = {"object": [], "color": []}
    for batch in batches(drawings):
        for vector, drawing in zip(clip.embed_pictures(model.clip, change(stack(batch))), batch):
            thing = drawing.scene.things[0]
            name, color = names.index(thing.name), colors.index(thing.color)
            right["object"].append(float((table[:, color] @ vector).argmax().item() == name))
            right["color"].append(float((table[name] @ vector).argmax().item() == color))
    return right


@torch.inference_mode()
def denoising(model: Model, settings: Settings, drawings: typing.Sequence[Drawing]) -> dict[str, list[float]]:
    """The UNet's error on each scene, at one timestep each, spread evenly; noise is seeded by the scene's number.

    - weighted: as in training, by `unet.min_snr_weights`; error: the plain mean squared error of the noise.
    """
    noising, count = unet.scheduler(settings), len(drawings)
    every = settings.scheduler.train_timesteps
    values: dict[str, list[float]] = {"weighted": [], "error": []}
    for numbers in batches(range(count)):
        batch = [drawings[number] for number in numbers]
        latents = encode(model.vae, stack(batch))
        noise = torch.stack([
            torch.randn(latents.shape[1:], generator=torch.Generator().manual_seed(number)) for number in numbers])
        timesteps = torch.tensor([(2 * number + 1) * every // (2 * count) for number in numbers])
        tokens = folders.tokens(model.tokenizer, [drawing.caption for drawing in batch])
        embeddings = model.text_encoder(tokens).last_hidden_state
        errors = unet.squared_errors(model.unet, noising, latents, noise, timesteps, embeddings)
        values["error"] += errors.tolist()
        values["weighted"] += (errors * unet.min_snr_weights(noising, timesteps, settings.unet.min_snr)).tolist()
    return values
