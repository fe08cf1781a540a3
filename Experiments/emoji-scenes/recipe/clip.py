"""A small CLIP, trained on scenes and captions; its text tower is the UNet's text encoder."""
import dataclasses
import pathlib
import typing

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from transformers import CLIPConfig, CLIPModel, CLIPTextModel, CLIPTokenizer

from recipe import captions, checkpoints, vae
from recipe.settings import Settings
from recipe.training import Machine, Stage, randomness
from recipe.tokenizer import POSITIONS
from recipe.vae import to_model
from recipe.world import SceneWindow, World

LARGEST_SCALE = 100.0  # of the logits; Radford et al. 2021, section 2.5


def build(settings: Settings, tokenizer: CLIPTokenizer) -> CLIPModel:
    """With first weights from torch's global generator."""
    own, start, end = settings.clip, tokenizer.bos_token_id, tokenizer.eos_token_id
    text = dict(
        vocab_size=len(tokenizer), hidden_size=own.text.width, intermediate_size=4 * own.text.width,
        num_hidden_layers=own.text.layers, num_attention_heads=own.text.heads, max_position_embeddings=POSITIONS,
        hidden_act="quick_gelu", bos_token_id=start, eos_token_id=end, pad_token_id=end, projection_dim=own.projection)
    vision = dict(
        hidden_size=own.vision.width, intermediate_size=4 * own.vision.width, num_hidden_layers=own.vision.layers,
        num_attention_heads=own.vision.heads, image_size=settings.world.picture_size, patch_size=own.patch,
        hidden_act="quick_gelu", projection_dim=own.projection)
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=own.projection))


def load(settings: Settings, tokenizer: CLIPTokenizer, run: pathlib.Path) -> CLIPModel:
    """The CLIP of a run, not to be trained further."""
    model = build(settings, tokenizer)
    model.load_state_dict(checkpoints.read(run, CLIPStage.name, shape(settings, tokenizer)).best)
    return model.eval().requires_grad_(False)


def text_encoder(model: CLIPModel) -> CLIPTextModel:
    """The text tower by itself, as a diffusers pipeline holds it."""
    encoder = CLIPTextModel(model.config.text_config)
    inside = encoder.state_dict().keys()
    # Releases of transformers differ in whether the tower's names keep the prefix of the whole.
    tower = {name: value for name, value in model.state_dict().items() if name.startswith("text_model.")}
    encoder.load_state_dict({
        name if name in inside else name.removeprefix("text_model."): value for name, value in tower.items()})
    return encoder.eval().requires_grad_(False)


def embed_pictures(model: CLIPModel, pictures: torch.Tensor) -> torch.Tensor:
    """Unit vectors `[batch, projection]` of pictures `[batch, 3, size, size]` in 0-1."""
    return F.normalize(model.get_image_features(pixel_values=to_model(pictures)).pooler_output, dim=-1)


def embed_captions(model: CLIPModel, tokenizer: CLIPTokenizer, texts: typing.Sequence[str]) -> torch.Tensor:
    """Unit vectors `[texts, projection]`."""
    encoded = tokenizer(list(texts), padding=True, truncation=True, max_length=POSITIONS, return_tensors="pt")
    return F.normalize(model.get_text_features(**encoded).pooler_output, dim=-1)


class CLIPStage(Stage):
    name = "clip"

    def __init__(self, settings: Settings, tokenizer: CLIPTokenizer, autoencoder: AutoencoderKL | None,
                 machine: Machine):
        """- autoencoder: needed where `clip.decoded` is above 0."""
        self.settings, self.own, self.tokenizer = settings, settings.clip, tokenizer
        torch.manual_seed(settings.seed)
        self.model = build(settings, tokenizer)
        if self.own.lock_text:
            for name, parameter in self.model.named_parameters():
                parameter.requires_grad_(name.startswith("vis"))  # vision_model, visual_projection

        def decoded(picture: torch.Tensor) -> torch.Tensor:
            return vae.reconstruct(autoencoder, picture[None])[0]

        self._window = SceneWindow(
            World(settings, self.name), self.own.pool, self.own.fresh, decoded if autoencoder else None,
            self.own.decoded, machine.drawers)

    def trained(self) -> list[torch.nn.Parameter]:
        return [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    def shape(self) -> dict[str, typing.Any]:
        return shape(self.settings, self.tokenizer)

    def loss(self, step: int, done: float) -> tuple[torch.Tensor, dict[str, float]]:
        """The contrastive loss of Radford et al. 2021, figure 3; captions with a word changed are further negatives."""
        rng = randomness(self.settings.seed, self.name, step).choices
        chosen = rng.sample(self._window.at(step), self.own.batch)
        true = [captions.caption(scene, self.settings.world, rng) for _, scene in chosen]
        wrong = []
        for _, scene in chosen * self.own.negatives:
            other = captions.near_miss(scene, self.settings.world, rng)
            if other != scene:
                wrong.append(captions.caption(other, self.settings.world, rng))
        # One that happens to be the caption of another picture is none.
        wrong = [text for text in dict.fromkeys(wrong) if text not in set(true)]

        pictures = embed_pictures(self.model, torch.stack([picture for picture, _ in chosen]))
        texts = embed_captions(self.model, self.tokenizer, true + wrong)
        scale = self.model.logit_scale.exp().clamp(max=LARGEST_SCALE)
        logits = scale * pictures @ texts.T
        own, count = torch.arange(len(true)), len(true)
        same = torch.tensor([[i != j and a == b for j, b in enumerate(true)] for i, a in enumerate(true)])
        logits = torch.cat([logits[:, :count].masked_fill(same, -1e4), logits[:, count:]], dim=1)
        loss = (F.cross_entropy(logits, own) + F.cross_entropy(logits[:, :count].T, own)) / 2
        right = (logits.argmax(1) == own).float().mean().item()
        return loss, {"right": right, "scale": scale.item()}


def shape(settings: Settings, tokenizer: CLIPTokenizer) -> dict[str, typing.Any]:
    own = dataclasses.asdict(settings.clip)
    keys = ("projection", "text", "vision", "patch")
    return {"world.picture_size": settings.world.picture_size, "tokenizer (words)": len(tokenizer),
            **{f"clip.{key}": own[key] for key in keys}}
