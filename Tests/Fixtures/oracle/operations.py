"""Every operation on attention, by attention processors on diffusers' UNet: final latents of short runs."""
import torch

from .files import embed, noise, pipeline, save, save_json, tokens
from .swaps import GUIDANCE, PAIRS, layer_numbers

STEPS = 8
# Runs of a batch: the source, the target, and those that operations take from beside them.
SOURCE, TARGET, REFERENCES = 0, 1, 2
ALL = list(range(1, 17))
MIDDLE = list(range(4, 15))


def do(op, kind, layers, of="probabilities", steps=None, heads=None, tokens=None, **parameters):
    """One operation. tokens: positions of the prompt."""
    return {
        "op": op, "of": of, "kind": kind, "layers": list(layers), "steps": list(range(STEPS) if steps is None else steps),
        "heads": heads, "tokens": tokens, "parameters": parameters,
    }


# In both pairs position 2 is the word that differs, and 4 or 6 is the end token.
CASES = {
    "mix-self": [do("mix", "self", MIDDLE, strength=0.3)],
    "mix-cross-words": [do("mix", "cross", ALL, tokens=[2, 3], strength=0.7)],
    "replace-heads": [do("replace", "self", ALL, heads=[0, 2])],
    "replace-words-renormalised": [do("replace", "cross", ALL, tokens=[2], renormalize=True)],
    "replace-mass": [do("replace", "cross", ALL, part="mass")],
    "replace-pattern": [do("replace", "cross", ALL, part="pattern", renormalize=True)],
    "replace-scores": [do("replace", "self", MIDDLE, of="scores")],
    "replace-queries": [do("replace", "self", MIDDLE, of="queries")],
    "replace-keys-values": [do("replace", "self", range(11, 17), of="keys"), do("replace", "self", range(11, 17), of="values")],
    "replace-values-words": [do("replace", "cross", ALL, of="values", tokens=[2, 4])],
    "mix-output": [do("mix", "cross", ALL, of="output", strength=0.5)],
    "zero-word": [do("zero", "cross", ALL, tokens=[2])],
    "zero-scores": [do("zero", "cross", range(8, 11), of="scores")],
    "zero-output": [do("zero", "self", range(5, 8), of="output")],
    "uniform-heads": [do("uniform", "self", ALL, heads=[1])],
    "identity": [do("identity", "self", range(8, 14))],
    "shuffle-cross": [do("shuffle", "cross", MIDDLE, seed=7)],
    "shuffle-values": [do("shuffle", "self", range(5, 8), of="values", seed=3)],
    "blur-self": [do("blur", "self", ALL, sigma=0.8)],
    "blur-queries": [do("blur", "self", range(11, 17), of="queries", sigma=1.5)],
    "scale-word": [do("scale", "cross", ALL, tokens=[2], factor=3.0)],
    "scale-scores-renormalised": [do("scale", "cross", ALL, of="scores", factor=0.5)],
    "scale-word-renormalised": [do("scale", "cross", ALL, tokens=[2], factor=3.0, renormalize=True)],
    "head-mean": [do("head_mean", "self", ALL)],
    "head-mean-cross-head": [do("head_mean", "cross", ALL, heads=[3])],
    "spatial-mean": [do("spatial_mean", "cross", ALL)],
    "spatial-mean-word-heads": [do("spatial_mean", "cross", ALL, tokens=[2], heads=[0, 2])],
    "embedding-padding": [do("embedding", "cross", [], padding="empty")],
    "embedding-end-and-padding": [do("embedding", "cross", [], padding="empty", end="empty")],
    "random-embedding": [do("random_embedding", "cross", [], tokens=[2], seed=7)],
    "random-embedding-words": [do("random_embedding", "cross", [], tokens=[1, 2, 3], seed=0), do("embedding", "cross", [], padding="empty")],
    "cross-read": [do("cross_read", "cross", ALL)],
    "several": [
        do("mix", "self", MIDDLE, of="queries", strength=0.5), do("scale", "self", MIDDLE, of="scores", factor=1.5),
        do("blur", "self", MIDDLE, sigma=0.6), do("replace", "cross", ALL, steps=[0, 1]),
        do("scale", "cross", ALL, tokens=[3], factor=2.0),
    ],
}


def gaussian(extent, sigma):
    """[extent, extent]: weights of a Gaussian over a line of cells, cut at 3 sigma, each row brought to a sum of 1."""
    reach = int(-(-3 * sigma // 1))
    distance = torch.arange(extent)[:, None] - torch.arange(extent)[None, :]
    weights = torch.exp(-(distance.float() ** 2) / (2 * sigma**2)) * (distance.abs() <= reach)
    return weights / weights.sum(-1, keepdim=True)


def aligned(x, segments, tokens_are_rows, share_of_sum):
    """x [heads, rows, columns] with its tokens where the target has them, and which of the target's have a partner.

    segments: [source positions, target positions]; None: all stand at the same.
    """
    axis = 1 if tokens_are_rows else 2
    weights = torch.zeros(x.shape[axis], x.shape[axis])
    for source, target in segments:
        for j, b in enumerate(target):
            if len(source) == len(target):
                weights[b, source[j]] = 1
            else:
                weights[b, source] = 1 / (len(target) if share_of_sum else len(source))
    partnered = weights.sum(1) > 0
    return (torch.einsum("hrc,br->hbc" if tokens_are_rows else "hrc,bc->hrb", x, weights), partnered)


def changed(e, own, source, grid):
    """What an operation makes of the target's own, both [heads, rows, columns]."""
    op, p = e["op"], e["parameters"]
    if op in ("replace", "mix", "dataset_mean"):
        part = p.get("part", "all")
        if part == "all":
            share = p.get("strength", 1.0)
            return (1 - share) * own + share * source
        mass, other = own.sum(1, keepdim=True), source.sum(1, keepdim=True)
        return own / mass * other if part == "mass" else source / other * mass
    if op == "zero":
        return torch.zeros_like(own)
    if op == "uniform":
        return torch.full_like(own, 1 / own.shape[-1])
    if op == "identity":
        return torch.eye(own.shape[1]).expand_as(own)
    if op == "shuffle":
        order = torch.randn(own.shape[1], generator=torch.Generator().manual_seed(p["seed"])).argsort()
        return own[:, order]
    if op == "blur":
        height, width = grid
        cells = own.unflatten(1, (height, width))
        cells = torch.einsum("xw,hywc->hyxc", gaussian(width, p["sigma"]), cells)
        cells = torch.einsum("yv,hvxc->hyxc", gaussian(height, p["sigma"]), cells)
        return cells.flatten(1, 2)
    if op == "scale":
        return own * p["factor"]
    if op == "head_mean":
        return own.mean(0, keepdim=True).expand_as(own)
    if op == "spatial_mean":
        return own.mean(1, keepdim=True).expand_as(own)
    if op == "cross_read":
        return own
    raise ValueError(op)


def edited(edits, place, x, grid, tokens_are_rows, segments=None):
    """x: [batch, heads, rows, columns] after the edits of a place; only the conditional target changes.

    segments: how the tokens of source and target belong together, at cross-attention.
    """
    before = x
    runs = len(x) // 2
    target = runs + TARGET
    for e in edits:
        if e["of"] != place:
            continue
        # Of the references an operation takes all, or one.
        taken = {"source": [SOURCE], "reference": [REFERENCES], "references": range(REFERENCES, runs)}
        source = before[[runs + r for r in taken[e["parameters"].get("from", "source")]]].mean(0)
        partnered = None
        if segments and e["kind"] == "cross" and place not in ("queries", "output"):
            source, partnered = aligned(source, segments, tokens_are_rows, place == "probabilities")
        new = changed(e, x[target], source, grid)
        mask = torch.ones_like(new, dtype=torch.bool)
        if partnered is not None:
            mask &= partnered[None, :, None] if tokens_are_rows else partnered[None, None, :]
        if e["heads"] is not None:
            mask &= torch.isin(torch.arange(new.shape[0]), torch.tensor(e["heads"]))[:, None, None]
        if e["tokens"] is not None:
            chosen = torch.isin(torch.arange(new.shape[1 if tokens_are_rows else 2]), torch.tensor(e["tokens"]))
            mask &= chosen[None, :, None] if tokens_are_rows else chosen[None, None, :]
        new = torch.where(mask, new, x[target])
        if e["parameters"].get("renormalize"):
            new = new / new.sum(-1, keepdim=True)
        x = x.clone()
        x[target] = new
    return x


class Processor:
    def __init__(self, kind, layer, edits, now, segments):
        self.kind, self.layer, self.edits, self.now, self.segments = kind, layer, edits, now, segments

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        edits = [
            e for e in self.edits
            if e["kind"] == self.kind and self.layer in e["layers"] and self.now["step"] in e["steps"]
        ]
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        side = int(hidden_states.shape[1] ** 0.5)
        grid = (side, side)

        def heads(x):
            return x.unflatten(-1, (attn.heads, -1)).transpose(1, 2)

        def edit(place, x, tokens_are_rows):
            x = edited(edits, place, x, grid, tokens_are_rows, self.segments)
            if "keep" in self.now:
                self.now["keep"](self.kind, self.layer, place, x)
            return x

        query = edit("queries", heads(attn.to_q(hidden_states)), True)
        key = edit("keys", heads(attn.to_k(context)), True)
        value = edit("values", heads(attn.to_v(context)), True)
        scores = edit("scores", query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5, False)
        probabilities = edit("probabilities", scores.softmax(-1), False)
        out = attn.to_out[0]((probabilities @ value).transpose(1, 2).flatten(2))
        return edit("output", out[:, None], True)[:, 0]


def with_random_words(pipe, ids, own, positions, seed):
    """The embedding of the tokens without those at some positions, and there random vectors as long as the own ones."""
    kept = [i for i in range(len(ids)) if i not in positions]
    shorter = torch.cat([ids[kept], ids[-1:].repeat(len(positions))])
    encoded = pipe.text_encoder(shorter[None]).last_hidden_state[0]
    out = own.clone()
    out[kept] = encoded[: len(kept)]
    for i in positions:
        vector = torch.randn(own.shape[1], generator=torch.Generator().manual_seed(seed * 65536 + int(ids[i])))
        out[i] = vector / vector.norm() * own[i].norm()
    return out


def emptied(pipe, prompt, edits):
    """The embedding of a prompt, [tokens, width], with random words, then with the empty prompt's where an edit says so."""
    ids, embedding, empty = tokens(pipe.tokenizer, [prompt])[0], embed(pipe, [prompt])[0], embed(pipe, [""])[0]
    position, end = torch.arange(len(ids)), (ids == pipe.tokenizer.eos_token_id).nonzero()[0, 0]
    for e in edits:
        if e["op"] == "random_embedding":
            embedding = with_random_words(pipe, ids, embedding, e["tokens"], e["parameters"]["seed"])
        if e["op"] == "embedding" and e["parameters"].get("padding") == "empty":
            embedding = torch.where((position > end)[:, None], empty, embedding)
        if e["op"] == "embedding" and e["parameters"].get("end") == "empty":
            embedding = torch.where((position == end)[:, None], empty, embedding)
    return embedding


def check_with_the_pipeline(pipe, prompt, seed, edits, expected):
    """Edits of the embedding alone are what diffusers' own pipeline makes of `prompt_embeds` edited the same way."""
    latents = pipe(
        prompt_embeds=emptied(pipe, prompt, edits)[None], negative_prompt_embeds=embed(pipe, [""]),
        latents=noise(seed, (1, 4, 16, 16)), num_inference_steps=STEPS, guidance_scale=GUIDANCE, height=128, width=128,
        output_type="latent",
    ).images
    assert (latents - expected).abs().max() < 1e-4 * expected.abs().max(), "the pipeline makes something else"


def final_latents(pipe, source, target, seed, edits, references=(), segments=None):
    """[runs, 4, 16, 16]: of the source, the target and the references, each a prompt and a seed."""
    now = {}
    layers = layer_numbers(pipe.unet)
    original = pipe.unet.attn_processors
    pipe.unet.set_attn_processor({
        path: Processor("self" if ".attn1." in path else "cross", layers[path.split(".transformer_blocks")[0]], edits, now, segments)
        for path in original
    })
    runs = [(source, seed), (target, seed), *references]
    latents = torch.cat([noise(seed, (1, 4, 16, 16)) for _, seed in runs])
    context = torch.cat([embed(pipe, [""] * len(runs)), embed(pipe, [prompt for prompt, _ in runs])])
    context[len(runs) + TARGET] = emptied(pipe, target, edits)
    pipe.scheduler.set_timesteps(STEPS)
    for step, t in enumerate(pipe.scheduler.timesteps):
        now["step"] = step
        unconditional, conditional = pipe.unet(torch.cat([latents, latents]), t, context).sample.chunk(2)
        latents = pipe.scheduler.step(unconditional + GUIDANCE * (conditional - unconditional), t, latents).prev_sample
    pipe.unet.set_attn_processor(original)
    return latents


def make(model, folder):
    """`<pair>.<case>`: the target's final latents [1, 4, 16, 16], as operations.json describes the cases."""
    pipe = pipeline(model)
    out = {}
    for number, (source, target, seed) in enumerate(PAIRS):
        plain = final_latents(pipe, source, target, seed, [])
        for name, edits in CASES.items():
            both = final_latents(pipe, source, target, seed, edits)
            assert (both[0] - plain[0]).abs().max() < 1e-5 * plain.abs().max(), f"{name}: the source changed"
            moved = (both[1] - plain[1]).abs().max() / plain.abs().max()
            # What only observes changes nothing.
            assert moved > 1e-3 or name == "cross-read" and moved < 1e-5, f"{name}: moved {moved}"
            if {e["op"] for e in edits} <= {"embedding", "random_embedding"}:
                check_with_the_pipeline(pipe, target, seed, edits, both[1:])
            print(f"  pair {number} {name}: moved {moved:.4f}")
            out[f"{number}.{name}"] = both[1:]
    save(folder / "operations.safetensors", out)
    save_json(folder / "operations.json", {
        "steps": STEPS, "guidance_scale": GUIDANCE,
        "pairs": [dict(source=s, target=t, seed=seed) for s, t, seed in PAIRS],
        "cases": CASES,
    })


def run(first, count):
    return list(range(first, first + count))


# Groups with references beside the pair, and pairs whose prompts differ in their tokens. Segments are written by hand:
# start, the words that belong together, end, padding.
GROUPS = [
    {
        "source": "a red car", "target": "a blue car", "seed": 11,
        "references": [("a red car", 31), ("a green dog", 31), ("a red cat", 32)], "segments": None,
        "cases": {
            "mean-self": [do("dataset_mean", "self", MIDDLE, **{"from": "references"})],
            "mean-word": [do("dataset_mean", "cross", ALL, tokens=[2], **{"from": "references"})],
            "mean-scores-heads": [do("dataset_mean", "self", ALL, of="scores", heads=[1, 3], **{"from": "references"})],
            "mean-values": [do("dataset_mean", "cross", ALL, of="values", **{"from": "references"})],
            "mean-output": [do("dataset_mean", "cross", MIDDLE, of="output", **{"from": "references"})],
            "other-seed": [do("replace", "self", MIDDLE, **{"from": "reference"})],
            "other-seed-mix": [do("mix", "cross", ALL, strength=0.6, **{"from": "reference"})],
        },
    },
    {
        # One word in one token against the same place in as many as the tokenizer makes of it.
        "source": "a dog on a beach", "target": "a SPLIT on a beach", "seed": 12, "references": [], "segments": "split",
        "cases": {
            "replace": [do("replace", "cross", ALL)],
            "mix-word": [do("mix", "cross", ALL, tokens=[2, 3], strength=0.5)],
            "scores": [do("replace", "cross", MIDDLE, of="scores")],
            "values": [do("replace", "cross", ALL, of="values")],
            "keys": [do("replace", "cross", MIDDLE, of="keys")],
            "mass": [do("replace", "cross", ALL, part="mass")],
        },
    },
    {
        # "in the snow" has no partner in the target, and "red" none in the source.
        "source": "a car in the snow", "target": "a red car", "seed": 13, "references": [],
        "segments": [[[0], [0]], [[1], [1]], [[2], [3]], [[6], [4]], [run(7, 70), run(5, 72)]],
        "cases": {
            "replace": [do("replace", "cross", ALL, renormalize=True)],
            "values": [do("replace", "cross", ALL, of="values")],
            "pattern": [do("replace", "cross", ALL, part="pattern")],
        },
    },
]
SPLIT = "chihuahua"


def make_references(model, folder):
    """`<group>.<case>`: the target's final latents [1, 4, 16, 16], as references.json describes the groups."""
    pipe = pipeline(model)
    pieces = len(pipe.tokenizer(SPLIT).input_ids) - 2
    assert pieces > 1, f"{SPLIT} is one token"
    out, groups = {}, []
    for number, group in enumerate(GROUPS):
        group = dict(group, target=group["target"].replace("SPLIT", SPLIT))
        if group["segments"] == "split":
            after = [[[3 + i], [2 + pieces + i]] for i in range(4)]  # on, a, beach, end
            padding = [run(7, 70), run(6 + pieces, 71 - pieces)]
            group["segments"] = [[[0], [0]], [[1], [1]], [[2], run(2, pieces)], *after, padding]
        arguments = [pipe, group["source"], group["target"], group["seed"]]
        plain = final_latents(*arguments, [], group["references"])
        for name, edits in group["cases"].items():
            all_runs = final_latents(*arguments, edits, group["references"], group["segments"])
            others = [0, *range(2, len(all_runs))]
            assert (all_runs[others] - plain[others]).abs().max() < 1e-5 * plain.abs().max(), f"{name}: others changed"
            moved = (all_runs[1] - plain[1]).abs().max() / plain.abs().max()
            assert moved > 1e-3, f"{name}: nothing moved"
            print(f"  group {number} {name}: moved {moved:.4f}")
            out[f"{number}.{name}"] = all_runs[1:2]
        groups.append({key: group[key] for key in ("source", "target", "seed", "references", "cases")})
    save(folder / "references.safetensors", out)
    save_json(folder / "references.json", {"steps": STEPS, "guidance_scale": GUIDANCE, "groups": groups})
