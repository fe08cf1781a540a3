"""Stable Diffusion pipelines of any configuration with seeded random weights, saved in diffusers' folder layout."""
import json
import math
import shutil

import torch
from diffusers import AutoencoderKL, DDIMScheduler, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from .files import embed, noise, save, save_json, tokens


def randomize(model, seed):
    """Weights that keep the variance of what passes, so that deep outputs neither vanish nor explode; fp16's values.

    Biases and the scales of norms differ from 0 and 1: a loader that forgets or exchanges them must be seen.
    """
    generator = torch.Generator("cpu").manual_seed(seed)
    for name, parameter in model.named_parameters():
        values = torch.randn(parameter.shape, generator=generator)
        if name.endswith("bias"):
            values *= 0.1
        elif parameter.ndim == 1:
            values = 1 + 0.1 * values
        elif "embedding" in name and "time_embedding" not in name:
            values *= 0.5
        else:
            values /= math.sqrt(parameter[0].numel())
        parameter.data.copy_(values.half())
    return model.eval()


def small_tokenizer(model, folder, vocabulary, pad):
    """The bundled model's tokenizer, its vocabulary grown with words that no merge makes."""
    source = model / "tokenizer"
    folder.mkdir(parents=True)
    shutil.copy(source / "merges.txt", folder)
    pieces = json.loads((source / "vocab.json").read_text())
    start, end = pieces.pop("<|startoftext|>"), pieces.pop("<|endoftext|>")
    assert {start, end} == {len(pieces), len(pieces) + 1}
    while len(pieces) < vocabulary - 2:
        pieces[f"<unused{len(pieces)}>"] = len(pieces)
    pieces |= {"<|startoftext|>": vocabulary - 2, "<|endoftext|>": vocabulary - 1}
    (folder / "vocab.json").write_text(json.dumps(pieces, ensure_ascii=False))
    special = dict(bos_token="<|startoftext|>", eos_token="<|endoftext|>", unk_token="<|endoftext|>", pad_token=pad)
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    config = special | dict(tokenizer_class="CLIPTokenizer", model_max_length=77, do_lower_case=True,
                            add_prefix_space=False, errors="replace")
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return CLIPTokenizer.from_pretrained(folder)


def build(model, folder, unet, vae, text, scheduler, pad, seed):
    """Writes the pipeline to `folder` in fp16 and returns it in fp32 with the same values."""
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer = small_tokenizer(model, folder / "tokenizer", text["vocab_size"], pad)
    numbers = dict(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    pipe = StableDiffusionPipeline(
        unet=randomize(UNet2DConditionModel(**unet), seed),
        vae=randomize(AutoencoderKL(**vae), seed + 1),
        text_encoder=randomize(CLIPTextModel(CLIPTextConfig(**text, **numbers)), seed + 2),
        tokenizer=tokenizer, scheduler=scheduler, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    for part in (pipe.unet, pipe.vae, pipe.text_encoder):
        part.half()
    pipe.save_pretrained(folder)
    for weights in folder.glob("*/*.safetensors"):
        weights.chmod(0o644)
    # save_pretrained writes the tokenizer in the form of its own version; the plain files are what other readers take.
    shutil.rmtree(folder / "tokenizer")
    small_tokenizer(model, folder / "tokenizer", text["vocab_size"], pad)
    for part in (pipe.unet, pipe.vae, pipe.text_encoder):
        part.float()
    return pipe


def reference(pipe, folder, height, width, timestep=501, steps=None):
    """reference.safetensors: each part alone on seeded input, and a short generation when `steps` is given.

    `tokens`, `context` [2, 77, width]; `latents` [2, 4, h, w] at `timestep` -> `unet`; `latents` of the first picture
    -> `decoded`; `picture` -> `mean`, `logvar`; `final` from `noise`.
    """
    prompts = ["", "a red car and a blue ball"]
    context = embed(pipe, prompts)
    latents = noise(1, (2, 4, height, width))
    picture = noise(2, (1, 3, 8 * height, 8 * width)).clamp(-1, 1)
    posterior = pipe.vae.encode(picture).latent_dist
    out = {
        "tokens": tokens(pipe.tokenizer, prompts),
        "context": context,
        "latents": latents,
        "timestep": torch.tensor([float(timestep)]),
        "unet": pipe.unet(latents, timestep, context).sample,
        "decoded": pipe.vae.decode(latents[:1] / pipe.vae.config.scaling_factor).sample,
        "picture": picture,
        "mean": posterior.mean,
        "logvar": posterior.logvar,
    }
    described = {"prompts": prompts, "timestep": timestep}
    if steps:
        out["noise"] = noise(3, (1, 4, height, width))
        out["final"] = pipe(
            prompts[1], num_inference_steps=steps, guidance_scale=5.0, negative_prompt="", height=8 * height,
            width=8 * width, generator=torch.Generator("cpu").manual_seed(3), output_type="latent",
        ).images
        described["generation"] = {
            "prompt": prompts[1], "seed": 3, "steps": steps, "guidance_scale": 5.0, "height": 8 * height,
            "width": 8 * width,
        }
    for name, values in out.items():
        spread = values.float().std(correction=0).item()
        print(f"  {name} {list(values.shape)}: spread {spread:.3g}, largest {values.abs().max():.3g}")
        assert torch.isfinite(values).all() and (spread > 1e-3 or values.numel() == 1), f"{name} is degenerate"
    save(folder / "reference.safetensors", out)
    save_json(folder / "reference.json", described)


# The configurations that Stable Diffusion 1.5 is published with; what is not named has diffusers' default.
SD15 = dict(
    unet=dict(
        sample_size=64, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=(320, 640, 1280, 1280),
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        cross_attention_dim=768, attention_head_dim=8, norm_num_groups=32, act_fn="silu", norm_eps=1e-5,
    ),
    vae=dict(
        sample_size=512, in_channels=3, out_channels=3, latent_channels=4, layers_per_block=2,
        block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, norm_num_groups=32, scaling_factor=0.18215,
    ),
    text=dict(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        max_position_embeddings=77, hidden_act="quick_gelu", projection_dim=768,
    ),
    pad="<|endoftext|>",
)
SD15_SCHEDULER = dict(
    beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", set_alpha_to_one=False, skip_prk_steps=True,
    steps_offset=1,
)

# Stable Diffusion 2.x's features at a tiny width: a number of heads for each block (under diffusers' misleading name
# attention_head_dim), linear projections, velocity prediction, GELU in the text encoder, "!" as padding.
TINY_SD2 = dict(
    unet=dict(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(8, 8, 16, 16),
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        cross_attention_dim=24, attention_head_dim=(1, 2, 4, 4), use_linear_projection=True, norm_num_groups=4,
    ),
    vae=dict(
        sample_size=64, in_channels=3, out_channels=3, latent_channels=4, layers_per_block=1,
        block_out_channels=(4, 8, 8, 8), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, norm_num_groups=4, scaling_factor=0.18215,
    ),
    text=dict(
        vocab_size=760, hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=77, hidden_act="gelu", projection_dim=32,
    ),
    pad="!",
)


def make_sd15(model, folder, seed=0):
    pipe = build(model, folder, **SD15, scheduler=PNDMScheduler(**SD15_SCHEDULER), seed=seed)
    reference(pipe, folder, 32, 32)


def make_tiny_sd2(model, folder, seed=0):
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
        steps_offset=1, prediction_type="v_prediction",
    )
    pipe = build(model, folder, **TINY_SD2, scheduler=scheduler, seed=seed)
    reference(pipe, folder, 8, 12, steps=4)


OLD_NAMES = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}


def make_tiny_old_vae(model, folder, seed=10):
    """A VAE whose attention has the names of diffusers before 0.18, as the published SD 1.x folders still do."""
    shutil.rmtree(folder, ignore_errors=True)
    vae = randomize(AutoencoderKL(**TINY_SD2["vae"] | {"block_out_channels": (4, 4, 8, 8)}), seed)
    vae.save_pretrained(folder / "vae")
    renamed = {}
    for name, values in vae.state_dict().items():
        for new, old in OLD_NAMES.items():
            name = name.replace(new, old)
        renamed[name] = values.half().contiguous()
    assert sum(".query." in name for name in renamed) == 4
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    save_file(renamed, str(weights), metadata={"format": "pt"})
    # What diffusers makes of the old names is what must be met, so it is read back through diffusers.
    read = AutoencoderKL.from_pretrained(folder / "vae").float().eval()
    assert all(torch.equal(values, vae.state_dict()[name].float()) for name, values in read.state_dict().items())
    vae = read
    picture = noise(2, (1, 3, 40, 24)).clamp(-1, 1)
    posterior = vae.encode(picture).latent_dist
    latents = noise(1, posterior.mean.shape)
    save(folder / "reference.safetensors", {
        "picture": picture, "mean": posterior.mean, "logvar": posterior.logvar, "latents": latents,
        "decoded": vae.decode(latents / vae.config.scaling_factor).sample,
    })
