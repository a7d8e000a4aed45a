"""How models are compared: which rows test which, and what is asked of every fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pipelines.evaluation.design.folds import Split, make_splits
from pipelines.evaluation.design.sources import source_folds

TEST = "test"


@dataclass(frozen=True)
class Protocol:
    """Rules of a comparison, fixed before any model is fitted.

    Parameters
    ----------
    n_splits : int, default=5
        Folds of a cross-validation.
    n_repeats : int, default=1
        Cross-validations, each with another shuffle.
    by : {"groups", "source", "split"}, default="groups"
        - "groups": stratified folds of connected components of patient, lesion and duplicates.
        - "source": each source is tested by models of all others.
        - "split": the rows that the publisher marks "test" are tested, by models of all others.
    test_folds : sequence of int or None, default=None
        Folds that are tested, of each repeat; None for all. The other folds are trained on only.
    inner_splits : int, default=3
        Inner folds by which thresholds are set, in the first repeat and of models that train no
        network; 0 for none.
    train_scores : bool, default=True
        Whether models are scored on their training rows too.
    reference : str or None, default=None
        Model that all others are compared with; None for the first.
    margin : float, default=0.01
        Smallest difference of the macro AUC worth having.
    target_sensitivity : float, default=0.95
        For the class of concern, in (0, 1): what thresholds are set for.
    miss_cost : float, default=20
        False alarms that weigh as much as one missed case of the class of concern.
    prevalence : float, default=0.05
        Of the class of concern where the models would be used, in (0, 1).
    shares : sequence of float, default=()
        Shares of the training lesions for a learning curve, each in (0, 1).
    """

    n_splits: int = 5
    n_repeats: int = 1
    by: Literal["groups", "source", "split"] = "groups"
    test_folds: Sequence[int] | None = None
    inner_splits: int = 3
    train_scores: bool = True
    reference: str | None = None
    margin: float = 0.01
    target_sensitivity: float = 0.95
    miss_cost: float = 20.0
    prevalence: float = 0.05
    shares: Sequence[float] = ()

    def check(self) -> None:
        """Raise a ValueError for a value out of its range."""
        if self.by not in ("groups", "source", "split"):
            raise ValueError(f"`by` must be 'groups', 'source' or 'split', got {self.by!r}.")
        if self.inner_splits == 1 or self.inner_splits < 0:
            raise ValueError(f"`inner_splits` must be 0 or at least 2, got {self.inner_splits!r}.")
        for name in ("margin", "miss_cost"):
            if not getattr(self, name) > 0:
                raise ValueError(f"`{name}` must be above 0, got {getattr(self, name)!r}.")
        for name in ("target_sensitivity", "prevalence"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be in (0, 1), got {getattr(self, name)!r}.")
        wrong = [share for share in self.shares if not 0 < share < 1]
        if wrong:
            raise ValueError(f"`shares` must be in (0, 1), got {wrong}.")

    def splits(self, manifest: pd.DataFrame, random_state: int = 0) -> list[Split]:
        """Choose training and test rows.

        Parameters
        ----------
        manifest : DataFrame
            One row an image.
        random_state : int, default=0
            Seed of the first repeat's shuffle.

        Returns
        -------
        list of Split
            Repeat by repeat, fold by fold.

        Raises
        ------
        ValueError
            If the manifest does not allow it, or there is no such fold.
        """
        self.check()
        if self.by == "split":
            found = [_publisher_split(manifest)]
        elif self.by == "source":
            found = source_folds(manifest)
        else:
            found = make_splits(manifest, self.n_splits, self.n_repeats, random_state)
        if self.test_folds is None:
            return found
        known = {split.fold for split in found}
        if not self.test_folds or not set(self.test_folds) <= known:
            raise ValueError(
                f"`test_folds` must name folds among {sorted(known)}, got {list(self.test_folds)}."
            )
        return [split for split in found if split.fold in set(self.test_folds)]


def external_split(n_train: int, groups: np.ndarray) -> Split:
    """Test an external data set by models of all other rows.

    Parameters
    ----------
    n_train : int
        The first so many rows are trained on, the others tested.
    groups : ndarray of shape (n,)
        Rows that may not be parted; training rows of a group that is tested too are left out.

    Returns
    -------
    Split
        The only one.
    """
    rows = np.arange(len(groups))
    tested = rows >= n_train
    return Split(0, 0, rows[~tested & ~np.isin(groups, groups[tested])], rows[tested])


def _publisher_split(manifest: pd.DataFrame) -> Split:
    marks = manifest["split"].astype(str) if "split" in manifest else pd.Series(dtype=str)
    tested = (marks == TEST).to_numpy()
    if not tested.any() or tested.all():
        raise ValueError(
            "by='split' needs a column `split` in the manifest with rows marked 'test' and others; "
            f"got {sorted(set(marks)) or 'no such column'}."
        )
    return Split(0, 0, np.flatnonzero(~tested), np.flatnonzero(tested))
