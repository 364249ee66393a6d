from endpoint_runs import about, lineup_of, verify_simulator
from observed_example import EXAMPLE, lines, source_of

from harness.catalogue import load_catalogues, load_register
from harness.core.verdict import TURNED
from harness.probes import parameters
from harness.store import read_verification

FOUND = read_verification(EXAMPLE)
REGISTER = load_register(load_catalogues().provider("xai"))


def test_every_promise_that_the_published_example_refutes_has_a_source():
    turned = [each for each in FOUND.verdicts if each.verdict in TURNED]

    assert [each.claim for each in turned if not source_of(each, REGISTER)] == []


def test_the_published_readme_says_what_the_published_verdicts_say():
    assert (EXAMPLE / "README.md").read_text().rstrip() == "\n".join(lines(FOUND, REGISTER)).rstrip()


def test_the_published_page_is_marked_as_a_simulation():
    page = (EXAMPLE / "report.html").read_text()

    assert FOUND.simulated
    assert "not evidence about a vendor" in page


def test_what_is_published_is_what_is_found_today():
    lineup = lineup_of("grok-3-mini")
    published = {each.claim: each.verdict for each in FOUND.verdicts}

    today = verify_simulator(parameters.FAMILY, lineup=lineup, profile="observed")

    mine = {claim.id for claim in about(parameters.FAMILY, lineup) if "grok-3-mini" in claim.id}
    assert {claim: today[claim].verdict for claim in mine} == {claim: published[claim] for claim in mine}
