"""How rows were tested, in words: folds, sources in turn, a fixed test set."""

from pipelines.reporting.results import Results


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


def tested_on(results: Results) -> str:
    """Word what scores are of, as in 'mean over 5 folds, lesion-grouped'."""
    count, repeats = results.settings["n_splits"], results.n_repeats
    kind = protocol_of(results)
    if kind == "external":
        return f"one fit of each model, tested on another data set ({results.settings['external']})"
    if kind == "split":
        return "one fit of each model, tested on the published test set"
    if kind == "source":
        return f"mean over {count} sources, each tested by models of the others"
    grouped = "lesion-grouped" if results.settings["grouped"] else "not grouped"
    how = "mean" if "macro_auc_pooled" in results.record.metrics else "pooled"
    planned = (results.plan.get("protocol") or {}).get("n_splits", count)
    folds = f"{count} folds" if planned == count else f"{count} of {planned} folds"
    drawn = f"{repeats} draws of {folds}" if repeats > 1 else folds
    return f"{how} over {drawn}, {grouped}"


def splitting(results: Results) -> str:
    """Word how training and test rows were told apart, as a sentence of methods."""
    settings, kind = results.settings, protocol_of(results)
    if kind == "external":
        return (
            "Models were fitted once and tested on an external data set "
            f"({settings['external']}); images of a group that both share were not trained on."
        )
    if kind == "split":
        return "Models were fitted once and tested on the published test set."
    if kind == "source":
        return (
            f"Each of {settings['n_splits']} sources was tested by models fitted on all others, on "
            "the classes that both sides have."
        )
    count = settings["n_splits"]
    planned = (results.plan.get("protocol") or {}).get("n_splits", count)
    repeats = f", drawn {results.n_repeats} times" if results.n_repeats > 1 else ""
    verb = "was" if count == 1 else "were"
    part = "" if planned == count else f", of which {count} {verb} tested"
    groups = (
        "groups (connected components of patient, lesion and known duplicates) were never split"
        if settings["grouped"]
        else "images could not be grouped by lesion or patient"
    )
    return (
        f"Models were compared by {planned}-fold cross-validation stratified by class{repeats}"
        f"{part} (seed {settings['seed']}); {groups}."
    )


def folds_fact(results: Results) -> str:
    """Word the folds for the table of settings."""
    settings, kind = results.settings, protocol_of(results)
    unit = "patient and lesion groups" if settings["grouped"] else "single images, not grouped"
    if kind == "groups":
        repeats = f"{results.n_repeats} × " if results.n_repeats > 1 else ""
        return f"{repeats}{settings['n_splits']}, stratified by class, of {unit}"
    return {
        "external": f"none; tested on {settings.get('external')}",
        "split": "none; the published test set",
        "source": f"{settings['n_splits']}, a source each",
    }[kind]
