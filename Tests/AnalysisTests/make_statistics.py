"""Writes statistics.json: tests, correlations and distributions by SciPy and statsmodels.

    python Tests/AnalysisTests/make_statistics.py

Null distributions are enumerated, so that no case hangs on a generator of random numbers.
"""

import json
import math
import pathlib

import numpy
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

generator = numpy.random.default_rng(20251122)


def sign_family(name, differences, clusters):
    """Exact sign flips by cluster: `differences[k]` and `clusters[k]` of comparison k."""
    numbers = sorted({number for one in clusters for number in one})
    sums = numpy.array([
        [sum(d for d, c in zip(values, ids) if c == number) for number in numbers]
        for values, ids in zip(differences, clusters)
    ])
    scaled = sums / numpy.sqrt((sums**2).sum(axis=1, keepdims=True))

    def run(statistic, alternative):
        # One sample with permutation_type "samples": SciPy turns the sign of each of its values.
        return stats.permutation_test(
            (numpy.ones(len(numbers)),), statistic, permutation_type="samples", n_resamples=numpy.inf,
            alternative=alternative, vectorized=False,
        )

    answers = {}
    for alternative, key, extreme in (
        ("two-sided", "twoSided", numpy.abs), ("greater", "greater", lambda z: z), ("less", "less", lambda z: -z)
    ):
        single = [run(lambda signs, k=k: signs @ scaled[k], alternative).pvalue for k in range(len(scaled))]
        observed = extreme(scaled.sum(axis=1))
        order = numpy.argsort(-observed)
        corrected, least = [0.0] * len(scaled), 0.0
        for place, k in enumerate(order):
            rest = order[place:]
            result = run(lambda signs: extreme(scaled[rest] @ signs).max(), "greater")
            least = max(least, float(result.pvalue))
            corrected[k] = least
        answers[key] = {"p": [float(p) for p in single], "corrected": corrected}
    return {
        "name": name, "differences": [list(map(float, d)) for d in differences],
        "clusters": [list(map(int, c)) for c in clusters], "statistics": scaled.sum(axis=1).tolist(),
        "answers": answers,
    }


def correlation(name, x, y, exact_spearman=False):
    x, y = numpy.asarray(x, dtype=float), numpy.asarray(y, dtype=float)
    n = len(x)
    rho = stats.spearmanr(x, y)
    ties = len(set(x)) < n or len(set(y)) < n
    tau = stats.kendalltau(x, y, variant="b", method="asymptotic" if ties or n > 33 else "exact")
    p = float(rho.pvalue)
    if exact_spearman:
        p = float(stats.permutation_test(
            (x,), lambda a: abs(stats.spearmanr(a, y).statistic), permutation_type="pairings", n_resamples=numpy.inf,
            alternative="greater", vectorized=False,
        ).pvalue)

    def interval(r, variance, confidence):
        reach = stats.norm.ppf((1 + confidence) / 2) * math.sqrt(variance)
        return [math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach)]

    r, t = float(rho.statistic), float(tau.statistic)
    bounded = n > 4 and abs(r) < 1 - 1e-12 and abs(t) < 1 - 1e-12
    return {
        "name": name, "x": x.tolist(), "y": y.tolist(), "spearman": r, "spearman_p": p, "kendall": t,
        "kendall_p": float(tau.pvalue), "ties": ties,
        "intervals": {
            str(c): {
                "spearman": interval(r, (1 + r * r / 2) / (n - 3), c), "kendall": interval(t, 0.437 / (n - 4), c)
            } for c in (0.8, 0.95)
        } if bounded else {},
    }


def equivalence(name, baseline, treatment, clusters, bounds, level):
    baseline, treatment, clusters = map(numpy.asarray, (baseline, treatment, clusters))
    numbers = sorted(set(clusters.tolist()))
    mean = lambda values: numpy.array([values[clusters == number].mean() for number in numbers])
    a, b = mean(treatment.astype(float)), mean(baseline.astype(float))
    p, lower, upper = ttost_paired(a, b, *bounds)
    own = stats.ttest_rel(a, b).confidence_interval(1 - 2 * level)
    return {
        "name": name, "baseline": baseline.tolist(), "treatment": treatment.tolist(), "clusters": clusters.tolist(),
        "bounds": list(bounds), "level": level, "p": float(p), "lower_p": float(lower[1]), "upper_p": float(upper[1]),
        "difference": float((a - b).mean()), "standard_error": float(stats.sem(a - b)),
        "interval": [float(own.low), float(own.high)],
    }


seeds = numpy.arange(10)
shared = generator.normal(0, 1, 10)
normal = generator.normal(0, 1, (3, 40))
far = generator.normal(0.1, 0.4, 24)
triples = numpy.repeat(numpy.arange(8), 3)
uneven = numpy.array([7] * 1 + [3] * 5 + [9] * 2 + [1] * 6 + [4] * 3 + [2] * 1)
document = {
    "made_with": f"numpy {numpy.__version__}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}",
    "families": [
        sign_family("one comparison", [generator.normal(0.4, 1, 11)], [range(11)]),
        sign_family(
            "five of one seed each, dependent", [m + 0.8 * shared + generator.normal(0, s, 10) for m, s in
            ((1.2, 0.5), (0, 1), (-0.7, 2), (0.5, 0.2), (0, 9))], [seeds] * 5),
        sign_family(
            "clusters of several, unequal", [generator.normal(0.3, 1, len(uneven)), generator.normal(1, 1, 24)],
            [uneven, triples]),
        sign_family("other clusters in each", [generator.normal(0.5, 1, 6), generator.normal(1, 1, 7)],
                    [range(6), range(3, 10)]),
        sign_family("many equal values", [[1, 1, 0, 1, -1, 2, 1, 1], [0.1, 0.2, 0.3, 0.3, -0.1, 0.1, 0.2, 0],
                    [1, -1, 1, -1, 2, -2, 0, 0]], [range(8)] * 3),
        sign_family("two clusters", [[3.0, 1.0, 2.0]], [[0, 0, 1]]),
    ],
    "correlations": [
        correlation("three", [1, 2, 3], [2, 1, 3], exact_spearman=True),
        correlation("six", normal[0][:6], normal[1][:6] + normal[0][:6], exact_spearman=True),
        correlation("seven with ties", [1, 2, 2, 3, 3, 3, 5], [3, 1, 1, 2, 4, 4, 9], exact_spearman=True),
        correlation("perfect", [1, 2, 3, 4, 5], [-1, -2, -30, -31, -32], exact_spearman=True),
        correlation("twenty", normal[0][:20], normal[1][:20] + 0.5 * normal[0][:20]),
        correlation("thirty-three", normal[0][:33], normal[2][:33]),
        correlation("forty", normal[0], normal[0] + 0.3 * normal[1]),
        correlation("forty with ties", numpy.round(2 * normal[0]), numpy.round(normal[1] - normal[0])),
        correlation("two levels", numpy.arange(30) % 2, numpy.arange(30) // 3),
    ],
    "equivalences": [
        equivalence("pairs", normal[0][:24], normal[0][:24] + far, numpy.arange(24), (-0.3, 0.3), 0.05),
        equivalence("uneven bounds", normal[0][:24], normal[0][:24] + far, numpy.arange(24), (-1.0, 0.1), 0.025),
        equivalence("clusters", normal[1][:24], normal[1][:24] + far, triples, (-0.4, 0.4), 0.05),
        equivalence("unequal clusters", normal[2][:18], normal[2][:18] + far[:18], uneven, (-0.5, 0.5), 0.1),
        equivalence("two clusters", [1, 2, 3], [1.5, 2.2, 3.1], [0, 0, 1], (-2, 2), 0.05),
    ],
    "student_t": [
        # With one degree of freedom as Cauchy's distribution: scipy 1.17's t gives 0.5 exactly at 1e-9.
        {"freedom": v, "value": t, "upper": float(stats.cauchy.sf(t) if v == 1 else stats.t.sf(t, v))}
        for v in (1, 2, 3.5, 9, 30, 200, 12_345, 1e6) for t in (-40, -2.5, -0.3, 0, 1e-9, 0.01, 0.7, 1.96, 6, 50, 1e8)
    ],
    "student_t_quantiles": [
        {"freedom": v, "share": q, "value": float(stats.t.ppf(q, v))}
        for v in (1, 2, 3.5, 9, 30, 200, 12_345, 1e6) for q in (0.001, 0.05, 0.4, 0.5, 0.9, 0.95, 0.975, 0.9999)
    ],
    "beta": [
        {"a": a, "b": b, "x": x, "value": float(scipy.special.betainc(a, b, x))}
        for a in (0.5, 1, 2.5, 9.9, 10, 300) for b in (0.5, 1, 7, 45, 1000)
        for x in (0, 1e-6, 0.01, 0.2, 0.5, 0.77, 0.99, 1 - 1e-6, 1)
    ],
}
path = pathlib.Path(__file__).parent / "statistics.json"
path.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
print(path, path.stat().st_size, "bytes")
