"""Writes a model folder in the layout of the bundled one, and checks that it is read back as it was."""
import copy
import json
import pathlib
import shutil
import tempfile
import typing

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file, save_file
from transformers import CLIPModel

from recipe import folders, scene_reader, second_reader
from recipe.folders import FolderError, Model
from recipe.scene_reader import Reader
from recipe.second_reader import SecondReader
from recipe.settings import Settings


def check_place(folder: pathlib.Path) -> None:
    """Raises `FolderError` if something is there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderError(f"{folder}: is there already; name a new folder, or remove it first")


def write(model: Model, readers: dict[str, Reader], tokenizer: pathlib.Path, settings: Settings,
          folder: pathlib.Path) -> None:
    """Makes `folder`, all at once: it is written beside its place first. Raises `FolderError` as `check_place`.

    - readers: by their folders in it.
    """
    check_place(folder)
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = pathlib.Path(tempfile.mkdtemp(dir=folder.parent, prefix=folder.name, suffix=".partial"))
    try:
        _write_pipeline(model, partial)
        _write_clip(model.clip, settings.world.picture_size, partial / "clip")
        for part in ("tokenizer", "clip"):
            _copy_tokenizer(tokenizer, partial / part)
        for name, reader in readers.items():
            write_scene_reader(reader, settings, partial / name)
        partial.chmod(0o755)
        _let_read(partial)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _let_read(folder: pathlib.Path) -> None:
    for file in folder.rglob("*.safetensors"):
        file.chmod(0o644)  # safetensors keeps it to its owner


def _half(network: torch.nn.Module, name: str) -> torch.nn.Module:
    rounded = copy.deepcopy(network).half()
    for key, value in rounded.state_dict().items():
        if not value.isfinite().all():
            raise FolderError(f"{name}: {key} holds values that are no numbers or too large for fp16")
    return rounded


def _write_pipeline(model: Model, folder: pathlib.Path) -> None:
    StableDiffusionPipeline(
        vae=_half(model.vae, "vae"), text_encoder=_half(model.text_encoder, "text_encoder"), tokenizer=model.tokenizer,
        unet=_half(model.unet, "unet"), scheduler=model.scheduler, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)
    # The names that transformers wrote up to version 4, which other readers of diffusers folders know.
    file = folder / "text_encoder/model.safetensors"
    weights = {"text_model." + key.removeprefix("text_model."): value for key, value in load_file(file).items()}
    save_file(weights, file, metadata={"format": "pt"})


def write_clip(model: CLIPModel, tokenizer: pathlib.Path, settings: Settings, folder: pathlib.Path) -> None:
    """Makes `folder`, a CLIP by itself: one that conditions no model. Raises `FolderError` as `check_place`."""
    check_place(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _write_clip(model, settings.world.picture_size, folder)
    _copy_tokenizer(tokenizer, folder)
    _let_read(folder)


def _write_clip(model: CLIPModel, picture_size: int, folder: pathlib.Path) -> None:
    _half(model, "clip").save_pretrained(folder)
    square = {"height": picture_size, "width": picture_size}
    preprocessor = {
        "do_resize": True, "size": {"shortest_edge": picture_size}, "do_center_crop": True, "crop_size": square,
        "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3, "resample": 3, "image_processor_type": "CLIPImageProcessor"}
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2))


def write_scene_reader(reader: Reader, settings: Settings, folder: pathlib.Path) -> None:
    """Makes `folder` in attnlab's layout: what the network is, and the words of the answers."""
    world, side = settings.world, settings.world.picture_size
    phrases = {name: phrase for phrase, name in world.styles.items()}
    about = {
        **reader.description(), "style_phrases": [phrases.get(name, "") for name in reader.words.styles],
        "prefixes": world.prefixes,
        "held_out": [f"{color} {name}" for color, names in world.held_out.items() for name in names]}
    preprocessor = {
        "image_processor_type": "CLIPImageProcessor", "do_resize": True, "size": {"height": side, "width": side},
        "resample": 3, "do_center_crop": False, "crop_size": side, "do_rescale": True, "rescale_factor": 1 / 255,
        "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    folder.mkdir()
    for file, content in (("config.json", about), ("preprocessor_config.json", preprocessor)):
        (folder / file).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    weights = {name: value.contiguous() for name, value in _half(reader, folder.name).named_for_file().items()}
    save_file(weights, folder / scene_reader.WEIGHTS, metadata={"format": "pt"})


def _copy_tokenizer(source: pathlib.Path, target: pathlib.Path) -> None:
    """The classic four files; transformers writes others of late."""
    for file in ("tokenizer.json", *folders.TOKENIZER_FILES):
        (target / file).unlink(missing_ok=True)
    for file in folders.TOKENIZER_FILES:
        shutil.copyfile(source / file, target / file)


@torch.no_grad()
def check(model: Model, folder: pathlib.Path) -> int:
    """Compares the folder with the model, rounded to fp16: every weight, a caption's tokens, a pass of each network.

    - Returns: how many weights there are. Raises `FolderError` with the first difference.
    """
    stored = folders.load(folder)
    count = 0
    for name in ("text_encoder", "vae", "unet", "clip"):
        ours = {key: value.half().float() for key, value in getattr(model, name).state_dict().items()}
        theirs = getattr(stored, name).state_dict()
        for key in ours.keys() | theirs.keys():
            if key not in ours or key not in theirs or not torch.equal(ours[key], theirs[key]):
                raise FolderError(f"{folder / name}: {key} is not what was written")
            count += theirs[key].numel()
        _compare(f"{folder / name}", _passes(model, ours, name), _passes(stored, theirs, name))
    caption = "a photo of an orange fish and a zebra"
    if not torch.equal(folders.tokens(model.tokenizer, [caption]), folders.tokens(stored.tokenizer, [caption])):
        raise FolderError(f"{folder / 'tokenizer'}: {caption!r} has other tokens than before")
    if stored.vae.config.scaling_factor != model.vae.config.scaling_factor:
        raise FolderError(f"{folder / 'vae'}: another scaling factor than before")
    return count


@torch.no_grad()
def check_scene_reader(reader: Reader, settings: Settings, folder: pathlib.Path) -> int:
    """As `check`, of the scene reader in `folder`: every weight and a pass."""
    stored = (second_reader if isinstance(reader, SecondReader) else scene_reader).read(settings, folder)
    rounded = _half(reader, folder.name).float()
    ours = rounded.state_dict()
    for key, value in stored.state_dict().items():
        if not torch.equal(ours[key], value):
            raise FolderError(f"{folder}: {key} is not what was written")
    side = settings.world.picture_size
    pictures = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    _compare(str(folder), rounded(pictures)._asdict(), stored(pictures)._asdict())
    return sum(value.numel() for value in ours.values())


def _passes(model: Model, weights: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    """What a network with the given weights makes of seeded inputs."""
    network: typing.Any = copy.deepcopy(getattr(model, name))
    network.load_state_dict(weights)
    generator = torch.Generator().manual_seed(0)
    tokens = folders.tokens(model.tokenizer, ["a red car", ""])
    side, size = model.unet.config.sample_size, model.vae.config.sample_size
    pictures = torch.rand(2, 3, size, size, generator=generator) * 2 - 1
    latents = torch.randn(2, model.unet.config.in_channels, side, side, generator=generator)
    words = torch.randn(2, tokens.shape[1], model.unet.config.cross_attention_dim, generator=generator)
    if name == "text_encoder":
        return {"last_hidden_state": network(tokens).last_hidden_state}
    if name == "vae":
        return {"latents": network.encode(pictures).latent_dist.mean, "picture": network.decode(latents).sample}
    if name == "unet":
        return {"sample": network(latents, 501, words).sample}
    return {"logits": network(input_ids=tokens, pixel_values=pictures).logits_per_image}


def _compare(place: str, ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    for key, value in ours.items():
        # The same weights in the same classes: only the memory format may differ, and with it the order of sums.
        difference = ((theirs[key] - value).abs().max() / value.abs().max()).item()
        if not difference <= 1e-5:
            raise FolderError(f"{place}: {key} differs by {difference:.1e} of its largest value from that of the run")
