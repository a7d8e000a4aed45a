"""How often the intervals of a report hold the truth, on data whose truth is known.

    python benchmarks/interval_coverage.py --json out.json

Draws many made-up test sets and counts the 95 % intervals that hold the true value:

- of the lesion bootstrap, for the macro AUC and the balanced accuracy of a model, the AUC of the
  class of concern, and the paired difference of two models' macro AUC. Three unequal classes, one
  to three images a lesion, which resemble each other;
- of the corrected t test over 5 x 5 folds: on differences which correlate as it assumes, and on
  those of two real classifiers fitted in each fold, whose true difference is the mean over fresh
  training sets of a fold's size.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fusion.groups import grouped_folds
from pipelines.evaluation import draw_lesions, percentile_interval, resample
from pipelines.evaluation.scoring import metrics
from pipelines.evaluation.significance.nadeau_bengio import corrected_t_test

Floats = NDArray[np.float64]
Scores = dict[str, Floats]

# Lesions of each class; the second is the class of concern.
SIZES = (150, 60, 90)
N_TRUTH = 100_000
SIGNALS = (1.3, 1.1)
N_FOLDS, N_REPEATS = 5, 5
N_ROWS, N_COLUMNS, SHIFT = 300, 6, 0.45


def draw_images(
    sizes: tuple[int, ...], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp], list[Floats]]:
    """Class and lesion of each image, and two models' probabilities of the classes."""
    lesion_class = np.repeat(np.arange(len(sizes)), sizes)
    lesion = np.repeat(np.arange(len(lesion_class)), rng.integers(1, 4, len(lesion_class)))
    truth = lesion_class[lesion]
    shared = rng.normal(size=(len(lesion_class), len(sizes)))[lesion]
    models = []
    for signal in SIGNALS:
        own = rng.normal(size=(len(lesion_class), len(sizes)))[lesion]
        noise = 0.8 * shared + 0.5 * own + 0.33 * rng.normal(size=(len(lesion), len(sizes)))
        logits = signal * np.eye(len(sizes))[truth] + noise
        models.append(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    return truth, lesion, models


def image_scores(truth: NDArray[np.intp], models: list[Floats], weights: Floats) -> Scores:
    """Scores whose intervals are counted, per image."""
    areas = [metrics.one_vs_rest_auc(values, truth, weights) for values in models]
    matrix = metrics.confusion(truth, models[0].argmax(axis=1), models[0].shape[1], weights)
    return {
        "macro AUC": areas[0].mean(axis=0),
        "AUC of the class of concern": areas[0][1],
        "balanced accuracy": metrics.balanced_accuracy(matrix),
        "difference of macro AUC": areas[0].mean(axis=0) - areas[1].mean(axis=0),
    }


def bootstrap_coverage(
    trials: int, n_draws: int, seed: int, sizes: tuple[int, ...] = SIZES
) -> dict[str, float]:
    """Share of lesion-bootstrap intervals that hold the value in very many lesions."""
    rng = np.random.default_rng(seed)
    truth, _, models = draw_images(tuple(N_TRUTH // sum(sizes) * size for size in sizes), rng)
    true = {name: v[0] for name, v in image_scores(truth, models, np.ones((len(truth), 1))).items()}
    held = dict.fromkeys(true, 0)
    lesion_class = np.repeat(np.arange(len(sizes)), sizes)
    for _ in range(trials):
        truth, lesion, models = draw_images(sizes, rng)
        counts = draw_lesions(lesion_class, n_draws, int(rng.integers(2**31)))
        drawn = resample(lambda w, t=truth, m=models: image_scores(t, m, w), counts, lesion)
        for name, values in drawn.items():
            low, high = percentile_interval(values)
            held[name] += low <= true[name] <= high
    return {name: count / trials for name, count in held.items()}


def assumed_coverage(trials: int, seed: int) -> float:
    """Coverage of the corrected test where differences correlate by 1 / N_FOLDS."""
    rng = np.random.default_rng(seed)
    held = 0
    for _ in range(trials):
        own = rng.normal(size=N_REPEATS * N_FOLDS)
        values = np.sqrt(1 / N_FOLDS) * rng.normal() + np.sqrt(1 - 1 / N_FOLDS) * own
        result = corrected_t_test(1 + values, 1 / (N_FOLDS - 1))
        held += result.low <= 1 <= result.high
    return held / trials


def fitted_coverage(trials: int, seed: int) -> float:
    """Coverage of the corrected test where two classifiers are fitted in every fold."""
    rng = np.random.default_rng(seed)
    n_train = N_ROWS * (N_FOLDS - 1) // N_FOLDS
    fresh = []
    for _ in range(2000):
        X, y = draw_rows(n_train + 1000, rng)
        fresh.append(area_difference(X[:n_train], y[:n_train], X[n_train:], y[n_train:]))
    true, held = float(np.mean(fresh)), 0
    for _ in range(trials):
        X, y = draw_rows(N_ROWS, rng)
        differences = [
            area_difference(X[train], y[train], X[test], y[test])
            for train, test in repeated_folds(y, rng)
        ]
        result = corrected_t_test(differences, 1 / (N_FOLDS - 1))
        held += result.low <= true <= result.high
    return held / trials


def draw_rows(n: int, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Normal columns, all of them a little informative, of two classes of equal size."""
    y = np.arange(n) % 2 == 0
    return rng.normal(size=(n, N_COLUMNS)) + SHIFT * y[:, None], y


def repeated_folds(y: NDArray[np.bool_], rng: np.random.Generator) -> Iterator[tuple]:
    """Train and test rows of every fold of every repeat."""
    for _ in range(N_REPEATS):
        yield from grouped_folds(y, n_splits=N_FOLDS, random_state=int(rng.integers(2**31)))


def area_difference(
    X: Floats, y: NDArray[np.bool_], X_test: Floats, y_test: NDArray[np.bool_]
) -> float:
    """AUC of the nearest centroid on all columns, less that on half of them."""
    direction = X[y].mean(axis=0) - X[~y].mean(axis=0)
    areas = []
    for columns in (slice(None), slice(N_COLUMNS // 2)):
        ranks = (X_test[:, columns] @ direction[columns]).argsort().argsort()
        n_positive = y_test.sum()
        below = ranks[y_test].sum() - n_positive * (n_positive - 1) / 2
        areas.append(below / (n_positive * (len(y_test) - n_positive)))
    return float(areas[0] - areas[1])


def measure(trials: int, n_draws: int, seed: int, sizes: tuple[int, ...]) -> dict[str, float]:
    """Coverage of each interval."""
    found = {
        f"bootstrap: {name}": share
        for name, share in bootstrap_coverage(trials, n_draws, seed, sizes).items()
    }
    found["corrected t: correlation as assumed"] = assumed_coverage(trials, seed)
    found["corrected t: classifiers fitted in folds"] = fitted_coverage(trials, seed)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--sizes", type=int, nargs=3, default=SIZES, help="lesions of each class, concern second"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args()
    found = measure(args.trials, args.draws, args.seed, tuple(args.sizes))
    for name, share in found.items():
        print(f"{name:45s} {100 * share:5.1f} %")
    if args.json is not None:
        facts = {"trials": args.trials, "draws": args.draws, "seed": args.seed, "sizes": args.sizes}
        args.json.write_text(json.dumps(facts | {"coverage": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
