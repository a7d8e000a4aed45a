r"""How many planted duplicates the audit finds, what else it reports, and how long it takes.

    python benchmarks/audit.py planted --ham10000 data/ham10000
    python benchmarks/audit.py timing --ham10000 data/ham10000
    python benchmarks/audit.py published --shared data

`planted` takes 2,000 images, one a lesion, and adds a copy of each that was altered: shrunk to
60 %, saved at JPEG quality 40, mirrored, brightened by 10 %, cropped by 5 %, and every combination
of these in turn. A crop takes 5 % of each side away, or 5 % at every border. Reported pairs of two
lesions are printed, to be looked at. `timing` audits all of HAM10000 without and with a store.
`published` counts what is known of published splits: DermaMNIST's lesions across its splits, UDA-1
inside ISIC 2017, and near-duplicates between ISIC 2017's training and validation parts.
"""

import argparse
import io
import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from itertools import combinations
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageEnhance, ImageOps

from pipelines.audit import Audit, audit
from pipelines.data import combine, load_dataset

Alteration = Callable[[Image.Image, np.random.Generator], Image.Image]


def shrink(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Resize to 60 %."""
    return image.resize((round(0.6 * image.width), round(0.6 * image.height)))


def recompress(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Save at JPEG quality 40."""
    content = io.BytesIO()
    image.save(content, "JPEG", quality=40)
    return Image.open(content).convert("RGB")


def mirror(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Mirror left to right, or upside down."""
    return ImageOps.mirror(image) if rng.integers(2) else ImageOps.flip(image)


def brighten(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Make 10 % brighter."""
    return ImageEnhance.Brightness(image).enhance(1.1)


def crop(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Take 5 % of width and height away, anywhere, or 5 % at every border."""
    width, height = image.size
    if rng.integers(2):
        return image.crop(
            (
                round(0.05 * width),
                round(0.05 * height),
                round(0.95 * width),
                round(0.95 * height),
            )
        )
    left = int(rng.integers(round(0.05 * width) + 1))
    top = int(rng.integers(round(0.05 * height) + 1))
    return image.crop((left, top, left + round(0.95 * width), top + round(0.95 * height)))


# In this order, so that recompression comes last.
ALTERATIONS: dict[str, Alteration] = {
    "crop": crop,
    "mirror": mirror,
    "shrink": shrink,
    "brighten": brighten,
    "recompress": recompress,
}
PLANS = [names for n in range(1, len(ALTERATIONS) + 1) for names in combinations(ALTERATIONS, n)]


def plant(manifest: pd.DataFrame, folder: Path, seed: int) -> pd.DataFrame:
    """Write an altered copy of each row's image, and put it below: with `origin` and `plan`."""
    rng = np.random.default_rng(seed)
    copies = []
    for row, path in enumerate(manifest["image"]):
        plan = PLANS[row % len(PLANS)]
        image = Image.open(path).convert("RGB")
        for name in plan:
            image = ALTERATIONS[name](image, rng)
        file = folder / f"copy_{row}.jpg"
        image.save(file, "JPEG", quality=40 if "recompress" in plan else 92)
        copies.append({"image": str(file), "origin": row, "plan": "+".join(plan)})
    originals = manifest[["image"]].assign(origin=range(len(manifest)), plan="")
    return pd.concat([originals, pd.DataFrame(copies)], ignore_index=True)


def score(planted: pd.DataFrame, found: Audit) -> dict[str, Any]:
    """Share of planted pairs that were reported, and of reported pairs that were planted."""
    pairs = found.pairs
    origin = planted["origin"].to_numpy()
    true = origin[pairs["row_a"]] == origin[pairs["row_b"]]
    copies = planted[planted["plan"] != ""]
    hit = np.isin(copies["origin"], origin[pairs["row_a"][true]])
    n_steps = copies["plan"].str.count(r"\+").to_numpy() + 1
    others = pairs[~true].assign(
        a=planted["image"].iloc[origin[pairs["row_a"][~true]]].map(lambda p: Path(p).stem).tolist(),
        b=planted["image"].iloc[origin[pairs["row_b"][~true]]].map(lambda p: Path(p).stem).tolist(),
    )
    return {
        "planted": len(copies),
        "found": float(hit.mean()),
        "found_by_steps": {
            n: float(hit[n_steps == n].mean()) for n in range(1, len(ALTERATIONS) + 1)
        },
        "found_alone": {
            name: float(hit[(copies["plan"] == name).to_numpy()].mean()) for name in ALTERATIONS
        },
        "missed": copies.loc[~hit, "plan"].tolist(),
        "reported": len(pairs),
        "precision_if_others_are_wrong": float(true.mean()),
        "others": others[["a", "b", "how", "distance"]].to_dict("records"),
    }


def run_planted(args: argparse.Namespace) -> dict[str, Any]:
    """Plant and score."""
    ham = load_dataset("ham10000", args.ham10000)
    ham = ham.drop_duplicates("lesion").sample(args.n, random_state=args.seed)
    with tempfile.TemporaryDirectory() as folder:
        planted = plant(ham.reset_index(drop=True), Path(folder), args.seed)
        return score(planted, audit(planted[["image"]], store=None, n_jobs=args.jobs))


def run_timing(args: argparse.Namespace) -> dict[str, Any]:
    """Audit twice, each time as a new process would."""
    ham = load_dataset("ham10000", args.ham10000)
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first", "from_store"):
            # A copy is another path, and so is read from disk as a new process would read it.
            store = Path(folder, f"{name}.sqlite")
            if name == "from_store":
                first = sqlite3.connect(Path(folder, "first.sqlite"))
                with closing(first), closing(sqlite3.connect(store)) as copy:
                    first.backup(copy)
            start, worked = perf_counter(), getrusage(RUSAGE_SELF).ru_utime
            found = audit(ham, store=store, n_jobs=args.jobs)
            times[name] = {
                "seconds": perf_counter() - start,
                "cpu_seconds": getrusage(RUSAGE_SELF).ru_utime - worked,
            }
    counts = found.findings.set_index("kind")["count"].to_dict()
    return {"images": len(ham), **times, "findings": counts}


def run_published(args: argparse.Namespace) -> dict[str, Any]:
    """Count what published splits and subsets share."""
    isic = load_dataset("isic2017", args.shared / "isic2017")
    uda = load_dataset("isic_archive", args.shared / "isic_archive_uda1")
    both = combine({"isic2017": isic, "uda1": uda})
    # Without ids, so that pictures alone must tell.
    pairs = audit(both[["image", "label", "dataset", "split"]], n_jobs=args.jobs).pairs
    seen = pairs[pairs["how"].isin(["same file", "same picture", "mirrored", "turned"])]
    inside = seen[seen["datasets"] == "isic2017 | uda1"]
    torn = seen[(seen["datasets"] == "isic2017") & (seen["splits"] == "train | val")]
    found = {
        "uda1": len(uda),
        "uda1_found_inside": int(inside["row_b"].nunique()),
        "train_val_pairs": torn[["image_a", "image_b", "how", "distance"]].to_dict("records"),
    }
    return found


RUNS = {"planted": run_planted, "timing": run_timing, "published": run_published}


def main() -> None:
    """Run one benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=RUNS)
    parser.add_argument("--ham10000", type=Path, help="for planted and timing")
    parser.add_argument("--shared", type=Path, help="folder with isic2017 and isic_archive_uda1")
    parser.add_argument("--n", type=int, default=2000, help="images, one a lesion")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args()
    figures = RUNS[args.what](args)
    text = json.dumps(figures, indent=2)
    print(text)
    if args.json:
        args.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
