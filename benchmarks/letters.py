"""How well each letter of the ABCD rule tells melanomas from nevi, alone.

    python benchmarks/letters.py --ham10000 data/ham10000 --uda1 data/isic_archive_uda1

Prints, for the letters' scores and for the continuous measure declared as each letter's
companion, the area under the ROC curve with its 95 % interval from resampled lesions. Masks are
the publishers'. Nothing is fitted: measures, their directions and thresholds are the same for every
data set, and were chosen while looking at both, the share from which a colour counts by the
diagnoses of HAM10000. HAM10000 confounds the diagnosis with the device: its
figures flatter all that depends on colour.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from features import ABCD, Preparation, extract
from pipelines import load_dataset

# Score of a letter, and the continuous measure that stands beside it.
LETTERS = {
    "A asymmetry": ("asymmetry_score", "asymmetry_first_delta_e"),
    "B border": ("border_score", "border_abruptness_mean"),
    "C color": ("color_score", "color_b_sector_range"),
    "D diameter": (None, "diameter_equivalent_of_width"),
    "D structures": ("structure_score", "structure_globules_proxy"),
    "tds_proxy": ("tds_proxy", None),
}
DRAWS = 1000


def read_ham10000(root: Path) -> pd.DataFrame:
    """Melanomas and nevi of HAM10000."""
    table = load_dataset("ham10000", root)
    return table[table["label"].isin(["mel", "nv"])].assign(melanoma=lambda t: t["label"] == "mel")


def read_uda1(root: Path) -> pd.DataFrame:
    """Melanomas and nevi of a folder as isic-cli downloads it, with masks added."""
    table = pd.read_csv(root / "metadata.csv")
    table = table[table["diagnosis"].isin(["melanoma", "nevus"])]
    return pd.DataFrame(
        {
            "image": [str(root / f"{name}.jpg") for name in table["isic_id"]],
            "mask": [str(root / "masks" / f"{name}_segmentation.png") for name in table["isic_id"]],
            "lesion": table["isic_id"].to_numpy(),
            "melanoma": (table["diagnosis"] == "melanoma").to_numpy(),
        }
    )


READERS = {"ham10000": read_ham10000, "uda1": read_uda1}


def measure(table: pd.DataFrame) -> pd.DataFrame:
    """ABCD columns, one row a lesion: the mean over its images."""
    part = ABCD()
    images = table[["image", "mask"]].reset_index(drop=True)
    found = extract(images, {"abcd": (part, Preparation(mask="given"))}, store=None)
    values = pd.DataFrame(found.values["abcd"], columns=part.feature_names())
    values["melanoma"] = table["melanoma"].to_numpy()
    return values.groupby(table["lesion"].to_numpy()).mean()


def auc_with_interval(melanoma: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """Area under the curve and its 95 % interval over resampled lesions."""
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(DRAWS):
        rows = rng.integers(0, len(values), len(values))
        if 0 < melanoma[rows].sum() < len(rows):
            draws.append(roc_auc_score(melanoma[rows], values[rows]))
    low, high = np.quantile(draws, [0.025, 0.975])
    return {"auc": roc_auc_score(melanoma, values), "low": low, "high": high}


def letters_of(lesions: pd.DataFrame) -> dict[str, dict[str, dict[str, float] | None]]:
    """Figures of each letter's score and companion."""
    melanoma = lesions["melanoma"].to_numpy() > 0.5
    rows = {}
    for letter, columns in LETTERS.items():
        figures = [
            auc_with_interval(melanoma, lesions[column].to_numpy()) if column else None
            for column in columns
        ]
        rows[letter] = dict(zip(("score", "companion"), figures, strict=True))
    return rows


def show(name: str, lesions: pd.DataFrame, rows: dict) -> None:
    """Print one data set's table."""
    n = int((lesions["melanoma"] > 0.5).sum())
    print(f"{name}: {n} melanomas, {len(lesions) - n} nevi (lesions)")
    for letter, figures in rows.items():
        cells = (
            f"{figure['auc']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]" if figure else "-"
            for figure in figures.values()
        )
        score, companion = cells
        print(f"  {letter:14}{score:24}{companion:24}{LETTERS[letter][1] or ''}")


def main() -> None:
    """Measure every data set that is named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in READERS:
        parser.add_argument(f"--{name}", type=Path, metavar="ROOT", help="where it lies")
    parser.add_argument("--limit", type=int, metavar="N", help="images a diagnosis, drawn")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args()
    results = {}
    for name, reader in READERS.items():
        root = getattr(args, name)
        if root is None:
            continue
        table = reader(root)
        if args.limit:
            drawn = table.sample(frac=1, random_state=0).groupby("melanoma").head(args.limit)
            table = drawn.sort_index()
        lesions = measure(table)
        results[name] = letters_of(lesions)
        show(name, lesions, results[name])
    if not results:
        parser.error("name at least one data set, by --ham10000 or --uda1")
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
