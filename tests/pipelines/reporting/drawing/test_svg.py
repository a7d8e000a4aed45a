import pytest
from matplotlib.figure import Figure

from pipelines.reporting.drawing.palette import INK, SERIES, SERIES_DARK, series_index
from pipelines.reporting.drawing.svg import to_inline, to_svg


@pytest.fixture
def svg():
    figure = Figure(figsize=(2, 2))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=SERIES[1])
    axes.set_title("a < b", color=INK)
    return to_svg(figure)


def test_text_stays_text_and_no_date_is_kept(svg):
    assert "a &lt; b</text>" in svg
    assert "date" not in svg


def test_inline_figure_takes_the_colours_of_the_page(svg):
    inline = to_inline(svg, "one", 'curves "a" & b')
    assert "var(--series-1)" in inline
    assert "var(--ink)" in inline
    assert SERIES[1] not in inline
    assert 'aria-label="curves &quot;a&quot; &amp; b"' in inline


def test_inline_figures_share_no_ids(svg):
    def ids(text):
        return {part.split('"')[0] for part in text.split(' id="')[1:]}

    first, second = to_inline(svg, "one", "a"), to_inline(svg, "two", "b")
    assert ids(first)
    assert ids(first).isdisjoint(ids(second))
    assert "url(#one-" in first


def test_a_document_without_a_box_is_refused():
    with pytest.raises(ValueError, match="viewBox"):
        to_inline("<svg></svg>", "one", "label")


def test_models_keep_their_colour_and_colours_repeat_when_they_run_out():
    names = [f"m{i}" for i in range(10)]
    assert series_index(names)["m9"] == 9 % len(SERIES)
    assert len(SERIES) == len(SERIES_DARK)
