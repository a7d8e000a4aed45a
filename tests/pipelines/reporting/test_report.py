import re
from html.parser import HTMLParser

import numpy as np
import pytest

from pipelines.comparison import compare

SECTIONS = [
    *("ranking", "differences", "data", "roc", "confusion", "classes", "time"),
    *("reproduce", "limits"),
]


VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """Elements and visible text of a page; refuses tags that are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def having(self, name):
        return [attributes[name] for _, attributes in self.elements if name in attributes]

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]


@pytest.fixture
def write(result, tmp_path):
    def written():
        return Page(result.report(tmp_path).read_text(encoding="utf-8"))

    return written


def test_page_asks_nothing_of_the_network(result, tmp_path):
    text = result.report(tmp_path).read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|@import|<script|<img|<iframe", text)
    addresses = Page(text).having("href") + Page(text).having("src")
    assert all(address.startswith(("#", "data:,")) for address in addresses)


def test_page_is_well_formed_and_every_link_arrives(write):
    page = write()
    assert page.open == []
    ids = page.having("id")
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.all("a")} <= set(ids)
    assert {name for names in page.having("aria-labelledby") for name in names.split()} <= set(ids)


def test_page_has_every_section_and_no_gaps(write):
    page = write()
    assert [section["aria-labelledby"] for section in page.all("section")] == SECTIONS
    assert not re.search(r"\b(nan|NaN|None|inf)\b", page.text)
    assert "not a medical device" in page.text


def test_figures_have_words_and_tables_captions(write):
    page = write()
    figures = page.all("figure")
    assert len(figures) == 1 + 2 + 2 * 2 + 1
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in page.all("svg"))
    assert len(page.all("svg")) == len(page.all("figcaption")) == len(figures)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(header["scope"] in ("row", "col") for header in page.all("th"))


def test_figures_hold_no_pixels(result, tmp_path):
    result.report(tmp_path)
    figures = sorted((tmp_path / "figures").glob("*.svg"))
    assert [path.name for path in figures][-3:] == [
        *("roc-macro.svg", "roc-melanoma.svg", "sensitivity.svg"),
    ]
    for path in figures:
        assert "<image" not in path.read_text(encoding="utf-8")


def test_report_is_the_same_each_time(result, tmp_path):
    first = result.report(tmp_path / "a").read_bytes()
    assert result.report(tmp_path / "b").read_bytes() == first


def test_command_and_seed_are_printed(write, result):
    result.settings["command"] = "dermfusion compare --seed 0 --out <here>"
    page = write()
    assert "dermfusion compare --seed 0 --out <here>" in page.text
    assert "Seed 0" in page.text


def test_main_parameters_are_printed(write, result):
    result.settings["models"]["cnn"]["parameters"] = {
        "estimator__backbone": "resnet18",
        "estimator__max_epochs": 10,
        "estimator__patience": 8,
        "rule": "argmax",
    }
    assert "backbone resnet18, max epochs 10, rule argmax" in write().text


def test_left_out_images_are_listed(write, result):
    result.skipped = [{"row": 3, "image": "<b>.jpg", "error": "truncated JPEG"}]
    text = write().text
    assert "Left out: 1 image could not be used" in text
    assert "3 <b>.jpg truncated JPEG" in text


def test_the_ranking_tells_how_stable_selections_are(write, result):
    assert "Stability" not in write().text
    shown = {"columns": 812.4, "columns_offered": 4102.0, "stability": 0.876}
    ends = {"stability_low": 0.85, "stability_high": 0.902}
    chosen = result.metrics["model"] == "fusion"
    for name, value in (shown | ends).items():
        result.metrics[name] = np.where(chosen, value, np.nan)
    page = write()
    assert page.text.count("Columns Stability") == 1
    assert "812 of 4,102 0.876 0.850 to 0.902" in page.text
    assert not re.search(r"\bnan\b", page.text)


def test_where_all_columns_are_kept_no_stability_is_claimed(write, result):
    result.metrics[["columns", "columns_offered"]] = 40.0
    result.metrics[["stability", "stability_low", "stability_high"]] = np.nan
    text = write().text
    assert "40 of 40" in text
    assert not re.search(r"\bnan\b", text)


def test_a_single_model_has_no_differences(result, tmp_path, models, manifest):
    alone = compare({"cnn": models["cnn"]}, manifest, n_splits=3, n_bootstrap=20)
    page = Page(alone.report(tmp_path).read_text(encoding="utf-8"))
    assert "differences" not in page.having("id")
    assert "Per lesion, cnn reached a macro AUC" in page.text


def test_without_a_class_of_concern_its_figure_is_absent(result, tmp_path, models, manifest):
    names = {"melanoma": "a", "nevus": "b", "keratosis": "c"}
    renamed = manifest.assign(label=manifest["label"].map(names))
    compare(models, renamed, n_splits=3, n_bootstrap=20).report(tmp_path)
    assert [path.name for path in (tmp_path / "figures").glob("roc*")] == ["roc-macro.svg"]
