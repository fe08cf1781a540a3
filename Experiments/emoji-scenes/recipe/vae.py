"""The autoencoder: pictures of 128 pixels to latents of 16 cells and back."""
import dataclasses
import hashlib
import math
import pathlib
import typing

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

from recipe import checkpoints
from recipe.errors import RecipeError
from recipe.settings import Settings, VAE_FACTOR
from recipe.training import Machine, Randomness, Stage, randomness
from recipe.world import SceneWindow, World

SCALING_SCENES = 64
LEAST_ERROR = 1e-6  # of a picture in -1 to 1, squared: below it nothing is left to learn


def build(settings: Settings) -> AutoencoderKL:
    """With first weights from torch's global generator."""
    shape, levels = settings.vae, len(settings.vae.widths)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=shape.widths, layers_per_block=shape.layers_per_block, latent_channels=shape.latent_channels,
        norm_num_groups=shape.norm_groups, sample_size=settings.world.picture_size)


def load(settings: Settings, run: pathlib.Path) -> AutoencoderKL:
    """The autoencoder of a run with its scaling factor, not to be trained further."""
    model, stored = build(settings), checkpoints.read(run, VAEStage.name, shape(settings))
    model.load_state_dict(stored.best)
    model.register_to_config(scaling_factor=stored.extras["scaling_factor"])
    return model.eval().requires_grad_(False)


def scaling(model: AutoencoderKL) -> dict[str, typing.Any]:
    """What a checkpoint holds beside the weights of an autoencoder that is trained already."""
    return {"scaling_factor": model.config.scaling_factor}


def digest(model: AutoencoderKL) -> str:
    """Of everything that decides the latents."""
    digest = hashlib.sha256(repr(model.config.scaling_factor).encode())
    for value in model.state_dict().values():
        digest.update(value.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def to_model(pictures: torch.Tensor) -> torch.Tensor:
    """0-1 to the -1 to 1 that the networks are given."""
    return pictures * 2 - 1


@torch.no_grad()
def reconstruct(model: AutoencoderKL, pictures: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
    """Through the autoencoder and back, `[batch, 3, size, size]` in 0-1.

    - noise: added to the scaled latents, of the same shape.
    """
    latents = model.encode(to_model(pictures)).latent_dist.mean
    if noise is not None:
        latents = latents + noise / model.config.scaling_factor
    return (model.decode(latents).sample / 2 + 0.5).clamp(0, 1)


def decibels(logarithm: torch.Tensor) -> torch.Tensor:
    """The PSNR in dB that belongs to a natural logarithm of the mean squared error of pictures in -1 to 1."""
    return 10 * (math.log(4) - logarithm) / math.log(10)


def differences(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of neighbours, down and across; `[batch, 3, height, width]`, one less in that direction."""
    return pictures.diff(dim=-2), pictures.diff(dim=-1)


class VAEStage(Stage):
    name = "vae"

    def __init__(self, settings: Settings, machine: Machine):
        self.settings, self.own, self.machine = settings, settings.vae, machine
        torch.manual_seed(settings.seed)
        self.model = build(settings).to(machine.device, memory_format=torch.channels_last)
        self._decode = torch.compile(self.model.decode) if machine.compiled else self.model.decode
        self._window = SceneWindow(
            World(settings, self.name), self.own.pool, self.own.fresh, drawers=machine.drawers)
        self._restored: dict[str, typing.Any] | None = None

    def restore(self, extras: dict[str, typing.Any]) -> None:
        self._restored = extras

    def trained(self) -> list[torch.nn.Parameter]:
        """Of a locked encoder's autoencoder the decoder alone."""
        if not self.own.lock_encoder:
            return super().trained()
        return [*self.model.decoder.parameters(), *self.model.post_quant_conv.parameters()]

    def shape(self) -> dict[str, typing.Any]:
        return shape(self.settings)

    def loss(self, step: int, done: float) -> tuple[torch.Tensor, dict[str, float | torch.Tensor]]:
        """Mean absolute error, the same of edges, mean squared error and its logarithm, and the divergence of the
        latents from a unit normal. Of a locked encoder the means of the latents are decoded, as they are elsewhere."""
        rng = randomness(self.settings.seed, self.name, step, self.machine.device)
        target = self._batch(step, done < self.own.crop_share, rng).to(self.machine.device)
        with torch.set_grad_enabled(not self.own.lock_encoder):
            posterior = self.model.encode(target).latent_dist
        latents = posterior.mean if self.own.lock_encoder else posterior.sample(generator=rng.noise)
        result = self._decode(latents).sample
        absolute, squared = (result - target).abs().mean(), F.mse_loss(result, target)
        logarithm = (result - target).square().mean((1, 2, 3)).clamp(min=LEAST_ERROR).log().mean()
        edges = sum((a - b).abs().mean() for a, b in zip(differences(result), differences(target)))
        divergence = posterior.kl().mean() / posterior.mean[0].numel()
        loss = (self.own.absolute_weight * absolute + squared + self.own.edge_weight * edges
                + self.own.log_weight * logarithm + self.own.kl_weight * divergence)
        return loss, {"squared_error": squared.detach(), "decibels": decibels(logarithm.detach()),
                      "divergence": divergence.detach()}

    def _batch(self, step: int, crops: bool, rng: Randomness) -> torch.Tensor:
        """`[batch, 3, side, side]` in -1 to 1: whole pictures, or one window of them on the grid of the latents."""
        window = self._window.at(step)
        chosen = rng.choices.choices(window, k=self.own.crop_batch if crops else self.own.batch)
        pictures = to_model(torch.stack([picture for picture, _ in chosen]))
        if crops:
            side = self.own.crop_side
            places = (self.settings.world.picture_size - side) // VAE_FACTOR + 1
            top, left = (VAE_FACTOR * rng.choices.randrange(places) for _ in range(2))
            pictures = pictures[:, :, top : top + side, left : left + side]
        return pictures.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def extras(self, weights: checkpoints.Weights) -> dict[str, typing.Any]:
        """The factor that gives latents a standard deviation of 1 over scenes that are not trained on; of a locked
        encoder the one that it had."""
        if self.own.lock_encoder:
            if self._restored is None:
                raise RecipeError("vae.lock_encoder: needs weights to go on from; give --from-bundled or --resume")
            return self._restored
        model = build(self.settings).eval()
        model.load_state_dict(weights)
        world = World(self.settings, "scaling")
        pictures = torch.stack([world.draw(number).picture for number in range(SCALING_SCENES)])
        return {"scaling_factor": 1 / model.encode(to_model(pictures)).latent_dist.mean.std().item()}


def shape(settings: Settings) -> dict[str, typing.Any]:
    own = dataclasses.asdict(settings.vae)
    keys = ("widths", "layers_per_block", "latent_channels", "norm_groups")
    return {"world.picture_size": settings.world.picture_size, **{f"vae.{key}": own[key] for key in keys}}
