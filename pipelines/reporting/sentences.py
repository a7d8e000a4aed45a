"""What the report says first: the answer, and what it rests on."""

import pandas as pd

from pipelines.reporting.cells import interval, join, number
from pipelines.reporting.protocol_words import tested_on
from pipelines.reporting.results import Results

_NETWORK = "end-to-end"


def headline_pair(results: Results) -> tuple[str, str] | None:
    """Model and reference that the answer is about.

    Parameters
    ----------
    results : Results
        Of a comparison.

    Returns
    -------
    tuple of str or None
        The first comparison that was declared before the run, of those with an end-to-end
        network on one side where there are any. Without one, the best model per lesion against
        the best end-to-end one if that is another, else against the runner-up.
        None where there is only one model.
    """
    ranked = results.ranked
    if len(ranked) == 1:
        return None
    kinds = {name: facts.get("kind") for name, facts in results.settings["models"].items()}
    table = results.record.differences
    declared = table[(table["unit"] == "lesion") & _declared(table)]
    if len(declared):
        pairs = list(zip(declared["model"], declared["reference"], strict=True))
        between = [
            pair for pair in pairs if (kinds[pair[0]] == _NETWORK) != (kinds[pair[1]] == _NETWORK)
        ]
        return (between or pairs)[0]
    end_to_end = [name for name in ranked[1:] if kinds[name] == _NETWORK]
    if end_to_end and kinds[ranked[0]] != _NETWORK:
        return ranked[0], end_to_end[0]
    return ranked[0], ranked[1]


def _declared(table: pd.DataFrame) -> pd.Series:
    if "declared" not in table:
        return pd.Series(False, index=table.index)
    return table["declared"].fillna(False).astype(bool)


def difference_of(differences: pd.DataFrame, model: str, reference: str) -> pd.Series:
    """Difference of two models per lesion in the asked direction, whichever way it is stored.

    Parameters
    ----------
    differences : DataFrame
        Of a record.
    model, reference : str
        Names.

    Returns
    -------
    Series
        `difference`, `low` and `high` (corrected for overlapping training sets where that was
        computed), `corrected` and `verdict`.
    """
    lesions = differences[differences["unit"] == "lesion"]
    stored = lesions[(lesions["model"] == model) & (lesions["reference"] == reference)]
    turned = stored.empty
    if turned:
        stored = lesions[(lesions["model"] == reference) & (lesions["reference"] == model)]
    row = stored.iloc[0]
    corrected = "corrected_low" in row and not pd.isna(row["corrected_low"])
    ends = (
        ("corrected_low", "corrected_high") if corrected else ("difference_low", "difference_high")
    )
    value, low, high = (float(row[name]) for name in ("difference", *ends))
    if turned:
        value, low, high = -value, -high, -low
    verdict = row.get("verdict")
    if not isinstance(verdict, str) or not verdict:
        verdict = "better" if low > 0 else "worse" if high < 0 else "undecided"
    elif turned:
        verdict = {"better": "worse", "worse": "better"}.get(verdict, verdict)
    found = {"difference": value, "low": low, "high": high}
    return pd.Series(found | {"corrected": corrected, "verdict": verdict}, dtype=object)


def headline(results: Results) -> str:
    """Answer in one sentence, with its interval.

    Parameters
    ----------
    results : Results
        Of a comparison.

    Returns
    -------
    str
        About `headline_pair`; the score alone where there is one model.
    """
    pair = headline_pair(results)
    if pair is None:
        best = results.metrics().iloc[0]
        return f"{best['model']} reaches a {_score(best)} per lesion."
    gap = difference_of(results.record.differences, *pair)
    size = number(abs(gap["difference"]))
    ends = f"95% interval {number(gap['low'])} to {number(gap['high'])}"
    side = "below" if gap["difference"] < 0 else "above"
    sizes = f"{size} macro AUC {side} {_role(results, pair[1])} ({ends})"
    margin = f"{results.margin:g}"
    verdicts = {
        "better": f"{pair[0]} is ahead: {sizes}.",
        "worse": f"{pair[0]} is behind: {sizes}.",
        "equivalent": f"{pair[0]} and {pair[1]} are equivalent within {margin}: "
        f"{pair[0]} scores {sizes}.",
        "undecided": f"These data do not tell {pair[0]} and {pair[1]} apart: "
        f"{pair[0]} scores {sizes}.",
    }
    return verdicts[gap["verdict"]]


def _role(results: Results, name: str) -> str:
    kind = results.settings["models"][name].get("kind")
    return f"the end-to-end network {name}" if kind == _NETWORK else name


def _score(row: pd.Series) -> str:
    return f"macro AUC of {number(row['macro_auc'])} (95% interval {interval(row, 'macro_auc')})"


def grounds(results: Results) -> str:
    """Say what the answer rests on: scores, folds, correction, margin and plan.

    Parameters
    ----------
    results : Results
        Of a comparison.

    Returns
    -------
    str
        A few sentences.
    """
    pair = headline_pair(results)
    words = []
    if pair is not None:
        scores = [f"{name} {number(results.score_of(name, 'macro_auc').iloc[0])}" for name in pair]
        words.append(f"Macro AUC per lesion: {join(scores)}.")
        best = results.ranked[0]
        if best not in pair:
            score = number(results.score_of(best, "macro_auc").iloc[0])
            words.append(f"Highest of all {len(results.ranked)} is {best}: {score}.")
    words.append(_folds(results))
    if pair is not None:
        words.append(_interval(results, pair))
    return " ".join(words)


def _folds(results: Results) -> str:
    words = tested_on(results)
    return f"{words[0].upper()}{words[1:]}, {results.lesions['lesion'].nunique():,} lesions."


def _interval(results: Results, pair: tuple[str, str]) -> str:
    gap = difference_of(results.record.differences, *pair)
    how = (
        "The interval is corrected for training sets that overlap (Nadeau-Bengio)"
        if gap["corrected"]
        else "The interval is a paired bootstrap of lesions"
    )
    table = results.record.differences
    both = {"model": pair[0], "reference": pair[1]}
    same = (table["model"] == both["model"]) & (table["reference"] == both["reference"])
    declared = bool((same & _declared(table)).any())
    planned = "; the comparison was declared before the run" if declared else ""
    margin = f"Differences within ±{results.margin:g} count as equivalent"
    detectable = results.plan.get("detectable")
    if isinstance(detectable, int | float):
        margin += f"; the smallest that these data can show is about {number(detectable)}"
    return f"{how}{planned}. {margin}."
