r"""How long a manifest of 401,059 rows takes to read, the size of ISIC 2024.

    python benchmarks/manifest.py
    python benchmarks/manifest.py --hdf5

Writes a table of ISIC 2024's columns with made-up values, and reads it with `load_dataset` as
"isic2024" (files not looked for, as there are none) and as "csv" with all its 55 columns. With
--hdf5 an HDF5 file of as many images of a few bytes is made first, which takes minutes, and each
image is looked for in it.
"""

import argparse
import tempfile
import warnings
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd

from pipelines import load_dataset

N_ROWS = 401_059
N_PATIENTS = 1_042
N_MALIGNANT = 393


def make_table(n_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a table of ISIC 2024's columns."""
    target = np.zeros(n_rows, dtype=int)
    target[rng.permutation(n_rows)[: max(1, n_rows * N_MALIGNANT // N_ROWS)]] = 1
    columns = {
        "isic_id": [f"ISIC_{i:07d}" for i in rng.permutation(9_999_999)[:n_rows]],
        "target": target,
        "patient_id": [f"IP_{i:07d}" for i in rng.integers(0, N_PATIENTS, n_rows)],
        "age_approx": rng.integers(1, 18, n_rows) * 5.0,
        "sex": rng.choice(["male", "female", ""], n_rows),
        "anatom_site_general": rng.choice(["head/neck", "upper extremity", "torso"], n_rows),
        "clin_size_long_diam_mm": rng.uniform(1, 20, n_rows).round(2),
        "image_type": "TBP tile: close-up",
        "tbp_tile_type": "3D: XP",
    }
    columns |= {f"tbp_lv_{i}": rng.random(n_rows).round(6) for i in range(34)}
    columns |= {
        "attribution": "Memorial Sloan Kettering Cancer Center",
        "copyright_license": "CC-BY",
        "lesion_id": [f"IL_{i:07d}" if i % 20 == 0 else "" for i in range(n_rows)],
        "iddx_full": np.where(target == 1, "Malignant", "Benign"),
    }
    columns |= dict.fromkeys(("iddx_2", "iddx_3", "iddx_4", "iddx_5"), "")
    columns |= dict.fromkeys(("iddx_1", "mel_mitotic_index", "mel_thick_mm", "other"), "")
    return pd.DataFrame(columns)


def write_hdf5(path: Path, names: pd.Series) -> None:
    """Write an HDF5 file with a few bytes for each image."""
    import h5py

    with h5py.File(path, "w") as file:
        for name in names:
            file[name] = np.void(b"\xff\xd8\xff\xd9")


def timed(name: str, root: Path, **options) -> str:
    """Load a data set; tell rows and seconds, on the clock and of the processor."""
    start, worked = perf_counter(), process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        manifest = load_dataset(name, root, **options)
    taken, worked = perf_counter() - start, process_time() - worked
    return f"{name}: {len(manifest):,} rows in {taken:.1f} s ({worked:.1f} s of one core)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=N_ROWS)
    parser.add_argument("--hdf5", action="store_true", help="with an HDF5 file of as many images")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        table = make_table(args.rows, np.random.default_rng(0))
        table.to_csv(root / "train-metadata.csv", index=False)
        print(f"{len(table):,} rows, {table.shape[1]} columns")
        if args.hdf5:
            write_hdf5(root / "train-image.hdf5", table["isic_id"])
        print(timed("isic2024", root, check_files=args.hdf5))
        columns = {"image_col": "isic_id", "label_col": "target", "group_col": "patient_id"}
        print(timed("csv", root / "train-metadata.csv", check_files=False, **columns))


if __name__ == "__main__":
    main()
