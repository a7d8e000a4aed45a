"""What the report says first: the answer, and what it rests on."""

import pandas as pd
from scipy import stats

from pipelines.reporting.cells import interval, join, number
from pipelines.reporting.results import Results
from pipelines.reporting.words.protocol import tested_on

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
    declared = table[(table["unit"] == "lesion") & table["declared"].astype(bool)]
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
        `difference`, `low` and `high` (ends of the interval that the verdict is read from),
        `corrected` (whether one for overlapping training sets has a part in it), `declared` and
        `verdict`.
    """
    lesions = differences[differences["unit"] == "lesion"]
    stored = lesions[(lesions["model"] == model) & (lesions["reference"] == reference)]
    turned = stored.empty
    if turned:
        stored = lesions[(lesions["model"] == reference) & (lesions["reference"] == model)]
    row = stored.iloc[0]
    value, low, high = (float(row[name]) for name in ("difference", "verdict_low", "verdict_high"))
    verdict = str(row["verdict"])
    if turned:
        value, low, high = -value, -high, -low
        verdict = {"better": "worse", "worse": "better"}.get(verdict, verdict)
    found = {"difference": value, "low": low, "high": high, "verdict": verdict}
    found |= {"corrected": pd.notna(row["corrected_low"]), "declared": bool(row["declared"])}
    return pd.Series(found, dtype=object)


def shown_with_power(gap: pd.Series, n_tests: int) -> float | None:
    """Difference that a 95% interval as wide as this one finds with 80% power.

    Parameters
    ----------
    gap : Series
        From `difference_of`.
    n_tests : int
        Folds, of all repeats: what the corrected t test knows of the spread is from so many.

    Returns
    -------
    float or None
        None where it would be 1 or more, by which no two areas differ, or where the interval is
        cut off there.

    Examples
    --------
    >>> gap = pd.Series({"low": -0.0098, "high": 0.0098, "corrected": False})
    >>> round(shown_with_power(gap, 5), 4)
    0.014
    >>> shown_with_power(pd.Series({"low": -1.0, "high": 1.0, "corrected": True}), 2)
    """
    errors = stats.t(n_tests - 1) if gap["corrected"] else stats.norm
    reach, power = errors.ppf(0.975), errors.ppf(0.8)
    shown = float((gap["high"] - gap["low"]) / 2 * (reach + power) / reach)
    cut_off = gap["low"] <= -1 or gap["high"] >= 1
    return None if cut_off or shown >= 1 else shown


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
        return f"{best['model']} reaches a {_score(best)} per {results.unit}."
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
    """Say what the answer rests on: scores, folds, interval, plan and margin.

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
        words.append(f"Macro AUC per {results.unit}: {join(scores)}.")
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
    count = results.lesions["lesion"].nunique()
    return f"{words[0].upper()}{words[1:]}, {count:,} {results.unit}s."


def _interval(results: Results, pair: tuple[str, str]) -> str:
    gap = difference_of(results.record.differences, *pair)
    bootstrap = f"a paired bootstrap of {results.unit}s"
    how = (
        f"The interval spans that of {bootstrap} and one corrected for training sets that overlap "
        "(Nadeau-Bengio)"
        if gap["corrected"]
        else f"The interval is of {bootstrap}, without the variation of training"
    )
    shown = shown_with_power(gap, results.n_tests)
    finds = "no difference" if shown is None else f"differences from {number(shown)} on"
    return (
        f"{how}; {_planned(results, gap)}. An interval within ±{results.margin:g} counts as "
        f"equivalent; one as wide as this finds {finds} with 80% power."
    )


def _planned(results: Results, gap: pd.Series) -> str:
    if not gap["declared"]:
        return "the two were chosen by their scores, not declared before the run"
    if results.settings["locked"]:
        return "the comparison was declared before the run, in a locked plan"
    return "the comparison was declared before the run"
