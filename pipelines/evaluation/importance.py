"""Which columns and blocks matter: contributions to the boosted trees' scores."""

import pandas as pd


def importance_table(contributions: pd.DataFrame) -> pd.DataFrame:
    """Average the contributions of columns over folds.

    Parameters
    ----------
    contributions : DataFrame
        One row a model, repeat, fold and column: `block`, `column` and `contribution`, the mean
        absolute contribution over test rows and classes. Columns that were not selected may be
        missing: they contribute nothing.

    Returns
    -------
    DataFrame
        `model`, `block`, `column` and `share`, which sums to 1 a model; largest first.

    Examples
    --------
    >>> folds = pd.DataFrame({
    ...     "model": "m", "repeat": 0, "fold": [0, 0, 1], "block": ["a", "b", "a"],
    ...     "column": ["a__x", "b__y", "a__x"], "contribution": [3.0, 1.0, 4.0],
    ... })
    >>> importance_table(folds)["share"].tolist()
    [0.875, 0.125]
    """
    keys = ["model", "block", "column"]
    total = contributions.groupby(keys, sort=False)["contribution"].sum()
    share = (total / total.groupby("model", sort=False).transform("sum")).rename("share")
    table = share.reset_index()
    places = {model: place for place, model in enumerate(table["model"].unique())}
    table["place"] = table["model"].map(places)
    ordered = table.sort_values(["place", "share"], ascending=[True, False], kind="stable")
    return ordered.drop(columns="place").reset_index(drop=True)
