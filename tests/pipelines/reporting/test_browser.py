"""The page in a real browser: no error, no overflow on a phone, both colour schemes."""

import html
import json
import os
import re
import shutil
import subprocess

import pytest

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--v=0", "--virtual-time-budget=4000"),
]
# The report runs in a frame as wide as a phone, since headless windows have a minimum width.
PROBE = """<!doctype html><title>probe</title>
<iframe id="page" style="width:{width}px;height:900px;border:0" srcdoc="{page}"></iframe>
<pre id="found"></pre>
<script>
const frame = document.getElementById("page");
frame.addEventListener("load", () => {{
  const page = frame.contentDocument, view = frame.contentWindow;
  const wide = [...page.querySelectorAll("body *")].filter(element =>
    element.getBoundingClientRect().right > view.innerWidth + 1 && !element.closest(".scroll"));
  document.getElementById("found").textContent = JSON.stringify({{
    overflow: page.documentElement.scrollWidth - view.innerWidth,
    wide: wide.map(element => element.outerHTML.slice(0, 80)),
    figures: [...page.querySelectorAll("svg")].map(s => s.getBoundingClientRect().height),
    resources: view.performance.getEntriesByType("resource").map(entry => entry.name),
    ink: view.getComputedStyle(page.body).color,
  }});
}});
</script>"""


@pytest.fixture(scope="module")
def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if path := shutil.which(name):
            return path
    reason = "no Chromium on this machine"
    if os.environ.get("DERMFUSION_REQUIRE_BROWSER"):
        pytest.fail(reason)
    return pytest.skip(reason)


@pytest.fixture
def browse(chromium, result, tmp_path):
    result.skipped = [{"row": 1, "image": "a/" + "long" * 30 + ".jpg", "error": "E" * 90}]
    result.settings["command"] = "dermfusion compare --root " + "x" * 200
    text = result.report(tmp_path / "run").read_text(encoding="utf-8")

    def visit(width, *flags, also=""):
        probe = tmp_path / "probe.html"
        probe.write_text(PROBE.format(width=width, page=html.escape(text + also)), encoding="utf-8")
        done = subprocess.run(
            [
                *(chromium, *FLAGS, *flags, f"--user-data-dir={tmp_path / 'profile'}"),
                *(f"--window-size={max(width, 500)},1000", "--dump-dom", probe.as_uri()),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, flags=re.DOTALL)
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return json.loads(html.unescape(found[1])), console

    return visit


@pytest.mark.parametrize("width", [360, 1200])
def test_page_fits_its_window_and_logs_nothing(browse, width):
    found, console = browse(width)
    assert console == []
    assert found["overflow"] <= 0
    assert found["wide"] == []
    assert found["resources"] == []
    assert len(found["figures"]) == 8
    assert min(found["figures"]) > 60


def test_the_probe_notices_faults(browse):
    wide = '<p style="width: 900px">wide</p><script>console.error("fault")</script>'
    found, console = browse(360, also=wide)
    assert found["overflow"] > 400
    assert len(found["wide"]) == 1
    assert "fault" in console[0]


def test_ink_turns_light_in_the_dark(browse):
    (light, _), (dark, _) = browse(1200), browse(1200, "--blink-settings=preferredColorScheme=0")
    assert light["ink"] == "rgb(28, 36, 48)"
    assert dark["ink"] == "rgb(230, 232, 235)"
