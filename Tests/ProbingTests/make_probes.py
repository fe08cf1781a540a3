"""Writes probes.json: ridge and logistic probes by scikit-learn, refitted for every fold, and p values by refitting for every draw.

    python Tests/ProbingTests/make_probes.py
"""

import json
import pathlib

import numpy
import scipy
import sklearn
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from splitmix import SplitMix64

CLASSES, OBJECTS, SEEDS, PENALTY, COMPONENTS, DRAWS = 3, 2, 7, 3.0, 6, 999
generator = numpy.random.default_rng(20261128)
seeds, objects, labels = (
    axis.ravel() for axis in numpy.meshgrid(range(SEEDS), range(OBJECTS), range(CLASSES), indexing="ij")
)
n = len(labels)


def features(width, strength):
    patterns = generator.normal(0, strength, (CLASSES, width))
    values = numpy.round(generator.normal(0, 1, (n, width)) * generator.uniform(0.2, 3, width) + patterns[labels], 3)
    if width > 5:
        values[:, 3] = 0.25  # A feature that does not vary.
    return values.astype(numpy.float32).astype(numpy.float64)


def one_hot(values):
    return numpy.eye(CLASSES)[values]


def held_out(x, y):
    scores = numpy.zeros((n, CLASSES))
    for seed in range(SEEDS):
        test = seeds == seed
        scores[test] = Ridge(alpha=PENALTY).fit(x[~test], one_hot(y[~test])).predict(x[test])
    return scores


def curve(x):
    """Confusion matrices, a row for each true class, after training on the next 1, 2, 4 and all other seeds."""
    result = []
    for count in (1, 2, 4, SEEDS - 1):
        matrix = numpy.zeros((CLASSES, CLASSES), dtype=int)
        for seed in range(SEEDS):
            training = numpy.isin(seeds, [(seed + 1 + k) % SEEDS for k in range(count)])
            model = Ridge(alpha=PENALTY).fit(x[training], one_hot(labels[training]))
            for truth, said in zip(labels[seeds == seed], model.predict(x[seeds == seed]).argmax(axis=1)):
                matrix[truth, said] += 1
        result.append({"training_seeds": count, "confusion": matrix.tolist()})
    return result


def logistic(x):
    probabilities, priors = numpy.zeros((n, CLASSES)), numpy.zeros((n, CLASSES))
    for seed in range(SEEDS):
        test = seeds == seed
        components = PCA(n_components=min(COMPONENTS, x.shape[1]), svd_solver="full").fit(x[~test])
        model = LogisticRegression(C=1 / PENALTY, tol=1e-10, max_iter=100_000)
        model.fit(components.transform(x[~test]), labels[~test])
        probabilities[test] = model.predict_proba(components.transform(x[test]))
        priors[test] = one_hot(labels[~test]).mean(axis=0)
    bits = -numpy.log2(probabilities[range(n), labels])
    prior = -numpy.log2(priors[range(n), labels])
    gains = [(prior - bits)[seeds == seed].mean() for seed in range(SEEDS)]
    reach = stats.t.ppf(0.975, SEEDS - 1) * stats.sem(gains)
    mean = float(numpy.mean(gains))
    return {
        "probabilities": probabilities.ravel().tolist(), "cross_entropy": float(bits.mean()),
        "prior_cross_entropy": float(prior.mean()), "gain": mean, "interval": [mean - reach, mean + reach],
    }


def p_values(blocks):
    """Step-down maxima of accuracy under labels shuffled within seed and object."""
    random = SplitMix64(5)
    draws = [labels]
    for _ in range(DRAWS):
        shuffled = labels.tolist()
        for stratum in range(SEEDS * OBJECTS):
            random.shuffle(shuffled, [i for i in range(n) if seeds[i] * OBJECTS + objects[i] == stratum])
        draws.append(numpy.array(shuffled))
    counts = numpy.zeros((len(draws), len(blocks)), dtype=int)
    for at, x in enumerate(blocks):
        for seed in range(SEEDS):
            test = seeds == seed
            a = numpy.hstack([numpy.ones((n, 1)), x])
            penalty = numpy.diag([0.0] + [PENALTY] * x.shape[1])
            hat = a[test] @ numpy.linalg.solve(a[~test].T @ a[~test] + penalty, a[~test].T)
            for draw, y in enumerate(draws):
                counts[draw, at] += ((hat @ one_hot(y[~test])).argmax(axis=1) == y[test]).sum()
    order = numpy.argsort(-counts[0], kind="stable")
    family, least = [0.0] * len(blocks), 0.0
    for place, at in enumerate(order):
        least = max(least, float((counts[:, order[place:]].max(axis=1) >= counts[0, at]).mean()))
        family[at] = least
    return {
        "p": [float((counts[:, at] >= counts[0, at]).mean()) for at in range(len(blocks))], "family_wise_p": family,
        "correct": counts[0].tolist(),
    }


# Few features, more than half the samples, and more than the samples: three ways to the same regression.
raw = [features(8, 0.9), features(30, 0.35), features(60, 0.25), features(5, 0.0)]
assert 2 * (8 + 1) < n and 2 * (30 + 1) >= n and 30 < n < 60
blocks = [StandardScaler().fit_transform(x) for x in raw]
shares = [float((held_out(x, labels).argmax(axis=1) == labels)[seeds == s].mean()) for x in blocks[:1] for s in range(SEEDS)]
reach = stats.t.ppf(0.975, SEEDS - 1) * stats.sem(shares)
document = {
    "made_with": f"numpy {numpy.__version__}, scipy {scipy.__version__}, scikit-learn {sklearn.__version__}",
    "penalty": PENALTY, "components": COMPONENTS, "seeds": seeds.tolist(), "objects": objects.tolist(),
    "labels": labels.tolist(), "classes": CLASSES,
    "blocks": [
        {
            "width": x.shape[1], "features": [float(f"{v:.3f}") for v in r.ravel()],
            "held_out": held_out(x, labels).ravel().tolist(),
            "whole": Ridge(alpha=PENALTY).fit(x, one_hot(labels)).predict(x).ravel().tolist(),
            "curve": curve(x), "logistic": logistic(x),
        }
        for r, x in zip(raw, blocks)
    ],
    "permutations": p_values(blocks),
    "interval": [float(numpy.mean(shares) - reach), float(numpy.mean(shares) + reach)],
}
path = pathlib.Path(__file__).parent / "probes.json"
path.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
print(path, path.stat().st_size, "bytes", document["permutations"])
