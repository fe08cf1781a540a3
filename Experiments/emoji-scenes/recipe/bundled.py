"""Begins a run with the weights of a model folder instead of random ones."""
import pathlib

import torch

from recipe import checkpoints, clip, folders, unet, vae
from recipe.errors import RecipeError
from recipe.settings import Settings

STAGES = ("vae", "clip", "unet")


def start(settings: Settings, folder: pathlib.Path, run: pathlib.Path) -> None:
    """Writes the checkpoints of step 0 of all stages, and the tokenizer.

    Raises `RecipeError` if the run has any already, or if the settings are not those of the folder.
    """
    places = [*(checkpoints.path(run, name) for name in STAGES), run / "tokenizer"]
    existing = [str(place) for place in places if place.exists()]
    if existing:
        raise RecipeError(f"{', '.join(existing)}: there already. Give another --run, or --resume to go on")
    model = folders.load(folder)
    check_text_encoder(model, folder)
    parts = {
        "vae": (model.vae, vae.build(settings), vae.shape(settings), vae.scaling(model.vae)),
        "clip": (model.clip, clip.build(settings, model.tokenizer), clip.shape(settings, model.tokenizer), {}),
        "unet": (model.unet, unet.build(settings), unet.shape(settings), {}),
    }
    for name, (stored, built, _, _) in parts.items():
        check_sizes(name, stored, built, folder)
    for file in folders.TOKENIZER_FILES:
        content = (folder / "tokenizer" / file).read_bytes()
        checkpoints.replace(run / "tokenizer" / file, lambda partial, content=content: partial.write_bytes(content))
    for name, (stored, _, shape, extras) in parts.items():
        checkpoints.write(checkpoints.Checkpoint(name, 0, 0.0, shape, stored.state_dict(), None, None, extras), run)


def check_sizes(name: str, stored: torch.nn.Module, built: torch.nn.Module, folder: pathlib.Path) -> None:
    """Raises `RecipeError` if the network of the settings has other weights than the one of the folder."""
    have = {key: tuple(value.shape) for key, value in stored.state_dict().items()}
    want = {key: tuple(value.shape) for key, value in built.state_dict().items()}
    differing = sorted(key for key in have.keys() | want.keys() if have.get(key) != want.get(key))
    if differing:
        key = differing[0]
        raise RecipeError(
            f"{folder / name}: {len(differing)} weights are not as the settings have them, first {key}: "
            f"{have.get(key)} in the folder, {want.get(key)} in the settings. Give those that it was trained with")


def check_text_encoder(model: folders.Model, folder: pathlib.Path) -> None:
    """A run holds the text encoder as a part of its CLIP."""
    tower = clip.text_encoder(model.clip).state_dict()
    for key, value in model.text_encoder.state_dict().items():
        if not torch.equal(value, tower[key]):
            raise RecipeError(f"{folder}: {key} of text_encoder is not clip's: the two are of different trainings")
