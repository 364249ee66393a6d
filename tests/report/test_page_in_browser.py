"""What a real browser must make of the page."""

import re
import subprocess

import pytest

from harness.core.check import Finding
from harness.report import render_html

QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# The page itself may run no script, so that the one which measures stands around it.
FRAME = """<iframe id="page" src="page.html" width="390" height="800"></iframe><output id="seen">nothing</output>
<script>page.onload = () => {
  const inner = page.contentDocument
  inner.querySelectorAll("details").forEach(each => { each.open = true })
  const parts = [...inner.querySelectorAll("html, main, figure, article")]
  const wide = parts.filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.innerText.slice(0, 20))
  seen.textContent = `scripts: ${page.contentWindow.ran ?? "none"}; too wide: ${wide.join(", ") || "none"}`
}</script>"""


@pytest.fixture
def measured(chromium, tmp_path):
    """A function that opens a page in a telephone's width and says what the frame around it saw."""

    def measure(page):
        (tmp_path / "page.html").write_text(page, encoding="utf-8")
        (tmp_path / "frame.html").write_text(FRAME, encoding="utf-8")
        own = [
            f"--user-data-dir={tmp_path / 'profile'}",
            "--allow-file-access-from-files",
            "--virtual-time-budget=3000",
        ]
        command = [chromium, "--headless", "--no-sandbox", *QUIET, *own, "--dump-dom", f"file://{tmp_path}/frame.html"]
        seen = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        return re.search(r'<output id="seen">(.*?)</output>', seen)[1]

    return measure


def test_a_telephone_shows_the_page_without_scrolling_sideways_and_no_script_runs(measured, trial, exchange, run_of):
    text = "<script>window.ran = 'evil'</script>" + "long" * 200
    finding = Finding(check=text, status="fail", expected=text, seen=text)
    names = {"target": "l" * 90, "case": "c" * 90, "findings": ((finding,),), "simulated": True}
    exchanges = [exchange(text, ms=123456, ttft_ms=1234, cost="0.00012345", upper_bound=True, server=text)]

    seen = measured(render_html(run_of(trial("fail", **names, exchanges=exchanges), trial("error")), title=text))

    assert seen == "scripts: none; too wide: none"


def test_many_targets_scroll_in_their_table_and_not_the_page(measured, trial, run_of):
    records = [trial(case=case, target=f"a/model-{n}", model=f"model-{n}") for n in range(16) for case in ("c", "d")]

    seen = measured(render_html(run_of(*records[:-1]), title="t"))

    assert seen == "scripts: none; too wide: none"


def test_a_large_run_fits_a_telephone_as_well(measured, trial, exchange, run_of):
    outcomes = ["pass", "pass", "fail", "error"] * 150
    names = {"exchanges": [exchange("a reply", ms=12)], "reason": None}
    records = [trial(told, case=f"case {i}", **names) for i, told in enumerate(outcomes)]

    assert measured(render_html(run_of(*records), title="t")) == "scripts: none; too wide: none"
