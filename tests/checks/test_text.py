import time

import pytest
from check_samples import faults_of, finding_of, status_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("argument", "reply", "status"),
    [
        ("Oslo", "Oslo", "pass"),
        ("Oslo", " Oslo\n", "pass"),
        ("Oslo", "oslo", "fail"),
        ("Oslo", "Oslo.", "fail"),
        ("", "", "pass"),
        ({"text": "OSLO", "ignore_case": True}, "oslo", "pass"),
        ({"text": "Oslo", "trim": False}, "Oslo\n", "fail"),
    ],
)
def test_equals_compares_the_whole_reply_but_for_white_space_around_it(argument, reply, status):
    assert status_of("equals", argument, reply) == status


@pytest.mark.parametrize(
    ("kind", "argument", "reply", "status"),
    [
        ("contains", "rain", "It is raining.", "pass"),
        ("contains", "Rain", "It is raining.", "fail"),
        ("contains", {"text": "STRASSE", "ignore_case": True}, "Hauptstraße 1", "pass"),
        ("starts_with", "It", "\n It rains", "pass"),
        ("starts_with", {"text": "It", "trim": False}, "\n It rains", "fail"),
        ("starts_with", "rains", "It rains", "fail"),
        ("one_of", ["yes", "no"], " no ", "pass"),
        ("one_of", ["yes", "no"], "No", "fail"),
        ("one_of", {"texts": ["yes", "no"], "ignore_case": True}, "No", "pass"),
        ("regex", r"\d{2}:\d{2}", "at 12:30", "pass"),
        ("regex", {"pattern": r"\d{2}:\d{2}", "whole": True}, "at 12:30", "fail"),
        ("regex", {"pattern": "RAIN", "ignore_case": True}, "rain", "pass"),
        ("regex", r"\bété\b", "cet été.", "pass"),
        ("regex", "[[a]", "a", "pass"),
    ],
)
def test_text_is_found_as_the_check_says(kind, argument, reply, status):
    assert status_of(kind, argument, reply) == status


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ({"max_words": 3}, "pass"),
        ({"max_words": 2}, "fail"),
        ({"min_words": 3, "max_words": 3}, "pass"),
        ({"min_lines": 2, "max_lines": 2}, "pass"),
        ({"min_lines": 3}, "fail"),
        ({"max_characters": 13}, "pass"),
        ({"max_characters": 12, "min_words": 1}, "fail"),
    ],
)
def test_length_counts_characters_words_and_lines_without_white_space_around_the_reply(argument, status):
    assert status_of("length", argument, "\nIt is\nraining\n\n") == status


def test_a_pattern_that_backtracks_without_end_is_unknown_within_seconds():
    began = time.monotonic()

    finding = finding_of("regex", r"(x+x+)+y", "x" * 5_000)

    assert (finding.status, "more than 1 s" in finding.seen) == ("unknown", True)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("pattern", ["(", "(" * 500 + ")" * 500, "(?:(?:(?:x{99}){99}){99}){99}", "a" * 5_001, ""])
def test_a_pattern_that_cannot_be_used_is_a_problem_before_anything_is_sent(pattern):
    assert [problem.path for problem in faults_of("regex", pattern)] == [()]


def test_repeats_that_follow_each_other_are_not_taken_for_nested_ones():
    assert faults_of("regex", r"\d{400}-[^]{9999}]{400}-(?:ab){400}-\{99999}" + "x{2}" * 500) == ()


def test_a_finding_shows_the_place_that_matters_in_a_long_reply():
    finding = finding_of("contains", "needle", "a" * 5_000 + "needle" + "b" * 5_000)

    assert "needle" in finding.seen
    assert len(finding.seen) < 250


@given(st.text() | st.sampled_from(["a\ud800b", "\x1b[31m", "\u202eabc", "\U000e0001" * 300]))
def test_what_a_finding_shows_is_one_printable_line_whatever_the_reply(text):
    finding = finding_of("contains", "x\x00\ud800", text)

    for shown in (finding.check, finding.expected, finding.seen):
        assert shown.isprintable()
        assert len(shown) < 450


@given(st.text(min_size=1), st.text(), st.text())
def test_a_text_is_contained_in_whatever_is_written_around_it(text, before, after):
    assert status_of("contains", text, before + text + after) == "pass"
    assert status_of("starts_with", {"text": text, "trim": False}, text + after) == "pass"
