"""Descriptors on a GPU: images per second, and how far the rows lie from those of the CPU.

    python benchmarks/descriptors_on_gpu.py
    python benchmarks/descriptors_on_gpu.py --dataset ham10000 --root data/ham10000 --json out.json

Each family is timed on batches of 64 prepared lesions that lie in the card's memory, its colour
planes included, and on one thread of the CPU. ABCD is geometry of single lesions and runs on the
CPU whatever holds the batch: its row shows what the way there and back costs. The chain takes
JPEGs of 600 x 450 from file to row, all descriptors of the default recipe, on all cores: once
described on the CPU, once on the card. The card is at work for a share of that time and waits for
the rest: what it computes for an image, by PyTorch's profiler in a run of 64 files, times the
images of a second. Fails where a row differs by more than 1e-4 of its value, or of what is usual in
its column; by more than 2e-3 where rounded colours are counted.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import torch
from agreement import COUNTED, RELATIVE, relative_difference
from joblib import cpu_count
from lesion_images import CANVAS, drawn_lesions, real_lesions, write_jpegs
from torch.profiler import ProfilerActivity, profile

from features import Haralick, ImageFeatures, ImagePart, Preparation
from features.batch import LesionBatch
from features.devices import exact_arithmetic
from pipelines.recipes.blocks import default_descriptors

N_LESIONS = 64
N_FILES = 512
N_SEEN = 64  # files under the profiler's eyes: it takes far longer to add up than to watch
TURNS = 5


def same_lesions(batch: LesionBatch) -> LesionBatch:
    """Copy a batch without the planes it has derived."""
    return batch.to(batch.pixels.device)


def seconds(run: Callable[[], Any]) -> float:
    """Least time of some turns, the card's work included."""
    times = []
    for _ in range(TURNS):
        torch.cuda.synchronize()
        start = perf_counter()
        run()
        torch.cuda.synchronize()
        times.append(perf_counter() - start)
    return min(times[1:])


def compare(
    name: str, part: ImagePart, batch: LesionBatch, on_card: LesionBatch
) -> dict[str, float]:
    """Images per second of one descriptor on both, and how far its rows lie apart."""
    with torch.inference_mode():
        expected = part.describe(batch).numpy()
        got = part.describe(on_card).cpu().numpy()
        cpu = seconds(lambda: part.describe(same_lesions(batch)))
        card = seconds(lambda: part.describe(same_lesions(on_card)))
    return {
        "cpu_per_second": len(batch) / cpu,
        "gpu_per_second": len(batch) / card,
        "of_tolerance": relative_difference(got, expected) / COUNTED.get(name, RELATIVE),
    }


def chain(paths: list[Path], device: str) -> float:
    """Seconds from files to rows."""
    features = ImageFeatures(default_descriptors(), store=None, n_jobs=-1, device=device)
    start = perf_counter()
    features.fit_transform(paths)
    return perf_counter() - start


def card_seconds(paths: list[Path]) -> float:
    """Seconds that the card computes or copies for an image, waiting for nobody."""
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        chain(paths, "cuda")
    return sum(event.self_device_time_total for event in seen.key_averages()) / 1e6 / len(paths)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", metavar="NAME", help="real images instead of drawn ones")
    parser.add_argument("--root", type=Path, metavar="PATH", help="where that data set lies")
    parser.add_argument("--files", type=int, default=N_FILES, help="of the chain")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args()


def show_families(images: list[np.ndarray], masks: list[np.ndarray]) -> dict[str, Any]:
    """Measure every descriptor, printing each."""
    preparation = Preparation(size=CANVAS, mask="given")
    rows = [preparation.prepare(*pair) for pair in zip(images, masks, strict=True)]
    batch = preparation.collate(rows)
    on_card = batch.to("cuda")
    heads = ("CPU, one thread", "GPU", "of tolerance")
    print(f"{'images a second':24}" + "{:>17}{:>10}{:>14}".format(*heads))
    found = {}
    for name, part in {**dict(default_descriptors()), "haralick": Haralick()}.items():
        row = found[name] = compare(name, part, batch, on_card)
        print(
            f"{name:24}{row['cpu_per_second']:17.0f}{row['gpu_per_second']:10.0f}"
            f"{row['of_tolerance']:14.2f}",
            flush=True,
        )
    return found


def show_chain(images: list[np.ndarray], n_files: int) -> dict[str, float]:
    """Measure from file to row, printing what is known so far."""
    found = {}
    with TemporaryDirectory() as folder:
        paths = write_jpegs(images, n_files, Path(folder))
        chain(paths[:N_SEEN], "cuda")  # what is set up once
        for device in ("cpu", "cuda"):
            found[f"chain_{device}_per_second"] = n_files / chain(paths, device)
            print(
                f"from file to row on {cpu_count()} cores, described on {device}: "
                f"{found[f'chain_{device}_per_second']:.0f} images a second",
                flush=True,
            )
        found["card_at_work"] = card_seconds(paths[:N_SEEN]) * found["chain_cuda_per_second"]
        print(f"the card is at work {found['card_at_work']:.0%} of that time")
    return found


def main() -> None:
    """Measure, print, and fail where rows differ."""
    args = parse_arguments()
    if not torch.cuda.is_available():
        sys.exit("torch finds no CUDA GPU.")
    if args.dataset:
        images, masks = real_lesions(args.dataset, args.root, N_LESIONS)
    else:
        images, masks = drawn_lesions(N_LESIONS)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    card = torch.cuda.get_device_name()
    print(f"{card}, torch {torch.__version__}, OpenCV {cv2.__version__}")
    with exact_arithmetic():
        families = show_families(images, masks)
        result = {"card": card, "families": families} | show_chain(images, args.files)
    if args.json:
        args.json.write_text(json.dumps(result, indent=2) + "\n")
    wrong = [name for name, row in families.items() if not row["of_tolerance"] <= 1]
    if wrong:
        sys.exit(f"beyond the stated tolerance: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
