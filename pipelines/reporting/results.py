"""What the sections of a report read: a record, and what several of them derive from it."""

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pipelines.evaluation import Record, summarise_cohort
from pipelines.evaluation.predictions import class_names
from pipelines.evaluation.scoring.bootstrap import draw_lesions
from pipelines.reporting.drawing.palette import series_index

N_BANDS = 200  # draws behind the bands of curves, which are looked at, not read off
MARGIN = 0.01


class Results:
    """A record as a report reads it.

    Parameters
    ----------
    record : Record
        A comparison.
    """

    def __init__(self, record: Record):
        self.record = record
        self.settings: dict[str, Any] = record.settings
        self.models = record.models
        self.series = series_index(record.models)
        self.positive: str | None = record.settings.get("positive")
        self.classes = class_names(record.predictions)

    def table(self, name: str) -> pd.DataFrame | None:
        """Analysis of that name; None where it was not made or found nothing."""
        found = self.record.tables.get(name)
        return None if found is None or found.empty else found

    def metrics(self, unit: str = "lesion") -> pd.DataFrame:
        """Scores per unit, best macro AUC first."""
        rows = self.record.metrics[self.record.metrics["unit"] == unit]
        return rows.sort_values("macro_auc", ascending=False, kind="stable")

    def score_of(self, model: str, name: str) -> pd.Series:
        """Score of one model per lesion: `name`, and its ends."""
        rows = self.metrics()
        columns = [name, f"{name}_low", f"{name}_high"]
        return rows.loc[rows["model"] == model, columns].iloc[0].astype(float)

    @property
    def lesions(self) -> pd.DataFrame:
        """Predictions per lesion."""
        return self.record.lesions

    @cached_property
    def ranked(self) -> list[str]:
        """Models by macro AUC per lesion."""
        return list(self.metrics()["model"])

    @property
    def grouping(self) -> list[str]:
        """Columns by which images are known to belong together."""
        return list(self.settings["grouping"])

    @property
    def unit(self) -> str:
        """What is counted: "lesion", or "image" where no image names its lesion."""
        return "lesion" if "lesion" in self.grouping else "image"

    @cached_property
    def tested(self) -> pd.DataFrame:
        """Images and lesions of each class that were tested, as in `Record.cohort`."""
        facts = self.record.facts
        return summarise_cohort(facts["label"].to_numpy(), facts["lesion"].to_numpy())

    @cached_property
    def plan(self) -> dict[str, Any]:
        """What was to be compared, as stated before any model was fitted."""
        return self.settings.get("plan") or {}

    @property
    def margin(self) -> float:
        """Smallest difference worth having."""
        return float(self.plan.get("margin") or MARGIN)

    @cached_property
    def n_repeats(self) -> int:
        """How often the folds were drawn."""
        lesions = self.record.predictions
        return int(lesions["repeat"].nunique()) if "repeat" in lesions else 1

    @cached_property
    def n_tests(self) -> int:
        """How many folds were tested, over all draws of them."""
        return len(self.record.predictions[["repeat", "fold"]].drop_duplicates())

    def of_model(self, model: str) -> pd.DataFrame:
        """Predictions of one model per lesion."""
        return self.lesions[self.lesions["model"] == model]

    @cached_property
    def _draws(self) -> tuple[pd.Index, np.ndarray]:
        known = self.lesions.drop_duplicates("lesion")
        draws = draw_lesions(known["label"].to_numpy(), N_BANDS, self.settings["seed"])
        return pd.Index(known["lesion"]), draws

    def draws_of(self, table: pd.DataFrame) -> np.ndarray:
        """Bootstrap weights of the rows of a table of lesions, (n, n_draws) whole numbers."""
        lesions, draws = self._draws
        return draws[lesions.get_indexer(pd.Index(table["lesion"]))]
