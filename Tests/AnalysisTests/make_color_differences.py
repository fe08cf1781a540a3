"""Writes color_differences.json: CIELAB and CIEDE2000 of random pictures by scikit-image.

    python Tests/AnalysisTests/make_color_differences.py
"""

import json
import pathlib

import numpy
import skimage
from skimage.color import deltaE_ciede2000, rgb2lab

generator = numpy.random.default_rng(2005)
WIDTH, HEIGHT = 9, 7


def case(name, a, b):
    lab = rgb2lab(a), rgb2lab(b)
    mask = generator.random((HEIGHT, WIDTH)) < 0.4
    differences = deltaE_ciede2000(*lab)
    return {
        "name": name, "a": a.ravel().tolist(), "b": b.ravel().tolist(), "lab_a": lab[0].ravel().tolist(),
        "differences": differences.ravel().tolist(), "mask": mask.ravel().tolist(),
        "inside": float(differences[mask].mean()), "outside": float(differences[~mask].mean()),
    }


random = lambda low, high: generator.integers(low, high, (HEIGHT, WIDTH, 3), dtype=numpy.uint8)
first, grey = random(0, 256), numpy.repeat(random(0, 256)[..., :1], 3, axis=2)
near = numpy.clip(first.astype(int) + generator.integers(-4, 5, first.shape), 0, 255).astype(numpy.uint8)
cases = [
    case("random", first, random(0, 256)), case("near", first, near), case("dark", random(0, 24), random(0, 24)),
    case("grey and colour", grey, random(0, 256)),
]
document = {"scikit_image": skimage.__version__, "width": WIDTH, "height": HEIGHT, "cases": cases}
path = pathlib.Path(__file__).parent / "color_differences.json"
path.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
print(path, path.stat().st_size, "bytes")
