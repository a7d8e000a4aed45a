"""Our segmenters against publishers' masks.

    python benchmarks/segmentation.py --limit 200
    python benchmarks/segmentation.py --root data --jobs 2 --json out.json

Every folder of the root that holds masks as ISIC names them (`<image>_segmentation.png`) is a
data set. Masks are fitted to the size of their images. Prints, per data set and segmenter, the
mean and median Jaccard index, the share of images under 0.5, the share that the segmenter itself
calls unreliable, and its CPU time on one thread, without decoding and field of view.
The weights by which `candidates` chooses were fitted to the Jaccard index on a random half of
HAM10000 (both sizes) and UDA-1; what is printed is of all images.
"""

import argparse
import json
import random
import sys
from pathlib import Path
from time import thread_time

import cv2
import numpy as np
from joblib import Parallel, delayed

from features import field_of_view, segment_lesion
from features.preparation.segmentation import SEGMENTERS
from features.reading.files import decode_mask, read_image

ROOT = Path(__file__).parents[2] / "shared" / "data"
SUFFIX = "_segmentation.png"
POOR = 0.5

Score = tuple[float, bool, float]


def find_pairs(folder: Path, limit: int | None) -> list[tuple[Path, Path]]:
    """Images of a data set with their masks; a random draw of `limit`."""
    masks = {path.name.removesuffix(SUFFIX): path for path in folder.rglob(f"*{SUFFIX}")}
    images = sorted(path for path in folder.rglob("*.jpg") if path.stem in masks)
    if limit is not None and limit < len(images):
        images = sorted(random.Random(0).sample(images, limit))
    return [(path, masks[path.stem]) for path in images]


def score_image(path: Path, mask_path: Path) -> dict[str, Score]:
    """Jaccard index, reliability and CPU milliseconds of every segmenter on one image."""
    cv2.setNumThreads(1)
    image = read_image(path)
    truth = decode_mask(mask_path.read_bytes(), mask_path, image.shape[:2])
    valid = field_of_view(image)
    scores: dict[str, Score] = {}
    for name in SEGMENTERS:
        start = thread_time()
        mask, reliable = segment_lesion(image, valid, name)
        elapsed = 1000 * (thread_time() - start)
        jaccard = np.count_nonzero(mask & truth) / np.count_nonzero(mask | truth)
        scores[name] = (jaccard, reliable, elapsed)
    return scores


def summarise(scores: list[Score]) -> dict[str, float]:
    """Figures of one segmenter on one data set."""
    columns = zip(*scores, strict=True)
    jaccard, reliable, elapsed = (np.array(column, dtype=float) for column in columns)
    return {
        "images": len(scores),
        "mean_jaccard": jaccard.mean(),
        "median_jaccard": float(np.median(jaccard)),
        "poor_share": (jaccard < POOR).mean(),
        "unreliable_share": 1 - reliable.mean(),
        "cpu_ms": elapsed.mean(),
    }


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of data sets")
    parser.add_argument("--datasets", nargs="+", metavar="NAME", help="only these folders")
    parser.add_argument("--limit", type=int, metavar="N", help="N random images of each")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args()


def main() -> None:
    """Segment, compare, print."""
    args = parse_arguments()
    folders = sorted(path for path in args.root.glob("*") if path.is_dir())
    result = {}
    print(
        f"{'data set':20}{'segmenter':12}{'images':>7}{'mean':>8}{'median':>8}"
        f"{f'< {POOR}':>8}{'unsure':>8}{'CPU ms':>8}"
    )
    for folder in folders:
        pairs = find_pairs(folder, args.limit)
        if not pairs or (args.datasets and folder.name not in args.datasets):
            continue
        rows = Parallel(n_jobs=args.jobs)(delayed(score_image)(*pair) for pair in pairs)
        result[folder.name] = {name: summarise([row[name] for row in rows]) for name in SEGMENTERS}
        for name, figures in result[folder.name].items():
            print(
                f"{folder.name:20}{name:12}{figures['images']:7}{figures['mean_jaccard']:8.4f}"
                f"{figures['median_jaccard']:8.3f}{figures['poor_share']:8.3f}"
                f"{figures['unreliable_share']:8.3f}{figures['cpu_ms']:8.2f}",
                flush=True,
            )
    if not result:
        sys.exit(f"{args.root}: no images with masks named '<image>{SUFFIX}' in its folders.")
    if args.json:
        args.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
