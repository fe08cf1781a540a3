"""What an attention computes: by hooks on diffusers' own layers, and by attention processors where operations change it."""
import torch

from .files import embed, noise, pipeline, save, save_json
from .operations import ALL, MIDDLE, Processor, do
from .swaps import GUIDANCE, layer_numbers

PROMPTS, SEED, STEPS = ["a red car", "a blue car"], 21, 4
# What is kept: the conditional half of the last prompt, at one step, in both attentions of one layer (4 x 4 cells).
STEP, LAYER = 1, 5
# An operation at each place. Position 2 is the word that differs; its probabilities come after its scores.
EDITS = [
    do("blur", "self", MIDDLE, of="queries", sigma=0.8), do("replace", "cross", ALL, of="keys", tokens=[2]),
    do("shuffle", "self", MIDDLE, of="values", seed=3), do("scale", "self", MIDDLE, of="scores", factor=1.5),
    do("scale", "cross", ALL, of="scores", heads=[1, 2], factor=0.5), do("zero", "cross", ALL, tokens=[2]),
    do("mix", "cross", ALL, of="output", strength=0.5),
]


def denoise(pipe, prompts, now):
    """The steps up to the one that is kept. Rows of the batch: unconditional halves, then conditional ones."""
    latents = noise(SEED, (1, 4, 16, 16)).repeat(len(prompts), 1, 1, 1)
    context = torch.cat([embed(pipe, [""] * len(prompts)), embed(pipe, prompts)])
    pipe.scheduler.set_timesteps(STEPS)
    for step, t in enumerate(pipe.scheduler.timesteps[: STEP + 1]):
        now["step"] = step
        unconditional, conditional = pipe.unet(torch.cat([latents, latents]), t, context).sample.chunk(2)
        guided = unconditional + GUIDANCE * (conditional - unconditional)
        latents = pipe.scheduler.step(guided, t, latents).prev_sample


def by_hooks(pipe):
    """Of the first prompt, with diffusers' own attention: what its linear layers give, and the maps that follow from it."""
    layers = layer_numbers(pipe.unet)
    kept, now, handles = {}, {}, []

    def keep(name, heads):
        def hook(_, __, result):
            if now["step"] == STEP:
                kept[name] = result[-1].unflatten(-1, (heads, -1)).transpose(0, 1).clone()

        return hook

    for path, module in pipe.unet.named_modules():
        kind = {"attn1": "self", "attn2": "cross"}.get(path.split(".")[-1])
        if kind is None or layers[path.split(".transformer_blocks")[0]] != LAYER:
            continue
        for name, linear in [("queries", module.to_q), ("keys", module.to_k), ("values", module.to_v)]:
            handles.append(linear.register_forward_hook(keep(f"{kind}.{name}", module.heads)))
        handles.append(module.to_out[0].register_forward_hook(keep(f"{kind}.output", 1)))
    denoise(pipe, PROMPTS[:1], now)
    for handle in handles:
        handle.remove()
    for kind in ("self", "cross"):
        query, key = kept[f"{kind}.queries"], kept[f"{kind}.keys"]
        kept[f"{kind}.scores"] = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        kept[f"{kind}.probabilities"] = kept[f"{kind}.scores"].softmax(-1)
    return kept


def by_processors(pipe):
    """Of the second prompt under the edits, with the first as its source."""
    kept, layers, original = {}, layer_numbers(pipe.unet), pipe.unet.attn_processors

    def keep(kind, layer, place, x):
        if layer == LAYER and now["step"] == STEP:
            kept[f"{kind}.{place}"] = x[-1].clone()

    now = {"keep": keep}
    pipe.unet.set_attn_processor({
        path: Processor(
            "self" if ".attn1." in path else "cross", layers[path.split(".transformer_blocks")[0]], EDITS, now, None)
        for path in original
    })
    denoise(pipe, PROMPTS, now)
    pipe.unet.set_attn_processor(original)
    return kept


def log_ratios(scores):
    """log(p / p of the start token), by way of the probabilities in double precision."""
    probabilities = scores.double().softmax(-1)
    return (probabilities / probabilities[..., :1]).log()


def make(model, folder):
    """`<case>.<kind>.<quantity>`: [heads, queries or keys, values], maps [heads, queries, keys]; quantities.json."""
    pipe = pipeline(model)
    out = {}
    for case, kept in [("plain", by_hooks(pipe)), ("edited", by_processors(pipe))]:
        kept["cross.log_ratio"] = log_ratios(kept["cross.scores"])
        for name, values in kept.items():
            out[f"{case}.{name}"] = values
            print(f"  {case}.{name}: {list(values.shape)}, largest {values.abs().max():.4f}")
    for name in [name.removeprefix("plain.") for name in out if name.startswith("plain.")]:
        plain, edited = out[f"plain.{name}"], out[f"edited.{name}"]
        assert (plain - edited).abs().max() > 1e-2 * plain.abs().max(), f"{name}: nothing moved"
    save(folder / "quantities.safetensors", out)
    save_json(folder / "quantities.json", {
        "prompts": PROMPTS, "seed": SEED, "steps": STEPS, "guidance_scale": GUIDANCE, "step": STEP, "layer": LAYER,
        "edits": EDITS,
    })
