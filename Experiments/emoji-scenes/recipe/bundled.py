"""Begins a run with the weights of a model folder instead of random ones."""
import pathlib

import torch

from recipe import checkpoints, clip, folders, scene_reader, second_reader, unet, vae
from recipe.errors import RecipeError
from recipe.settings import Settings

STAGES = ("vae", "clip", "unet", "judge", "second_judge")


def start(settings: Settings, folder: pathlib.Path, run: pathlib.Path) -> None:
    """Writes the checkpoints of step 0 of all stages, and the tokenizer. Those of the judges if the folder has them.

    Raises `RecipeError` if the run has any already, or if the settings are not those of the folder.
    """
    places = [*(checkpoints.path(run, name) for name in STAGES), run / "tokenizer"]
    existing = [str(place) for place in places if place.exists()]
    if existing:
        raise RecipeError(f"{', '.join(existing)}: there already. Give another --run, or --resume to go on")
    model = folders.load(folder)
    check_text_encoder(model, folder)
    built = {"vae": vae.build(settings), "clip": clip.build(settings, model.tokenizer), "unet": unet.build(settings)}
    for name, network in built.items():
        checkpoints.check_sizes(getattr(model, name).state_dict(), network.state_dict(), folder / name)
    parts: dict[str, tuple[torch.nn.Module, dict, dict]] = {
        "vae": (model.vae, vae.shape(settings), vae.scaling(model.vae)),
        "clip": (model.clip, clip.shape(settings, model.tokenizer), {}),
        "unet": (model.unet, unet.shape(settings), {}),
    }
    if (folder / scene_reader.FOLDER).exists():
        reader = scene_reader.read(settings, folder / scene_reader.FOLDER)
        parts["judge"] = (reader, scene_reader.shape(settings), {})
    if (folder / second_reader.FOLDER).exists():
        reader = second_reader.read(settings, folder / second_reader.FOLDER)
        parts["second_judge"] = (reader, second_reader.shape(settings), {})
    for file in folders.TOKENIZER_FILES:
        content = (folder / "tokenizer" / file).read_bytes()
        checkpoints.replace(run / "tokenizer" / file, lambda partial, content=content: partial.write_bytes(content))
    for name, (stored, shape, extras) in parts.items():
        checkpoints.write(checkpoints.Checkpoint(name, 0, 0.0, shape, stored.state_dict(), None, None, extras), run)


def check_text_encoder(model: folders.Model, folder: pathlib.Path) -> None:
    """A run holds the text encoder as a part of its CLIP."""
    tower = clip.text_encoder(model.clip).state_dict()
    for key, value in model.text_encoder.state_dict().items():
        if not torch.equal(value, tower[key]):
            raise RecipeError(f"{folder}: {key} of text_encoder is not clip's: the two are of different trainings")
