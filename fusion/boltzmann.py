"""Boltzmann entropy of counts: how many ways there are to fill the bins."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from fusion._hypergeometric import expected_log_factorial

Floats = NDArray[np.float64]


def log_multiplicity(counts: ArrayLike) -> Floats:
    """Log of the number of ways to spread samples over bins with these counts.

    Parameters
    ----------
    counts : array-like of shape (..., n_bins)
        Samples in each bin, >= 0. Fractional (weighted) counts are allowed.

    Returns
    -------
    ndarray of shape (...)
        ``ln(N! / prod(n_i!))`` in nats, N being the sum of the counts.

    Examples
    --------
    >>> float(log_multiplicity([9, 1]).round(6))  # ln 10
    2.302585
    """
    counts = np.asarray(counts, dtype=np.float64)
    return gammaln(counts.sum(axis=-1) + 1) - gammaln(counts + 1).sum(axis=-1)


# Boltzmann's S = k ln W with k = 1: the two names are one quantity.
boltzmann_entropy = log_multiplicity


def normalized_boltzmann_entropy(counts: ArrayLike, n_bins: ArrayLike | None = None) -> Floats:
    """Boltzmann entropy as a share of the largest one that its samples allow.

    Parameters
    ----------
    counts : array-like of shape (..., n_counts)
        Whole number of samples in each bin, >= 0.
    n_bins : int or array-like of shape (...), default=None
        Number of bins over which the samples could have spread; `n_counts` by default.

    Returns
    -------
    ndarray of shape (...)
        In [0, 1]; 0 where there is one bin only, or no sample.

    Examples
    --------
    >>> float(normalized_boltzmann_entropy([9, 1]).round(4))
    0.4164
    """
    counts = np.asarray(counts)
    total = counts.sum(axis=-1)
    n_bins = np.asarray(counts.shape[-1] if n_bins is None else n_bins)
    each, left_over = np.divmod(total, n_bins)
    # The most even occupancy: `left_over` bins hold one sample more than the others.
    largest = (
        gammaln(total + 1)
        - (n_bins - left_over) * gammaln(each + 1)
        - left_over * gammaln(each + 2)
    )
    entropy = boltzmann_entropy(counts)
    return np.divide(entropy, largest, out=np.zeros_like(entropy), where=largest > 0)


def boltzmann_gain(table: ArrayLike) -> Floats:
    """Boltzmann entropy that the labels lose once the bin is known.

    Parameters
    ----------
    table : array-like of shape (..., n_bins, n_classes)
        Contingency tables of counts, >= 0. Fractional counts are allowed.

    Returns
    -------
    ndarray of shape (...)
        In nats, between 0 (one bin) and the entropy of the labels (every bin is pure).

    Notes
    -----
    Equals minus the log-probability of the table under independence with both margins
    fixed (Fisher, Freeman-Halton), hence it is above 0 for an irrelevant feature too, and
    grows with the number of bins: see `adjusted_boltzmann_gain`. Divided by the number of
    samples it tends to the mutual information.

    Examples
    --------
    >>> float(boltzmann_gain([[12, 5], [3, 10]]).round(6))
    4.473335
    """
    table = np.asarray(table, dtype=np.float64)
    return log_multiplicity(table.sum(axis=-2)) - log_multiplicity(table).sum(axis=-1)


def expected_boltzmann_gain(bin_counts: ArrayLike, class_counts: ArrayLike) -> Floats:
    """Mean of `boltzmann_gain` over all tables with these margins, labels drawn at random.

    Parameters
    ----------
    bin_counts : array-like of shape (..., n_bins), int
        Samples in each bin.
    class_counts : array-like of shape (n_classes,) or (..., n_classes), int
        Samples of each class, with the same sum as the bins.

    Returns
    -------
    ndarray of shape (...)
        In nats.

    Raises
    ------
    ValueError
        If counts are not whole numbers >= 0, or the two margins have different sums.

    Notes
    -----
    Exact up to rounding: a cell of the table is hypergeometric, and its law is summed over
    all values but tails that weigh less than 1e-16 together (Bernstein's bound). Each
    distinct pair of bin count and class counts is worked out once for the whole call, so that
    tables which share their classes cost little; columns with missing values of their own do not,
    and 1,000 of 4,000 rows and 7 classes take about 0.3 s in place of 0.03 s.

    Examples
    --------
    >>> float(expected_boltzmann_gain([17, 13], [15, 15]).round(6))
    1.741116
    """
    bins = _whole_counts(bin_counts, "bin_counts")
    classes = _whole_counts(class_counts, "class_counts")
    if np.any(bins.sum(axis=-1) != classes.sum(axis=-1)):
        raise ValueError("`bin_counts` and `class_counts` must have the same sum in every table.")
    shape = np.broadcast_shapes(bins.shape[:-1], classes.shape[:-1])
    bins = np.broadcast_to(bins, (*shape, bins.shape[-1])).reshape(-1, bins.shape[-1])
    margins, of_table = _distinct_margins(classes, shape)
    within = _expected_within_bins(bins, margins, of_table)
    return (log_multiplicity(margins)[of_table] - within).reshape(shape)


def adjusted_boltzmann_gain(table: ArrayLike) -> Floats:
    """Boltzmann gain corrected for chance: 0 on average for noise, 1 for pure bins.

    Parameters
    ----------
    table : array-like of shape (..., n_bins, n_classes), int
        Contingency tables of whole counts, >= 0.

    Returns
    -------
    ndarray of shape (...)
        ``(gain - E[gain]) / (entropy of the labels - E[gain])``, at most 1, slightly negative
        for about half of all irrelevant features; 0 where nothing could be learnt (one bin,
        one class, or every bin pure under any labelling).

    Notes
    -----
    This is to the Boltzmann gain what adjusted mutual information is to mutual information,
    which it approaches as counts grow.

    Examples
    --------
    >>> float(adjusted_boltzmann_gain([[12, 5], [3, 10]]).round(6))
    0.159605
    """
    table = _whole_counts(table, "table")
    class_counts = table.sum(axis=-2)
    # One shared margin (the usual case) spares the search for distinct ones.
    flat = class_counts.reshape(-1, class_counts.shape[-1])
    shared = len(flat) > 0 and bool((flat == flat[0]).all())
    expected = expected_boltzmann_gain(table.sum(axis=-1), flat[0] if shared else class_counts)
    ceiling = log_multiplicity(class_counts)
    room = ceiling - expected
    # Both terms are differences of log-factorials, and carry their rounding.
    rounding = 1e-10 * (1 + gammaln(class_counts.sum(axis=-1) + 1.0))
    return np.divide(
        boltzmann_gain(table) - expected, room, out=np.zeros_like(room), where=room > rounding
    )


def _whole_counts(counts: ArrayLike, name: str) -> NDArray[np.int64]:
    """Check that counts are whole: weighted ones have no hypergeometric law."""
    given = np.asarray(counts)
    whole = given.astype(np.int64)
    if np.any(whole != given) or np.any(whole < 0):
        raise ValueError(
            f"`{name}` must hold whole numbers >= 0: the chance correction is defined for "
            "unweighted counts only."
        )
    return whole


def _distinct_margins(
    classes: NDArray[np.int64], shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Distinct class counts, and which of them each table has."""
    if classes.ndim == 1:
        return classes[None], np.zeros(int(np.prod(shape)), dtype=np.intp)
    flat = np.broadcast_to(classes, (*shape, classes.shape[-1])).reshape(-1, classes.shape[-1])
    margins, of_table = np.unique(flat, axis=0, return_inverse=True)
    return margins, of_table.ravel()


def _expected_within_bins(
    bins: NDArray[np.int64], margins: NDArray[np.int64], of_table: NDArray[np.intp]
) -> Floats:
    """E[ln W(labels | bins)] of each table, every bin size of a margin worked out once."""
    largest = int(margins.sum(axis=1).max(initial=0)) + 1
    keys, of_bin = np.unique(of_table[:, None] * largest + bins, return_inverse=True)
    margin, size = np.divmod(keys, largest)
    within = gammaln(size + 1.0)
    totals = margins.sum(axis=1)[margin]
    for counts in margins.T:
        within -= expected_log_factorial(size, counts[margin], totals)
    return within[of_bin.reshape(bins.shape)].sum(axis=1)
