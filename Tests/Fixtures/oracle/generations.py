"""Whole generations through StableDiffusionPipeline: start noise, final latents, picture."""
import shutil

import torch
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, PNDMScheduler, StableDiffusionPipeline

from .files import noise, pipeline, save, save_json

STEPS = 30
GUIDANCE = 5.0
SCHEDULERS = {
    "ddim": None,
    "pndm": PNDMScheduler,
    "euler": EulerDiscreteScheduler,
    "dpm++": DPMSolverMultistepScheduler,
}


def cases():
    """A colour, an animal, a place, a style and two objects, three seeds each; then one of each other kind."""
    prompts = {
        "colour": "a blue car",
        "animal": "a brown rabbit",
        "place": "a dog in the snow",
        "style": "pixel art of a red heart",
        "two": "a red car and a blue ball",
    }
    plain = dict(negative_prompt="", height=128, width=128, scheduler="ddim")
    for name, prompt in prompts.items():
        for seed in (0, 1, 42):
            yield dict(name=f"{name}-{seed}", prompt=prompt, seed=seed, **plain)
    yield dict(name="negative-3", prompt="a red car", seed=3, **plain | {"negative_prompt": "a car in the snow"})
    yield dict(name="wide-4", prompt="a green robot", seed=4, **plain | {"height": 96, "width": 160})
    for scheduler in list(SCHEDULERS)[1:]:
        yield dict(name=f"{scheduler.replace('+', 'p')}-5", prompt="a red car", seed=5, **plain | {"scheduler": scheduler})


def make(model, folder):
    """`<name>.noise` before any sigma, `<name>.latents` in diffusers' scale, and pictures/<name>.png, as generations.json
    lists them."""
    base = pipeline(model)
    pictures = folder / "pictures"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir()
    out, index = {}, []
    for case in cases():
        pipe = base
        kind = SCHEDULERS[case["scheduler"]]
        if kind:
            pipe = StableDiffusionPipeline(**base.components | {"scheduler": kind.from_config(base.scheduler.config)})
            pipe.set_progress_bar_config(disable=True)
        given = dict(
            prompt=case["prompt"], negative_prompt=case["negative_prompt"], num_inference_steps=STEPS,
            guidance_scale=GUIDANCE, height=case["height"], width=case["width"],
        )
        generator = torch.Generator("cpu").manual_seed(case["seed"])
        latents = pipe(**given, generator=generator, output_type="latent").images
        picture = pipe.image_processor.postprocess(
            pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample, output_type="pil", do_denormalize=[True]
        )[0]
        picture.save(pictures / f"{case['name']}.png", optimize=True)
        out[f"{case['name']}.noise"] = noise(case["seed"], latents.shape)
        out[f"{case['name']}.latents"] = latents
        index.append(case | {"steps": STEPS, "guidance_scale": GUIDANCE})
    # The decode above is the pipeline's own: said here, and checked once.
    whole = base(
        "a red car and a blue ball", num_inference_steps=STEPS, guidance_scale=GUIDANCE, negative_prompt="",
        generator=torch.Generator("cpu").manual_seed(42),
    ).images[0]
    from PIL import Image

    assert whole.tobytes() == Image.open(pictures / "two-42.png").tobytes()
    save(folder / "generations.safetensors", out)
    save_json(folder / "generations.json", index)
