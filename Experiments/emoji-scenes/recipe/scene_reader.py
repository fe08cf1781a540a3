"""The scene reader: a vision transformer that tells what a picture of the closed world shows, patch by patch.

It shares no weight with the model that it judges and is trained from its own seed. Of the text encoder, and so of
captions, it knows nothing.
"""
import dataclasses
import json
import math
import pathlib
import typing

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import CLIPVisionConfig, CLIPVisionModel

from recipe import checkpoints, truths, vae
from recipe.folders import FolderError
from recipe.settings import Settings

SHARPNESS = 0.65  # of a head's first look at one neighbour
FOLDER = "scene_reader"  # within a model folder
WEIGHTS = "model.safetensors"
UNLIKELY = -10.0  # the first logit of a word that is new to a network
# Of config.json, what weights fit whichever it is, so that it must be compared.
KEPT_ALIKE = ("num_attention_heads", "image_size", "patch_size", "norm_num_groups")


class Reader(typing.Protocol):
    """A network that tells what a picture shows: this one, or the second of another kind."""

    words: truths.Vocabulary

    def __call__(self, pictures: torch.Tensor, kept: torch.Tensor | None = None) -> "Answers": ...

    def description(self) -> dict[str, typing.Any]: ...

    def named_for_file(self) -> checkpoints.Weights: ...


class Answers(typing.NamedTuple):
    """Logits. objects, colors, facings: `[batch, patches, words]`, rows of patches from above. coverage: `[batch,
    patches, patch * patch]`, whether a pixel belongs to any object. backgrounds, styles: `[batch, words]`."""

    objects: torch.Tensor
    colors: torch.Tensor
    facings: torch.Tensor
    coverage: torch.Tensor
    backgrounds: torch.Tensor
    styles: torch.Tensor


class SceneReader(torch.nn.Module):
    """A CLIP vision tower with a linear answer for each patch and one for the picture."""

    def __init__(self, settings: Settings):
        super().__init__()
        own = settings.judge
        self.words = truths.vocabulary(settings)
        self.tower = CLIPVisionModel(CLIPVisionConfig(
            hidden_size=own.tower.width, intermediate_size=4 * own.tower.width, num_hidden_layers=own.tower.layers,
            num_attention_heads=own.tower.heads, image_size=settings.world.picture_size, patch_size=own.patch,
            hidden_act="quick_gelu"))
        self.patch_norm = torch.nn.LayerNorm(own.tower.width)
        self.patch_head = torch.nn.Linear(own.tower.width, sum(self.words.patch_sizes) + own.patch**2)
        self.picture_head = torch.nn.Linear(own.tower.width, sum(self.words.picture_sizes))

    def forward(self, pictures: torch.Tensor, kept: torch.Tensor | None = None) -> Answers:
        """Of pictures `[batch, 3, size, size]` in 0-1.

        - kept: numbers of the patches that are looked at and answered for; None: all.
        """
        tower = self.tower
        seen = tower.pre_layrnorm(tower.embeddings(vae.to_model(pictures)))
        if kept is not None:
            seen = torch.cat([seen[:, :1], seen[:, 1:][:, kept]], dim=1)
        seen = tower.encoder(inputs_embeds=seen).last_hidden_state
        patches = self.patch_head(self.patch_norm(seen[:, 1:]))
        whole = self.picture_head(tower.post_layernorm(seen[:, 0]))
        return answers(patches, whole, self.words)

    def description(self) -> dict[str, typing.Any]:
        """What config.json says of the network: the tower as transformers has it, and the words of the answers."""
        return {**self.tower.config.to_diff_dict(), "model_type": "clip_vision_model", **self.words._asdict()}

    def named_for_file(self) -> checkpoints.Weights:
        """The weights, not copied, by the names that they have in a folder; those of the tower as transformers'
        `CLIPVisionModel` writes them."""
        return {"vision_model." + name.removeprefix("tower.") if name.startswith("tower.") else name: value
                for name, value in self.state_dict().items()}


def answers(patches: torch.Tensor, whole: torch.Tensor, words: truths.Vocabulary) -> Answers:
    """What the numbers of a head for each patch and of one for the picture stand for."""
    sizes = words.patch_sizes
    patches, whole = patches.float(), whole.float()
    return Answers(
        *patches[..., : sum(sizes)].split(sizes, -1), patches[..., sum(sizes) :], *whole.split(words.picture_sizes, -1))


def build(settings: Settings) -> SceneReader:
    """With first weights from torch's global generator."""
    model = SceneReader(settings)
    look_at_neighbours(model, settings.world.picture_size // settings.judge.patch)
    return model


@torch.no_grad()
def look_at_neighbours(model: SceneReader, side: int) -> None:
    """Lets every head begin as one tap of a convolution: a patch looks at the one beside it in some direction.

    Without it a transformer must first learn from its pictures what neighbours are. The idea is that of random impulse
    filters (Zheng, Li and Lucey 2024, "Structured Initialization for Attention in Vision Transformers"), whose queries
    and keys are found by a decomposition. Here positions begin as sines and cosines of rows and columns, in as many
    channels as a head is wide; one step is a turn of each pair, so queries are turned positions and keys positions.
    What queries and keys began with is kept at a tenth.

    - side: patches in a row.
    """
    config = model.tower.config
    width = config.hidden_size // config.num_attention_heads
    pairs = width // 4  # a sine and a cosine for each of two axes
    rates = math.pi / torch.tensor([1.5 * 1.35**i for i in range(pairs)])
    steps = torch.arange(side).float()
    waves = torch.stack([torch.sin(steps[:, None] * rates), torch.cos(steps[:, None] * rates)], -1).flatten(1)
    rows, columns = waves.repeat_interleave(side, 0), waves.repeat(side, 1)
    positions = model.tower.embeddings.position_embedding.weight
    positions.mul_(0.5)
    positions[1:, : 4 * pairs] = torch.cat([rows, columns], 1)
    for layer in model.tower.encoder.layers:
        queries, keys = layer.self_attn.q_proj.weight, layer.self_attn.k_proj.weight
        for head in range(config.num_attention_heads):
            own = slice(head * width, head * width + 4 * pairs)
            down, right = (int(torch.randint(-2, 3, ())) for _ in range(2))
            turns = torch.block_diag(*(
                torch.tensor([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
                for step in (down, right) for a in (rates * step).tolist()))
            queries[own] *= 0.1
            keys[own] *= 0.1
            queries[own, : 4 * pairs] += SHARPNESS * turns
            keys[own, : 4 * pairs] += SHARPNESS * torch.eye(4 * pairs)


def shape(settings: Settings) -> dict[str, typing.Any]:
    own = dataclasses.asdict(settings.judge)
    words = truths.vocabulary(settings)
    return {"world.picture_size": settings.world.picture_size, "vocabulary": list(map(list, words)),
            **{f"judge.{key}": own[key] for key in ("tower", "patch")}}


def read(settings: Settings, folder: pathlib.Path) -> SceneReader:
    """The scene reader of a folder in fp32, not to be trained further.

    Raises `FolderError` if it cannot be read, or if its sizes or words are not those of the settings.
    """
    return read_into(build(settings), folder)


@torch.no_grad()
def read_into(model: Reader, folder: pathlib.Path) -> Reader:
    """The network with the weights of a folder. One that cannot say `truths.OTHER` gets the word, which at first is
    never its answer."""
    try:
        stored = load_file(folder / WEIGHTS)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, SafetensorError) as error:
        raise FolderError(f"{folder}: cannot be read: {error}") from error
    expected = json.loads(json.dumps(model.description()))
    if model.words.objects[-1] == truths.OTHER and config.get("objects") == expected["objects"][:-1]:
        stored, config["objects"] = with_another_word(stored, len(model.words.objects) - 1), expected["objects"]
    keys = [key for key in (*model.words._fields, *KEPT_ALIKE) if key in expected]
    differing = [key for key in keys if config.get(key) != expected[key]]
    if differing:
        raise FolderError(
            f"{folder}: config.json has other {', '.join(differing)} than the settings. Give those that it was trained "
            "with")
    checkpoints.check_sizes(stored, model.named_for_file(), folder)
    for name, value in model.named_for_file().items():
        value.copy_(stored[name])
    return model.eval().requires_grad_(False)


def with_another_word(stored: checkpoints.Weights, place: int) -> checkpoints.Weights:
    """Weights whose patches have one more answer, at `place`."""
    def widened(values: torch.Tensor, first: float) -> torch.Tensor:
        return torch.cat([values[:place], torch.full_like(values[:1], first), values[place:]])

    return {**stored, "patch_head.weight": widened(stored["patch_head.weight"], 0.0),
            "patch_head.bias": widened(stored["patch_head.bias"], UNLIKELY)}
