"""Writes bootstrap.json: intervals of clustered means by NumPy and SciPy, for resampled clusters that are given.

    python Tests/AnalysisTests/make_bootstrap.py

The percentile interval of one more case, "own resampling", is SciPy's with its own generator: it agrees within the error
of resampling alone.
"""

import json
import pathlib
from types import SimpleNamespace

import numpy
import scipy
from scipy.stats import bootstrap, norm

RESAMPLES = 199
generator = numpy.random.default_rng(20240617)


def ratio(sums, counts, axis=-1):
    return sums.sum(axis=axis) / counts.sum(axis=axis)


def case(name, values, clusters, resamples=RESAMPLES):
    values, clusters = numpy.asarray(values, dtype=float), numpy.asarray(clusters)
    numbers = list(dict.fromkeys(clusters.tolist()))
    sums = numpy.array([values[clusters == number].sum() for number in numbers])
    counts = numpy.array([(clusters == number).sum() for number in numbers], dtype=float)
    indices = generator.integers(0, len(numbers), size=(resamples, len(numbers)))
    means = ratio(sums[indices], counts[indices])
    intervals = {}
    for confidence in (0.8, 0.95):
        tail = (1 - confidence) / 2
        # No resampling of SciPy's own: the means above are what it makes intervals of.
        bca = bootstrap(
            (sums, counts), ratio, paired=True, vectorized=True, n_resamples=0, method="BCa",
            confidence_level=confidence, bootstrap_result=SimpleNamespace(bootstrap_distribution=means),
        ).confidence_interval
        intervals[str(confidence)] = {
            "percentile": numpy.percentile(means, [100 * tail, 100 * (1 - tail)]).tolist(),
            "bca": [float(bca.low), float(bca.high)],
        }
    return {
        "name": name, "values": values.tolist(), "clusters": clusters.tolist(), "indices": indices.tolist(),
        "mean": float(values.mean()), "intervals": intervals,
    }


def own_resampling(name, values):
    values = numpy.asarray(values, dtype=float)
    intervals = {}
    for method, key in (("percentile", "percentile"), ("BCa", "bca")):
        result = bootstrap(
            (values,), numpy.mean, n_resamples=200_000, batch=10_000, method=method, confidence_level=0.95,
            random_state=numpy.random.default_rng(1),
        ).confidence_interval
        intervals[key] = [float(result.low), float(result.high)]
    return {"name": name, "values": values.tolist(), "intervals": intervals}


normal = generator.normal(0.3, 1.0, 24)
skewed = generator.lognormal(0.0, 1.2, 30)
seeds = numpy.repeat(numpy.arange(8), 4)
clustered = generator.normal(0, 1, 8)[seeds] + generator.normal(0, 0.3, 32)
uneven = numpy.array([7] * 1 + [3] * 5 + [9] * 2 + [1] * 6 + [4] * 3 + [2] * 1)
document = {
    "made_with": f"numpy {numpy.__version__}, scipy {scipy.__version__}",
    "fixed": [
        case("normal", normal, numpy.arange(24)),
        case("skewed", skewed, numpy.arange(30)),
        case("clusters of four", clustered, seeds),
        case("uneven clusters", generator.lognormal(0, 1, len(uneven)), uneven),
        case("two clusters", [1.0, 2.5, 4.0], [0, 0, 1], resamples=101),
        case("ties", [0, 0, 1, 1, 1, 0, 1, 1, 0, 1, 0, 1], numpy.arange(12)),
    ],
    "own_resampling": [own_resampling("normal", normal), own_resampling("skewed", skewed)],
    "normal": [
        {"share": float(share), "quantile": float(norm.ppf(share))}
        for share in (1e-9, 1e-4, 0.025, 0.2, 0.5, 0.6, 0.975, 0.9999)
    ],
}
path = pathlib.Path(__file__).parent / "bootstrap.json"
path.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
print(path, path.stat().st_size, "bytes")
