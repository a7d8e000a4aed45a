"""Tables as LaTeX and CSV, ready for a paper."""

import csv
import io
import re

from pipelines.reporting.content import Cell, Table

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "<": r"$<$",
    ">": r"$>$",
    "–": "--",
    "…": r"\ldots{}",
} | {sign: f"\\{sign}" for sign in "&%$#_{}"}
_ANY = re.compile("|".join(re.escape(sign) for sign in _SPECIAL))


def latex_table(table: Table) -> str:
    r"""Format a table for LaTeX with the package booktabs.

    Parameters
    ----------
    table : Table
        Of a report.

    Returns
    -------
    str
        A `table` environment, labelled ``tab:`` and the table's name; intervals in parentheses.

    Examples
    --------
    >>> print(latex_table(Table("t", "100%", ["Model", "AUC"], [[Cell("a_b"), Cell("0.9")]])))
    \begin{table}
      \centering
      \caption{100\%}
      \label{tab:t}
      \begin{tabular}{lr}
        \toprule
        Model & AUC \\
        \midrule
        a\_b & 0.9 \\
        \bottomrule
      \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    columns = "".join("l" if i < table.words else "r" for i in range(len(table.head)))
    head = " & ".join(escape(name) for name in table.head)
    rows = [" & ".join(_latex_cell(cell) for cell in row) for row in table.rows]
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escape(table.caption)}}}",
        rf"  \label{{tab:{table.name}}}",
        rf"  \begin{{tabular}}{{{columns}}}",
        r"    \toprule",
        rf"    {head} \\",
        r"    \midrule",
        *(rf"    {row} \\" for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    r"""Escape what LaTeX would read as a command.

    Examples
    --------
    >>> escape("5 % of fusion_cnn, −0.1")
    '5 \\% of fusion\\_cnn, $-$0.1'
    """
    return _ANY.sub(lambda found: _SPECIAL[found[0]], text)


def _latex_cell(cell: Cell) -> str:
    text = escape(cell.text)
    text = rf"\textbf{{{text}}}" if cell.best and text else text
    return f"{text} ({escape(cell.note)})" if cell.note else text


def csv_table(table: Table) -> str:
    """Format a table as CSV, numbers unrounded.

    Parameters
    ----------
    table : Table
        Of a report.

    Returns
    -------
    str
        A column a heading, and behind it one for its notes (such as intervals) where it has any.

    Examples
    --------
    >>> cells = [Cell("a"), Cell("0.9", "0.8 to 1.0", value=0.8971)]
    >>> print(csv_table(Table("t", "", ["Model", "AUC"], [cells])), end="")
    Model,AUC,"AUC, note"
    a,0.8971,0.8 to 1.0
    """
    noted = [any(row[i].note for row in table.rows) for i in range(len(table.head))]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [name for head, has in zip(table.head, noted, strict=True) for name in _heads(head, has)]
    )
    for row in table.rows:
        writer.writerow(
            [value for cell, has in zip(row, noted, strict=True) for value in _values(cell, has)]
        )
    return text.getvalue()


def _heads(head: str, noted: bool) -> list[str]:
    return [head, f"{head}, note"] if noted else [head]


def _values(cell: Cell, noted: bool) -> list[str]:
    value = cell.text if cell.value is None else f"{cell.value:.10g}"
    return [value, cell.note] if noted else [value]
