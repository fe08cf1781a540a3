"""Writes map_views.safetensors and map_views.json: what views of attention maps come to by PyTorch, NumPy and SciPy.

    python Tests/AnalysisTests/make_map_views.py

Maps of the bundled model are those of Tests/Fixtures/maps.safetensors; random ones, on grids that are not square, are in
the file itself. Every expectation is written from its definition, in double precision.
"""

import json
import pathlib

import numpy
import scipy
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from safetensors.torch import load_file
from scipy.spatial.distance import cdist, jensenshannon
from scipy.stats import entropy

here = pathlib.Path(__file__).parent
torch.manual_seed(20241122)
tensors, document = {}, {}


def daam(maps, words, size, from_means):
    """DAAM: `maps` has `[heads, height, width, keys]` for each (layer, step); the mean over layers and heads of sums over
    steps, and over the keys of a word.

    A record of means has the mean over heads in place of the heads, which counts as often as there are heads.
    """
    total, count = 0, 0
    for layer in sorted({layer for layer, _ in maps}):
        over_steps = sum(value.double() for (other, _), value in sorted(maps.items()) if other == layer)
        heads = over_steps.shape[0]
        if from_means:
            over_steps = over_steps.mean(0, keepdim=True)
        upsampled = F.interpolate(over_steps.permute(0, 3, 1, 2), size=size, mode="bicubic", align_corners=False)
        total = total + upsampled.clamp(min=0).sum(0) * (heads if from_means else 1)
        count += heads
    return torch.stack([total[keys].mean(0) for keys in words]) / count


def unclamped(maps, words, size):
    """The paper's formula: every map interpolated by itself, nothing clamped, all summed; the keys of a word too."""
    result = torch.zeros(len(words), *size, dtype=torch.float64)
    for value in maps.values():
        words_of_heads = torch.stack([value.double()[..., keys].sum(-1) for keys in words], dim=1)
        result += F.interpolate(words_of_heads, size=size, mode="bicubic", align_corners=False).sum(0)
    return result


# Word heat maps.
recorded = load_file(here.parent / "Fixtures" / "maps.safetensors")
sides = {1: 16, 7: 2, 12: 8}
real = {}
for name, value in recorded.items():
    step, kind, layer = name.split(".")
    if kind == "cross":
        side = sides[int(layer)]
        real[int(layer), int(step)] = value.reshape(value.shape[0], side, side, -1)
random = {}
for layer, (height, width, heads) in {1: (12, 20, 2), 2: (6, 10, 2), 3: (3, 5, 3), 4: (2, 3, 3)}.items():
    for step in (0, 3):
        value = torch.softmax(3 * torch.randn(heads, height, width, 7), dim=-1)
        random[layer, step] = value
        tensors[f"random.{layer}.{step}"] = value.numpy()
for name, maps, words, size in (
    ("real", real, [[1], [2], [3], [2, 3]], (16, 16)), ("random", random, [[2], [5, 6]], (12, 20)),
):
    for from_means in (False, True):
        expected = daam(maps, words, size, from_means)
        tensors[f"daam.{name}.{'means' if from_means else 'heads'}"] = expected.float().numpy()
        tensors[f"daam.{name}.unclamped"] = unclamped(maps, words, size).float().numpy()
for index, (old, new) in enumerate((((3, 5), (12, 20)), ((2, 2), (16, 16)), ((4, 7), (5, 7)), ((1, 3), (4, 4)), ((6, 6), (4, 9)))):
    value = torch.randn(1, 1, *old, dtype=torch.float64)
    tensors[f"bicubic.{index}.from"] = value[0, 0].float().numpy()
    resized = F.interpolate(value.float().double(), size=new, mode="bicubic", align_corners=False)
    tensors[f"bicubic.{index}.to"] = resized[0, 0].float().numpy()


# Numbers of a site at a step: heads of a map on a grid of 6 x 10 cells, whose rows do not sum to 1.
height, width = 6, 10
cells = numpy.stack(numpy.meshgrid(range(height), range(width), indexing="ij"), -1).reshape(-1, 2).astype(float)
diagonal = numpy.hypot(height, width)


def layout(seed, sharpness):
    """Heads that look near themselves, each at another distance."""
    generator = numpy.random.default_rng(seed)
    scores = -cdist(cells, cells)[None] * numpy.array([0.3, 0.8, 1.5])[:, None, None] * sharpness
    scores += generator.normal(0, 1, scores.shape)
    p = numpy.exp(scores)
    p /= p.sum(-1, keepdims=True)
    return (p * generator.uniform(0.4, 1.1, p.shape[:2])[..., None]).astype(numpy.float32)


heads, other = layout(1, 1.0), layout(2, 0.6)
heads[1, 17] = 0  # A query that has no attention in one head counts nowhere.
tensors["layout.heads"], tensors["layout.other"] = heads, other
word = numpy.exp(-cdist(cells, [[1.5, 6.0]])[:, 0] / 2).astype(numpy.float32)
changed = numpy.exp(-cdist(cells, [[3.0, 4.0]])[:, 0] / 3).astype(numpy.float32)
tensors["word"], tensors["word.other"] = word.reshape(height, width), changed.reshape(height, width)


def normalised(values):
    with numpy.errstate(invalid="ignore"):
        return values.astype(float) / values.astype(float).sum(-1, keepdims=True)


def mean_rows(values):
    """Rows of the mean over heads; without queries of which a head has none."""
    rows = normalised(values).mean(0)
    return rows, ~numpy.isnan(rows).any(-1)


rows, kept = mean_rows(heads)
other_rows, other_kept = mean_rows(other)
both = kept & other_kept
weights = word.astype(float) / word.astype(float).sum()
centroid = (weights[:, None] * cells).sum(0)
document["layout"] = {
    "entropy": entropy(rows[kept], axis=-1).mean(),
    "head_entropy": numpy.mean([entropy(normalised(head)[kept], axis=-1).mean() for head in heads]),
    "distance": (rows[kept] * cdist(cells, cells)[kept]).sum(-1).mean() / diagonal,
    "uniform_distance": cdist(cells, cells).mean() / diagonal,
    "total_variation": numpy.abs(rows - other_rows)[both].sum(-1).mean() / 2,
    "jensen_shannon": (jensenshannon(rows[both], other_rows[both], axis=-1) ** 2).mean(),
}
document["layout"]["head_divergence"] = document["layout"]["entropy"] - document["layout"]["head_entropy"]
document["word"] = {
    "spread": numpy.sqrt((weights * ((cells - centroid) ** 2).sum(-1)).sum()) / diagonal,
    "uniform_spread": numpy.sqrt(((cells - cells.mean(0)) ** 2).sum(-1).mean()) / diagonal,
    "total_variation": numpy.abs(weights - changed.astype(float) / changed.astype(float).sum()).sum() / 2,
    "jensen_shannon": jensenshannon(weights, changed.astype(float)) ** 2,
}

# Principal components: queries by the keys of all heads side by side.
document["components"] = {}
for name, values in (
    ("layout", other), ("real", recorded["10.self.5"].numpy()), ("few", recorded["0.self.7"].numpy()),
):
    matrix = numpy.concatenate(list(values), axis=-1).astype(float)
    matrix -= matrix.mean(0)
    u, s, _ = numpy.linalg.svd(matrix, full_matrices=False)
    tensors[f"components.{name}"] = numpy.ascontiguousarray((u * s)[:, :3].T).astype(numpy.float32)
    document["components"][name] = (s[:3] ** 2 / (s**2).sum()).tolist()

document["made_with"] = f"torch {torch.__version__}, numpy {numpy.__version__}, scipy {scipy.__version__}"
save_file(tensors, here / "map_views.safetensors")
(here / "map_views.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
print((here / "map_views.safetensors").stat().st_size, "bytes;", json.dumps(document))
