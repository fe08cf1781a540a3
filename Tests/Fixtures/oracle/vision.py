"""Vision encoders with random weights, tiny, in transformers' folder layout, and what they make of pictures."""
import shutil

import torch
from transformers import CLIPVisionConfig, CLIPVisionModel, ViTConfig, ViTModel

from .files import noise, save
from .random_models import randomize

TINY = dict(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, image_size=32, patch_size=8)


def save_model(model, folder):
    """Writes fp16 and gives the model back in fp32 with the same values."""
    model.half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    return model.float()


def towers(_, folder):
    """`vision/tiny-clip-vision` and `vision/tiny-dino`, and `vision/towers.safetensors`.

    Of pixels [2, 3, h, w], torch's normal values of seed h, `<family>.<h>x<w>` has `.states`, before the last norm,
    `.pooled`, the class token's after it, and `.keys.<layer>`. Other sizes than 32 have interpolated positions; 41 columns
    do not fill the patches.
    """
    folder = folder / "vision"
    shutil.rmtree(folder / "tiny-clip-vision", ignore_errors=True)
    shutil.rmtree(folder / "tiny-dino", ignore_errors=True)
    clip = save_model(randomize(CLIPVisionModel(CLIPVisionConfig(**TINY)), 21), folder / "tiny-clip-vision")
    dino = save_model(randomize(ViTModel(ViTConfig(**TINY)), 22), folder / "tiny-dino")
    parts = {
        "clip": (clip, clip.encoder.layers, "self_attn", clip.post_layernorm),
        "dino": (dino, dino.layers, "attention", dino.layernorm),
    }
    out = {}
    for family, (model, layers, attention, norm) in parts.items():
        for height, width in [(32, 32), (48, 48), (24, 41)]:
            pixels = noise(height, (2, 3, height, width))
            kept = {}

            def keep(name):
                return lambda _, __, result: kept.__setitem__(name, result[0] if isinstance(result, tuple) else result)

            handles = [
                getattr(layer, attention).k_proj.register_forward_hook(keep(f"keys.{place}"))
                for place, layer in enumerate(layers)
            ] + [layers[-1].register_forward_hook(keep("states"))]
            result = model(pixels, interpolate_pos_encoding=True)
            for handle in handles:
                handle.remove()
            states = kept["states"]
            pooled = norm(states[:, 0])
            # The class token's norm is what transformers calls pooled in CLIP, and the first last_hidden_state in ViT.
            theirs = result.pooler_output if family == "clip" else result.last_hidden_state[:, 0]
            assert torch.equal(pooled, theirs) or (pooled - theirs).abs().max() < 1e-6
            case = f"{family}.{height}x{width}"
            out[f"{case}.pooled"] = pooled
            out |= {f"{case}.{name}": values for name, values in kept.items()}
    save(folder / "towers.safetensors", out)
