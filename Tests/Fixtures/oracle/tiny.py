"""The committed model folders with random weights: tiny-sd2 and tiny-sd1-old-names."""
from .random_models import make_tiny_old_vae, make_tiny_sd2


def make(model, folder):
    make_tiny_sd2(model, folder / "tiny-sd2")
    make_tiny_old_vae(model, folder / "tiny-sd1-old-names")
