"""What is written: page, Markdown, figures, tables."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from pipelines.comparison import compare
from pipelines.evaluation.design.protocol import Protocol
from pipelines.reporting import write_report
from pipelines.reporting.sections.ranking import make_section as make_ranking
from pipelines.reporting.sections.reproduce import run_facts

SECTIONS = [
    *("ranking", "differences", "within", "cohort", "curves", "confusion", "calibration"),
    *("classes", "decisions", "costs", "learning", "importance", "controls", "fairness"),
    *("leaks", "context", "methods", "reproduce", "limits"),
]
BARE = [
    *("ranking", "differences", "cohort", "curves", "confusion", "costs", "context", "methods"),
    *("reproduce", "limits"),
]
VOID = {"meta", "link", "br", "img"}


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
        if self.open and self.open[-1] not in ("style", "title", "script"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def having(self, name):
        return [attributes[name] for _, attributes in self.elements if name in attributes]

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]


@pytest.fixture(scope="module")
def html(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_page_asks_nothing_of_the_network_and_is_small(html, page):
    assert not re.search(r"https?:|//[a-z]|@import|<img|<iframe|\bfetch\(|XMLHttp", html)
    addresses = page.having("href") + page.having("src")
    assert all(address.startswith(("#", "data:,")) for address in addresses)
    assert len(html) < 3_000_000


def test_page_is_well_formed_and_every_link_arrives(page):
    assert page.open == []
    ids = page.having("id")
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.all("a")} <= set(ids)
    assert {name for names in page.having("aria-labelledby") for name in names.split()} <= set(ids)


def test_page_has_every_section_and_no_gaps(page):
    assert [section["aria-labelledby"] for section in page.all("section")] == SECTIONS
    assert not re.search(r"\b(nan|NaN|None|inf)\b", page.text)
    assert "not a medical device" in page.text


def test_what_was_not_computed_is_absent_and_the_rest_the_same_each_time(bare, tmp_path):
    first = write_report(bare, tmp_path / "a").read_bytes()
    page = Page(first.decode())
    assert [section["aria-labelledby"] for section in page.all("section")] == BARE
    assert [a["href"][1:] for a in page.all("a")][1:] == BARE
    assert not re.search(r"\b(nan|NaN|None|inf)\b", page.text)
    assert not (tmp_path / "a" / "gallery.html").exists()
    assert write_report(bare, tmp_path / "b", gallery=True).read_bytes() == first
    assert (tmp_path / "b" / "gallery.html").exists()


def test_figures_have_words_and_tables_captions(page):
    figures = page.all("figure")
    assert len(figures) == 30
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in page.all("svg"))
    assert len(page.all("svg")) == len(page.all("figcaption")) == len(figures)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(header["scope"] in ("row", "col") for header in page.all("th"))


def test_figures_are_files_too_and_hold_no_pixels(folder, page):
    files = sorted((folder / "figures").glob("*.svg"))
    assert len(files) == len(page.all("figure"))
    assert "of-an-earlier-report.svg" not in [path.name for path in files]
    for path in files:
        assert "<image" not in path.read_text(encoding="utf-8")


def test_markdown_says_the_same(folder, page, full_record):
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert text.startswith("# These data do not tell fusion and cnn apart")
    titles = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert len(titles) == len(SECTIONS)
    assert all(title in page.text for title in titles)
    linked = re.findall(r"\]\((figures/[^)]*)\)", text)
    assert len(linked) == len(page.all("figure"))
    assert all((folder / name).is_file() for name in linked)
    score = full_record.metrics.loc[0, "macro_auc"]
    assert f"{score:.3f}" in text


def test_tables_are_latex_and_csv(folder, page):
    names = [table["id"].removeprefix("table-") for table in page.all("table")]
    assert len(names) == len(set(names))
    for name in names:
        text = (folder / "tables" / f"{name}.tex").read_text(encoding="utf-8")
        assert text.count("\\begin{tabular}") == text.count("\\bottomrule") == 1
        assert (folder / "tables" / f"{name}.csv").is_file()
    cohort = pd.read_csv(folder / "tables" / "cohort.csv")
    assert list(cohort["Class"])[-1] == "All"
    assert cohort["Lesions"].iloc[-1] == 300


def test_saved_analyses_keep_their_full_numbers(folder, full_record):
    saved = pd.read_csv(folder / "tables" / "calibration.csv")
    assert list(saved) == list(full_record.tables["calibration"])


def test_seed_plan_and_parameters_are_printed(record, results):
    record.settings["models"]["cnn"]["parameters"] = {
        "estimator__backbone": "resnet18",
        "estimator__max_epochs": 10,
        "estimator__patience": 8,
        "rule": "argmax",
    }
    facts = run_facts(results)
    assert facts["Seed"] == 0
    assert record.settings["plan"]["hash"] in facts["Plan"]
    assert facts["cnn"].endswith("backbone resnet18, max epochs 10, rule argmax")


def test_stability_of_selections_is_shown_where_a_model_selects(record, results):
    assert "Stability" not in make_ranking(results).parts[0].head
    chosen = record.metrics["model"] == "fusion"
    shown = {"columns": 812.4, "columns_offered": 4102.0, "stability": 0.876}
    for name, value in (shown | {"stability_low": 0.85, "stability_high": 0.902}).items():
        record.metrics[name] = value if name.startswith("columns") else np.nan
        record.metrics.loc[chosen, name] = value
    table = make_ranking(results).parts[0]
    cells = {row[0].text: [(cell.text, cell.note) for cell in row[-2:]] for row in table.rows}
    assert cells["fusion"] == [("812", "of 4,102"), ("0.876", "0.850 to 0.902")]
    # Where all columns are kept there was nothing to agree on.
    assert cells["cnn"] == [("812", "of 4,102"), ("", "")]


def test_a_comparison_has_a_report(models, manifest, tmp_path):
    result = compare(models, manifest, protocol=Protocol(n_splits=3), n_bootstrap=20)
    page = Page(result.report(tmp_path).read_text(encoding="utf-8"))
    assert page.open == []
    assert {"ranking", "differences", "cohort", "limits"} <= set(page.having("id"))
    assert not re.search(r"\b(nan|NaN|None|inf)\b", page.text)


def test_where_no_image_names_its_lesion_nothing_is_said_per_lesion(record, tmp_path):
    record.settings["grouping"] = []
    page = Page(write_report(record, tmp_path).read_text(encoding="utf-8"))
    assert "per image" in page.text
    assert "per lesion" not in page.text.lower()
    assert "draws of lesions" not in page.text
