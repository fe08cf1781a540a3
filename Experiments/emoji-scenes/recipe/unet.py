"""The UNet: predicts the noise in latents of scenes, given their captions."""
import dataclasses
import functools
import pathlib
import random
import typing

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import Attention, AttnProcessor
from transformers import CLIPTextModel, CLIPTokenizer

from recipe import captions, checkpoints, folders, precision
from recipe.scene_pool import ScenePool, encode
from recipe.settings import AUTO, Settings
from recipe.training import Machine, Stage, randomness
from recipe.world import World


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
    alpha = noising.alphas_cumprod.to(timesteps.device)[timesteps]
    ratio = alpha / (1 - alpha)
    return ratio.clamp(max=limit) / ratio


class PaddedAttention:
    """Attention by PyTorch's fused products, whose fast kernels on a graphics card want a multiple of 8 numbers a head:
    zeros make it up, which changes no result."""

    def __call__(self, attn: Attention, hidden_states: torch.Tensor, encoder_hidden_states: torch.Tensor | None = None,
                 **_: typing.Any) -> torch.Tensor:
        """`[batch, queries, channels]` to the same."""
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            layer(states).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for layer, states in ((attn.to_q, hidden_states), (attn.to_k, context), (attn.to_v, context)))
        width = query.shape[-1]
        padded = (F.pad(part, (0, -width % 8)) for part in (query, key, value))
        mixed = F.scaled_dot_product_attention(*padded, scale=attn.scale)[..., :width]
        return attn.to_out[0](mixed.transpose(1, 2).flatten(2))


class UniformCrossAttention(PaddedAttention):
    """Every query looks at every key alike: what cross-attention says stays, where it looks goes."""

    def __call__(self, attn: Attention, hidden_states: torch.Tensor, encoder_hidden_states: torch.Tensor | None = None,
                 **others: typing.Any) -> torch.Tensor:
        if encoder_hidden_states is None:
            return super().__call__(attn, hidden_states, **others)
        return attn.to_out[0](attn.to_v(encoder_hidden_states).mean(1, keepdim=True)).expand_as(hidden_states)


class UNetStage(Stage):
    name = "unet"

    def __init__(self, settings: Settings, tokenizer: CLIPTokenizer, text_encoder: CLIPTextModel, vae: AutoencoderKL,
                 run: pathlib.Path, machine: Machine):
        self.settings, self.own, self.machine = settings, settings.unet, machine
        self.text_encoder = text_encoder.to(machine.device)
        torch.manual_seed(settings.seed)
        self.model = build(settings).to(machine.device, memory_format=torch.channels_last)
        # On a processor plain products: the fused attention's way back takes several times as long at these sizes.
        self.model.set_attn_processor(AttnProcessor() if machine.device == "cpu" else PaddedAttention())
        self._network = torch.compile(self.model) if machine.compiled else self.model
        self._binding = functools.cache(lambda: Binding(settings, tokenizer, vae, machine))
        self._pool = ScenePool(settings, self.name, tokenizer, vae, run, machine)
        self._noising = scheduler(settings)
        self._end = tokenizer.eos_token_id
        self._empty = self._embed(folders.tokens(tokenizer, [""]))
        # By kind of device, what `unet.bf16: auto` found to be faster there.
        self._prefers_bf16: dict[str, bool] = {}

    @property
    def _bf16(self) -> bool:
        return self._prefers_bf16[self._kind] if self.own.bf16 == AUTO else self.own.bf16

    @property
    def _kind(self) -> str:
        return torch.device(self.machine.device).type

    def prepare(self, step: int, done: float) -> dict[str, float]:
        """Chooses the products of `unet.bf16: auto`, once for a training on a kind of device. A training that goes on
        there keeps them, and so its bits."""
        if self.own.bf16 != AUTO or self._kind in self._prefers_bf16:
            return {}

        def make(bf16: bool) -> None:
            self._prefers_bf16[self._kind] = bf16
            loss, _ = self.loss(step, done)
            loss.backward()
            self.model.zero_grad()
            if self._kind == "cuda":
                torch.cuda.synchronize(self.machine.device)

        found = precision.timed(make)
        self._prefers_bf16[self._kind] = found.prefers_bf16
        print(f"unet: a step takes {found.fp32:.3f} s in fp32 and {found.bf16:.3f} s in bf16 on this machine: training in "
              f"{'bf16' if found.prefers_bf16 else 'fp32'}", flush=True)
        return {"fp32_seconds": found.fp32, "bf16_seconds": found.bf16, "bf16": float(found.prefers_bf16)}

    def extras(self, weights: checkpoints.Weights) -> dict[str, typing.Any]:
        return {"prefers_bf16": dict(self._prefers_bf16)} if self.own.bf16 == AUTO else {}

    def restore(self, extras: dict[str, typing.Any]) -> None:
        self._prefers_bf16 = dict(extras.get("prefers_bf16", {}))

    def shape(self) -> dict[str, typing.Any]:
        return shape(self.settings)

    def loss(self, step: int, done: float) -> tuple[torch.Tensor, dict[str, float | torch.Tensor]]:
        """The squared error of the predicted noise, weighted by `min_snr_weights`."""
        self._pool.grow()
        count, device = self.own.batch, self.machine.device
        rng = randomness(self.settings.seed, self.name, step, device)
        numbers = torch.tensor(rng.choices.choices(range(self._pool.ready), k=count)).to(device)
        ways = torch.tensor(rng.choices.choices(range(self.own.captions), k=count)).to(device)
        latents = self._pool.latents[numbers].float()
        timesteps = torch.randint(
            self.settings.scheduler.train_timesteps, (count,), generator=rng.noise, device=device)
        noise = torch.randn(latents.shape, generator=rng.noise, device=device)
        shares = torch.rand(2, count, generator=rng.noise, device=device)
        with self.machine.autocast(self._bf16):
            embeddings = self._routed(self._pool.tokens[numbers, ways], *shares)
            errors = squared_errors(self._network, self._noising, latents, noise, timesteps, embeddings)
        weights = min_snr_weights(self._noising, timesteps, self.own.min_snr)
        return (errors * weights).mean(), {"squared_error": errors.detach().mean()}

    def _routed(self, tokens: torch.Tensor, route: torch.Tensor, dropped: torch.Tensor) -> torch.Tensor:
        """The embeddings of captions, `[captions, 77, width]`, some positions of them as the empty prompt has them.

        - route, dropped: a number in 0-1 for each caption, which says whether the positions after the end token are
          emptied, those and the end token, or neither; and whether all are, for classifier-free guidance.
        """
        emptied = emptied_positions(tokens, self._end, route, self.own.padding_emptied, self.own.end_emptied)
        emptied = emptied | (dropped < self.own.unconditional)[:, None]
        return torch.where(emptied[..., None], self._empty, self._embed(tokens))

    def _embed(self, tokens: torch.Tensor) -> torch.Tensor:
        """`[captions, 77, width]`."""
        with torch.no_grad():
            return self.text_encoder(tokens.to(self.machine.device)).last_hidden_state

    def watched(self) -> dict[str, float]:
        return self._binding().losses(self.model, self._embed)


def emptied_positions(tokens: torch.Tensor, end: int, route: torch.Tensor, padding: float, ends: float) -> torch.Tensor:
    """Which positions are emptied, `[captions, 77]`: by `route` in 0-1, `ends` of the captions from the end token on,
    `padding` of them after it. The first end token is the prompt's: padding is the same token."""
    places = torch.arange(tokens.shape[1], device=tokens.device)
    last = (tokens == end).int().argmax(1, keepdim=True)
    route = route[:, None]
    return ((route < ends) & (places >= last)) | ((route >= ends) & (route < ends + padding) & (places > last))


class Binding:
    """Whether a UNet tells two things apart: its loss on scenes of two colored things whose combination is held out
    (or that are new, where none is), with the true caption, with the two colors exchanged, and with uniform
    cross-attention. All three with the same noise; the caption from its end token on as the empty prompt has it."""

    COUNT = 256
    STREAM = "binding"

    def __init__(self, settings: Settings, tokenizer: CLIPTokenizer, autoencoder: AutoencoderKL, machine: Machine):
        self._settings, self._machine, self._end = settings, machine, tokenizer.eos_token_id
        self._tokens = {"empty": folders.tokens(tokenizer, [""]).to(machine.device)}
        world, rng = World(settings, self.STREAM), random.Random(self.STREAM)
        scenes = [_two_colored(settings, rng) for _ in range(self.COUNT)]
        pictures = torch.stack([world.show(scene, rng).picture for scene in scenes])
        with torch.no_grad():
            autoencoder = autoencoder.to(machine.device)
            self._latents = torch.cat([encode(autoencoder, some.to(machine.device)) for some in pictures.split(32)])
        swapped = [captions.with_colors_exchanged(scene) for scene in scenes]
        for name, some in (("true", scenes), ("exchanged", swapped)):
            texts = [captions.plain_caption(scene) for scene in some]
            self._tokens[name] = folders.tokens(tokenizer, texts).to(machine.device)

    @torch.no_grad()
    def losses(self, model: UNet2DConditionModel, embed: typing.Callable[[torch.Tensor], torch.Tensor]
               ) -> dict[str, float]:
        """binding_true, and what the others have more: binding_exchanged, binding_uniform."""
        true, exchanged = (self._loss(model, self._embeddings(name, embed)) for name in ("true", "exchanged"))
        before = model.attn_processors
        model.set_attn_processor(UniformCrossAttention())
        uniform = self._loss(model, self._embeddings("true", embed))
        model.set_attn_processor(before)
        return {"binding_true": true, "binding_exchanged": exchanged - true, "binding_uniform": uniform - true}

    def _embeddings(self, name: str, embed: typing.Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        tokens = self._tokens[name]
        emptied = emptied_positions(tokens, self._end, torch.zeros(len(tokens), device=tokens.device), 0, 1)
        return torch.where(emptied[..., None], embed(self._tokens["empty"]), embed(tokens))

    def _loss(self, model: UNet2DConditionModel, embeddings: torch.Tensor) -> float:
        """The weighted error, at one timestep each, spread evenly."""
        count, every, noising = self.COUNT, self._settings.scheduler.train_timesteps, scheduler(self._settings)
        noise = torch.randn(self._latents.shape, generator=torch.Generator().manual_seed(0)).to(self._latents)
        timesteps = (2 * torch.arange(count, device=noise.device) + 1) * every // (2 * count)
        weights = min_snr_weights(noising, timesteps, self._settings.unet.min_snr)
        errors = torch.cat([
            squared_errors(model, noising, *part)
            for part in zip(*(x.split(32) for x in (self._latents, noise, timesteps, embeddings)), strict=True)])
        return (errors * weights).mean().item()


def _two_colored(settings: Settings, rng: random.Random) -> captions.Scene:
    """Two things of two colors on a plain ground, of a combination that is held out where some are."""
    world = settings.world
    while True:
        things = tuple(captions.draw_thing(world, rng) for _ in range(2))
        colors = {thing.color for thing in things} - {None}
        if len(colors) == 2 and (world.held_out_twos == 0 or captions.is_held_out(things, world)):
            return captions.Scene(things)


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
