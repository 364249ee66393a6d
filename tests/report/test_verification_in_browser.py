"""What a real browser must make of the page of a verification."""

import re
import subprocess

import pytest
from verification_samples import (
    PROVIDER,
    VERDICTS,
    make_claim,
    make_conflict,
    make_exchange,
    make_register,
    make_verdict,
    make_verification,
)

from harness.core.verdict import Evidence
from harness.report.verification_page import render_verification_html

QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# The page itself may run no script, so that the one which measures stands around it. It first follows the first link of
# a cell, and says what that shows; then it opens everything, and says what is wider than the telephone.
FRAME = """<iframe id="page" src="page.html" width="WIDTH" height="800"></iframe><output id="seen">nothing</output>
<script>page.onload = () => {
  const inner = page.contentDocument
  inner.querySelector("a.mark").click()
  setTimeout(() => {
    const place = inner.querySelector(":target")
    const shown = place.checkVisibility() && Math.abs(place.getBoundingClientRect().top) < 800
    inner.querySelectorAll("details").forEach(each => { each.open = true })
    const parts = [...inner.querySelectorAll("html, main, section, article, details, .scroll, .exchanges, .rows")]
    const wide = parts.filter(each => each.scrollWidth > each.clientWidth + 1 && !each.matches(".scroll"))
    const names = wide.map(each => each.id || each.className || each.tagName).join(", ") || "none"
    seen.textContent = `scripts: ${page.contentWindow.ran ?? "none"}; opened: ${shown}; too wide: ${names}`
  }, 300)
}</script>"""


@pytest.fixture
def measured(chromium, tmp_path):
    """A function that opens a page in a window of some width and says what the frame around it saw."""

    def measure(page, width):
        (tmp_path / "page.html").write_text(page, encoding="utf-8")
        (tmp_path / "frame.html").write_text(FRAME.replace("WIDTH", str(width)), encoding="utf-8")
        own = [
            f"--user-data-dir={tmp_path / 'profile'}",
            "--allow-file-access-from-files",
            "--virtual-time-budget=3000",
        ]
        command = [chromium, "--headless", "--no-sandbox", *QUIET, *own, "--dump-dom", f"file://{tmp_path}/frame.html"]
        seen = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        return re.search(r'<output id="seen">(.*?)</output>', seen)[1]

    return measure


@pytest.mark.parametrize("width", [390, 1280])
def test_evidence_opens_at_a_click_nothing_scrolls_sideways_and_no_script_runs(measured, width):
    evil = "<script>window.ran = 'evil'</script>" + "long" * 200
    roles = ("control", "treatment", "plain", "control", "treatment")
    cited = tuple(Evidence(exchange=f"{evil}{at}", role=role, about=evil) for at, role in enumerate(roles))
    told = {"documented": evil, "observed": evil, "subject": evil, "flags": ("flaky", "server-error"), "needs": (evil,)}
    names = [f"c{name}{at}" for at, name in enumerate(VERDICTS * 2)]
    kinds = ["parameter"] * len(VERDICTS) + ["l" * 90] * len(VERDICTS)
    verdicts = [
        make_verdict(name, claim, kind=kind, **told, evidence=cited if name != "not-tested" else ())
        for name, claim, kind in zip(VERDICTS * 2, names, kinds, strict=True)
    ]
    claims = [make_claim(name, param=f"parameter_{at}", support="supported") for at, name in enumerate(names[:7])]
    register = make_register(*claims, conflicts=[make_conflict(names[:1], names[1:7], about=evil, evidence=evil)])
    exchanges = [make_exchange(each.exchange, body=evil.encode(), reply=evil.encode()) for each in cited]
    page = render_verification_html(make_verification(*verdicts, notes=(evil,)), register, exchanges, PROVIDER)

    seen = measured(page, width)

    assert seen == "scripts: none; opened: true; too wide: none"
