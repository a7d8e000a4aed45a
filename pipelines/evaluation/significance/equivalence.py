"""What an interval of a difference says, given the smallest difference worth having."""


def verdict(low: float, high: float, margin: float = 0.01) -> str:
    """Name what is known of a difference.

    An interval inside the margin is called equivalent even where it excludes 0: a difference that
    is proven to be small is of no use. With 95 % intervals each of the two one-sided tests of
    equivalence is at 2.5 %.

    Parameters
    ----------
    low, high : float
        Ends of the confidence interval of model minus reference, of a score of which more is
        better; NaN where there is none.
    margin : float, default=0.01
        Smallest difference worth having, > 0.

    Returns
    -------
    {"better", "worse", "equivalent", "undecided"}
        - "equivalent": the whole interval lies within `margin` of 0.
        - "better", "worse": it lies above, below 0, and reaches out of the margin.
        - "undecided": it holds 0 and reaches out of the margin.

    Raises
    ------
    ValueError
        If the margin is not positive, or the ends are in the wrong order.

    References
    ----------
    Schuirmann (1987), J. Pharmacokinet. Biopharm. 15, 657-680.

    Examples
    --------
    >>> verdict(0.004, 0.021), verdict(-0.002, 0.006), verdict(-0.002, 0.03)
    ('better', 'equivalent', 'undecided')
    """
    if not margin > 0:
        raise ValueError(f"`margin` must be > 0, got {margin!r}.")
    if low > high:
        raise ValueError(f"The interval must run from low to high, got {low!r} to {high!r}.")
    if -margin <= low and high <= margin:
        return "equivalent"
    if low > 0:
        return "better"
    if high < 0:
        return "worse"
    return "undecided"
