"""Writes network.json: the paper's network after 50 steps of Adam in PyTorch, from the first weights that Swift draws.

    python Tests/ProbingTests/make_network.py
"""

import json
import pathlib

import numpy
import torch

from splitmix import SplitMix64

INPUTS, CLASSES, SAMPLES, BATCH, PASSES, RATE, SEED = 24, 4, 40, 8, 10, 1e-3, 11
generator = numpy.random.default_rng(20261128)
labels = numpy.arange(SAMPLES) % CLASSES
patterns = generator.normal(0, 0.5, (CLASSES, INPUTS))
features = numpy.round(generator.normal(0, 1, (SAMPLES, INPUTS)) + patterns[labels], 3).astype(numpy.float32)


def train(dropout):
    random = SplitMix64(SEED)
    hidden = max(INPUTS // 8, 2048)
    network = torch.nn.Sequential(torch.nn.Linear(INPUTS, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, CLASSES))
    for layer in (network[0], network[2]):
        for parameter in (layer.weight, layer.bias):
            values = (2 * random.uniform(parameter.numel()) - 1) / numpy.sqrt(layer.in_features)
            parameter.data = torch.tensor(values.astype(numpy.float32)).reshape(parameter.shape)
    adam = torch.optim.Adam(network.parameters(), lr=RATE)
    order = list(range(SAMPLES))
    losses = []
    for _ in range(PASSES):
        random.shuffle(order, list(range(SAMPLES)))
        for start in range(0, SAMPLES, BATCH):
            rows = order[start:start + BATCH]
            seen = torch.tensor(features[rows])
            if dropout > 0:
                kept = random.uniform(seen.numel()) >= dropout
                seen = seen * torch.tensor(kept.reshape(seen.shape)) / (1 - dropout)
            loss = torch.nn.functional.cross_entropy(network(seen), torch.tensor(labels[rows]))
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(loss.item())
    assert len(losses) == 50
    with torch.no_grad():
        return {"dropout": dropout, "last_loss": losses[-1], "scores": network(torch.tensor(features)).ravel().tolist()}


document = {
    "made_with": f"numpy {numpy.__version__}, torch {torch.__version__}",
    "inputs": INPUTS, "classes": CLASSES, "batch": BATCH, "passes": PASSES, "rate": RATE, "seed": SEED,
    "labels": labels.tolist(), "features": [float(f"{v:.3f}") for v in features.ravel()],
    "cases": [train(0), train(0.1)],
}
path = pathlib.Path(__file__).parent / "network.json"
path.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
print(path, path.stat().st_size, "bytes", [case["last_loss"] for case in document["cases"]])
