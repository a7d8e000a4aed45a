"""The page in a real browser: errors, requests, sorting, folds, a phone, darkness, paper, axe."""

import os
import shutil

import pytest

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
MEASURE = """() => {
  document.querySelectorAll("details").forEach(fold => { fold.open = true; });
  const wide = [...document.querySelectorAll("body *")].filter(element =>
    element.getBoundingClientRect().right > innerWidth + 1 && !element.closest(".scroll"));
  return {
    overflow: document.documentElement.scrollWidth - innerWidth,
    wide: wide.filter(e => !e.classList.contains("skip")).map(e => e.outerHTML.slice(0, 80)),
    figures: [...document.querySelectorAll("figure svg")]
      .map(drawn => drawn.getBoundingClientRect().height),
    empty: [...document.querySelectorAll("section")].filter(s => s.children.length < 2).length,
  };
}"""
COLUMN = """([table, column]) => [...document.querySelectorAll(`#${table} tbody tr`)].map(row =>
  row.cells[column].firstChild.textContent.trim() || row.cells[column].textContent.trim())"""


def give_up(reason):
    if os.environ.get("DERMFUSION_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        give_up("no Chromium on this machine")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        give_up("playwright is not installed: pip install -e '.[test]'")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(folder):
    return (folder / "report.html").as_uri()


class Visit:
    """A page, with what it logged and asked for."""

    def __init__(self, browser, address, width=1280, scheme="light", script=True):
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=script,
        )
        self.page, self.logged, self.asked = context.new_page(), [], []
        self.page.on("console", lambda message: self.logged.append(message.text))
        self.page.on("pageerror", lambda error: self.logged.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)

    def close(self):
        self.page.context.close()


@pytest.fixture
def visit(browser, address):
    opened = []

    def open_page(**settings):
        opened.append(Visit(browser, address, **settings))
        return opened[-1]

    yield open_page
    for one in opened:
        one.close()


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_page_fits_its_window_logs_nothing_and_asks_for_nothing(visit, address, width):
    one = visit(width=width)
    found = one.page.evaluate(MEASURE)
    assert one.logged == []
    assert [url for url in one.asked if not url.startswith("data:")] == [address]
    assert found["overflow"] <= 0
    assert found["wide"] == []
    assert found["empty"] == 0
    assert len(found["figures"]) == 30
    assert min(found["figures"]) > 60


def test_the_probe_notices_faults(visit):
    one = visit(width=360)
    one.page.evaluate(
        """() => {
          document.body.insertAdjacentHTML("beforeend", '<p style="width: 900px">wide</p>');
          document.body.insertAdjacentHTML("beforeend", '<img src="http://127.0.0.1:9/x.png">');
          console.error("fault");
        }"""
    )
    one.page.wait_for_timeout(100)
    found = one.page.evaluate(MEASURE)
    assert found["overflow"] > 400
    assert len(found["wide"]) == 1
    assert "fault" in one.logged[0]
    assert any("x.png" in url for url in one.asked)


def test_sorting_by_numbers_words_and_the_keyboard(visit):
    page = visit().page
    table = "table-ranking-lesion"

    def scores():
        return [float(text) for text in page.evaluate(COLUMN, [table, 2])]

    header = page.locator(f"#{table} thead th").nth(2)
    assert header.get_attribute("aria-sort") is None
    header.get_by_role("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    assert scores() == sorted(scores(), reverse=True)
    header.get_by_role("button").press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    assert scores() == sorted(scores())
    page.locator(f"#{table} thead th").nth(0).get_by_role("button").click()
    names = page.locator(f"#{table} tbody th").all_inner_texts()
    assert names == sorted(names)
    assert header.get_attribute("aria-sort") is None


def test_missing_numbers_sort_last_both_ways(visit):
    page = visit().page
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    button = page.locator("#table-costs thead th").nth(2).get_by_role("button")
    for _ in range(2):
        button.click()
        assert page.evaluate(COLUMN, ["table-costs", 2])[-6:] == ["–"] * 6


def test_without_scripts_all_is_there(visit):
    page = visit(script=False).page
    assert page.locator("thead button").count() == 0
    assert page.locator("section").count() == page.locator("nav a").count() > 15
    assert page.locator("#table-ranking-lesion tbody tr").count() == 6


def test_folds_open_for_paper(visit):
    page = visit().page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()


def test_ink_turns_light_in_the_dark(visit):
    ink = "getComputedStyle(document.body).color"
    assert visit().page.evaluate(ink) == "rgb(28, 36, 48)"
    assert visit(scheme="dark").page.evaluate(ink) == "rgb(230, 232, 235)"


def test_first_tab_leads_to_the_numbers(visit):
    page = visit().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#ranking")


# In the dark only colours differ.
@pytest.mark.parametrize(
    ("scheme", "rules"), [("light", {}), ("dark", {"runOnly": "color-contrast"})]
)
def test_axe_finds_nothing(visit, scheme, rules):
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        give_up("axe-playwright-python is not installed: pip install -e '.[test]'")
    page = visit(scheme=scheme).page
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    # Drawings are read by their labels; their thousands of marks would take axe a minute.
    drawn = {"exclude": [["svg > *"]]}
    options = {"resultTypes": ["violations"], **rules}
    found = Axe().run(page, context=drawn, options=options).response["violations"]
    assert [(fault["id"], fault["impact"], fault["nodes"][0]["html"]) for fault in found] == []
