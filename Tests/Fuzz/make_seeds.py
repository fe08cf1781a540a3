"""Writes Tests/Fuzz/Seeds: small inputs that each take a reader deep, for libFuzzer to begin with.

    python3 Tests/Fuzz/make_seeds.py

An input's first bytes choose how the rest is read: the comments of Tests/Fuzz/Targets say how, for each target. Needs
nothing but Python; the same files come out every time.
"""

import json
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "Tests/Fixtures/tiny-sd2"
SEEDS = ROOT / "Tests/Fuzz/Seeds"


def write(target, name, *parts):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    encoded = [part.encode() if isinstance(part, str) else bytes(part) for part in parts]
    (folder / name).write_bytes(b"".join(encoded))


def counted(count, factor):
    """Bytes that differ from one another, for the choices of a grammar."""
    return bytes((index * factor + index // 7) % 256 for index in range(count))


def safetensors():
    entry = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    header = {"__metadata__": {"format": "pt"}, "a.weight": entry}
    text = json.dumps(header)
    write("safetensors", "file", [0], len(text).to_bytes(8, "little"), text, bytes(24))
    header["b"] = {"dtype": "BF16", "shape": [], "data_offsets": [24, 26]}
    header["é"] = {"dtype": "I64", "shape": [1], "data_offsets": [26, 34]}
    header["none"] = {"dtype": "U8", "shape": [0, 7], "data_offsets": [34, 34]}
    write("safetensors", "header", [1], json.dumps(header, ensure_ascii=False), [0], bytes(range(34)))
    write("safetensors", "escapes", [1], r'{"\u00e9\ud83e\udd8a\n":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}} ', [0, 1, 2])
    for factor in (1, 3, 7, 31):
        write("safetensors", f"grammar-{factor}", [2], counted(96, factor))


def experiment():
    for name in ("first-look",):
        text = (ROOT / f"Experiments/{name}/experiment.yaml").read_text()
        write("experiment", name, [0], text, [0], "generate.seeds=[1, 2]\ninterventions.\"none\"=[]\nrecord.0.pool=4")
    write(
        "experiment", "every-key", [0],
        """version: 1
name: every-key
question: "What & why? \\u00e9"
model: ../model
generate:
  pairs:
    - { source: "a red car", target: "a blue car" }
    - { template: "a {colour} {thing}", lists: { colour: [red, blue], thing: [car, cup] }, source: { colour: blue } }
    - { file: pairs.json, limit: 1 }
  prompts: ["", { template: "{x}", lists: { x: [a, b] } }]
  seeds: [1, 18446744073709551615]
  num_inference_steps: 10
  guidance_scale: 1.0e-3
  negative_prompt: "x"
  scheduler: dpm++
  height: 64
  width: null
  precision: fp32
record:
  - { name: words, sites: "cross:*", tokens: [car, "<start>", 3, "car#2"], heads: all, steps: [0, 3], dtype: fp16 }
  - { name: layout, sites: "self:grid<=1/2 + cross:2,3-4", steps: { from: 0, to: 9, every: 3 }, pool: 8, branch: both }
interventions:
  none: []
  a b: [{ op: replace, part: mass, sites: "self:4-14", steps: { fraction: [0, 0.8] }, renormalize: true }]
  mix: [{ op: mix, strength: 0.25, sites: "*:down" }, { op: scale, factor: -3, sites: "cross:*", words: [car] }]
  blur: [{ op: blur, sigma: 2, sites: "self:res<=16", of: scores }, { op: shuffle, seed: 3, sites: "*:*", heads: [0, 1] }]
metrics: [psnr, ssim]
figures: [side_by_side, word_heatmaps]
budget: { disk: 1.5 GiB }
""")
    write(
        "experiment", "sweeps", [0],
        """version: 1
name: sweeps
model: emoji-scenes
generate:
  pairs: [{ source: "a red car", target: "a blue car" }]
  seeds: [1]
  sweep: { guidance_scale: [1, 2.5], scheduler: { a: ddim, b: euler } }
  scheduler_settings: { timestep_spacing: trailing }
  batch: 8
predicted_clean: { from: 0, to: 9, every: 3 }
interventions:
  layers: { sweep: { layers: { window: 3, of: 1-16, every: 2 } }, operations: [{ op: zero, sites: "self:*" }] }
  strength: { sweep: { 0.strength: [0.1, 0.9], 1.steps: [{ from: 0, to: 3 }] }, operations: [
    { op: mix, sites: "self:*" }, { op: uniform, sites: "*:*" }] }
  seed: [{ op: replace, sites: "cross:*", source_seed: 7 }]
  mean: [{ op: dataset_mean, sites: "self:4", prompts: [{ template: "{x}", lists: { x: [a, b] } }], seeds: [1, 2] }]
""")
    pairs = [{"soure_prompt": "a", "edit_prompt": "b"}, {"source_prompt": "\u00e9\U0001f98a", "edit_prompt": ""}]
    write("experiment", "pairs", [2], json.dumps(pairs))
    write("experiment", "pairs-picture", [2], '[{"image_name": "x.png", "soure_prompt": null, "edit_prompt": 1e400}]')
    for factor in (1, 3, 7, 11, 31, 59):
        write("experiment", f"grammar-{factor}", [1], counted(160, factor))


def tokenizer():
    for name, prompt in {
        "plain": "a red car on the beach",
        "signs": "Don't! <|endoftext|> 12 caf\u00e9 cafe\u0301 \U0001f98a\u200d \u1100\u1161\u11a8 \u0130",
        "long": "anaconda " * 100,
    }.items():
        write("tokenizer", name, [0], prompt)
    vocabulary = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a": 2, "b": 3, "a</w>": 4, "b</w>": 5, "ab": 6, "ab</w>": 7}
    merges = "#version: 0.2\na b\na b</w>\n"
    special = {"bos_token": {"content": "<|startoftext|>", "normalized": True}, "pad_token": "!"}
    config = {"model_max_length": 8, "added_tokens_decoder": {"8": {"content": "!", "special": True}}}
    write(
        "tokenizer", "files", [1], "abab a b", [0], json.dumps(vocabulary), [0], merges, [0], json.dumps(special), [0],
        "", [0], json.dumps({"!": 8}), [0])
    whole = {"model": {"type": "BPE", "vocab": vocabulary, "merges": [["a", "b"], "a b</w>"]}}
    whole["added_tokens"] = [{"id": 8, "content": "!", "special": True}]
    write("tokenizer", "one-file", [1], "abab!", [0, 0, 0, 0], json.dumps(config), [0, 0], json.dumps(whole), [0])
    for factor in (1, 3, 7, 31):
        write("tokenizer", f"grammar-{factor}", [2], counted(120, factor))


def config():
    files = ["unet/config.json", "vae/config.json", "text_encoder/config.json", "scheduler/scheduler_config.json"]
    for part, name in enumerate(files):
        text = json.dumps(json.loads((TINY / name).read_text()))
        write("config", name.split("/")[0], [part, 0], text)
        for factor in (3, 31):
            write("config", f"{name.split('/')[0]}-grammar-{factor}", [part, 1], counted(12, factor))
    for part, name in enumerate([
        "Tests/Fixtures/vision/tiny-clip-vision/config.json", "Sources/Pipelines/Models/emoji-scenes/clip/config.json",
        "Tests/Fixtures/vision/tiny-dino/preprocessor_config.json",
    ]):
        seed = ["vision", "clip", "preprocessor"][part]
        write("config", seed, [4 + part, 0], json.dumps(json.loads((ROOT / name).read_text())))
        for factor in (3, 31):
            write("config", f"{seed}-grammar-{factor}", [4 + part, 1], counted(12, factor))
    # Each scheduler with what it alone has: changes are a place, a kind and a value.
    write("config", "karras", [3, 0], '{"use_karras_sigmas": true, "beta_schedule": "squaredcos_cap_v2", "solver_order": 1}')
    write("config", "zero-snr", [3, 0], '{"rescale_betas_zero_snr": true, "prediction_type": "v_prediction", '
          '"timestep_spacing": "trailing", "lambda_min_clipped": -5.1}')
    write("config", "trained", [3, 0], '{"num_train_timesteps": 3, "trained_betas": [0.1, 0.2, 0.3], "skip_prk_steps": true}')


def database():
    for command, factor in enumerate((1, 3, 7, 31, 59, 101, 127, 151, 211)):
        write("database", f"patches-{factor}", [command, 0], counted(24, factor))
        write("database", f"values-{factor}", [command, 1], counted(40, factor))


shutil.rmtree(SEEDS, ignore_errors=True)
for make in (safetensors, experiment, tokenizer, config, database):
    make()
sizes = [path.stat().st_size for path in SEEDS.rglob("*") if path.is_file()]
print(f"{len(sizes)} seeds, {sum(sizes)} bytes")
