from pathlib import Path

from pipelines.data import DATASETS

PAGE = (Path(__file__).parents[3] / "docs/data.md").read_text(encoding="utf-8")


def row_of(name):
    return next(line for line in PAGE.splitlines() if line.startswith("| ") and f"`{name}`" in line)


def test_the_page_names_every_data_set_with_where_to_get_it():
    for name, dataset in DATASETS.items():
        assert f"`{name}`" in PAGE or name in ("csv", "folder")
        if name not in ("csv", "folder"):
            assert dataset.url in row_of(name)


def test_the_page_claims_real_files_only_where_the_registry_does():
    for name, dataset in DATASETS.items():
        if name not in ("csv", "folder"):
            claims_none = row_of(name).rsplit("|", 2)[1].strip().startswith("none")
            assert claims_none is not bool(dataset.verified), name


def test_published_totals_on_the_page_are_those_of_the_registry():
    for name in ("ham10000", "isic2020", "isic2024", "ph2", "pad_ufes20", "dermamnist"):
        assert f"{DATASETS[name].n_images:,}" in row_of(name)
