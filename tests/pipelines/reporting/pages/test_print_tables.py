import pytest

from pipelines.reporting.content import Cell, Table
from pipelines.reporting.pages.print_tables import csv_table, escape, latex_table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & c", r"a\_b \& c"),
        ("−0.010", r"$-$0.010"),
        ("±0.01, 5 %", r"$\pm$0.01, 5 \%"),
        ("a\\b~c^d", r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d"),
        ("{x} <0.001 #1 $", r"\{x\} $<$0.001 \#1 \$"),
        ("–", "--"),
    ],
)
def test_latex_reads_no_text_as_a_command(text, expected):
    assert escape(text) == expected


def test_best_is_bold_and_intervals_follow():
    row = [Cell("cnn"), Cell("0.9", "0.8 to 1.0", best=True)]
    text = latex_table(Table("t", "Scores.", ["Model", "AUC"], [row]))
    assert r"cnn & \textbf{0.9} (0.8 to 1.0) \\" in text
    assert r"\label{tab:t}" in text


def test_csv_keeps_all_digits_and_only_columns_with_notes_have_one():
    rows = [[Cell("a"), Cell("0.9", "0.8 to 1.0", value=0.91239), Cell("7", value=7.0)]]
    lines = csv_table(Table("t", "", ["Model", "AUC", "N"], rows)).splitlines()
    assert lines == ['Model,AUC,"AUC, note",N', "a,0.91239,0.8 to 1.0,7"]
