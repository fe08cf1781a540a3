"""Vision encoders with random weights, tiny, in transformers' folder layout, and what they make of pictures."""
import shutil

import torch
from PIL import Image
from safetensors.torch import save_file
from diffusers.models.resnet import ResnetBlock2D
from transformers import (
    CLIPImageProcessor, CLIPModel, CLIPTokenizer, CLIPVisionConfig, CLIPVisionModel, ViTConfig, ViTModel,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from .files import noise, save, save_json
from .random_models import randomize

TINY = dict(
    hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, image_size=32, patch_size=8,
)


def save_model(model, folder):
    """Writes fp16 and gives the model back in fp32 with the same values."""
    model.half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    return model.float()


def towers(_, folder):
    """`vision/tiny-clip-vision` and `vision/tiny-dino`, and `vision/towers.safetensors`.

    Of pixels [2, 3, h, w], torch's normal values of seed h, `<family>.<h>x<w>` has `.states`, before the last norm,
    `.pooled`, the class token's after it, and `.keys.<layer>`. Other sizes than 32 have interpolated positions; 41
    columns do not fill the patches.
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


TEXTS = [
    "a red car",
    "a blue car",
    "A yellow DUCK and a blue umbrella on the beach!",
    "",
    "a horse " * 60,
    "two dogs <|endoftext|> and what is not read",
]
NAMES = ["car", "horse", "fish", "house"]
TEMPLATE = "a photo of a {}"
# Pictures of the generations, at their own size, and parts of them at sizes that are resized.
PICTURES = [f"pictures/{name}" for name in ["two-0", "two-1", "colour-0", "animal-0"]] + [
    "vision/200x130", "vision/40x64",
]
CHANGES = [(0, 1, 0, 1), (2, 3, 0, 2), (3, 4, 1, 2), (5, 0, 2, 4)]


def pictures(folder):
    """Makes `vision/*.png` and opens all of PICTURES."""
    base = Image.open(folder / "pictures/two-42.png").convert("RGB")
    base.resize((200, 130), Image.Resampling.BICUBIC).save(folder / "vision/200x130.png")
    base.crop((30, 20, 70, 84)).save(folder / "vision/40x64.png")
    return [Image.open(folder / f"{name}.png").convert("RGB") for name in PICTURES]


def clip(model, folder):
    """`vision/clip.safetensors` and `.json`: the bundled CLIP from PNG and text to embeddings, scores and names."""
    source = model / "clip"
    net = CLIPModel.from_pretrained(source, dtype=torch.float32).float().eval()
    tokenizer = CLIPTokenizer.from_pretrained(source)
    # The processor with Pillow; transformers' default resizes with torchvision.
    processor = CLIPImageProcessorPil.from_pretrained(source)
    shown = pictures(folder)
    pixels = processor(shown, return_tensors="pt").pixel_values
    numbers = tokenizer(TEXTS, padding="max_length", truncation=True, return_tensors="pt").input_ids
    result = net(input_ids=numbers, pixel_values=pixels)
    images, texts = result.image_embeds, result.text_embeds
    named = net(
        input_ids=tokenizer(
            [TEMPLATE.replace("{}", name) for name in NAMES], padding="max_length", truncation=True, return_tensors="pt"
        ).input_ids,
        pixel_values=pixels,
    ).logits_per_image.softmax(1)
    directions = [
        torch.cosine_similarity(images[b] - images[a], texts[d] - texts[c], dim=0).item() for a, b, c, d in CHANGES
    ]
    default = CLIPImageProcessor.from_pretrained(source)(shown, return_tensors="pt").pixel_values
    print("  pixels of the default processor differ by", (default - pixels).abs().amax((1, 2, 3)).tolist())
    save(folder / "vision/clip.safetensors", {
        "pictures": images, "texts": texts, "scores": images @ texts.T, "directions": torch.tensor(directions),
        "names": named,
    })
    save_json(folder / "vision/clip.json", {
        "pictures": PICTURES, "texts": TEXTS, "names": NAMES, "template": TEMPLATE, "changes": CHANGES,
    })


# Settings beside the class's own, and the class; all at sizes that keep the file small.
PREPROCESSING = {
    "clip": (CLIPImageProcessorPil, dict(size={"shortest_edge": 20}, crop_size={"height": 20, "width": 20})),
    "clip-old-numbers": (CLIPImageProcessorPil, dict(size=21, crop_size=20)),
    "clip-bilinear": (CLIPImageProcessorPil, dict(size={"height": 22, "width": 13}, resample=2, do_center_crop=False)),
    "clip-crop-alone": (CLIPImageProcessorPil, dict(do_resize=False, crop_size={"height": 9, "width": 33})),
    "clip-crop-beyond": (CLIPImageProcessorPil, dict(size=16, crop_size={"height": 25, "width": 20})),
    "clip-bytes": (CLIPImageProcessorPil, dict(size=15, crop_size=15, do_rescale=False, do_normalize=False)),
    "clip-bytes-normalised": (CLIPImageProcessorPil, dict(size=15, crop_size=15, do_rescale=False)),
    "vit": (ViTImageProcessorPil, dict(size={"height": 18, "width": 18})),
    "vit-old-number": (
        ViTImageProcessorPil, dict(size=19, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]),
    ),
    "vit-bicubic-up": (ViTImageProcessorPil, dict(size={"height": 25, "width": 50}, resample=3)),
    "vit-plain": (ViTImageProcessorPil, dict(size=12, do_normalize=False, rescale_factor=0.5)),
}


def preprocessing(_, folder):
    """`vision/preprocessing.safetensors`: `<case>.<picture>` [h, w, 3]; the settings are in `preprocessing.json`."""
    shown = {name: picture for name, picture in zip(PICTURES, pictures(folder))}
    out, settings = {}, {}
    for case, (processor, own) in PREPROCESSING.items():
        kind = processor.__name__.removesuffix("Pil")
        old = kind.replace("ImageProcessor", "FeatureExtractor")
        settings[case] = ({"feature_extractor_type": old} if "old" in case else {"image_processor_type": kind}) | own
        for name in [PICTURES[0], *PICTURES[-2:]]:
            pixels = processor(**own)(shown[name], return_tensors="pt").pixel_values[0]
            out[f"{case}.{name}"] = pixels.permute(1, 2, 0)
    save(folder / "vision/preprocessing.safetensors", out)
    save_json(folder / "vision/preprocessing.json", settings)


def self_similarity(keys):
    """Cosines between the keys of all tokens, as the code of Splicing ViT Features has it; keys [1, tokens, width]."""
    keys = keys[0]
    lengths = keys.norm(dim=1, keepdim=True)
    return keys @ keys.T / torch.clamp(lengths @ lengths.T, min=1e-8)


def structure(model, folder):
    """`vision/structure.safetensors`: by `tiny-dino` and by the bundled CLIP's tower, `<model>.distances` of PAIRS, and
    `dino.similarity` of the first picture."""
    shown = pictures(folder)
    dino = ViTModel.from_pretrained(folder / "vision/tiny-dino", dtype=torch.float32).float().eval()
    clip = CLIPModel.from_pretrained(model / "clip", dtype=torch.float32).float().eval().vision_model
    # Twice the size that tiny-dino's positions were learnt for.
    size = dict(size={"height": 64, "width": 64}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])
    dino_processor = ViTImageProcessorPil(**size)
    dino_processor.save_pretrained(folder / "vision/tiny-dino")
    out = {}
    for name, net, last, processor in [
        ("dino", dino, dino.layers[-1].attention.k_proj, dino_processor),
        ("clip", clip, clip.encoder.layers[-1].self_attn.k_proj, CLIPImageProcessorPil.from_pretrained(model / "clip")),
    ]:
        kept = []
        handle = last.register_forward_hook(lambda _, __, keys: kept.append(self_similarity(keys)))
        for picture in shown:
            net(processor(picture, return_tensors="pt").pixel_values, interpolate_pos_encoding=True)
        handle.remove()
        if name == "dino":
            out[f"{name}.similarity"] = kept[0]
        out[f"{name}.distances"] = torch.stack([((kept[a] - kept[b]) ** 2).mean() for a, b in PAIRS])
    save(folder / "vision/structure.safetensors", out)


# Of PICTURES.
PAIRS = [(0, 1), (2, 3), (4, 5), (1, 4), (3, 3)]


class SceneReader(torch.nn.Module):
    """A tower with answers for each patch and for the picture, as `Experiments/emoji-scenes/recipe/judge.py` has it."""

    def __init__(self, words):
        super().__init__()
        self.vision_model = CLIPVisionModel(CLIPVisionConfig(**TINY))
        of_patch = len(words["objects"]) + len(words["colors"]) + len(words["facings"]) + TINY["patch_size"] ** 2
        self.patch_norm = torch.nn.LayerNorm(TINY["hidden_size"])
        self.patch_head = torch.nn.Linear(TINY["hidden_size"], of_patch)
        self.picture_head = torch.nn.Linear(TINY["hidden_size"], len(words["backgrounds"]) + len(words["styles"]))

    def forward(self, pixels):
        tower = self.vision_model
        states = tower.encoder(inputs_embeds=tower.pre_layrnorm(tower.embeddings(pixels))).last_hidden_state
        patches = self.patch_head(self.patch_norm(states[:, 1:]))
        return patches, self.picture_head(tower.post_layernorm(states[:, 0]))


WORDS = {
    "objects": ["none", "car", "dog"],
    "colors": ["none", "red", "blue", "white", "black"],
    "facings": ["left", "right", "front"],
    "backgrounds": ["plain", "red", "blue", "white", "black", "in the park", "in the snow", "at night"],
    "styles": ["plain", "pencil", "silhouette"],
    "style_phrases": ["", "a pencil sketch of", "a silhouette of"],
    "prefixes": ["a photo of"],
    "held_out": ["red dog"],
}


def scene_reader(_, folder):
    """`vision/tiny-scene-reader`, and `vision/scene_reader.safetensors`: of PICTURES, in their order, `patches` and
    `pictures`, the logits."""
    shown = pictures(folder)
    reader = randomize(SceneReader(WORDS), 23).half().float()
    target = folder / "vision/tiny-scene-reader"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    weights = {name: value.half() for name, value in reader.state_dict().items() if not name.endswith("position_ids")}
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    (target / "model.safetensors").chmod(0o644)
    save_json(target / "config.json", CLIPVisionConfig(**TINY).to_diff_dict() | {"model_type": "clip_vision_model"} | WORDS)
    side = {"height": TINY["image_size"], "width": TINY["image_size"]}
    processor = CLIPImageProcessorPil(
        size=side, crop_size=side, do_center_crop=False, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    processor.save_pretrained(target)
    patches, whole = reader(processor(shown, return_tensors="pt").pixel_values)
    save(folder / "vision/scene_reader.safetensors", {"patches": patches, "pictures": whole})


class ConvolutionReader(torch.nn.Module):
    """Halvings with residual blocks, as `Experiments/emoji-scenes/recipe/second_reader.py` has it."""

    def __init__(self, words, channels, blocks, groups):
        super().__init__()

        def block(width):
            return ResnetBlock2D(in_channels=width, out_channels=width, temb_channels=None, groups=groups)

        self.halvings = torch.nn.ModuleList(
            torch.nn.Conv2d(before, width, 3, stride=2, padding=1) for before, width in zip((3, *channels), channels))
        self.levels = torch.nn.ModuleList(
            torch.nn.ModuleList(block(width) for _ in range(count)) for width, count in zip(channels, blocks))
        self.context = torch.nn.Conv2d(channels[-1], channels[-2], 1)
        self.joined = block(channels[-2])
        patch = 2 ** (len(channels) - 1)
        of_patch = len(words["objects"]) + len(words["colors"]) + len(words["facings"]) + patch**2
        self.patch_norm = torch.nn.GroupNorm(groups, channels[-2], eps=1e-6)
        self.patch_head = torch.nn.Linear(channels[-2], of_patch)
        self.picture_norm = torch.nn.GroupNorm(groups, channels[-1], eps=1e-6)
        self.picture_head = torch.nn.Linear(channels[-1], len(words["backgrounds"]) + len(words["styles"]))

    def forward(self, pixels):
        answering = seen = pixels
        for halving, blocks in zip(self.halvings, self.levels):
            answering, seen = seen, halving(seen)
            for block in blocks:
                seen = block(seen, None)
        larger = torch.nn.functional.interpolate(self.context(seen), scale_factor=2.0, mode="nearest")
        cells = torch.nn.functional.silu(self.patch_norm(self.joined(answering + larger, None)))
        whole = torch.nn.functional.silu(self.picture_norm(seen)).mean((2, 3))
        return self.patch_head(cells.flatten(2).transpose(1, 2)), self.picture_head(whole)


CONVOLUTIONS = dict(channels=[8, 12, 16], blocks=[1, 0, 2], groups=4)


def convolution_reader(_, folder):
    """`vision/tiny-convolution-reader`, and `vision/convolution_reader.safetensors`: as of `scene_reader`."""
    shown = pictures(folder)
    words = WORDS | {"objects": [*WORDS["objects"], "something else"]}
    reader = randomize(ConvolutionReader(words, **CONVOLUTIONS), 24).half().float()
    target = folder / "vision/tiny-convolution-reader"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    save_file({name: value.half() for name, value in reader.state_dict().items()}, target / "model.safetensors",
              metadata={"format": "pt"})
    (target / "model.safetensors").chmod(0o644)
    save_json(target / "config.json", {
        "model_type": "convolutional_scene_reader", "image_size": 32, "patch_size": 4,
        "block_out_channels": CONVOLUTIONS["channels"], "blocks": CONVOLUTIONS["blocks"],
        "norm_num_groups": CONVOLUTIONS["groups"]} | words)
    side = {"height": 32, "width": 32}
    processor = CLIPImageProcessorPil(
        size=side, crop_size=side, do_center_crop=False, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    processor.save_pretrained(target)
    patches, whole = reader(processor(shown, return_tensors="pt").pixel_values)
    save(folder / "vision/convolution_reader.safetensors", {"patches": patches, "pictures": whole})
