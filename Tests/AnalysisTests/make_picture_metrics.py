"""Writes picture_metrics.json: PSNR and SSIM of pairs of Tests/Fixtures/pictures by scikit-image.

    python Tests/AnalysisTests/make_picture_metrics.py
"""

import itertools
import json
import pathlib

import numpy
import skimage
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

here = pathlib.Path(__file__).parent
pictures = here.parent / "Fixtures" / "pictures"
names = ["colour-0", "colour-1", "animal-0", "place-0", "place-42"]
read = lambda name: numpy.asarray(Image.open(pictures / f"{name}.png").convert("RGB"))
pairs = [
    {
        "a": a,
        "b": b,
        "psnr": float(peak_signal_noise_ratio(read(a), read(b), data_range=255)),
        "ssim": float(
            structural_similarity(
                read(a), read(b), gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255,
                channel_axis=-1,
            )
        ),
    }
    for a, b in itertools.combinations(names, 2)
]
result = {"scikit_image": skimage.__version__, "pairs": pairs}
(here / "picture_metrics.json").write_text(json.dumps(result, indent=1) + "\n")
