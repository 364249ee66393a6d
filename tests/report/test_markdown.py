"""What a job's summary must say, and what must never work in it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.check import Finding
from harness.report import render_markdown
from harness.report.markdown import code

PIECES = ["`", "``", "|", "\\", "\n", "<b>", "@evil", "https://evil.example", "[evil](x)", "#1", "\r", " "]
evil_text = st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=()))).map("".join)
FINDING = Finding(check="contains", status="fail", expected="the sea", seen="a lake")


def outside_code(markdown):
    """What is left for Markdown to interpret: everything but code spans, as CommonMark delimits them."""
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "CODE", markdown)


@given(text=evil_text)
def test_a_text_is_one_code_span_whatever_it_holds(text):
    assert outside_code(code(text)) in ("CODE", "(blank)", "(empty)")


@settings(max_examples=60, deadline=None)
@given(text=evil_text)
def test_nothing_of_a_text_is_left_for_markdown_to_interpret(haunted, text):
    rest = outside_code(render_markdown(haunted(f"evil{text}")))

    assert "evil" not in rest
    assert not re.search(r"[<@`\[\\$]", rest)
    assert render_markdown(haunted(text)).encode("utf-8")


@settings(max_examples=40, deadline=None)
@given(text=evil_text)
def test_no_text_breaks_the_table(haunted, text):
    rows = [line for line in render_markdown(haunted(text)).splitlines() if line.startswith("|")]

    assert {row.count("|") for row in rows} == {11}


def test_the_decision_comes_first(trial, run_of):
    first, *_ = render_markdown(run_of(trial("fail"))).splitlines()

    assert first == "## ❌ Fail: 1 of 1 case result failed."


def test_a_share_stands_beside_its_errors_and_their_bounds(trial, run_of):
    markdown = render_markdown(run_of(trial(case="a"), trial("error", case="b")))

    assert "| 100 %, 1 of 1 | 1 error of 2, so 50 % to 100 % |" in markdown


def test_a_failed_case_says_what_was_expected_and_seen(trial, run_of):
    markdown = render_markdown(run_of(trial("fail", row="r", findings=((FINDING,),))))

    assert "- ❌ `s` `c` row `r` on `t`: 0 of 1 trial passed" in markdown
    assert "  - fail `contains`: expected `the sea`, saw `a lake`" in markdown


def test_beyond_fifty_cases_the_rest_is_counted(trial, run_of):
    markdown = render_markdown(run_of(*(trial("fail", case=f"c{i}") for i in range(53))))

    assert markdown.count("- ❌") == 50
    assert "… and 3 more" in markdown


def test_live_and_recorded_times_have_rows_of_their_own(trial, exchange, run_of):
    markdown = render_markdown(run_of(trial(exchanges=[exchange(ms=100), exchange(ms=900, recorded=True)])))

    assert "| live | 100 / 100 |" in markdown
    assert "| recorded | 900 / 900 |" in markdown


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_answers_are_marked_as_no_evidence(trial, run_of, simulated):
    markdown = render_markdown(run_of(trial(simulated=simulated)))

    assert ("not evidence about a vendor's model" in markdown) is simulated


def test_a_cost_that_is_not_known_is_never_zero(trial, exchange, run_of):
    markdown = render_markdown(run_of(trial(exchanges=[exchange("hello")])))

    assert "| unknown |" in markdown
