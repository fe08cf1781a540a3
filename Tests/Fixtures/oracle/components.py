"""Text encoder, UNet and VAE, each alone."""
import torch

from .files import embed, noise, pipeline, save, save_json, tokens

PROMPTS = [
    "a red car",
    "a pencil sketch of a horse",
    "a yellow duck and a blue umbrella on the beach",
    "an orange fish on a purple background",
    "a photo of a giraffe standing in the park",
    "",
]


def text_encoder(model, folder):
    """`tokens` [6, 77] and `last_hidden_state` [6, 77, 128] of PROMPTS (text_encoder.json), in one batch."""
    pipe = pipeline(model)
    numbers = tokens(pipe.tokenizer, PROMPTS)
    save(
        folder / "text_encoder.safetensors",
        {"tokens": numbers, "last_hidden_state": pipe.text_encoder(numbers).last_hidden_state},
    )
    save_json(folder / "text_encoder.json", {"prompts": PROMPTS})


# name, batch, latent height, latent width, timesteps, seed. 17 x 13 halves to 9 x 7, 5 x 4, 3 x 2: the way up must follow
# the skips' sizes instead of doubling.
UNET_CASES = [
    ("square", 2, 16, 16, [981, 501, 1], 100),
    ("wide", 1, 16, 24, [741], 101),
    ("tall", 1, 24, 16, [261], 102),
    ("odd", 1, 17, 13, [901, 21], 103),
]


def unet_step(model, folder):
    """For each case `<name>.latents` [b, 4, h, w], `<name>.context` [b, 77, 128], and `<name>.<timestep>` the output."""
    pipe = pipeline(model)
    out, index = {}, []
    for name, batch, height, width, timesteps, seed in UNET_CASES:
        prompts = ["", "a red car"][2 - batch :]
        latents = noise(seed, (batch, 4, height, width))
        context = embed(pipe, prompts)
        out |= {f"{name}.latents": latents, f"{name}.context": context}
        for t in timesteps:
            out[f"{name}.{t}"] = pipe.unet(latents, t, context).sample
        index.append({"name": name, "prompts": prompts, "timesteps": timesteps, "seed": seed})
    save(folder / "unet_step.safetensors", out)
    save_json(folder / "unet_step.json", index)


def unet_blocks(model, folder):
    """The case `square` at timestep 981 after every resnet, transformer, sampler and block; not committed."""
    pipe = pipeline(model)
    name, batch, height, width, timesteps, seed = UNET_CASES[0]
    kept = {}

    def keep(path):
        def hook(_, __, result):
            first = result
            while isinstance(first, tuple):
                first = first[0]
            kept[path] = getattr(first, "sample", first).clone()

        return hook

    leaves = ("resnets", "attentions", "downsamplers", "upsamplers", "transformer_blocks", "attn1", "attn2", "ff")
    tops = ("conv_in", "time_embedding", "conv_norm_out", "conv_out")
    handles = []
    for path, module in pipe.unet.named_modules():
        parts = path.split(".")
        stage = parts[-2:-1] + parts[-1:]
        if path in tops or any(p in leaves + ("down_blocks", "up_blocks", "mid_block") for p in stage):
            handles.append(module.register_forward_hook(keep(path)))
    latents = noise(seed, (batch, 4, height, width))
    pipe.unet(latents, timesteps[0], embed(pipe, ["", "a red car"]))
    for handle in handles:
        handle.remove()
    folder.mkdir(parents=True, exist_ok=True)
    save(folder / "unet_blocks.safetensors", kept)
    print(f"{folder / 'unet_blocks.safetensors'}: {len(kept)} activations")


def test_picture(height, width):
    """A picture of ramps, stripes and a disc, `[1, 3, height, width]` in -1...1, a whole number of 255ths."""
    y = torch.linspace(0, 1, height).view(-1, 1).expand(height, width)
    x = torch.linspace(0, 1, width).expand(height, width)
    disc = ((y - 0.5) ** 2 + (x - 0.4) ** 2 < 0.09).float()
    stripes = ((torch.arange(width) // 8) % 2).float().expand(height, width)
    rgb = torch.stack([0.2 + 0.8 * x * (1 - disc), 0.9 * y, 0.3 * stripes + 0.6 * disc])
    return ((rgb * 255).round() / 127.5 - 1)[None]


def vae(model, folder):
    """`<name>.picture` -> `<name>.mean`, `<name>.logvar`; `<name>.latents` (diffusers' scale) -> `<name>.decoded`."""
    pipe = pipeline(model)
    out = {}
    for name, height, width, prompt in [("square", 128, 128, "a red car"), ("tall", 96, 64, "a blue house")]:
        picture = test_picture(height, width)
        posterior = pipe.vae.encode(picture).latent_dist
        # Latents as a generation leaves them: the encoder's, plus a little noise.
        latents = posterior.mean * pipe.vae.config.scaling_factor + 0.1 * noise(7, posterior.mean.shape)
        decoded = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
        out |= {
            f"{name}.picture": picture,
            f"{name}.mean": posterior.mean,
            f"{name}.logvar": posterior.logvar,
            f"{name}.latents": latents,
            f"{name}.decoded": decoded,
        }
    save(folder / "vae.safetensors", out)
