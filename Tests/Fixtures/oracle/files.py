"""Loading the bundled model in fp32, and writing fixtures."""
import functools
import json

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file


@functools.cache
def pipeline(folder):
    """The whole pipeline in fp32: `from_pretrained` alone leaves the fp16 of the file."""
    pipe = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    for part in (pipe.unet, pipe.vae, pipe.text_encoder):
        part.float().eval()
        assert all(p.dtype == torch.float32 for p in part.parameters())
    return pipe


def tokens(tokenizer, prompts):
    """Token numbers padded to the model's length, `[prompts, 77]`."""
    return tokenizer(
        prompts, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids


def embed(pipe, prompts):
    """What the UNet is given of prompts: `[prompts, 77, width]`."""
    return pipe.text_encoder(tokens(pipe.tokenizer, prompts)).last_hidden_state


def noise(seed, shape):
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))


def save(path, tensors):
    """float32 safetensors. What must be whole numbers (token numbers, timesteps) is exact in float32 too."""
    save_file({name: t.detach().to(torch.float32).contiguous() for name, t in tensors.items()}, str(path))
    path.chmod(0o644)


def save_json(path, value, compact=False):
    layout = dict(separators=(",", ":")) if compact else dict(indent=2)
    path.write_text(json.dumps(value, ensure_ascii=False, **layout) + "\n")
