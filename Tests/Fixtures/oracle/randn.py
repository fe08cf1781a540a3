"""torch.randn of the CPU generator."""
import torch

from .files import save, save_json

SEEDS = [0, 1, 42, 2**32 - 1, 2**32, 2**32 + 7, 2**63 - 1]
SHAPES = [[0], [1], [2], [3], [7], [15], [16], [17], [31], [32], [33], [100], [1024], [1, 4, 16, 16], [1, 4, 64, 64]]
# One generator, one call after the other: a second value kept from an odd number below 16 waits through a larger call.
SEQUENCE = [[3], [16], [4], [1], [17], [15], [1], [2, 8], [1, 4, 16, 16], [5]]


def make(_, folder):
    """`<seed>.<sizes joined by x>` from a fresh generator, `<seed>.sequence.<n>` from one that goes on."""
    out, index = {}, []
    for seed in SEEDS:
        shapes = [s for s in SHAPES if seed == 42 or s != [1, 4, 64, 64]]
        for shape in shapes:
            name = f"{seed}.{'x'.join(map(str, shape))}"
            out[name] = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))
        generator = torch.Generator("cpu").manual_seed(seed)
        for n, shape in enumerate(SEQUENCE):
            out[f"{seed}.sequence.{n}"] = torch.randn(shape, generator=generator)
        index.append({"seed": seed, "shapes": shapes, "sequence": SEQUENCE})
    save(folder / "randn.safetensors", out)
    save_json(folder / "randn.json", index, compact=True)
