"""What a job's summary must say of a verification, and what must never work in it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verification_samples import VERDICTS, make_haunted, make_verdict, make_verification

from harness.report.verification_markdown import render_verification_markdown

PIECES = ["`", "``", "|", "\\", "\n", "<b>", "@evil", "https://evil.example", "[evil](x)", "#1", "\r", " "]
evil_text = st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=()))).map("".join)


def render(*verdicts, **more):
    return render_verification_markdown(make_verification(*verdicts, **more))


def outside_code(markdown):
    """What is left for Markdown to interpret: everything but code spans, as CommonMark delimits them."""
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "CODE", markdown)


@settings(max_examples=60, deadline=None)
@given(text=evil_text)
def test_nothing_of_a_text_is_left_for_markdown_to_interpret(text):
    markdown = render_verification_markdown(make_haunted(f"evil{text}")[0])

    rest = outside_code(markdown)
    assert "evil" not in rest
    assert not re.search(r"[<@`\[\\$]", rest)
    assert markdown.encode("utf-8")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (0, "## ✅ Holds: no promise that was decided is broken."),
        (1, "## ❌ Does not hold: a documented promise is not kept."),
        (4, "## ⚠️ Not enough evidence: nothing is broken, and the evidence for some promises is too weak to say."),
    ],
)
def test_the_exit_code_comes_first_in_words(code, line):
    assert render(make_verdict(), exit_code=code).splitlines()[0] == line


def test_verdicts_are_counted_in_their_order():
    lines = render(*(make_verdict(name, f"c{at}") for at, name in enumerate([*VERDICTS, "refuted"]))).splitlines()

    assert [line for line in lines if line.startswith("| ")][1:4] == [
        "| ✓ confirmed | 1 |",
        "| ✗ refuted | 2 |",
        "| ∅ ignored | 1 |",
    ]


def test_what_does_not_hold_says_documented_and_observed():
    markdown = render(make_verdict("ignored", observed="it shows", flags=("flaky",)), make_verdict(claim="d"))

    assert "### What does not hold: 1 claim" in markdown
    assert "- ∅ ignored (E3, flaky): `stop: supported` of `xai-sim/grok-3`" in markdown
    assert "  - observed `it shows`" in markdown
    assert "  - documented at `comp:96`: `grok-3 … ✅`" in markdown


def test_what_another_passage_excuses_is_counted_apart_from_what_does_not_hold():
    summary = render(make_verdict("refuted", "a"), make_verdict("refuted", "b", excused=True))

    assert "What does not hold: 1 claim" in summary
    assert "Does not hold, and another passage does: 1 claim" in summary


def test_a_contradiction_shows_the_verdicts_of_its_claims():
    told = {"conflicts": ("K01",)}

    markdown = render(make_verdict("refuted", "a", **told), make_verdict(claim="b", documented="stop: no", **told))

    assert "### Contradictions within the documents: 1 of 1 asked about" in markdown
    assert (
        "- contradiction `K01`\n  - ✗ refuted: `stop: supported` at `comp:96`\n  - ✓ confirmed: `stop: no`" in markdown
    )


def test_what_was_not_tested_is_counted_by_reason():
    reasons = ["no key", "not observable: praise", "no key", "not observable: advice", "no key"]

    markdown = render(*(make_verdict("not-tested", f"c{at}", observed=why) for at, why in enumerate(reasons)))

    assert "### Not tested: 5 claims\n\n- 3: `no key`\n- 2: `not observable`\n" in markdown


def test_beyond_fifty_claims_the_rest_is_counted_and_the_whole_stays_below_a_mebibyte():
    verdicts = [
        make_verdict("refuted", f"c{at}", observed=f"{at}{'x' * 5000}", conflicts=(f"K{at}",)) for at in range(600)
    ]

    markdown = render(*verdicts)

    assert "… and 550 more" in markdown
    assert len(markdown.encode()) < 2**20


def test_simulated_answers_are_marked_as_no_evidence():
    assert "Simulated: not evidence about a vendor's model" in render(make_verdict())
    assert "Simulated" not in render(make_verdict(), simulated=False)


def test_a_cost_that_is_not_known_is_never_zero():
    assert "cost in USD: unknown." in render(make_verdict(), cost_usd=None)


def test_nothing_selected_is_said():
    assert "No claim was selected." in render()
