"""Interventions on attention, and recorded attention, by attention processors on diffusers' UNet."""
import functools

import torch

from .files import embed, noise, pipeline, save, save_json

STEPS = 30
GUIDANCE = 5.0
# Rows of the batch of a pair: unconditional source and target, conditional source and target.
SOURCE, TARGET = 2, 3
PAIRS = [("a red car", "a blue car", 11), ("a dog in the snow", "a cat in the snow", 12)]
EARLY = list(range(int(0.8 * STEPS)))
ALL = list(range(1, 17))


def edit(op, kind, layers, steps=None):
    return {"op": op, "kind": kind, "layers": list(layers), "steps": list(range(STEPS) if steps is None else steps)}


INTERVENTIONS = {
    "none": [],
    "self-4-14": [edit("replace", "self", range(4, 15), EARLY)],
    "cross-all": [edit("replace", "cross", ALL)],
    "self-all": [edit("replace", "self", ALL)],
    "cross-all-self-4-14": [edit("replace", "cross", ALL), edit("replace", "self", range(4, 15), EARLY)],
    "zero-cross-8-10": [edit("zero", "cross", range(8, 11))],
    "uniform-self-all": [edit("uniform", "self", ALL)],
    "self-4-14-listed-steps": [edit("replace", "self", range(4, 15), [0, 3, 7, 12, 29])],
}


def layer_numbers(unet):
    """Path of a transformer -> layer 1...16, in the order of the forward pass."""
    order = {"down_blocks": 0, "mid_block": 1, "up_blocks": 2}
    paths = {n.split(".transformer_blocks")[0] for n, _ in unet.named_modules() if n.endswith(("attn1", "attn2"))}
    def place(path):
        return order[path.split(".")[0]], [int(p) for p in path.split(".") if p.isdigit()]
    return {path: i + 1 for i, path in enumerate(sorted(paths, key=place))}


class Attention:
    """diffusers' plain attention with its probabilities in the open.

    `act(kind, layer, probabilities)` is given `[batch, heads, queries, keys]` and returns what is used instead.
    """

    def __init__(self, kind, layer, act):
        self.kind, self.layer, self.act = kind, layer, act

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            attn.head_to_batch_dim(project(x))
            for project, x in ((attn.to_q, hidden_states), (attn.to_k, context), (attn.to_v, context))
        )
        probabilities = attn.get_attention_scores(query, key, attention_mask)
        shaped = probabilities.unflatten(0, (-1, attn.heads))
        probabilities = self.act(self.kind, self.layer, shaped).flatten(0, 1)
        out = attn.batch_to_head_dim(torch.bmm(probabilities, value))
        return attn.to_out[1](attn.to_out[0](out))


def denoise(pipe, prompts, seed, act=None):
    """Final latents of prompts that share one start noise, with `act(step, kind, layer, probabilities)` at each site."""
    processors = pipe.unet.attn_processors
    now = {}
    if act:
        layers = layer_numbers(pipe.unet)
        pipe.unet.set_attn_processor({
            path: Attention(
                "self" if ".attn1." in path else "cross", layers[path.split(".transformer_blocks")[0]],
                lambda kind, layer, p: act(now["step"], kind, layer, p),
            )
            for path in processors
        })
    latents = noise(seed, (1, 4, 16, 16)).repeat(len(prompts), 1, 1, 1)
    context = torch.cat([embed(pipe, [""] * len(prompts)), embed(pipe, prompts)])
    pipe.scheduler.set_timesteps(STEPS)
    for step, t in enumerate(pipe.scheduler.timesteps):
        now["step"] = step
        unconditional, conditional = pipe.unet(torch.cat([latents, latents]), t, context).sample.chunk(2)
        guided = unconditional + GUIDANCE * (conditional - unconditional)
        latents = pipe.scheduler.step(guided, t, latents).prev_sample
    pipe.unet.set_attn_processor(processors)
    return latents


def apply(edits, step, kind, layer, probabilities):
    """The conditional target's probabilities after the edits that hold at this step and site; the rest untouched."""
    for e in edits:
        if e["kind"] == kind and layer in e["layers"] and step in e["steps"]:
            probabilities = probabilities.clone()
            if e["op"] == "replace":
                probabilities[TARGET] = probabilities[SOURCE]
            else:
                probabilities[TARGET] = 0 if e["op"] == "zero" else 1 / probabilities.shape[-1]
    return probabilities


def make_swaps(model, folder):
    """`<pair>.source`, `<pair>.<intervention>`: final latents [1, 4, 16, 16], as swaps.json describes them."""
    pipe = pipeline(model)
    out = {}
    for number, (source, target, seed) in enumerate(PAIRS):
        out[f"{number}.noise"] = noise(seed, (1, 4, 16, 16))
        plain = denoise(pipe, [source, target], seed)
        sources = []
        for name, edits in INTERVENTIONS.items():
            both = denoise(pipe, [source, target], seed, functools.partial(apply, edits))
            sources.append(both[:1])
            out[f"{number}.{name}"] = both[1:]
            print(f"  pair {number} {name}: moved {(both[1:] - plain[1:]).abs().max() / plain.abs().max():.4f}")
        # The source never changes, and processors that change nothing agree with diffusers' own attention.
        assert all(torch.equal(s, sources[0]) for s in sources)
        assert (torch.cat([sources[0], out[f"{number}.none"]]) - plain).abs().max() < 1e-4 * plain.abs().max()
        out[f"{number}.source"] = sources[0]
    save(folder / "swaps.safetensors", out)
    save_json(folder / "swaps.json", {
        "steps": STEPS, "guidance_scale": GUIDANCE, "branch": "conditional",
        "pairs": [dict(source=s, target=t, seed=seed) for s, t, seed in PAIRS],
        "interventions": INTERVENTIONS,
    })


# step -> kind, layer: layer 1 has the largest map, so it is kept once.
MAPS = {
    0: [("cross", 1), ("cross", 7), ("cross", 12), ("self", 5), ("self", 7)],
    10: [("cross", 7), ("cross", 12), ("self", 5), ("self", 7)],
}


def make_maps(model, folder):
    """`<step>.<kind>.<layer>`: conditional probabilities [heads, queries, keys] of "a red car", seed 21."""
    pipe = pipeline(model)
    paths = {number: path for path, number in layer_numbers(pipe.unet).items()}
    kept, index = {}, []

    def keep(step, kind, layer, probabilities):
        if (kind, layer) in MAPS.get(step, []):
            name = f"{step}.{kind}.{layer}"
            kept[name] = probabilities[1].clone()
            index.append({
                "name": name, "step": step, "kind": kind, "layer": layer,
                "path": f"{paths[layer]}.transformer_blocks.0.{'attn1' if kind == 'self' else 'attn2'}",
                "shape": list(kept[name].shape),
            })
        return probabilities

    denoise(pipe, ["a red car"], 21, keep)
    for entry in index:
        print(f"  {entry['name']}: {entry['shape']}")
    save(folder / "maps.safetensors", kept)
    save_json(folder / "maps.json", {
        "prompt": "a red car", "seed": 21, "steps": STEPS, "guidance_scale": GUIDANCE, "branch": "conditional",
        "maps": index,
    })
