"""Sins committed and scored: what each would have added, with a paired interval."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import Failure
from pipelines.evaluation import draw_lesions, percentile_interval, resample
from pipelines.evaluation.predictions import class_names
from pipelines.evaluation.scoring.metrics import one_vs_rest_auc
from pipelines.experiments.run_facts import run_facts
from pipelines.experiments.sins import SINS, Outcome
from pipelines.experiments.study import Floats, Study, lesion_truth
from pipelines.reporting.experiments.ledger import write_ledger

Progress = Callable[[str], object]

_COLUMNS = [
    *("sin", "title", "practice", "remedy", "metric"),
    *(
        f"{name}{end}"
        for name in ("honest", "sinful", "difference")
        for end in ("", "_low", "_high")
    ),
    "seconds",
]


@dataclass
class Ledger:
    """What each sin would have added.

    Attributes
    ----------
    entries : DataFrame
        One row a sin: `sin`, its name; `title`, `practice`, `remedy`; `metric`; the scores
        `honest` and `sinful` per lesion and their `difference`, each with `_low` and `_high`, the
        ends of a 95% lesion-bootstrap interval (paired for the difference); `seconds`.
    left_out : dict of str to str
        Sins that could not be committed, and why.
    settings : dict
        Seed, command, versions, hardware and facts of the data; JSON values only.
    failures : list of Failure
        Images that could not be read.
    """

    entries: pd.DataFrame
    left_out: dict[str, str]
    settings: dict[str, Any]
    failures: list[Failure] = field(default_factory=list)

    def report(self, directory: str | Path) -> Path:
        """Write the ledger and its picture.

        Parameters
        ----------
        directory : str or Path
            Made if missing; files of an earlier ledger in it are overwritten.

        Returns
        -------
        Path
            The page, `ledger.md`. Beside it: ledger.csv, ledger.svg and run.json.
        """
        return write_ledger(self.entries, self.left_out, self.settings, directory)


def commit_sins(
    study: Study,
    names: Sequence[str],
    positive: str | None,
    n_bootstrap: int,
    progress: Progress | None,
) -> Ledger:
    """Commit sins on a study and score them.

    Parameters
    ----------
    study : Study
        Data, model and honest folds.
    names : sequence of str
        Of `SINS`.
    positive : str or None
        Class whose threshold is scored; None for the mean over classes.
    n_bootstrap : int
        Draws of the lesion bootstrap.
    progress : callable or None
        Called with each name before its sin is committed.

    Returns
    -------
    Ledger
        One entry a sin, and the sins that failed.
    """
    truth = lesion_truth(study.honest)
    classes = class_names(study.honest)
    concern = None if positive is None else classes.index(positive)
    counts = draw_lesions(truth.argmax(axis=1), n_bootstrap, study.random_state)
    entries, left_out = [], {}
    for name in names:
        if progress is not None:
            progress(name)
        start = time.perf_counter()
        sin = SINS[name]
        try:
            outcome = sin.commit(study)
        except (ValueError, RuntimeError) as error:
            # One sin that these data have no room for must not cost the others.
            left_out[name] = str(error)
            continue
        thresholded = sin.metric != "macro AUC"
        scores = _score(outcome, truth, counts, concern if thresholded else None)
        words = {"sin": name, "title": sin.title, "practice": sin.practice, "remedy": sin.remedy}
        metric = sin.metric + (f" of {positive}" if thresholded and positive else "")
        seconds = time.perf_counter() - start
        entries.append(words | {"metric": metric} | scores | {"seconds": seconds})
    return Ledger(pd.DataFrame(entries, columns=_COLUMNS), left_out, _describe(study, n_bootstrap))


def _score(
    outcome: Outcome, truth: NDArray[np.bool_], counts: NDArray, concern: int | None
) -> dict[str, float]:
    """Both scores and their difference, with intervals on shared draws."""
    codes = truth.argmax(axis=1)

    def areas(weights: Floats) -> dict[str, Floats]:
        # The area under the ROC curve of a decision is its balanced accuracy.
        both = {
            name: one_vs_rest_auc(np.asarray(values, dtype=float), codes, weights)
            for name, values in outcome._asdict().items()
        }
        found = {n: a.mean(axis=0) if concern is None else a[concern] for n, a in both.items()}
        return found | {"difference": found["sinful"] - found["honest"]}

    plain = areas(np.ones((len(codes), 1)))
    draws = resample(areas, counts, np.arange(len(codes)))
    row: dict[str, float] = {}
    for name, value in plain.items():
        low, high = percentile_interval(draws[name])
        row |= {name: float(value[0]), f"{name}_low": low, f"{name}_high": high}
    return row


def _describe(study: Study, n_bootstrap: int) -> dict[str, Any]:
    return run_facts(study.manifest) | {
        "model": repr(study.model),
        "columns": len(study.columns),
        "seed": study.random_state,
        "n_splits": int(study.folds.max()) + 1,
        "n_tries": study.n_tries,
        "n_bootstrap": n_bootstrap,
    }
