"""What an audit found, to be read, kept and acted on."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipelines.audit.page import render_page

__all__ = ["Audit"]


@dataclass(eq=False)
class Audit:
    """What an audit found.

    Parameters
    ----------
    findings : DataFrame
        `kind`, `severity` ("leak", "warning" or "note"), `count` and `message`, worst first.
    pairs : DataFrame
        `row_a` and `row_b` (positions, the earlier first), `image_a`, `image_b`, `how` ("same
        file", "same picture", "mirrored", "turned", "same id" or "embedding"), `distance` (0 for
        one file, 1 less the agreement in detail for one picture, cosine for embeddings, missing
        for ids), `same_label`, `same_lesion`, `same_patient` (missing where unknown), and
        `splits` and `datasets`, as one name or "a | b".
    columns : DataFrame
        `column`, `kind`, `auc`, `auc_low`, `auc_high` and `flagged`: how well each guesses the
        label.
    files : DataFrame of n rows
        `width`, `height`, `bytes`, `jpeg_quality`, `format` and `sha256`, missing for rows that
        could not be read.
    images : list of n str
        Paths, as audited.
    """

    findings: pd.DataFrame
    pairs: pd.DataFrame
    columns: pd.DataFrame
    files: pd.DataFrame
    images: list[str] = field(repr=False)

    def __str__(self) -> str:
        """List the findings, a line each."""
        lines = [f"{len(self.images):,} images audited: {len(self.findings)} findings"]
        lines += [
            f"  {row['severity']:<8}{row['message']}" for row in self.findings.to_dict("records")
        ]
        return "\n".join(lines)

    def save(self, folder: str | Path, *, max_pictures: int = 200) -> Path:
        """Write the tables, and a page with pictures of the pairs.

        Parameters
        ----------
        folder : path-like
            Made where missing. Receives audit.csv (the findings), pairs.csv, columns.csv,
            files.csv and audit.html. The page holds small pictures of patients' skin: keep it
            where the images themselves may be kept.
        max_pictures : int, default=200
            Pairs shown on the page, those across splits and with two labels first; 0 for none.

        Returns
        -------
        Path
            The page.
        """
        folder = Path(folder).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        self.findings.to_csv(folder / "audit.csv", index=False)
        self.pairs.to_csv(folder / "pairs.csv", index=False)
        self.columns.to_csv(folder / "columns.csv", index=False)
        self.files.assign(image=self.images).to_csv(folder / "files.csv", index_label="row")
        page = folder / "audit.html"
        page.write_text(
            render_page(self.findings, self.pairs, self.columns, len(self.images), max_pictures),
            encoding="utf-8",
        )
        return page
