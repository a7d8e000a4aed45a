"""How rows were tested, in words: folds, sources in turn, a fixed test set."""

from collections.abc import Sequence

from pipelines.reporting.cells import join
from pipelines.reporting.results import Results

_TIES = {
    "patient": "patient",
    "lesion": "lesion",
    "given": "given id",
    "group": "known duplicates",
}
_UNKNOWN = "lesions and patients are unknown, so both sides may have some in common"


def protocol_of(results: Results) -> str:
    """Name what stood in the place of folds.

    Parameters
    ----------
    results : Results
        Of a comparison.

    Returns
    -------
    {"groups", "source", "split", "external"}
        As `pipelines.evaluation.Protocol` names them; "external" is another data set.
    """
    if results.settings.get("external"):
        return "external"
    return str((results.plan.get("protocol") or {}).get("by", "groups"))


def grouped_by(grouping: Sequence[str]) -> str:
    """Word what no fold parts, as short as it can be said truly.

    Parameters
    ----------
    grouping : sequence of str
        What connects images, of "patient", "lesion", "given" (ids that may be of either) and
        "group". The last alone are duplicates that were found: nothing is then known of lesions
        and patients.

    Returns
    -------
    str
        Without a verb.

    Examples
    --------
    >>> grouped_by(["lesion", "group"]), grouped_by(["group"]), grouped_by([])
    ('grouped by lesion', 'grouped by known duplicates only', 'not grouped')
    """
    names = [_TIES[name] for name in grouping if name != "group"]
    if names:
        return f"grouped by {join(names)}"
    return "grouped by known duplicates only" if grouping else "not grouped"


def folds_of(results: Results) -> str:
    """Word the number of tested folds, as in '5 folds' or '1 of 5 folds'."""
    count = results.settings["n_splits"]
    planned = (results.plan.get("protocol") or {}).get("n_splits", count)
    words = f"{planned} folds" if planned == count else f"{count} of {planned} folds"
    return f"{results.n_repeats} draws of {words}" if results.n_repeats > 1 else words


def external_set(results: Results) -> str:
    """Word the external data set, with its name where it has one."""
    name = results.settings["external"]
    return "an external data set" + ("" if name == "given" else f" ({name})")


def tested_on(results: Results) -> str:
    """Word what scores are of, as in 'mean over 5 folds, grouped by lesion'."""
    count, kind = results.settings["n_splits"], protocol_of(results)
    if kind == "external":
        return f"one fit of each model, tested on {external_set(results)}"
    if kind == "split":
        return "one fit of each model, tested on the published test set"
    if kind == "source":
        if count == 1:
            return "one source, tested by models of the others"
        return f"mean over {count} sources, each tested by models of the others"
    mean = "mean over " if count * results.n_repeats > 1 else ""
    return f"{mean}{folds_of(results)}, {grouped_by(results.grouping)}"


def splitting(results: Results) -> str:
    """Word how training and test rows were told apart, as a sentence of methods."""
    settings, kind = results.settings, protocol_of(results)
    if kind == "external":
        return (
            f"Models were fitted once and tested on {external_set(results)}; "
            f"{_in_both_sets(results)}."
        )
    if kind == "split":
        return "Models were fitted once and tested on the published test set, as it is."
    if kind == "source":
        names = [str(fold["source"]) for fold in settings["source_folds"]]
        one = f"The source {names[0]}"
        who = one if len(names) == 1 else f"Each of {len(names)} sources ({join(names)})"
        return (
            f"{who} was tested by models fitted on all other sources, on the classes that both "
            f"sides have; {_on_other_side(results.grouping)}."
        )
    count = settings["n_splits"]
    planned = (results.plan.get("protocol") or {}).get("n_splits", count)
    repeats = f", drawn {results.n_repeats} times" if results.n_repeats > 1 else ""
    verb = "was" if count == 1 else "were"
    part = "" if planned == count else f", of which {count} {verb} tested"
    return (
        f"Models were compared by {planned}-fold cross-validation stratified by class{repeats}"
        f"{part} (seed {settings['seed']}); {_never_parted(results)}."
    )


def _never_parted(results: Results) -> str:
    """Word what folds keep together."""
    if not results.grouping:
        return "images could not be grouped by lesion or patient"
    if results.grouping == ["group"]:
        return (
            "known duplicates were never split; lesions and patients are unknown and may have been"
        )
    if len(results.grouping) == 1:
        return f"{_TIES[results.grouping[0]]}s were never split"
    ties = join([_TIES[name] for name in results.grouping])
    return f"groups (connected components of {ties}) were never split"


def _on_other_side(grouping: Sequence[str]) -> str:
    """Word what was not trained on, for what it has in common with a source that was tested."""
    if not grouping:
        return _UNKNOWN
    ties = join([_TIES[name] for name in grouping], "or")
    words = f"images connected with a tested one by {ties} were not trained on"
    return f"{words}; {_UNKNOWN}" if grouping == ["group"] else words


def _in_both_sets(results: Results) -> str:
    """Word what was not trained on, for an external data set has it too."""
    count = results.settings["left_out_of_training"]
    words = (
        f"training images known to be in both, or of a group with one, were left out ({count:,})"
        if count
        else "no training image is known to be in both"
    )
    return words if set(results.grouping) - {"group"} else f"{words}; {_UNKNOWN}"


def folds_fact(results: Results) -> str:
    """Word the folds for the table of settings."""
    kind = protocol_of(results)
    if kind == "groups":
        return f"{folds_of(results)}, stratified by class, {grouped_by(results.grouping)}"
    return {
        "external": f"none; tested on {results.settings.get('external')}",
        "split": "none; the published test set",
        "source": f"{results.settings['n_splits']}, a source each",
    }[kind]
