"""Model folders in the diffusers layout: loading in fp32, and the files that the tokenizer consists of."""
import json
import pathlib
import typing

import diffusers
import torch
from diffusers import AutoencoderKL, SchedulerMixin, UNet2DConditionModel
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer
from transformers.utils import logging

from recipe.errors import RecipeError

logging.disable_progress_bar()

NETWORKS = (
    (CLIPTextModel, "text_encoder"), (AutoencoderKL, "vae"), (UNet2DConditionModel, "unet"), (CLIPModel, "clip"))
TOKENIZER_FILES = ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json")


class FolderError(RecipeError):
    """A folder that is not what it should be; says which and what to do."""


class Model(typing.NamedTuple):
    """The parts of a folder in fp32, ready to compute with."""

    tokenizer: CLIPTokenizer
    text_encoder: CLIPTextModel
    vae: AutoencoderKL
    unet: UNet2DConditionModel
    scheduler: SchedulerMixin
    clip: CLIPModel


def load(folder: pathlib.Path) -> Model:
    """Raises `FolderError` if a part is missing or cannot be read."""
    index = folder / "model_index.json"
    if not index.exists():
        raise FolderError(f"{folder}: holds no model_index.json; name a folder that export.py wrote")
    try:
        # As in diffusers the index names the scheduler's class, whatever the scheduler's own file says.
        scheduler_class = getattr(diffusers, json.loads(index.read_text(encoding="utf-8"))["scheduler"][1])
        networks = [load_network(kind, folder / name) for kind, name in NETWORKS]
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        scheduler = scheduler_class.from_pretrained(folder / "scheduler")
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError) as error:
        raise FolderError(f"{folder}: cannot be loaded: {error}") from error
    text_encoder, vae, unet, clip = networks
    return Model(tokenizer, text_encoder, vae, unet, scheduler, clip)


def with_clip(model: Model, folder: pathlib.Path) -> Model:
    """The model with a CLIP by itself, and its tokenizer, in place of its own. Raises `FolderError`.

    Its text encoder stays, and knows other tokens: what is returned is for CLIPs alone.
    """
    clip = load_network(CLIPModel, folder)
    try:
        return model._replace(clip=clip, tokenizer=CLIPTokenizer.from_pretrained(folder))
    except (OSError, ValueError) as error:
        raise FolderError(f"{folder}: its tokenizer cannot be loaded: {error}") from error


def load_network(kind: typing.Any, folder: pathlib.Path) -> typing.Any:
    """One part, in fp32. Raises `FolderError` if it cannot be read."""
    try:
        return kind.from_pretrained(folder, dtype=torch.float32).float().eval().requires_grad_(False)
    except (OSError, ValueError, RuntimeError) as error:
        raise FolderError(f"{folder}: cannot be loaded: {error}") from error


def tokens(tokenizer: CLIPTokenizer, captions: typing.Sequence[str]) -> torch.Tensor:
    """Token numbers padded to the model's 77 positions, `[captions, 77]`, as diffusers pads them."""
    length = tokenizer.model_max_length
    encoded = tokenizer(list(captions), padding="max_length", max_length=length, truncation=True, return_tensors="pt")
    return encoded.input_ids
