"""The queries of one prompt's run against the keys of another's, by hooks on diffusers' own layers."""
from .files import pipeline, save, save_json
from .quantities import PROMPTS, SEED, STEP, STEPS, denoise, log_ratios
from .swaps import GUIDANCE, layer_numbers

LAYER = 5


def make(model, folder):
    """Maps [heads, queries, keys] of the conditional half: queries of the first prompt, keys of the second; cross_read.json."""
    pipe = pipeline(model)
    layers = layer_numbers(pipe.unet)
    kept, now, handles = {}, {}, []

    def keep(name, row, heads):
        def hook(_, __, result):
            if now["step"] == STEP:
                kept[name] = result[row].unflatten(-1, (heads, -1)).transpose(0, 1).clone()

        return hook

    # Rows of the batch: both unconditional halves, the source's conditional one, the target's.
    for path, module in pipe.unet.named_modules():
        if path.endswith("attn2") and layers[path.split(".transformer_blocks")[0]] == LAYER:
            handles.append(module.to_q.register_forward_hook(keep("queries", 2, module.heads)))
            handles.append(module.to_k.register_forward_hook(keep("keys", 3, module.heads)))
            handles.append(module.to_q.register_forward_hook(keep("own", 3, module.heads)))
    denoise(pipe, PROMPTS, now)
    for handle in handles:
        handle.remove()
    scale = kept["queries"].shape[-1] ** -0.5
    scores = kept["queries"] @ kept["keys"].transpose(-1, -2) * scale
    own = kept["own"] @ kept["keys"].transpose(-1, -2) * scale
    assert (scores - own).abs().max() > 1e-2 * own.abs().max(), "both runs ask the same"
    out = {"scores": scores, "probabilities": scores.softmax(-1), "log_ratio": log_ratios(scores)}
    for name, values in out.items():
        print(f"  {name}: {list(values.shape)}, largest {values.abs().max():.4f}")
    save(folder / "cross_read.safetensors", out)
    save_json(folder / "cross_read.json", {
        "prompts": PROMPTS, "seed": SEED, "steps": STEPS, "guidance_scale": GUIDANCE, "step": STEP, "layer": LAYER,
    })
