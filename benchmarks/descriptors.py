"""Descriptors against the plain loop that a user would write for the same values.

    python benchmarks/descriptors.py --quick
    python benchmarks/descriptors.py --dataset ham10000 --root data/ham10000 --json out.json

Both run in one process, on one thread each, on the same prepared lesions. Each family is timed by
itself, its colour planes included; the suite is timed once more as a whole, where families share
their planes, against the floor: decoding and shrinking one JPEG of 600 x 450. Fails where a
difference is beyond its tolerance.
"""

import argparse
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import torch
from threadpoolctl import threadpool_limits

from features import LesionStyle, Preparation, draw_lesion
from features.batch import LesionBatch
from features.preparation.lesion_view import PreparedLesion
from features.reading.files import decode_image
from features.reading.sources import image_sources
from pipelines import load_dataset
from plain import FAMILIES, SUITE, Family

JPEG_SIZE = (450, 600)
CANVAS = 224
N_LESIONS = {"quick": 16, "full": 64}
REPEATS = {"quick": 3, "full": 5}
MIN_SECONDS = 1.0  # a short run repeats: the least of few is still noise


def drawn_lesions(n: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Synthetic lesions of several sizes and looks, with their masks."""
    palette = ("light brown", "dark brown", "black", "blue-gray", "red", "white")
    rng = np.random.default_rng(0)
    images, masks = [], []
    for i in range(n):
        style = LesionStyle(
            diameter=rng.uniform(0.3, 0.7),
            asymmetry=rng.uniform(0, 0.2),
            irregularity=rng.uniform(0, 0.04),
            colors=tuple(rng.choice(palette, size=rng.integers(1, 5), replace=False)),
            hair=int(rng.integers(0, 6)),
        )
        image, mask = draw_lesion(style, size=JPEG_SIZE, random_state=i)
        images.append(image)
        masks.append(mask)
    return images, masks


def real_lesions(dataset: str, root: Path, n: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Images of a data set, enlarged or shrunk to the benchmark's size, with their masks."""
    sources = image_sources(load_dataset(dataset, root, limit=n, random_state=0))[:n]
    height, width = JPEG_SIZE
    images = [cv2.resize(source.read_image(), (width, height)) for source in sources]
    masks = [source.read_mask(JPEG_SIZE) for source in sources]
    if any(mask is None for mask in masks):
        sys.exit(f"{root}: the benchmark needs a lesion mask for every image.")
    return images, masks


def floor_ms(images: list[np.ndarray], repeats: int) -> float:
    """Milliseconds to decode and shrink one JPEG of the benchmark's size."""
    encoded = [cv2.imencode(".jpg", image[..., ::-1])[1].tobytes() for image in images]

    def run() -> None:
        for content in encoded:
            image = decode_image(content, "image")
            cv2.resize(image, (CANVAS, CANVAS), interpolation=cv2.INTER_AREA)

    return best_of(repeats, run)[0] / len(images)


def best_of(repeats: int, *runs: Callable[[], object]) -> list[float]:
    """Fewest milliseconds that each run took, of `repeats` and of all that a second holds.

    They take turns, so that a slow moment of the machine meets all of them.
    """
    rounds: list[list[float]] = []
    while len(rounds) < repeats or np.sum(rounds) < MIN_SECONDS:
        rounds.append([])
        for run in runs:
            start = perf_counter()
            run()
            rounds[-1].append(perf_counter() - start)
    return list(1000 * np.min(rounds, axis=0))


def describe(names: list[str], batch: LesionBatch) -> dict[str, np.ndarray]:
    """Rows of some families."""
    with torch.inference_mode():
        return {name: FAMILIES[name].descriptor.describe(batch).numpy() for name in names}


def compare(
    family: Family, name: str, lesions: list[PreparedLesion], repeats: int
) -> dict[str, float]:
    """Time ours and the loop on the same lesions, and tell how far their values lie apart."""

    def ours() -> np.ndarray:
        return describe([name], Preparation().collate(lesions))[name]

    def loop() -> np.ndarray:
        return np.stack([family.plain(lesion) for lesion in lesions])

    got, expected = ours(), loop()
    times = best_of(repeats, lambda: Preparation().collate(lesions), ours, loop)
    collating, ours_ms, loop_ms = (each / len(lesions) for each in times)
    ours_ms -= collating
    return {
        "ours_ms": ours_ms,
        "loop_ms": loop_ms,
        "ratio": loop_ms / ours_ms,
        "max_abs_diff": float(np.nanmax(np.abs(got - expected))),
        "of_tolerance": family.excess(got, expected),
    }


def suite_ms(lesions: list[PreparedLesion], repeats: int) -> float:
    """Milliseconds per lesion for the whole suite, planes shared."""

    def run() -> None:
        describe(list(SUITE), Preparation().collate(lesions))

    return best_of(repeats, run)[0] / len(lesions)


def peak_mb() -> float:
    """Largest memory of this process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer lesions, under a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--dataset", metavar="NAME", help="real images instead of drawn ones")
    parser.add_argument("--root", type=Path, metavar="PATH", help="where that data set lies")
    return parser.parse_args()


def measure(mode: str, images: list[np.ndarray], masks: list[np.ndarray]) -> dict[str, Any]:
    """Time preparation, the suite, its floor and every family."""
    repeats, n = REPEATS[mode], len(images)
    preparation = Preparation(size=CANVAS, mask="given")
    pairs = list(zip(images, masks, strict=True))
    lesions = [preparation.prepare(image, mask) for image, mask in pairs]
    # First of all, while nothing else has raised the peak.
    before = peak_mb()
    suite = suite_ms(lesions, repeats)
    memory = peak_mb() - before
    floor = floor_ms(images, repeats)
    prepare = best_of(1, lambda: [preparation.prepare(*pair) for pair in pairs])[0] / n
    families = {name: compare(family, name, lesions, repeats) for name, family in FAMILIES.items()}
    loop, ours = (sum(families[name][key] for name in SUITE) for key in ("loop_ms", "ours_ms"))
    return {
        "families": families,
        "suite_loop_ms": loop,
        "suite_ours_ms": ours,
        "total_ratio": loop / ours,
        "suite_ms": suite,
        "floor_ms": floor,
        "suite_over_floor": suite / floor,
        "preparation_ms": prepare,
        "memory_mb": memory,
        "lesions": n,
    }


def show(result: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{result['lesions']} lesions, {CANVAS} px canvas, one thread; milliseconds per lesion")
    heads = ("loop", "ours", "ratio", "difference", "of tolerance")
    print(f"{'family':17}{'rival':13}" + "{:>8}{:>8}{:>7}{:>12}{:>14}".format(*heads))
    for name, row in result["families"].items():
        print(
            f"{name:17}{FAMILIES[name].rival:13}{row['loop_ms']:8.2f}{row['ours_ms']:8.2f}"
            f"{row['ratio']:7.1f}{row['max_abs_diff']:12.1e}{row['of_tolerance']:14.2f}"
        )
    print(
        f"{'suite, summed':30}{result['suite_loop_ms']:8.2f}{result['suite_ours_ms']:8.2f}"
        f"{result['total_ratio']:7.1f}"
    )
    print(
        f"suite, planes shared: {result['suite_ms']:.2f} ms, {result['suite_over_floor']:.2f} "
        f"times the floor ({result['floor_ms']:.2f} ms to decode and shrink a {JPEG_SIZE[1]} x "
        f"{JPEG_SIZE[0]} JPEG)"
    )
    print(
        f"preparation with a given mask: {result['preparation_ms']:.2f} ms; memory that the suite "
        f"adds: {result['memory_mb']:.0f} MB"
    )


def main() -> None:
    """Measure, print, and fail where values disagree."""
    args = parse_arguments()
    mode = "quick" if args.quick else "full"
    n = N_LESIONS[mode]
    images, masks = real_lesions(args.dataset, args.root, n) if args.dataset else drawn_lesions(n)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with threadpool_limits(1):
        result = measure(mode, images, masks)
    show(result)
    if args.json:
        args.json.write_text(json.dumps(result, indent=2) + "\n")
    beyond = [name for name, row in result["families"].items() if not row["of_tolerance"] <= 1]
    if beyond:
        sys.exit(f"beyond the stated tolerance: {', '.join(beyond)}")


if __name__ == "__main__":
    main()
