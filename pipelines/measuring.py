"""Tables of a comparison that take fits of their own: controls, counterfactuals, costs, curves."""

import logging
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import pandas as pd
from sklearn.base import clone

from fusion import fit_with_groups
from pipelines.data import group_ids
from pipelines.data.manifest import manifest_groups
from pipelines.evaluation import OutOfFold, Protocol, Split, aggregate_lesions, out_of_fold
from pipelines.evaluation.controls.artefacts import ARTEFACTS
from pipelines.evaluation.controls.counterfactuals import counterfactual_table
from pipelines.evaluation.controls.judging import controls_table, predict_controls
from pipelines.evaluation.costs.table import costs_table
from pipelines.evaluation.design.fingerprints import data_fingerprint, model_fingerprint
from pipelines.evaluation.design.sources import describe_sources
from pipelines.evaluation.fitting.cross_validation import task_parts
from pipelines.evaluation.fitting.fold_run import fill_seeds
from pipelines.evaluation.learning_curve import learning_curve_table, nested_shares
from pipelines.evaluation.scores import draws_of
from pipelines.events import Event
from pipelines.progress import Steps
from pipelines.recipes.self_deception import make_controls

_LOGGER = logging.getLogger(__name__)

SHARES = (0.1, 0.25, 0.5)


class Setting(NamedTuple):
    """What all of them share.

    Attributes
    ----------
    manifest : DataFrame
        Images that were used.
    splits : list of Split
        Of the comparison.
    protocol : Protocol
        Its rules.
    positive : str or None
        Class of concern.
    folder : Path or None
        Of the run; what is finished is kept there.
    n_jobs : int or None
        Folds fitted at a time.
    n_bootstrap, random_state : int
        Draws behind intervals, and the seed.
    """

    manifest: pd.DataFrame
    splits: list[Split]
    protocol: Protocol
    positive: str | None
    folder: Path | None
    n_jobs: int | None
    n_bootstrap: int
    random_state: int

    def facts(self) -> dict[str, Any]:
        """Tell what a report says of it, in JSON values."""
        by_source = self.protocol.by == "source"
        return {
            "seed": self.random_state,
            "n_splits": len({split.fold for split in self.splits}),
            "n_repeats": len({split.repeat for split in self.splits}),
            "n_bootstrap": self.n_bootstrap,
            "positive": self.positive,
            "target_sensitivity": self.protocol.target_sensitivity,
            "miss_cost": self.protocol.miss_cost,
            "prevalence": self.protocol.prevalence,
            "locked": self.folder is not None,
            "source_folds": describe_sources(self.manifest, self.splits) if by_source else [],
        }

    @property
    def first_repeat(self) -> list[Split]:
        """Splits of the first repeat."""
        return [split for split in self.splits if split.repeat == self.splits[0].repeat]


def measure(
    extras: Sequence[str],
    models: Mapping[str, Any],
    found: OutOfFold,
    setting: Setting,
    *,
    progress: bool = False,
) -> dict[str, pd.DataFrame]:
    """Make the tables that were asked for.

    Parameters
    ----------
    extras : sequence of str
        Of `EXTRAS`.
    models : mapping of str to classifier
        Unfitted models that did not fail.
    found : OutOfFold
        Their predictions; `row` counts the rows of the setting's manifest.
    setting : Setting
        Images, splits and the rest.
    progress : bool, default=False
        Show a bar over the fits of each, with the time left.

    Returns
    -------
    dict of str to DataFrame
        By name. One that is in the run's folder already, of the same models and images, is read.

    Warns
    -----
    UserWarning
        If a table could not be made; the others are.
    """
    job = _Job(models, found, setting)
    tables = {}
    for name in extras:
        try:
            with Steps(name.replace("_", " "), shown=progress) as job.steps:
                tables[name] = job.kept(name, EXTRAS[name])
        except (RuntimeError, ValueError) as error:
            # No warning of the log's own: where nobody configured one, it would be shown twice.
            _LOGGER.info(Event("extra failed", extra=name, error=str(error)))
            # What is beside the comparison may not cost it.
            warnings.warn(f"{name} could not be measured: {error}", UserWarning, stacklevel=3)
    return tables


class _Job:
    """The models of a comparison, and those fitted on its first split."""

    def __init__(self, models: Mapping[str, Any], found: OutOfFold, setting: Setting):
        self.models = models
        self.found = found
        self.setting = setting
        self.steps = Steps()

    @cached_property
    def fitted(self) -> dict[str, Any]:
        """Each model, fitted on the training rows of the first split."""
        rows = self.setting.manifest.iloc[self.setting.splits[0].train]
        self.steps.expect(len(self.models))
        found = {}
        for name, model in self.models.items():
            start = time.perf_counter()
            unfitted = clone(model)
            fill_seeds(unfitted, self.setting.random_state)
            found[name] = fit_with_groups(unfitted, rows, rows["label"], manifest_groups(rows))
            _LOGGER.info(Event("model fitted", model=name, seconds=time.perf_counter() - start))
            self.steps.tell(name)
        return found

    @property
    def untrained(self) -> pd.DataFrame:
        """Rows that the fitted models were not fitted on."""
        return self.setting.manifest.iloc[self.setting.splits[0].test]

    def kept(self, name: str, make: Callable[["_Job"], pd.DataFrame]) -> pd.DataFrame:
        """Read a table of the run's folder, or make it and keep it there."""
        folder = self.setting.folder
        if folder is None:
            return self._made(name, make)
        key = folder / "extras" / f"{name}.key"
        path = key.with_suffix(".csv")
        digest = self._digest(name)
        if path.is_file() and key.is_file() and key.read_text(encoding="utf-8") == digest:
            _LOGGER.info(Event("extra found again", extra=name))
            return pd.read_csv(path, keep_default_na=False, na_values=[""])
        table = self._made(name, make)
        if not table.empty:
            path.parent.mkdir(parents=True, exist_ok=True)
            table.to_csv(path, index=False)
            key.write_text(digest, encoding="utf-8")
        return table

    def _made(self, name: str, make: Callable[["_Job"], pd.DataFrame]) -> pd.DataFrame:
        start = time.perf_counter()
        _LOGGER.info(Event("extra begun", extra=name))
        table = make(self)
        _LOGGER.info(Event("extra finished", extra=name, seconds=time.perf_counter() - start))
        return table

    def _digest(self, name: str) -> str:
        setting = self.setting
        prints = {
            model: model_fingerprint(each, setting.manifest) for model, each in self.models.items()
        }
        splits = [[split.train.tolist(), split.test.tolist()] for split in setting.splits]
        asked = [name, setting.n_bootstrap, setting.random_state, list(setting.protocol.shares)]
        return joblib.hash([data_fingerprint(setting.manifest), prints, splits, asked])


def _learning_curve(job: _Job) -> pd.DataFrame:
    setting = job.setting
    shares = sorted(setting.protocol.shares or SHARES)
    labels = setting.manifest["label"].to_numpy(dtype=object)
    groups = group_ids(setting.manifest)
    seed = setting.random_state
    taken = [
        nested_shares(labels, groups, split.train, shares, seed) for split in setting.first_repeat
    ]
    first = setting.first_repeat[0].repeat
    predictions, scores = (
        [table[table["repeat"] == first].assign(share=1.0)]
        for table in (job.found.predictions, job.found.timings)
    )
    job.steps.expect(len(shares) * len(job.models) * len(setting.first_repeat))
    for place, share in enumerate(shares):
        _LOGGER.info(Event("share begun", share=share))
        splits = [
            split._replace(train=rows[place])
            for split, rows in zip(setting.first_repeat, taken, strict=True)
        ]
        folder = None if setting.folder is None else setting.folder / "learning_curve" / str(share)
        part = out_of_fold(
            job.models,
            setting.manifest,
            splits,
            n_jobs=setting.n_jobs,
            random_state=seed,
            train_scores=True,
            parts=task_parts(folder, setting.manifest, seed=seed),
            progress=job.steps.tell_fold,
        )
        predictions.append(part.predictions.assign(share=share))
        scores.append(part.timings.assign(share=share))
    return learning_curve_table(
        pd.concat(predictions, ignore_index=True),
        pd.concat(scores, ignore_index=True),
        training=job.found.training,
        n_bootstrap=setting.n_bootstrap,
        random_state=seed,
    )


def _controls(job: _Job) -> pd.DataFrame:
    setting = job.setting
    splits = setting.first_repeat
    first = splits[0].repeat
    lesions = aggregate_lesions(job.found.predictions, job.found.training)
    lesions = lesions[lesions["repeat"] == first]
    _, counts = draws_of(lesions, setting.n_bootstrap, setting.random_state)
    with _pictures(setting.folder) as folder:
        controls = make_controls(
            job.models,
            setting.manifest,
            splits,
            folder,
            n_jobs=setting.n_jobs,
            random_state=setting.random_state,
        )
        job.steps.expect(len(controls) * len(splits))
        predicted = predict_controls(
            controls,
            splits,
            n_jobs=setting.n_jobs,
            random_state=setting.random_state,
            progress=job.steps.tell_fold,
        )
    return controls_table(predicted, lesions, counts, random_state=setting.random_state)


def _counterfactuals(job: _Job) -> pd.DataFrame:
    setting = job.setting
    if setting.positive is None:
        return pd.DataFrame()
    fitted = job.fitted
    job.steps.expect(len(fitted) * len(ARTEFACTS))
    with _pictures(setting.folder) as folder:
        return counterfactual_table(
            fitted,
            job.untrained,
            setting.positive,
            folder,
            n_bootstrap=setting.n_bootstrap,
            random_state=setting.random_state,
            progress=lambda model, artefact: job.steps.tell(f"{model}, {artefact}"),
        )


def _costs(job: _Job) -> pd.DataFrame:
    return costs_table(job.fitted, job.untrained, job.found.timings)


@contextmanager
def _pictures(folder: Path | None) -> Iterator[Path]:
    """Folder of altered images, which are as large as the data set and go when they are used."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="altered-") as name:
        yield Path(name)


EXTRAS: dict[str, Callable[[_Job], pd.DataFrame]] = {
    "controls": _controls,
    "counterfactuals": _counterfactuals,
    "costs": _costs,
    "learning_curve": _learning_curve,
}
