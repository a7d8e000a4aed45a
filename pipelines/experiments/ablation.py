"""The ablation: what each step of the ladder adds to the one before, on the same folds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from features import Failure
from pipelines.data import lesion_ids, validate_manifest
from pipelines.evaluation import make_folds, out_of_fold
from pipelines.evaluation.design.fingerprints import model_fingerprint
from pipelines.experiments.gains import score_curve, score_ladder
from pipelines.experiments.ladder import FUSIONS, RIVALS, SHARES, Ladder, Step
from pipelines.experiments.run_facts import run_facts
from pipelines.experiments.saved_columns import Extracted, SavedColumns, extract_columns
from pipelines.experiments.saved_steps import Finished, SavedSteps
from pipelines.recipes import add_controls, make_classifier, make_model
from pipelines.reporting.experiments.ablation import write_ablation

Progress = Callable[[str], object]


@dataclass
class Ablation:
    """What each step added.

    Attributes
    ----------
    ladder : DataFrame
        One row a step: `step`, `reference` ("" for the first), `columns`, `seconds`,
        `extract_seconds` (of all columns, spent once), the lesion-level scores `macro_auc` and
        `balanced_accuracy_prior`, `gain` (macro AUC minus that of the reference, paired),
        `over_best_block` (minus that of `best_block`, the best family alone) and `stability`
        (Nogueira's index of the columns selected), each with `_low` and `_high`. For selections
        too: `selector`, `share`, `kept` (share of the macro AUC of all columns) and
        `over_boltzmann` (macro AUC minus that of "boltzmann" at the same share, paired; NaN
        where that was not run), these two with `_low` and `_high`.
    curve : DataFrame
        One row a selector and share, 1 among them: `selector`, `share`, `columns`, and with
        intervals `macro_auc`, `gain` over all columns, `kept`, `over_boltzmann` and `stability`;
        `seconds`. Empty without a curve.
    failed : dict of str to str
        Steps that failed, and why.
    folds : DataFrame
        `image`, `lesion` and test `fold` of each row.
    settings : dict
        Seed, command, versions, hardware and facts of the data; JSON values only.
    failures : list of Failure
        Images that could not be read.
    """

    ladder: pd.DataFrame
    curve: pd.DataFrame
    failed: dict[str, str]
    folds: pd.DataFrame
    settings: dict[str, Any]
    failures: list[Failure]

    def report(self, directory: str | Path) -> Path:
        """Write tables and figures.

        Parameters
        ----------
        directory : str or Path
            Made if missing; files of an earlier ablation in it are overwritten.

        Returns
        -------
        Path
            The page, `ablation.md`. Beside it: ladder.csv, ladder.svg, curve.csv, curve.svg,
            folds.csv and run.json.
        """
        return write_ablation(
            self.ladder, self.curve, self.failed, self.folds, self.settings, directory
        )


def ablate(
    manifest: pd.DataFrame,
    directory: str | Path | None = None,
    *,
    features: Any = None,
    classifier: Any = None,
    selectors: Sequence[str] = RIVALS,
    share: float = 0.1,
    shares: Sequence[float] = SHARES,
    fusions: Sequence[str] = FUSIONS,
    networks: Mapping[str, Any] | None = None,
    n_splits: int = 5,
    n_bootstrap: int = 1000,
    random_state: int = 0,
    n_jobs: int | None = None,
    on_error: Literal["raise", "skip"] = "raise",
    progress: Progress | None = None,
) -> Ablation:
    """Climb the ladder: majority, each family of columns, all fused, selections, other fusions.

    Parameters
    ----------
    manifest : DataFrame
        One row an image, with `image`, `label` and, where known, `lesion` and `patient`.
    directory : str or Path, optional
        Where steps are kept as they finish, so that a stopped run goes on from there, and
        rankings, so that one serves every share; without it each share ranks the columns anew.
    features : LesionPipeline or ImageFeatures, optional
        Whose columns are extracted, once for all steps; by default those of
        `make_model("fusion")`. A block called "embedding" is the network's.
    classifier : classifier of tables, optional
        Of every step; `make_classifier()` by default.
    selectors : sequence of str, default=`RIVALS`
        Of `fusion.selection.SELECTORS`; all by default. "relieff" (by 500 rows of a fold at most)
        takes about 3 minutes a fold at 4,000 columns on one core.
    share : float, default=0.1
        Share of the columns that the ladder's selections keep.
    shares : sequence of float, default=`SHARES`
        Shares of the selection curve; empty for no curve.
    fusions : sequence of str, default=`FUSIONS`
        Discriminant correlation, and late fusions of descriptors and embedding.
    networks : mapping of str to classifier of images, optional
        More rungs that look at the images themselves, each compared with the one before, the
        first with all columns fused. They take long. Missingness controls join those that use
        metadata.
    n_splits : int, default=5
        Number of folds.
    n_bootstrap : int, default=1000
        Draws of the lesion bootstrap, which all steps share.
    random_state : int, default=0
        Seed of folds, bootstrap, selectors, and models that have none.
    n_jobs : int or None, default=None
        Folds fitted at a time, and threads that read.
    on_error : {"raise", "skip"}, default="raise"
        What an unreadable image does: stop, or be left out.
    progress : callable, optional
        Called with the name of each step before it is run or read.

    Returns
    -------
    Ablation
        A step that fails is listed, and the others go on.

    Raises
    ------
    ValueError
        If a selector or a fusion is unknown, the features learn from images, or the manifest lacks
        metadata that a network reads.
    """
    validate_manifest(manifest)
    make_folds(manifest, n_splits, random_state)
    networks = add_controls(networks or {}, manifest)
    features = make_model("fusion", random_state=random_state) if features is None else features
    extracted = extract_columns(
        features, manifest, on_error=on_error, n_jobs=n_jobs, progress=progress is not None
    )
    folds = make_folds(extracted.manifest, n_splits, random_state)
    folder = None if directory is None else Path(directory)
    ladder = Ladder(
        extracted.columns,
        make_classifier(random_state=random_state) if classifier is None else classifier,
        random_state=random_state,
        memory=None if folder is None else folder / "rankings",
    )
    steps = _plan(ladder, selectors, share, shares, fusions, networks)
    runner = _Runner(extracted, folds, SavedSteps(_steps_folder(folder), _digest(extracted, folds)))
    finished, failed = runner.run(steps, n_jobs, random_state, progress)
    on_ladder = [s for s in steps if s.share in (None, share)]
    scored = {"n_bootstrap": n_bootstrap, "random_state": random_state}
    table = score_ladder(on_ladder, finished, len(extracted.columns), **scored)
    curve = score_curve(steps, finished, ladder.whole(), len(extracted.columns), **scored)
    return Ablation(
        ladder=table.assign(extract_seconds=extracted.seconds),
        curve=curve if shares else curve.iloc[:0],
        failed=failed,
        folds=_fold_table(extracted.manifest, folds),
        settings=run_facts(extracted.manifest)
        | {
            "model": repr(ladder.classifier),
            "columns": len(extracted.columns),
            "seed": random_state,
            "n_splits": n_splits,
            "n_bootstrap": n_bootstrap,
            "share": share,
        },
        failures=extracted.failures,
    )


def _plan(
    ladder: Ladder,
    selectors: Sequence[str],
    share: float,
    shares: Sequence[float],
    fusions: Sequence[str],
    networks: Mapping[str, Any],
) -> list[Step]:
    """List all rungs, the quick ones first; every selection before its curve's other shares."""
    fused = ladder.fused()
    steps = [*ladder.blocks_alone(), *([] if fused is None else [fused])]
    steps += [ladder.selected(name, share) for name in selectors]
    steps += [ladder.fusion(name) for name in fusions]
    rest = [s for s in dict.fromkeys(shares) if s != share]
    steps += [ladder.selected(name, other) for name in selectors for other in rest]
    before = ladder.whole()
    for name, model in networks.items():
        steps.append(Step(name, before, model))
        before = name
    return steps


@dataclass(frozen=True)
class _Runner:
    """Data, folds and the folder that steps are run on."""

    extracted: Extracted
    folds: NDArray[np.intp]
    saved: SavedSteps

    def run(
        self,
        steps: Sequence[Step],
        n_jobs: int | None,
        random_state: int,
        progress: Progress | None,
    ) -> tuple[dict[str, Finished], dict[str, str]]:
        """Run each step, or read it; give those that finished, and why others did not."""
        finished, failed = {}, {}
        for step in steps:
            if progress is not None:
                progress(step.name)
            try:
                model = model_fingerprint(step.model, self.extracted.manifest)
                done = self.saved.load(step.name, model)
                if done is None:
                    done = self._run(step, n_jobs, random_state)
                    self.saved.save(step.name, model, done)
            except (RuntimeError, ValueError, ImportError, FileNotFoundError) as error:
                failed[step.name] = str(error)
                continue
            finished[step.name] = done
        return finished, failed

    def _run(self, step: Step, n_jobs: int | None, random_state: int) -> Finished:
        manifest = self.extracted.manifest
        found = out_of_fold(
            {step.name: step.model}, manifest, self.folds, n_jobs=n_jobs, random_state=random_state
        )
        seconds = float(found.timings[["fit_seconds", "predict_seconds"]].to_numpy().sum())
        if step.n_columns is not None:
            return Finished(found.predictions, seconds, step.n_columns)
        if not hasattr(step.model, "image_step"):
            return Finished(found.predictions, seconds)
        return Finished(found.predictions, seconds, *self._columns_of_folds(step))

    def _columns_of_folds(self, step: Step) -> tuple[float | None, list[list[int]]]:
        """Fit what stands before the classifier again, which the kept rankings make cheap."""
        if not isinstance(step.model.steps[0][1], SavedColumns):
            return None, []
        widths, supports = [], []
        manifest = self.extracted.manifest
        labels = manifest["label"].to_numpy(dtype=object)
        for fold in np.unique(self.folds):
            train = np.flatnonzero(self.folds != fold)
            upstream = clone(step.model)[:-1].fit(manifest.iloc[train], labels[train])
            widths.append(len(upstream.get_feature_names_out()))
            if step.selector is not None:
                supports.append(upstream["select"].get_support(indices=True).tolist())
        return float(np.mean(widths)), supports


def _steps_folder(folder: Path | None) -> Path | None:
    return None if folder is None else folder / "steps"


def _digest(extracted: Extracted, folds: NDArray[np.intp]) -> str:
    manifest = extracted.manifest
    rows = manifest[["image", "label"]].astype(str).to_numpy(dtype=object).tolist()
    table = manifest[extracted.columns].to_numpy()
    return joblib.hash([rows, lesion_ids(manifest).tolist(), table, folds])


def _fold_table(manifest: pd.DataFrame, folds: NDArray[np.intp]) -> pd.DataFrame:
    return pd.DataFrame(
        {"image": manifest["image"].astype(str), "lesion": lesion_ids(manifest), "fold": folds}
    )
