"""Descriptors against the plain loop that a user would write for the same values.

    python benchmarks/descriptors.py --quick
    python benchmarks/descriptors.py --dataset ham10000 --root data/ham10000 --json out.json

Both run in one process, on one thread each, on the same prepared lesions. Each family is timed by
itself, its colour planes included; `ours_ms` leaves out the collation of prepared lesions into a
batch, which every descriptor needs once and the loops never. The suite has the blocks of the
review with the sizes of the literature: ABCD, colour (60 moments, 32 bins of HSV, contrast with
the skin), GLCM (42), LBP at three scales (54) and HOG (1764). It is timed once more as a whole,
collation included and planes shared, against the floor: decoding and shrinking one JPEG of
600 x 450. The default recipe has more blocks (`pipelines.recipes.blocks`) and is timed so too.

The loops take the canvas as they find it, but for ABCD's; ours looks at the lesion's box alone, a
third of it, where that gives the same values: part of each ratio is that. A difference is relative
to the value or, where that is larger, to what is usual in its column. LBP is judged by its codes,
of which 99.5 % of a lesion's pixels must have scikit-image's, and its histograms besides. Memory is
what the default recipe adds to the process as it was after its imports: for a batch of 64 lesions,
and for more images taken from file to row, which may not need more. Fails where a difference is
beyond its tolerance or memory beyond 1 GB.
"""

import argparse
import json
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import torch
from lesion_images import CANVAS, JPEG_SIZE, drawn_lesions, real_lesions, write_jpegs
from threadpoolctl import threadpool_limits

from features import ImageFeatures, ImagePart, Preparation
from features.batch import LesionBatch
from features.preparation.lesion_view import PreparedLesion
from features.reading.files import decode_image
from pipelines.recipes.blocks import default_descriptors
from plain import CODES, FAMILIES, SUITE, Family

FLOOR_QUALITY = 80  # as many bytes as HAM10000's own files have, about 22,000
N_LESIONS = {"quick": 24, "full": 64}
REPEATS = {"quick": 3, "full": 5}
MIN_SECONDS = 1.0  # a short run repeats: the least of few is still noise
BATCH_SIZE = 64
N_BATCHES = {"quick": (2,), "full": (2, 4)}  # from file to row, after one batch by itself
MEMORY_LIMIT_MB = 1000


def floor_ms(images: list[np.ndarray], repeats: int) -> float:
    """Milliseconds to decode and shrink one JPEG of the benchmark's size."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, FLOOR_QUALITY]
    encoded = [cv2.imencode(".jpg", image[..., ::-1], quality)[1].tobytes() for image in images]

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


def describe(parts: Mapping[str, ImagePart], batch: LesionBatch) -> dict[str, np.ndarray]:
    """Rows of some blocks, planes shared."""
    with torch.inference_mode():
        return {name: part.describe(batch).numpy() for name, part in parts.items()}


def compare(
    family: Family, name: str, lesions: list[PreparedLesion], repeats: int
) -> dict[str, float]:
    """Time ours and the loop on the same lesions, and tell how far their values lie apart."""

    def ours() -> np.ndarray:
        return describe({name: family.descriptor}, Preparation().collate(lesions))[name]

    def loop() -> np.ndarray:
        return np.stack([family.plain(lesion) for lesion in lesions])

    got, expected = ours(), loop()
    times = best_of(repeats, lambda: Preparation().collate(lesions), ours, loop)
    collating, ours_ms, loop_ms = (each / len(lesions) for each in times)
    ours_ms -= collating
    row = {
        "ours_ms": ours_ms,
        "loop_ms": loop_ms,
        "ratio": loop_ms / ours_ms,
        "max_abs_diff": float(np.nanmax(np.abs(got - expected))),
        "of_tolerance": family.excess(got, expected),
    }
    if family.agreement:
        agree = family.agreement(Preparation().collate(lesions), lesions)
        row["codes_agree"] = agree
        row["of_tolerance"] = max(row["of_tolerance"], (1 - agree) / CODES)
    return row


def blocks_ms(parts: Mapping[str, ImagePart], lesions: list[PreparedLesion], repeats: int) -> float:
    """Milliseconds per lesion for several blocks, planes shared, collation included."""
    times = best_of(repeats, lambda: describe(parts, Preparation().collate(lesions)))
    return times[0] / len(lesions)


def preparation_ms(images: list[np.ndarray], masks: list[np.ndarray]) -> list[float]:
    """Milliseconds per image to prepare it, with its given mask and with one of our own."""
    given, segmented = (Preparation(size=CANVAS, mask=mask) for mask in ("given", "segment"))
    times = best_of(
        5,
        lambda: [given.prepare(*pair) for pair in zip(images, masks, strict=True)],
        lambda: [segmented.prepare(image, None) for image in images],
    )
    return [each / len(images) for each in times]


def peak_mb() -> float:
    """Largest memory of this process so far, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # What `getrusage` tells starts at the peak of the process that started this one.
        kilobytes = status.read_text().split("VmHWM:")[1].split()[0]
        return int(kilobytes) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def added_memory_mb(images: list[np.ndarray], mode: str, start: float) -> dict[int, float]:
    """Megabytes above `start` that the default recipe needs, by the number of images."""
    parts, preparation = default_descriptors(), Preparation(size=CANVAS)
    added = {}
    with TemporaryDirectory() as folder:
        paths = write_jpegs(images, BATCH_SIZE * max(N_BATCHES[mode]), Path(folder))
        files = (decode_image(path.read_bytes(), path.name) for path in paths[:BATCH_SIZE])
        lesions = [preparation.prepare(image, None) for image in files]
        describe(dict(parts), preparation.collate(lesions))
        added[BATCH_SIZE] = peak_mb() - start
        for n in N_BATCHES[mode]:
            some = paths[: n * BATCH_SIZE]
            ImageFeatures(parts, preparation=preparation, store=None).fit_transform(some)
            added[len(some)] = peak_mb() - start
    return added


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


def measure(
    mode: str, images: list[np.ndarray], masks: list[np.ndarray], start: float
) -> dict[str, Any]:
    """Memory above `start`, and times of preparation, the suite, its floor and every family."""
    repeats = REPEATS[mode]
    memory = added_memory_mb(images, mode, start)  # while nothing else has raised the peak
    given, segmented = preparation_ms(images, masks)
    preparation = Preparation(size=CANVAS, mask="given")
    lesions = [preparation.prepare(*pair) for pair in zip(images, masks, strict=True)]
    suite = blocks_ms({name: FAMILIES[name].descriptor for name in SUITE}, lesions, repeats)
    floor = floor_ms(images, repeats)
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
        "default_recipe_ms": blocks_ms(dict(default_descriptors()), lesions, repeats),
        "preparation_ms": given,
        "preparation_segmented_ms": segmented,
        "memory_mb": max(memory.values()),
        "memory_mb_by_images": memory,
        "lesions": len(images),
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
        f"default recipe, {len(default_descriptors())} blocks, planes shared: "
        f"{result['default_recipe_ms']:.2f} ms"
    )
    print(
        f"preparation: {result['preparation_ms']:.2f} ms with a given mask, "
        f"{result['preparation_segmented_ms']:.2f} ms with our own segmentation"
    )
    print(f"LBP: at least {result['families']['lbp']['codes_agree']:.2%} of a lesion's codes agree")
    memory = [f"{mb:.0f} MB for {n} images" for n, mb in result["memory_mb_by_images"].items()]
    print(f"memory above the process after imports, default recipe: {', '.join(memory)}")


def complaints(result: dict[str, Any]) -> list[str]:
    """What fails the run."""
    beyond = [name for name, row in result["families"].items() if not row["of_tolerance"] <= 1]
    found = [f"beyond the stated tolerance: {', '.join(beyond)}"] if beyond else []
    if result["memory_mb"] > MEMORY_LIMIT_MB:
        found.append(f"{result['memory_mb']:.0f} MB of memory; {MEMORY_LIMIT_MB} are allowed")
    return found


def main() -> None:
    """Measure, print, and fail where values disagree or memory is beyond its limit."""
    start = peak_mb()
    args = parse_arguments()
    mode = "quick" if args.quick else "full"
    n = N_LESIONS[mode]
    images, masks = real_lesions(args.dataset, args.root, n) if args.dataset else drawn_lesions(n)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with threadpool_limits(1):
        result = measure(mode, images, masks, start)
    show(result)
    if args.json:
        args.json.write_text(json.dumps(result, indent=2) + "\n")
    if found := complaints(result):
        sys.exit("; ".join(found))


if __name__ == "__main__":
    main()
