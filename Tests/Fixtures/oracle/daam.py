"""Word heat maps by the PyPI package daam 0.2.0 itself: `pip install daam --no-deps`, with matplotlib and scipy.

The package knows pictures of 512 and 768 pixels; its `latent_hw` is set for the bundled model's size.
"""
import sys
import types

import torch
from diffusers import StableDiffusionPipeline

from .files import pipeline, save, save_json

STEPS, GUIDANCE, SEED = 2, 5.0, 3
# Words that stand twice, words of several pieces, and a word whose only piece is in others.
PROMPTS = ["a red car and a blue car", "a skateboard and a zebra on the beach"]


def package():
    """The package without what its heat maps do not use."""
    for name in ("spacy", "spacy.tokens", "nltk", "nltk.corpus", "inflect", "numba", "ftfy", "gradio", "skimage"):
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["spacy"].tokens = sys.modules["spacy.tokens"]
    sys.modules["spacy"].load = lambda *names: None
    sys.modules["spacy.tokens"].Token = object
    sys.modules["nltk.corpus"].wordnet = sys.modules["nltk.corpus"].wordnet_ic = None
    import daam

    return daam


def make(model, folder):
    """daam.json: the prompts and settings; daam.safetensors: `<prompt>.<word>`, `[16, 16]`."""
    daam = package()
    # Attention processors are exchanged while it looks: a pipeline of its own.
    pipe = StableDiffusionPipeline(**pipeline(model).components | {"safety_checker": None}, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    cells = pipe.unet.config.sample_size**2
    out = {}
    for number, prompt in enumerate(PROMPTS):
        with daam.trace(pipe) as traced:
            traced.latent_hw = cells
            for hooker in traced.module:
                if isinstance(hooker, sys.modules["daam.trace"].UNetCrossAttentionHooker):
                    hooker.latent_hw = cells
            pipe(
                prompt, num_inference_steps=STEPS, guidance_scale=GUIDANCE, output_type="latent",
                generator=torch.Generator("cpu").manual_seed(SEED),
            )
            maps = traced.compute_global_heat_map()
        for word in dict.fromkeys(prompt.split()):
            out[f"{number}.{word}"] = maps.compute_word_heat_map(word).value
    save(folder / "daam.safetensors", out)
    save_json(folder / "daam.json", dict(prompts=PROMPTS, steps=STEPS, guidance_scale=GUIDANCE, seed=SEED))
