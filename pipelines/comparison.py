"""Compare models on the same folds of the same images, and write the report."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from features import ImageError
from pipelines.data import lesion_ids, validate_manifest
from pipelines.evaluation import OutOfFold, Protocol, Record, Split, out_of_fold, summarise_cohort
from pipelines.evaluation.design.fingerprints import data_fingerprint, model_fingerprint
from pipelines.evaluation.design.plan import FILE, declared_pairs, lock_plan, make_plan
from pipelines.evaluation.design.provenance import describe_run
from pipelines.evaluation.evidence import facts_of
from pipelines.evaluation.fitting.cross_validation import task_parts
from pipelines.evaluation.fitting.parts import Parts
from pipelines.events import Event
from pipelines.external import Splitting, join_test, splitting
from pipelines.intake import Intake, take_in
from pipelines.measuring import EXTRAS, Setting, measure
from pipelines.model_facts import model_facts
from pipelines.progress import Steps
from pipelines.recipes.controls import add_controls
from pipelines.reporting import write_report

_LOGGER = logging.getLogger(__name__)

# Names under which data sets file the class that a screening must not miss.
CLASSES_OF_CONCERN = ("melanoma", "mel")


class Comparison(Record):
    """Results of `compare`; see `pipelines.evaluation.Record` for its tables."""

    def report(self, directory: str | Path, *, gallery: bool = False) -> Path:
        """Write the report, its figures and the tables behind them.

        Parameters
        ----------
        directory : str or Path
            Made if missing; files of an earlier report in it are overwritten.
        gallery : bool, default=False
            Also write gallery.html, which shows images of the surest mistakes.

        Returns
        -------
        Path
            The report, `report.html`. Beside it: the same as report.md, metrics.csv,
            differences.csv, timings.csv, predictions.parquet and the other files that
            `Comparison.load` reads, run.json, tables/* and figures/*.svg.
        """
        start = time.perf_counter()
        path = write_report(self, directory, gallery=gallery)
        _LOGGER.info(Event("report written", path=path, seconds=time.perf_counter() - start))
        return path


def compare(
    models: Mapping[str, Any],
    manifest: pd.DataFrame,
    *,
    protocol: Protocol | None = None,
    test_manifest: pd.DataFrame | None = None,
    extras: Sequence[str] = (),
    random_state: int = 0,
    positive: str | None = None,
    n_jobs: int | None = None,
    n_bootstrap: int = 1000,
    on_error: Literal["raise", "skip"] = "raise",
    directory: str | Path | None = None,
    progress: bool = False,
) -> Comparison:
    """Cross-validate models on the same lesion-grouped folds and score them.

    Parameters
    ----------
    models : mapping of str to estimator
        Unfitted classifiers that take a manifest; they are cloned, not changed. Beside each that
        uses a `PatientMetadata` runs a missingness control of the same columns.
    manifest : DataFrame
        One row an image, with `image`, `label` and, where known, `lesion` and `patient`.
    protocol : Protocol, optional
        Folds, repeats, and what is asked of each fold; five folds by default.
    test_manifest : DataFrame, optional
        Another data set, tested by models of the whole `manifest` in the place of folds. Images
        that it has too, and those of one group with them, are not trained on. They are told by
        the file's content, by an archive's id of image, lesion or patient, and by a column
        `shared`, whose ids mean the same in both; other ids of the two are never compared.
    extras : sequence of str, default=()
        What takes fits of its own, of "controls", "counterfactuals", "costs" and
        "learning_curve".
    random_state : int, default=0
        Seed of the folds, of the bootstrap, and of models that have none of their own.
    positive : str or None, default=None
        Class of concern. None means melanoma where the labels have it (`melanoma` or `mel`), else
        the second of two classes in sorted order, else no class.
    n_jobs : int or None, default=None
        Folds fitted at a time, through joblib. Networks run one after the other.
    n_bootstrap : int, default=1000
        Draws of the lesion bootstrap behind each interval.
    on_error : {"raise", "skip"}, default="raise"
        What an unreadable image does: stop, or be left out for every model and listed.
    directory : path-like, optional
        Folder of the run. The plan is written there before any model is fitted, and each fold
        when it is finished: a run that was killed goes on from there. Models that an earlier plan
        does not name, or names with other settings, are marked as exploratory.
    progress : bool, default=False
        Show a bar over models and folds.

    Returns
    -------
    Comparison
        Predictions, scores and settings. The same seed gives the same scores, bit for bit, on the
        same machine, threads and device. A model that fails is listed in
        `settings["failed"]`, and the others go on.

    Raises
    ------
    ValueError
        When the labels do not allow the comparison asked for, metadata are not there, or
        `directory` holds the plan of another comparison.
    RuntimeError
        When every model fails; names the model and the fold.
    """
    protocol = Protocol() if protocol is None else protocol
    folder = None if directory is None else Path(directory)
    splits_of = splitting(protocol, None if test_manifest is None else len(manifest), random_state)
    if test_manifest is not None:
        manifest = join_test(manifest, test_manifest, n_jobs=n_jobs)
    _check(models, manifest, splits_of, positive, on_error, extras)
    models = add_controls(models, manifest)
    declared_pairs(list(models), protocol.reference)  # refuses a reference that is none of them
    run = _Run(models, manifest, folder, protocol, random_state, n_jobs, progress)
    intake = run.take_in(on_error, splits_of)
    used = manifest.iloc[intake.kept]
    positive = class_of_concern(used["label"], positive)
    splits = splits_of(used, intake.kept)
    prints = {name: model_fingerprint(model, used) for name, model in models.items()}
    described = {name: model_facts(model, used) for name, model in models.items()}
    plan = lock_plan(make_plan(prints, used, splits, protocol, random_state, positive), folder)
    event = "plan made" if folder is None else "plan locked"
    _LOGGER.info(Event(event, hash=plan["hash"], splits=len(splits), models=list(models)))
    found = run.fit(used, splits)
    shared = Setting(used, splits, protocol, positive, folder, n_jobs, n_bootstrap, random_state)
    scored = {name: models[name] for name in found.predictions["model"].unique()}
    measured = _leaks(manifest) | measure(extras, scored, found, shared, progress=progress)
    found.predictions["row"] = intake.kept[found.predictions["row"]]
    seconds = found.timings["model"].map(intake.seconds)
    found.timings["extract_seconds"] = seconds.fillna(found.timings["extract_seconds"])
    settings = {
        "n_jobs": n_jobs,
        "on_error": on_error,
        "plan": plan,
        "unreliable_masks": _unreliable_masks(intake.quality),
        "external": None
        if test_manifest is None
        else test_manifest.attrs.get("dataset") or "given",
        "left_out_of_training": 0 if test_manifest is None else len(used) - _n_rows(splits[0]),
        "failed": found.failures,
        "models": described,
    }
    tested = np.unique(np.concatenate([split.test for split in splits]))
    return Comparison(
        predictions=found.predictions,
        timings=found.timings,
        selections=found.selections,
        training=found.training,
        inner=found.inner,
        contributions=found.contributions,
        facts=facts_of(used.iloc[tested], intake.kept[tested], lesion_ids(used)[tested]),
        cohort=summarise_cohort(used["label"].to_numpy(), lesion_ids(used)),
        skipped=_left_out_by_loading(manifest) + [f._asdict() for f in intake.failures],
        settings=shared.facts() | settings | describe_run(used),
        measured=measured,
    )


@dataclass
class _Run:
    """One call of `compare`: what it fits, and where it keeps what is finished."""

    models: Mapping[str, Any]
    manifest: pd.DataFrame
    folder: Path | None
    protocol: Protocol
    random_state: int
    n_jobs: int | None
    progress: bool

    def parts(self, used: pd.DataFrame) -> Parts:
        """Where finished folds of these images are."""
        asked = {
            "seed": self.random_state,
            "inner": self.protocol.inner_splits,
            "train": self.protocol.train_scores,
        }
        return task_parts(None if self.folder is None else self.folder / "parts", used, **asked)

    def take_in(self, on_error: Literal["raise", "skip"], splits_of: Splitting) -> Intake:
        """Read every image once, but for models whose folds are all finished."""
        data = data_fingerprint(self.manifest)
        known = None if self.folder is None else Intake.load(self.folder, data)
        if known is None:
            found = self._look(self.models, on_error)
        else:
            used = self.manifest.iloc[known.kept]
            found = self._add(known, self._unfinished(used, splits_of(used, known.kept)))
        if self.folder is not None:
            found.save(self.folder, data)
        return found

    def fit(self, used: pd.DataFrame, splits: list[Split]) -> OutOfFold:
        """Predict every test row by every model."""
        with Steps("folds", shown=self.progress) as steps:
            steps.expect(len(self.models) * len(splits))
            return out_of_fold(
                self.models,
                used,
                splits,
                n_jobs=self.n_jobs,
                random_state=self.random_state,
                inner_splits=self.protocol.inner_splits,
                train_scores=self.protocol.train_scores,
                parts=self.parts(used),
                on_failure="report",
                progress=steps.tell_fold,
            )

    def _look(self, models: Mapping[str, Any], on_error: Literal["raise", "skip"]) -> Intake:
        return take_in(
            models, self.manifest, on_error=on_error, n_jobs=self.n_jobs, progress=self.progress
        )

    def _add(self, known: Intake, models: Mapping[str, Any]) -> Intake:
        """Show models that are not finished the rows that others used, which the plan counts."""
        found = self._look(models, "skip")
        bad = [failure for failure in found.failures if failure.row in known.kept]
        if bad:
            raise ImageError(
                f"{bad[0].error} {FILE} in {self.folder} counts on this row: mend the file, or "
                "compare in another folder."
            )
        quality = known.quality
        if quality.empty:  # the finished models looked at no lesion
            quality = found.quality[np.isin(found.kept, known.kept)].reset_index(drop=True)
        return Intake(known.kept, known.failures, known.seconds | found.seconds, quality)

    def _unfinished(self, used: pd.DataFrame, splits: list[Split]) -> dict[str, Any]:
        parts = self.parts(used)
        return {
            name: model
            for name, model in self.models.items()
            if not parts.finished(name, model_fingerprint(model, used), splits)
        }


def _check(
    models: Mapping[str, Any],
    manifest: pd.DataFrame,
    splits_of: Splitting,
    positive: str | None,
    on_error: str,
    extras: Sequence[str],
) -> None:
    """Show what is wrong before the hours that reading images may take."""
    if not models:
        raise ValueError("`models` is empty; name at least one model to compare.")
    if on_error not in ("raise", "skip"):
        raise ValueError(f"`on_error` must be 'raise' or 'skip', got {on_error!r}.")
    unknown = sorted(set(extras) - set(EXTRAS))
    if unknown:
        raise ValueError(f"`extras` must be among {sorted(EXTRAS)}, got {unknown}.")
    class_of_concern(validate_manifest(manifest)["label"], positive)
    splits_of(manifest, np.arange(len(manifest)))


def _n_rows(split: Split) -> int:
    return len(split.train) + len(split.test)


def _leaks(manifest: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Take along what an audit found, where `pipelines.audit.group` made the manifest."""
    findings = manifest.attrs.get("leaks")
    return {} if findings is None else {"leaks": pd.DataFrame(findings)}


def _unreliable_masks(quality: pd.DataFrame) -> float | None:
    """Share of lesion views whose mask is the fail-safe ellipse; None if there are none."""
    return None if quality.empty else float(1 - quality["mask_reliable"].mean())


def _left_out_by_loading(manifest: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows that `load_dataset` left out; their numbers are those of the data set's own table."""
    return [
        {
            "row": fault["row"],
            "image": fault["file"],
            "error": f"{fault['file']}: {fault['reason']}",
        }
        for fault in manifest.attrs.get("skipped", [])
    ]


def class_of_concern(labels: pd.Series, positive: str | None = None) -> str | None:
    """Class that a screening must not miss.

    Parameters
    ----------
    labels : Series of str
        Diagnoses.
    positive : str, optional
        The class asked for.

    Returns
    -------
    str or None
        The class asked for; else melanoma (`CLASSES_OF_CONCERN`) where the labels have it, else
        the second of two classes in sorted order, else None.

    Raises
    ------
    ValueError
        If the class asked for is not among the labels.

    Examples
    --------
    >>> class_of_concern(pd.Series(["nv", "mel", "bkl"]))
    'mel'
    """
    classes = sorted(set(labels))
    if positive is not None:
        if positive not in classes:
            raise ValueError(
                f"The class of concern {positive!r} is not among the labels: {', '.join(classes)}."
            )
        return positive
    for name in CLASSES_OF_CONCERN:
        if name in classes:
            return name
    return classes[1] if len(classes) == 2 else None
