"""The UNet: predicts the noise in latents of scenes, given their captions."""
import dataclasses
import hashlib
import pathlib
import typing

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

from recipe import captions, checkpoints, folders
from recipe.settings import Settings
from recipe.training import Stage, randomness
from recipe.vae import digest, to_model
from recipe.world import World

ENCODED_AT_ONCE = 100
LATENTS = "latents.safetensors"


def build(settings: Settings) -> UNet2DConditionModel:
    """Stable Diffusion 1.x's topology, 16 transformer blocks; first weights from torch's global generator."""
    own = settings.unet
    return UNet2DConditionModel(
        sample_size=settings.latent_side, in_channels=settings.vae.latent_channels,
        out_channels=settings.vae.latent_channels, layers_per_block=own.layers_per_block, block_out_channels=own.widths,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        cross_attention_dim=settings.clip.text.width,
        attention_head_dim=own.heads,  # diffusers' name for the number of heads
        norm_num_groups=own.norm_groups)


def load(settings: Settings, run: pathlib.Path) -> UNet2DConditionModel:
    """The UNet of a run, not to be trained further."""
    model = build(settings)
    model.load_state_dict(checkpoints.read(run, UNetStage.name, shape(settings)).best)
    return model.eval().requires_grad_(False)


def scheduler(settings: Settings) -> DDIMScheduler:
    own = settings.scheduler
    return DDIMScheduler(
        num_train_timesteps=own.train_timesteps, beta_start=own.beta_start, beta_end=own.beta_end,
        beta_schedule="scaled_linear", clip_sample=False, steps_offset=1, set_alpha_to_one=False)


def min_snr_weights(noising: DDIMScheduler, timesteps: torch.Tensor, limit: float) -> torch.Tensor:
    """min(SNR, limit) / SNR with SNR = alpha / (1 - alpha), `[batch]`; Hang et al. 2023, eq. 8, for predicted noise."""
    alpha = noising.alphas_cumprod[timesteps]
    ratio = alpha / (1 - alpha)
    return ratio.clamp(max=limit) / ratio


@torch.no_grad()
def encode(vae: AutoencoderKL, pictures: torch.Tensor) -> torch.Tensor:
    """Scaled latents, `[batch, channels, side, side]`, of pictures `[batch, 3, size, size]` in 0-1."""
    return vae.encode(to_model(pictures)).latent_dist.mean * vae.config.scaling_factor


@torch.no_grad()
def pool(settings: Settings, vae: AutoencoderKL, run: pathlib.Path) -> torch.Tensor:
    """The latents of the scenes 0 ... pool - 1 in fp16, made once for each world and autoencoder."""
    about = {"settings": hashlib.sha256(repr((settings.seed, settings.world)).encode()).hexdigest(),
             "scenes": str(settings.unet.pool), "vae": digest(vae)}
    file = run / LATENTS
    if file.exists():
        with safe_open(file, "pt") as stored:
            if stored.metadata() == about:
                return stored.get_tensor("latents")
    world, parts = World(settings, UNetStage.name), []
    for first in range(0, settings.unet.pool, ENCODED_AT_ONCE):
        numbers = range(first, min(first + ENCODED_AT_ONCE, settings.unet.pool))
        parts.append(encode(vae, torch.stack([world.draw(number).picture for number in numbers])).half())
        print(f"unet: encoded {numbers.stop} of {settings.unet.pool} scenes", flush=True)
    latents = torch.cat(parts).contiguous()
    checkpoints.replace(file, lambda partial: save_file({"latents": latents}, partial, metadata=about))
    return latents


class UNetStage(Stage):
    name = "unet"

    def __init__(self, settings: Settings, tokenizer: CLIPTokenizer, text_encoder: CLIPTextModel, vae: AutoencoderKL,
                 run: pathlib.Path):
        self.settings, self.own = settings, settings.unet
        self.tokenizer, self.text_encoder = tokenizer, text_encoder
        torch.manual_seed(settings.seed)
        self.model = build(settings).to(memory_format=torch.channels_last)
        # By plain products: on a processor the fused attention's way back takes several times as long at these sizes.
        self.model.set_attn_processor(AttnProcessor())
        self._world = World(settings, self.name)
        self._latents = pool(settings, vae, run)
        self._noising = scheduler(settings)

    def shape(self) -> dict[str, typing.Any]:
        return shape(self.settings)

    def loss(self, step: int, done: float) -> tuple[torch.Tensor, dict[str, float]]:
        """The squared error of the predicted noise, weighted by `min_snr_weights`."""
        rng = randomness(self.settings.seed, self.name, step)
        numbers = rng.choices.choices(range(len(self._latents)), k=self.own.batch)
        texts = []
        for number in numbers:
            text = captions.caption(self._world.describe(number), self.settings.world, rng.choices)
            texts.append("" if rng.choices.random() < self.own.unconditional else text)
        latents = self._latents[numbers].float()
        timesteps = torch.randint(self.settings.scheduler.train_timesteps, (len(numbers),), generator=rng.noise)
        noise = torch.randn(latents.shape, generator=rng.noise)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.own.bf16):
            errors = squared_errors(self.model, self._noising, latents, noise, timesteps, self._embed(texts))
        weights = min_snr_weights(self._noising, timesteps, self.own.min_snr)
        return (errors * weights).mean(), {"squared_error": errors.mean().item()}

    def _embed(self, texts: typing.Sequence[str]) -> torch.Tensor:
        """`[texts, 77, width]`."""
        with torch.no_grad():
            return self.text_encoder(folders.tokens(self.tokenizer, texts)).last_hidden_state


def squared_errors(model: UNet2DConditionModel, noising: DDIMScheduler, latents: torch.Tensor, noise: torch.Tensor,
                   timesteps: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
    """The mean squared error of the predicted noise of each item, `[batch]`."""
    noised = noising.add_noise(latents, noise, timesteps).contiguous(memory_format=torch.channels_last)
    return (model(noised, timesteps, embeddings).sample.float() - noise).square().mean((1, 2, 3))


def shape(settings: Settings) -> dict[str, typing.Any]:
    own = dataclasses.asdict(settings.unet)
    keys = ("widths", "layers_per_block", "heads", "norm_groups")
    return {"world.picture_size": settings.world.picture_size, "vae.latent_channels": settings.vae.latent_channels,
            "clip.text.width": settings.clip.text.width, **{f"unet.{key}": own[key] for key in keys}}
