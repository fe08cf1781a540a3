"""Editing methods, each written after its paper and released code, by processors and hooks on diffusers' UNet: final latents.

Nothing here knows attnlab's operations. Sizes are those of the released codes for 64x64 latents, brought to the bundled
model's 16x16: a limit of 16x16 keys is a quarter of the side, one of 32x32 a half.
"""
import torch

from .files import embed, noise, pipeline, save, save_json, tokens
from .swaps import layer_numbers

STEPS = 15
GUIDANCE = 7.5
SIDE = 16
# Rows of the batch: unconditional source and target, conditional source and target.
U_SOURCE, U_TARGET, SOURCE, TARGET = range(4)
# Source, target, seed, and the words that name the object. Words stand at the same positions in both prompts.
PAIRS = [
    ("a red car", "a blue car", 21, ["car"]),
    ("a dog in the snow", "a cat in the snow", 22, ["dog", "cat"]),
    ("a green star on a beach", "a yellow heart on a beach", 23, ["star", "heart"]),
]


class Method:
    """What the source and the target compute. Each function is given all four rows and may change the target's."""

    def __init__(self, prompts):
        self.step = 0

    def vectors(self, kind, layer, query, key, value):
        return query, key, value

    def probabilities(self, kind, layer, p, grid):
        return p

    def residual(self, x):
        return x


class FPE(Method):
    layers, share = range(4, 15), 0.8

    def probabilities(self, kind, layer, p, grid):
        if kind == "self" and layer in self.layers and self.step < int(self.share * STEPS):
            p[TARGET] = p[SOURCE]
        return p


class FPECode(FPE):
    # Where there are at most 32x32 keys of 64x64.
    layers = range(3, 14)


class FPEDemo(FPECode):
    share = 0.4


class P2P(Method):
    cross_share, self_share, limit, refines = 0.8, 0.4, SIDE // 4, False

    def __init__(self, prompts):
        super().__init__(prompts)
        source, target = prompts
        # Which tokens of the target stand in the source too: all others keep their own maps.
        self.kept = source == target if self.refines else torch.ones(len(source), dtype=torch.bool)

    def probabilities(self, kind, layer, p, grid):
        # The released code has a row of weights more than steps for cross-attention.
        if kind == "cross" and self.step < int(self.cross_share * (STEPS + 1)):
            p[TARGET] = torch.where(self.kept, p[SOURCE], p[TARGET])
        if kind == "self" and grid <= self.limit and self.step < int(self.self_share * STEPS):
            p[TARGET] = p[SOURCE]
        return p


class P2PRefine(P2P):
    refines = True


class P2PInversion(P2P):
    cross_share, self_share, limit = 0.4, 0.6, SIDE // 2


class P2PInversionRefine(P2PInversion):
    refines = True


class PnP(Method):
    def vectors(self, kind, layer, query, key, value):
        if kind == "self" and layer >= 9 and self.step < int(0.5 * STEPS):
            for x in (query, key):
                x[U_TARGET], x[TARGET] = x[U_SOURCE], x[SOURCE]
        return query, key, value

    def residual(self, x):
        if self.step < int(0.8 * STEPS):
            x = x.clone()
            x[U_TARGET], x[TARGET] = x[U_SOURCE], x[SOURCE]
        return x


class MasaCtrl(Method):
    def acts(self, kind, layer):
        return kind == "self" and layer >= 11 and self.step >= int(4 / 50 * STEPS)

    def vectors(self, kind, layer, query, key, value):
        if self.acts(kind, layer):
            for x in (key, value):
                x[U_TARGET], x[TARGET] = x[U_SOURCE], x[SOURCE]
        return query, key, value


class MasaCtrlMask(MasaCtrl):
    threshold = 0.1

    def __init__(self, prompts, positions):
        super().__init__(prompts)
        self.positions = positions
        self.maps, self.of_step, self.margin = [], 0, 1.0

    def probabilities(self, kind, layer, p, grid):
        if self.of_step != self.step:
            self.maps, self.of_step = [], self.step
        if kind == "cross" and grid == SIDE // 4:
            self.maps.append(p.mean(1))
        if not self.acts(kind, layer) or not self.maps:
            return p
        source, target = (self.mask(row, where, grid) for row, where in zip((SOURCE, TARGET), self.positions))
        self.margin = min(self.margin, (source - self.threshold).abs().min().item())
        inside = source >= self.threshold
        scores = p.log()
        for row in (U_TARGET, TARGET):
            of_object = scores[row].masked_fill(~inside, -torch.inf).softmax(-1)
            of_background = scores[row].masked_fill(inside, -torch.inf).softmax(-1)
            m = target[None, :, None]
            p[row] = m * of_object + (1 - m) * of_background
        return p

    def mask(self, row, positions, grid):
        """[cells]: the words' maps at a quarter of the side, from 0 to 1, at the nearest cell of the grid."""
        x = torch.stack(self.maps).mean(0)[row][:, positions].sum(-1)
        x = ((x - x.min()) / (x.max() - x.min())).reshape(1, 1, SIDE // 4, SIDE // 4)
        return torch.nn.functional.interpolate(x, (grid, grid)).flatten()


METHODS = {
    "regenerate": Method, "fpe-paper": FPE, "fpe-code": FPECode, "fpe-demo": FPEDemo, "p2p-replace": P2P,
    "p2p-refine": P2PRefine, "p2p-replace-pnpinversion": P2PInversion, "p2p-refine-pnpinversion": P2PInversionRefine,
    "pnp": PnP, "masactrl": MasaCtrl, "masactrl-mask": MasaCtrlMask,
}
SDEDIT_STRENGTH = 0.5


class Processor:
    def __init__(self, kind, layer, method):
        self.kind, self.layer, self.method = kind, layer, method

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        vectors = [
            project(x).unflatten(-1, (attn.heads, -1)).transpose(1, 2).clone()
            for project, x in ((attn.to_q, hidden_states), (attn.to_k, context), (attn.to_v, context))
        ]
        query, key, value = self.method.vectors(self.kind, self.layer, *vectors)
        p = (query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5).softmax(-1)
        p = self.method.probabilities(self.kind, self.layer, p, int(hidden_states.shape[1] ** 0.5))
        return attn.to_out[0]((p @ value).transpose(1, 2).flatten(2))


def denoise(pipe, prompts, latents, method, first=0):
    """latents: [2, 4, 16, 16], of source and target, before step `first`."""
    layers = layer_numbers(pipe.unet)
    original = pipe.unet.attn_processors
    pipe.unet.set_attn_processor({
        path: Processor("self" if ".attn1." in path else "cross", layers[path.split(".transformer_blocks")[0]], method)
        for path in original
    })
    convolution = pipe.unet.up_blocks[1].resnets[1].conv2
    hook = convolution.register_forward_hook(lambda module, given, x: method.residual(x))
    context = torch.cat([embed(pipe, ["", ""]), embed(pipe, prompts)])
    pipe.scheduler.set_timesteps(STEPS)
    for step, t in enumerate(pipe.scheduler.timesteps[first:], first):
        method.step = step
        unconditional, conditional = pipe.unet(torch.cat([latents, latents]), t, context).sample.chunk(2)
        latents = pipe.scheduler.step(unconditional + GUIDANCE * (conditional - unconditional), t, latents).prev_sample
    hook.remove()
    pipe.unet.set_attn_processor(original)
    return latents


def sdedit(pipe, prompts, start, plain):
    """The source's finished latents with noise added; then the last steps, as diffusers' image-to-image pipeline counts."""
    first = STEPS - min(int(STEPS * SDEDIT_STRENGTH), STEPS)
    pipe.scheduler.set_timesteps(STEPS)
    noised = pipe.scheduler.add_noise(plain[:1], start[:1], pipe.scheduler.timesteps[first : first + 1])
    return denoise(pipe, prompts, torch.cat([noised, noised]), Method(None), first)


def make(model, folder):
    """`<pair>.<method>`: the target's final latents [1, 4, 16, 16]."""
    pipe = pipeline(model)
    out = {}
    for number, (source, target, seed, words) in enumerate(PAIRS):
        ids = tokens(pipe.tokenizer, [source, target])
        start = noise(seed, (1, 4, SIDE, SIDE)).repeat(2, 1, 1, 1)
        assert (ids == pipe.tokenizer.eos_token_id).nonzero()[0].equal((ids == pipe.tokenizer.eos_token_id).nonzero()[0])
        assert len(source.split()) + 2 == (ids[0] != ids[0, -1]).sum() + 1 == (ids[1] != ids[1, -1]).sum() + 1, "split words"
        positions = [[1 + text.split().index(w) for w in words if w in text.split()] for text in (source, target)]
        plain = denoise(pipe, [source, target], start, Method(ids))
        for name, kind in METHODS.items():
            method = kind(ids, positions) if kind is MasaCtrlMask else kind(ids)
            both = denoise(pipe, [source, target], start, method)
            assert (both[0] - plain[0]).abs().max() < 1e-5 * plain.abs().max(), f"{name}: the source changed"
            moved = (both[1] - plain[1]).abs().max() / plain.abs().max()
            assert moved > 1e-3 or kind is Method, f"{name}: nothing moved"
            margin = f", margin {method.margin:.5f}" if kind is MasaCtrlMask else ""
            assert kind is not MasaCtrlMask or method.margin > 1e-4, "a mask value at the threshold: take another seed"
            print(f"  pair {number} {name}: moved {moved:.4f}{margin}")
            out[f"{number}.{name}"] = both[1:]
        out[f"{number}.sdedit"] = sdedit(pipe, [source, target], start, plain)[1:]
    save(folder / "methods.safetensors", out)
    save_json(folder / "methods.json", {
        "steps": STEPS, "guidance_scale": GUIDANCE, "methods": [*METHODS, "sdedit"],
        "pairs": [dict(source=s, target=t, seed=seed, object=words) for s, t, seed, words in PAIRS],
    })
