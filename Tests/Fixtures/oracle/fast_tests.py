"""The components that diffusers' own fast tests are made of, with weights that any language can draw again.

The shapes are those of `get_dummy_components` in tests/pipelines/stable_diffusion/test_stable_diffusion.py and
tests/pipelines/stable_diffusion_2/test_stable_diffusion.py of diffusers 0.42. Its tokenizer is a download: the bundled
model's stands in, whose tokens are all below the vocabulary's 1000.
"""
import json
import math
import tempfile

import torch
from diffusers import (
    AutoencoderKL, DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, PNDMScheduler,
    StableDiffusionPipeline, UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel

from .files import pipeline, save, save_json

STAGES = dict(
    unet=dict(down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D")),
    vae=dict(down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2),
)
SHAPES = {
    # A stage of 4 channels and 8 heads: it has no attention, so that its heads mean nothing.
    "sd1": dict(
        unet=dict(block_out_channels=(4, 8), layers_per_block=1, norm_num_groups=2),
        vae=dict(block_out_channels=[4, 8], norm_num_groups=2),
        text=dict(intermediate_size=64, num_attention_heads=8, num_hidden_layers=3),
    ),
    "sd2": dict(
        unet=dict(block_out_channels=(32, 64), layers_per_block=2, attention_head_dim=(2, 4), use_linear_projection=True),
        vae=dict(block_out_channels=[32, 64], sample_size=128),
        text=dict(
            intermediate_size=37, num_attention_heads=4, num_hidden_layers=5, hidden_act="gelu", projection_dim=512
        ),
    ),
}
BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
PROMPT, NEGATIVE = "a red car and a snowboarding giraffe", "a dog"


def runs():
    """Name, components, pipeline class of the index, scheduler, settings; sides in pixels, None for the model's own."""
    ddim = DDIMScheduler(**BETAS, clip_sample=False, set_alpha_to_one=False)
    plain = dict(steps=2, guidance_scale=6.0, side=32, use_attention_mask=False)
    text_to_image, from_picture = "StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline"
    yield "sd1", "sd1", text_to_image, ddim, plain | dict(side=None)
    yield "sd1-unguided", "sd1", text_to_image, ddim, plain | dict(guidance_scale=1.0)
    yield "sd1-mask", "sd1", text_to_image, ddim, plain | dict(use_attention_mask=True)
    yield "sd1-img2img-pndm", "sd1", from_picture, PNDMScheduler(skip_prk_steps=True), plain | dict(side=40)
    yield "sd1-runge-kutta", "sd1", text_to_image, PNDMScheduler(**BETAS), plain | dict(steps=4)
    euler = EulerDiscreteScheduler(**BETAS, use_karras_sigmas=True, sigma_min=0.05, sigma_max=12.0)
    yield "sd1-euler", "sd1", text_to_image, euler, plain
    yield "sd2", "sd2", text_to_image, ddim, plain
    # What from_config makes of Euler's file: its limits of sigma go along.
    dpm = DPMSolverMultistepScheduler.from_config(euler.config)
    yield "sd2-dpm-from-euler", "sd2", text_to_image, dpm, plain | dict(steps=3)


def draw(model, seed):
    """Fills a model from one generator, tensor after tensor; returns `[name, shape, mean, spread]` of each.

    Weights keep the variance of what passes; biases and the scales of norms differ from 0 and 1.
    """
    generator = torch.Generator("cpu").manual_seed(seed)
    drawn = []
    for name, parameter in model.named_parameters():
        mean, spread = 0.0, 1 / math.sqrt(parameter[0].numel())
        if name.endswith("bias"):
            spread = 0.1
        elif parameter.ndim == 1:
            mean, spread = 1.0, 0.1
        elif "embedding" in name and "time_embedding" not in name:
            spread = 0.5
        values = torch.randn(parameter.shape, generator=generator)
        parameter.data.copy_(values.mul_(spread).add_(mean))
        drawn.append([name, list(parameter.shape), mean, spread])
    return drawn


def components(name, tokenizer):
    shape = SHAPES[name]
    parts = dict(
        unet=UNet2DConditionModel(
            sample_size=32, in_channels=4, out_channels=4, cross_attention_dim=32, **STAGES["unet"], **shape["unet"]
        ),
        vae=AutoencoderKL(in_channels=3, out_channels=3, latent_channels=4, **STAGES["vae"], **shape["vae"]),
        text_encoder=CLIPTextModel(
            CLIPTextConfig(
                bos_token_id=0, eos_token_id=2, pad_token_id=1, hidden_size=32, layer_norm_eps=1e-5, vocab_size=1000,
                **shape["text"]
            )
        ),
    )
    weights = {part: draw(model, seed) for seed, (part, model) in enumerate(parts.items())}
    return {part: model.eval() for part, model in parts.items()} | {"tokenizer": tokenizer}, weights


def config(model):
    """The `config.json` that a folder has."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return json.loads(open(f"{folder}/config.json").read())


def make(model, folder):
    """fast_tests.json: `components` with their configs and what their weights are drawn of, `runs` with their settings and
    the scheduler's file; fast_tests.safetensors: `<run>`, the final latents."""
    described, out, index = {}, {}, []
    made = {}
    for name in SHAPES:
        made[name], weights = components(name, pipeline(model).tokenizer)
        parts = ("unet", "vae", "text_encoder")
        described[name] = {part: dict(config=config(made[name][part]), weights=weights[part]) for part in parts}
    for seed, (name, parts, kind, scheduler, given) in enumerate(runs()):
        made[parts]["text_encoder"].config.use_attention_mask = given["use_attention_mask"]
        file = dict(scheduler.config)
        # The pipeline repairs two keys of the scheduler that it is given: it gets one of its own.
        pipe = StableDiffusionPipeline(
            **made[parts], scheduler=type(scheduler).from_config(file), safety_checker=None, feature_extractor=None,
            requires_safety_checker=False,
        )
        pipe.set_progress_bar_config(disable=True)
        out[name] = pipe(
            PROMPT, negative_prompt=NEGATIVE, num_inference_steps=given["steps"], height=given["side"],
            width=given["side"], guidance_scale=given["guidance_scale"], output_type="latent",
            generator=torch.Generator("cpu").manual_seed(seed),
        ).images
        assert torch.isfinite(out[name]).all()
        file = {key: value for key, value in file.items() if not key.startswith("_") and value != -math.inf}
        index.append(
            dict(name=name, components=parts, pipeline=kind, scheduler=file | {"_class_name": type(scheduler).__name__},
                 seed=seed, calls=len(pipe.scheduler.timesteps), **given)
        )
    made["sd1"]["text_encoder"].config.use_attention_mask = False
    save(folder / "fast_tests.safetensors", out)
    save_json(
        folder / "fast_tests.json",
        dict(prompt=PROMPT, negative_prompt=NEGATIVE, components=described, runs=index), compact=True,
    )
