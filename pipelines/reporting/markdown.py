"""Tables in Markdown, which read well as plain text too."""

from collections.abc import Sequence

MINUS = "\u2212"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """Format a table.

    Parameters
    ----------
    head : sequence of str
        Heading of each column.
    rows : sequence of sequences of str
        Cells; a `|` in one is escaped.
    words : int, default=1
        How many columns are words; the others are numbers, aligned to the right.

    Returns
    -------
    str
        Lines ending in a line break.

    Examples
    --------
    >>> print(markdown_table(["Model", "AUC"], [["fusion", "0.95"]]), end="")
    | Model | AUC |
    |---|---:|
    | fusion | 0.95 |
    """
    rule = "|" + "|".join("---" if i < words else "---:" for i in range(len(head))) + "|"
    lines = ["| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"


def signed(value: float) -> str:
    """Format a difference with three decimals and its sign; zero has none.

    Examples
    --------
    >>> signed(0.0301), signed(-0.0001)
    ('+0.030', '0.000')
    """
    rounded = round(value, 3) + 0.0
    return "0.000" if rounded == 0 else f"{rounded:+.3f}".replace("-", MINUS)


def score_or_dash(value: float) -> str:
    """Format a score with three decimals; a dash where there is none."""
    return "–" if value != value else f"{value:.3f}"
