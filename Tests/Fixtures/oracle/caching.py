"""What attention has in one call of the model, kept for later calls, by attention processors on diffusers' UNet: final latents.

`tgate` is Zhang et al. 2024, "Cross-Attention Makes Inference Cumbersome in Text-to-Image Diffusion Models": from a step on the
output of all cross-attention is the mean of both halves of guidance in the call before. The halves are the same from then on.
"""
import torch

from .files import embed, noise, pipeline, save, save_json
from .swaps import GUIDANCE, PAIRS, layer_numbers

STEPS = 8
# Rows of the batch: both halves of the source and of the target.
U_SOURCE, U_TARGET, SOURCE, TARGET = range(4)
ALL = list(range(1, 17))
MIDDLE = list(range(4, 15))


def keep(kind, layers, of, first, last=STEPS, branch="conditional", halves="own", heads=None, tokens=None):
    """The target has in the steps from `first` up to `last` what it had in the step before `first`."""
    return {
        "op": "cache", "kind": kind, "layers": list(layers), "of": of, "steps": list(range(first, last)), "branch": branch,
        "halves": halves, "heads": heads, "tokens": tokens,
    }


def take(kind, layers, of, last):
    """The target has the source's in the steps before `last`."""
    return {
        "op": "replace", "kind": kind, "layers": list(layers), "of": of, "steps": list(range(last)), "branch": "conditional",
        "halves": None, "heads": None, "tokens": None,
    }


CASES = {
    "tgate": [keep("cross", ALL, "output", 3, branch="both", halves="mean")],
    "own-halves": [keep("cross", ALL, "output", 2, branch="both")],
    "mean-for-one-half": [keep("cross", MIDDLE, "output", 5, halves="mean")],
    "unconditional": [keep("self", MIDDLE, "output", 1, 7, branch="unconditional")],
    "self-maps-of-heads": [keep("self", ALL, "probabilities", 1, 6, heads=[0, 2])],
    "cross-maps-of-a-word": [keep("cross", ALL, "probabilities", 2, tokens=[2])],
    "queries-and-keys": [keep("self", MIDDLE, "queries", 4), keep("self", MIDDLE, "keys", 3, 6, halves="mean")],
    "twice": [keep("cross", ALL, "output", 2, 4), keep("cross", ALL, "output", 6)],
    "kept-of-what-is-kept": [keep("cross", ALL, "output", 2), keep("cross", MIDDLE, "output", 5, halves="mean")],
    "after-a-swap": [take("cross", ALL, "probabilities", 3), keep("cross", ALL, "output", 3)],
    "values-after-a-swap": [take("cross", ALL, "values", 3), keep("cross", ALL, "values", 3, tokens=[2, 3])],
}


class Keeping:
    """Attention of one site whose target row is changed, place by place."""

    def __init__(self, site, edits, now):
        self.site, self.edits, self.now, self.kept = site, edits, now, {}

    def change(self, place, x):
        """x: [rows of the batch, heads, rows, columns]; tokens are columns of maps, and rows of all else."""
        before, x = x, x.clone()
        mine = [(n, e) for n, e in enumerate(self.edits) if e["of"] == place]
        for n, e in mine:
            if self.now["step"] not in e["steps"]:
                continue
            for half, row, source in (("unconditional", U_TARGET, U_SOURCE), ("conditional", TARGET, SOURCE)):
                if e["branch"] not in (half, "both"):
                    continue
                new = before[source] if e["op"] == "replace" else self.kept[n][row]
                mask = torch.ones_like(new, dtype=torch.bool)
                if e["heads"] is not None:
                    mask &= torch.isin(torch.arange(len(new)), torch.tensor(e["heads"]))[:, None, None]
                if e["tokens"] is not None:
                    axis = 2 if place == "probabilities" else 1
                    chosen = torch.isin(torch.arange(new.shape[axis]), torch.tensor(e["tokens"]))
                    mask &= chosen[None, None, :] if axis == 2 else chosen[None, :, None]
                x[row] = torch.where(mask, new, x[row])
        for n, e in mine:
            if e["op"] == "cache" and self.now["step"] == e["steps"][0] - 1:
                mean = (x[U_TARGET] + x[TARGET]) / 2
                self.kept[n] = {row: mean if e["halves"] == "mean" else x[row].clone() for row in (U_TARGET, TARGET)}
        return x

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            self.change(place, project(x).unflatten(-1, (attn.heads, -1)).transpose(1, 2))
            for place, project, x in (
                ("queries", attn.to_q, hidden_states), ("keys", attn.to_k, context), ("values", attn.to_v, context))
        )
        p = self.change("probabilities", (query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5).softmax(-1))
        out = attn.to_out[0]((p @ value).transpose(1, 2).flatten(2))
        return self.change("output", out[:, None])[:, 0]


def final_latents(pipe, source, target, seed, edits):
    """[2, 4, 16, 16] of source and target, and by how much the halves of the target differed in each step."""
    now, layers, original = {}, layer_numbers(pipe.unet), pipe.unet.attn_processors
    processors = {}
    for path in original:
        kind = "self" if ".attn1." in path else "cross"
        layer = layers[path.split(".transformer_blocks")[0]]
        mine = [e for e in edits if e["kind"] == kind and layer in e["layers"]]
        processors[path] = Keeping((kind, layer), mine, now)
    pipe.unet.set_attn_processor(processors)
    latents = noise(seed, (1, 4, 16, 16)).repeat(2, 1, 1, 1)
    context = torch.cat([embed(pipe, ["", ""]), embed(pipe, [source, target])])
    pipe.scheduler.set_timesteps(STEPS)
    apart = []
    for step, t in enumerate(pipe.scheduler.timesteps):
        now["step"] = step
        unconditional, conditional = pipe.unet(torch.cat([latents, latents]), t, context).sample.chunk(2)
        apart.append((unconditional[1] - conditional[1]).abs().max().item())
        latents = pipe.scheduler.step(unconditional + GUIDANCE * (conditional - unconditional), t, latents).prev_sample
    pipe.unet.set_attn_processor(original)
    return latents, apart


def make(model, folder):
    """`<pair>.<case>`: the target's final latents [1, 4, 16, 16], as caching.json describes the cases."""
    pipe = pipeline(model)
    out = {}
    for number, (source, target, seed) in enumerate(PAIRS):
        plain, _ = final_latents(pipe, source, target, seed, [])
        for name, edits in CASES.items():
            both, apart = final_latents(pipe, source, target, seed, edits)
            assert (both[0] - plain[0]).abs().max() < 1e-5 * plain.abs().max(), f"{name}: the source changed"
            moved = (both[1] - plain[1]).abs().max() / plain.abs().max()
            assert moved > 1e-3, f"{name}: moved {moved}"
            if name == "tgate":
                assert max(apart[3:]) < 1e-5 < min(apart[:3]), f"the halves differ: {apart}"
            print(f"  pair {number} {name}: moved {moved:.4f}")
            out[f"{number}.{name}"] = both[1:]
    save(folder / "caching.safetensors", out)
    save_json(folder / "caching.json", {
        "steps": STEPS, "guidance_scale": GUIDANCE,
        "pairs": [dict(source=s, target=t, seed=seed) for s, t, seed in PAIRS],
        "cases": CASES,
    }, compact=True)
