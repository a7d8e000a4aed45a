"""Every analysis of a run, made from its predictions alone."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from pipelines.evaluation.decisions.biopsies import biopsies_table
from pipelines.evaluation.decisions.decision_curve import decision_curve_table
from pipelines.evaluation.decisions.operating import operating_table
from pipelines.evaluation.evidence import Evidence
from pipelines.evaluation.fitting.selections import summarise_selections
from pipelines.evaluation.importance import importance_table
from pipelines.evaluation.learning_curve import gap_table
from pipelines.evaluation.scores import Scores, draws_of, score_models
from pipelines.evaluation.scoring.calibration import calibration_table, reliability_table
from pipelines.evaluation.scoring.per_class import per_class_table
from pipelines.evaluation.subgroups.fairness import fairness_table
from pipelines.evaluation.subgroups.leave_source_out import source_table
from pipelines.evaluation.subgroups.within import within_tables
from pipelines.evaluation.weighing import SCENARIOS, scenario, weigh

Tables = dict[str, pd.DataFrame]
_ALWAYS = ("metrics", "differences")


def analyse(evidence: Evidence) -> Tables:
    """Make all tables of a run that its data allow.

    Parameters
    ----------
    evidence : Evidence
        Predictions and settings.

    Returns
    -------
    dict of str to DataFrame
        By name; what could not be computed is absent. `metrics` and `differences` are always
        there.
    """
    scores = _scores(evidence)
    found = _tables(scores, evidence) | _of_lesions(evidence) | evidence.measured
    if len(evidence.contributions):
        found["importance"] = importance_table(evidence.contributions)
    if evidence.timings["train_macro_auc"].notna().any():
        found["gap"] = gap_table(evidence.timings, found["metrics"])
    if "source" in evidence.facts:
        found["sources"] = _sources(evidence.facts)
    found |= _weighed(found, scores.draws, evidence.settings)
    return {name: table for name, table in found.items() if name in _ALWAYS or len(table)}


def _scores(evidence: Evidence) -> Scores:
    settings = evidence.settings
    plan = settings["plan"]
    return score_models(
        evidence.predictions,
        evidence.timings,
        training=evidence.training,
        positive=settings["positive"],
        n_bootstrap=settings["n_bootstrap"],
        random_state=settings["seed"],
        comparisons=[tuple(pair) for pair in plan["comparisons"]],
        margin=plan["margin"],
        folds_alike=not settings["source_folds"],
    )


def _tables(scores: Scores, evidence: Evidence) -> Tables:
    metrics = scores.metrics
    if len(evidence.selections):
        # Beside the scores, how many columns were kept, and whether folds agree on them.
        metrics = metrics.merge(summarise_selections(evidence.selections), on="model", how="left")
    return {"metrics": metrics, "differences": scores.differences, "folds": scores.folds}


def _of_lesions(evidence: Evidence) -> Tables:
    """Tables of the predictions per lesion, on the draws that all of them share."""
    settings, lesions = evidence.settings, evidence.lesions
    positive, sensitivity = settings["positive"], settings["target_sensitivity"]
    sources = settings["source_folds"]
    _, counts = draws_of(lesions, settings["n_bootstrap"], settings["seed"])
    made: dict[str, Callable[[], Any]] = {
        "per_class": lambda: per_class_table(lesions, counts, evidence.predictions),
        "calibration": lambda: calibration_table(lesions, counts),
        "reliability": lambda: reliability_table(lesions, counts, positive),
        "decision_curve": lambda: decision_curve_table(
            lesions, counts, positive, prevalence=settings["prevalence"]
        ),
        "operating_points": lambda: operating_table(
            lesions,
            evidence.inner,
            counts,
            positive,
            sensitivity=sensitivity,
            cost=settings["miss_cost"],
            prevalence=settings["prevalence"],
        ),
        "biopsies": lambda: biopsies_table(
            lesions, counts, positive, sensitivity, prevalence=settings["prevalence"]
        ),
        "within": lambda: within_tables(
            lesions, evidence.facts, counts, positive, pooled=not sources
        ),
        "fairness": lambda: fairness_table(lesions, evidence.facts, counts, positive),
    }
    if sources:
        made["leave_source_out"] = lambda: source_table(lesions, sources, counts, positive)
    tables = Parallel(n_jobs=-1, require="sharedmem")(delayed(make)() for make in made.values())
    found = dict(zip(made, tables, strict=True))
    within, gaps = found.pop("within")
    return found | {"within": within, "source_gap": gaps}


def _sources(facts: pd.DataFrame) -> pd.DataFrame:
    """Images and lesions of each class and source."""
    known = facts[facts["source"].notna()]
    grouped = known.groupby(["source", "label"], sort=True)["lesion"]
    return grouped.agg(images="size", lesions="nunique").reset_index()


def _weighed(
    tables: Tables, draws: Mapping[str, NDArray[np.float64]], settings: dict[str, Any]
) -> Tables:
    models = tables["metrics"]["model"].drop_duplicates()
    if len(models) < 2:
        return {}
    if "gap" in tables and "macro_auc" in draws:
        # Training scores have no draws: the gap moves as the test score does.
        train = tables["gap"].set_index("model")["train_macro_auc"].reindex(models).to_numpy()
        draws = {**draws, "gap": train[:, None] - draws["macro_auc"]}
    asked = [scenario(text) for text in settings.get("scenarios", [])] or SCENARIOS
    found = weigh(tables, asked, draws=draws, random_state=settings["seed"])
    left_out = pd.DataFrame(list(found.left_out.items()), columns=["criterion", "reason"])
    return {
        "not_weighed": left_out,
        "pareto": found.pareto,
        "weighted": found.weighted,
        "rank_stability": found.rank_stability,
    }
