"""The scenes that the UNet is trained on: their latents, and the captions that tell them, as tokens."""
import contextlib
import hashlib
import pathlib
import random
import typing

import torch
from diffusers import AutoencoderKL
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import CLIPTokenizer

from recipe import captions, checkpoints, folders, vae
from recipe.captions import Scene
from recipe.settings import Settings
from recipe.training import Machine
from recipe.world import World, drawn

ENCODED_AT_ONCE = 100
FILE = "latents.safetensors"


@torch.no_grad()
def encode(autoencoder: AutoencoderKL, pictures: torch.Tensor) -> torch.Tensor:
    """Scaled latents, `[batch, channels, side, side]`, of pictures `[batch, 3, size, size]` in 0-1."""
    return autoencoder.encode(vae.to_model(pictures)).latent_dist.mean * autoencoder.config.scaling_factor


class ScenePool:
    """The scenes 0 ... `unet.pool` - 1 of a stream, made once for each seed, world, autoencoder and tokenizer.

    - ready: how many are there. `grow` adds to them; the file is written when all are.
    - latents: `[pool, channels, side, side]`, fp16. tokens: `[pool, unet.captions, 77]`; both on the machine's device.
    """

    def __init__(self, settings: Settings, stream: str, tokenizer: CLIPTokenizer, autoencoder: AutoencoderKL,
                 run: pathlib.Path, machine: Machine):
        self._settings, self._tokenizer, self._file = settings, tokenizer, run / FILE
        self._autoencoder = autoencoder.to(machine.device, memory_format=torch.channels_last)
        own, size = settings.unet, settings.unet.pool
        # A tokenizer that is loaded again lists its words in another order.
        made = (settings.world_digest, own.captions, sorted(tokenizer.get_vocab().items()))
        self._about = {"settings": hashlib.sha256(repr(made).encode()).hexdigest(), "scenes": str(size),
                       "vae": vae.digest(autoencoder)}
        self.ready = 0
        self._processes = contextlib.ExitStack()
        if self._read(machine.device):
            return
        side = settings.latent_side
        self.latents = torch.empty(
            size, settings.vae.latent_channels, side, side, dtype=torch.float16, device=machine.device)
        self.tokens = torch.empty(
            size, own.captions, tokenizer.model_max_length, dtype=torch.int32, device=machine.device)
        self._coming = self._processes.enter_context(
            drawn(World(settings, stream), range(size), machine.drawers, chunk=ENCODED_AT_ONCE))
        while self.ready < min(size, machine.begin_with or size):
            self._add()

    def _read(self, device: str) -> bool:
        if not self._file.exists():
            return False
        with safe_open(self._file, "pt") as stored:
            if stored.metadata() != self._about:
                return False
            self.latents, self.tokens = (stored.get_tensor(name).to(device) for name in ("latents", "tokens"))
        self.ready = len(self.latents)
        return True

    def grow(self) -> None:
        """Adds the next scenes, where some are missing and need not be waited for."""
        if self.ready < len(self.latents) and self._coming.at_hand():
            self._add()

    def _add(self) -> None:
        size = len(self.latents)
        first, end = self.ready, min(self.ready + ENCODED_AT_ONCE, size)
        scenes = [next(self._coming) for _ in range(first, end)]
        pictures = torch.stack([picture for picture, _ in scenes]).to(self.latents.device)
        self.latents[first:end] = encode(self._autoencoder, pictures.contiguous(memory_format=torch.channels_last))
        self.tokens[first:end] = self._tokens(first, [scene for _, scene in scenes])
        self.ready = end
        if end == size or end % (100 * ENCODED_AT_ONCE) == 0:
            print(f"unet: encoded {end} of {size} scenes", flush=True)
        if end == size:
            self._processes.close()
            kept = {"latents": self.latents.cpu(), "tokens": self.tokens.cpu()}
            checkpoints.replace(self._file, lambda partial: save_file(kept, partial, metadata=self._about))

    def _tokens(self, first: int, scenes: typing.Sequence[Scene]) -> torch.Tensor:
        own, texts = self._settings, []
        for number, scene in enumerate(scenes, first):
            rng = random.Random(f"{own.seed}/captions/{number}")
            texts += [captions.caption(scene, own.world, rng) for _ in range(own.unet.captions)]
        return folders.tokens(self._tokenizer, texts).view(len(scenes), own.unet.captions, -1).to(self.tokens)
