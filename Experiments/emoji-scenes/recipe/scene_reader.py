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
        patches = self.patch_head(self.patch_norm(seen[:, 1:])).float()
        whole = self.picture_head(tower.post_layernorm(seen[:, 0])).float()
        sizes = self.words.patch_sizes
        return Answers(
            *patches[..., : sum(sizes)].split(sizes, -1), patches[..., sum(sizes) :],
            *whole.split(self.words.picture_sizes, -1))


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


def description(model: SceneReader) -> dict[str, typing.Any]:
    """What config.json says of the network: the tower as transformers has it, and the words of the answers."""
    return {**model.tower.config.to_diff_dict(), "model_type": "clip_vision_model", **model.words._asdict()}


def named_for_file(model: SceneReader) -> checkpoints.Weights:
    """The weights, not copied, by the names that they have in a folder; those of the tower as transformers'
    `CLIPVisionModel` writes them."""
    return {"vision_model." + name.removeprefix("tower.") if name.startswith("tower.") else name: value
            for name, value in model.state_dict().items()}


@torch.no_grad()
def read(settings: Settings, folder: pathlib.Path) -> SceneReader:
    """The scene reader of a folder in fp32, not to be trained further.

    Raises `FolderError` if it cannot be read, or if its sizes or words are not those of the settings.
    """
    model = build(settings)
    try:
        stored = load_file(folder / WEIGHTS)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, SafetensorError) as error:
        raise FolderError(f"{folder}: cannot be read: {error}") from error
    keys = (*model.words._fields, "num_attention_heads", "image_size", "patch_size")
    expected = json.loads(json.dumps(description(model)))
    differing = [key for key in keys if config.get(key) != expected[key]]
    if differing:
        raise FolderError(
            f"{folder}: config.json has other {', '.join(differing)} than the settings. Give those that it was trained "
            "with")
    checkpoints.check_sizes(stored, named_for_file(model), folder)
    for name, value in named_for_file(model).items():
        value.copy_(stored[name])
    return model.eval().requires_grad_(False)
