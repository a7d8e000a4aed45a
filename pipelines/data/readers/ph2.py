"""PH2: 200 melanocytic lesions, common and atypical nevi and melanomas."""

from pathlib import Path

import pandas as pd

from pipelines.data.readers.checks import check_unique, first_file, labels_by_code
from pipelines.data.readers.dataset import Dataset

__all__ = ["PH2"]

_TABLE = "PH2_dataset.txt"
_IMAGES = "PH2 Dataset images"
_HEADER = "Clinical Diagnosis"
_LABELS = {"0": "common nevus", "1": "atypical nevus", "2": "melanoma"}


def read_ph2(root: Path) -> pd.DataFrame:
    """Read the publisher's text table and say where each image and mask should be."""
    root = root / "PH2Dataset" if (root / "PH2Dataset" / _TABLE).is_file() else root
    path = first_file(root, [_TABLE], "PH2")
    table = _read_rows(path)
    check_unique(table["image_id"], path)
    ids = table["image_id"]
    folder = root / _IMAGES
    places = [f"{folder / name / name}" for name in ids]
    manifest = pd.DataFrame(
        {
            "image": [
                f"{place}_Dermoscopic_Image/{name}.bmp"
                for place, name in zip(places, ids, strict=True)
            ],
            "image_id": ids,
            "label": labels_by_code(table["diagnosis"], _LABELS, path, _HEADER),
            "mask": [
                f"{place}_lesion/{name}_lesion.bmp" for place, name in zip(places, ids, strict=True)
            ],
            # Histology stands only where there was any.
            "dx_type": ["histo" if words else "clinical" for words in table["histology"]],
        }
    )
    has_mask = manifest["mask"].map(lambda path: Path(path).is_file())
    manifest["mask"] = manifest["mask"].where(has_mask)
    known = set(ids)
    manifest.attrs = {
        "extra": sorted(
            str(case)
            for case in (folder.iterdir() if folder.is_dir() else ())
            if case.is_dir() and not case.name.startswith(".") and case.name not in known
        )
    }
    return manifest


def _read_rows(path):
    """Cut the rows, || name || histology || clinical diagnosis || ... ||."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    header = next((line for line in lines if _HEADER in line), "")
    if [cell.strip() for cell in header.split("||")][1:4:2] != ["Name", _HEADER]:
        raise ValueError(
            f"{path}: expected a header || Name || Histological Diagnosis || {_HEADER} || ..., "
            f"got {header or lines[:1]!r}."
        )
    rows = [[cell.strip() for cell in line.split("||")] for line in lines if "||" in line]
    cases = [row[1:4] for row in rows if len(row) > 4 and row[1].startswith("IMD")]
    return pd.DataFrame(cases, columns=["image_id", "histology", "diagnosis"], dtype="str")


PH2 = Dataset(
    name="ph2",
    title="PH2: common nevi, atypical nevi and melanomas",
    read=read_ph2,
    counts={"common nevus": 80, "atypical nevus": 80, "melanoma": 40},
    kind="dermoscopic",
    layout="""\
PH2_dataset.txt
PH2 Dataset images/IMD*/IMD*_Dermoscopic_Image/IMD*.bmp
PH2 Dataset images/IMD*/IMD*_lesion/IMD*_lesion.bmp (masks)""",
    masks="all",
    note="One image a lesion; no patient ids. Few labels are histological: `dx_type` says which. "
    "With 200 images a difference of 0.05 in AUC is noise.",
    licence="research and education only",
    citation="Mendonça et al. (2013), 35th Int. Conf. of the IEEE EMBS.",
    url="https://www.fc.up.pt/addi/ph2%20database.html",
)
