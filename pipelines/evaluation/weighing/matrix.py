"""The decision matrix, gathered from the tables of a comparison."""

from collections.abc import Mapping, Sequence

import pandas as pd

from pipelines.evaluation.weighing.criteria import CRITERIA, Criterion, DecisionMatrix


def decision_matrix(
    tables: Mapping[str, pd.DataFrame], criteria: Sequence[Criterion] = CRITERIA
) -> DecisionMatrix:
    """Gather what models are weighed by.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `metrics`, and where they were made `calibration`, `gap`, `costs` and `fairness`.
    criteria : sequence of Criterion, default=CRITERIA
        Which, in the order of the columns.

    Returns
    -------
    DecisionMatrix
        Models in the order of `metrics`. A criterion for which any model lacks a value is left
        out for all, since a weighted score of some criteria is not comparable with one of others.

    Notes
    -----
    Training seconds are what the comparison spent on a model: the fits of all folds, and reading
    and describing the images once. The lowest AUC of a group is over all groups of `fairness`
    that have enough cases.

    Examples
    --------
    >>> metrics = pd.DataFrame({"model": ["a", "b"], "unit": "lesion", "macro_auc": [0.9, 0.8]})
    >>> matrix = decision_matrix({"metrics": metrics})
    >>> matrix.values["macro_auc"].to_dict()
    {'a': 0.9, 'b': 0.8}
    >>> matrix.left_out["gap"]
    'it was not measured'
    """
    found = _gather(tables)
    kept, left_out = [], {}
    for criterion in criteria:
        values = found.get(criterion.name)
        if values is None or values.isna().all():
            left_out[criterion.name] = "it was not measured"
        elif values.isna().any():
            lacking = ", ".join(map(str, values.index[values.isna()]))
            left_out[criterion.name] = f"there is none of {lacking}"
        else:
            kept.append(criterion)
    return DecisionMatrix(found[[c.name for c in kept]], tuple(kept), left_out)


def _gather(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    metrics = tables["metrics"]
    found = metrics[metrics["unit"] == "lesion"].set_index("model")
    if "fit_seconds" in found:
        found = found.assign(train_seconds=found["fit_seconds"] + found["extract_seconds"])
    for column, values in _elsewhere(tables).items():
        found[column] = values.reindex(found.index)
    return found


def _elsewhere(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.Series]:
    """Columns that other tables have, indexed by model."""
    columns: dict[str, pd.Series] = {}
    for name, wanted in (("calibration", ("brier", "ece")), ("gap", ("gap",))):
        if _filled(tables, name):
            by_model = tables[name].set_index("model")
            columns |= {column: by_model[column] for column in wanted}
    if _filled(tables, "costs"):
        costs = tables["costs"]
        predict = costs[costs["item"] == "predict"].set_index("model")
        columns |= {column: predict[column] for column in ("ms_per_image", "size_mb")}
    if _filled(tables, "fairness"):
        fairness = tables["fairness"]
        enough = fairness[fairness["enough"].astype(bool)]
        columns["worst_group_auc"] = enough.groupby("model")["auc"].min()
    return columns


def _filled(tables: Mapping[str, pd.DataFrame], name: str) -> bool:
    return name in tables and len(tables[name]) > 0
