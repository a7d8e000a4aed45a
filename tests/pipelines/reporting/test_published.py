import pytest

from pipelines.reporting.published import TABLES, published_for
from pipelines.reporting.sections.context import make_section


def names(*arguments):
    return [table.name for table in published_for(*arguments)]


def test_tables_are_whole():
    for table in TABLES:
        assert {len(row) for row in table.rows} == {len(table.head)}
        assert all(cell for row in table.rows for cell in row)
    assert len({table.name for table in TABLES}) == len(TABLES)


@pytest.mark.parametrize("dataset", ["ham10000", "dermamnist"])
def test_a_known_data_set_is_shown_what_concerns_it(dataset):
    assert "medmnist-end-to-end" in names(dataset, "mel")
    assert "medmnist-end-to-end" not in names("pad_ufes20", "mel")
    assert "isic-challenges" in names("isic2017", "melanoma")


def test_an_unknown_data_set_is_shown_all_and_a_synthetic_one_nothing():
    assert names(None, "mel") == [table.name for table in TABLES]
    assert names("ham10000", "mel", True) == []
    assert "reader-studies" not in names("ham10000", "bcc")


def test_every_published_table_is_marked_as_other_data(results):
    section = make_section(results)
    tables = [fold.parts[0] for fold in section.parts]
    assert all(table.caption.startswith("Other data.") for table in tables)


def test_splits_and_scores_as_their_sources_print_them():
    rows = {row[0]: row for table in TABLES for row in table.rows}
    assert rows["DINO ViT-B/16"][-1] == "96.83"  # the linear probe comes last
    assert rows["2018, 7 classes"][-1] == "0.885"
