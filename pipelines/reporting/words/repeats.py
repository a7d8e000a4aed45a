"""What several folds, and several draws of them, mean for a score."""

from pipelines.reporting.results import Results


def several_folds(results: Results) -> bool:
    """Whether a draw has more than one fold: else a mean over folds and a pool are the same."""
    return int(results.record.predictions["fold"].nunique()) > 1


def mean_of_draws(results: Results) -> str:
    """Say what scores and intervals are of, where folds were drawn several times.

    Parameters
    ----------
    results : Results
        Of a comparison.

    Returns
    -------
    str
        A sentence behind a space, for the end of a caption; empty where folds were drawn once.
        It is true of scores from `score_models_on`.
    """
    if results.n_repeats == 1:
        return ""
    return (
        f" Scores are means over {results.n_repeats} draws of the folds; their intervals are as "
        "wide as those of the first draw."
    )
