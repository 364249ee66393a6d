"""How cases are grouped, named and told."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.core.chat import Message
from harness.core.check import Finding
from harness.report import summarise
from harness.report.evidence import case_anchors, evidence_of, finding_lines, turns_of

any_text = st.text(st.characters(exclude_categories=()))
names = st.tuples(any_text, any_text, st.none() | any_text)


def cases_of(run):
    summary = summarise(run)
    return evidence_of(summary.results, summary.targets)


def test_an_anchor_says_suite_case_and_row():
    name = ("triage", "refund", "r1")

    assert case_anchors([name]) == {name: "case-triage-refund-r1"}


def test_two_names_that_would_read_alike_have_anchors_of_their_own():
    one, other = ("a-b", "c", None), ("a", "b-c", None)

    assert len(set(case_anchors([one, other]).values())) == 2


@given(names=st.sets(names, max_size=6))
def test_no_two_cases_share_an_anchor_and_each_is_a_plain_id(names):
    anchors = case_anchors(names)

    assert len(set(anchors.values())) == len(names)
    assert all(re.fullmatch(r"case-[A-Za-z0-9._-]{0,160}", anchor) for anchor in anchors.values())


@given(name=names)
def test_an_anchor_does_not_depend_on_what_else_was_run(name):
    other = ("some", "other", "case")

    assert case_anchors([name])[name] == case_anchors([other, name])[name]


def test_a_case_differs_if_its_targets_came_to_different_verdicts(trial, run_of):
    records = [trial(case="a"), trial("fail", case="a", target="u"), trial(case="b"), trial(case="b", target="u")]

    assert [(case.case, case.differs) for case in cases_of(run_of(*records))] == [("a", True), ("b", False)]


def test_a_case_that_a_target_was_not_asked_has_an_empty_cell(trial, run_of):
    (first, second) = cases_of(run_of(trial(case="a"), trial(case="b", target="u")))

    assert [cell is None for cell in first.cells + second.cells] == [False, True, True, False]


def test_a_prompt_is_told_once_only_if_all_trials_were_told_the_same(trial, run_of):
    said = ((Message(role="user", text="hello"),),)
    same, other = trial(said=said), trial(target="u", said=((Message(role="user", text="hi"),),))

    assert cases_of(run_of(same, replace(same, target="u")))[0].said == said
    assert cases_of(run_of(same, other))[0].said is None


def test_a_skipped_trial_does_not_hide_what_the_others_were_told(trial, run_of):
    said = ((Message(role="user", text="hello"),),)

    assert cases_of(run_of(trial(said=said), trial("skip", target="u")))[0].said == said


def test_findings_inside_findings_follow_them_and_depth_has_an_end():
    finding = Finding(check="leaf", status="pass", expected="", seen="")
    for depth in range(5000):
        finding = Finding(check=str(depth), status="pass", expected="", seen="", children=(finding,))

    lines = finding_lines([finding, finding])

    assert [line.depth for line in lines] == [0, 1, 2, 3, 4, 5, 6] * 2


def test_recordings_are_told_by_who_answered_and_from_when_to_when(trial, exchange, run_of):
    told = [exchange(recorded=True, recorded_at=at, server="llama") for at in ("2026-02-01", "2026-01-01", None)]

    (recording,) = summarise(run_of(trial(exchanges=[*told, exchange()]))).recordings

    assert (recording.name, recording.server, recording.replies) == ("local/m", "llama", 3)
    assert (recording.earliest, recording.latest, recording.undated) == ("2026-01-01", "2026-02-01", 1)


def test_every_turn_is_told_whether_said_asked_or_judged(trial, exchange):
    turns = turns_of(trial(said=((), ()), exchanges=[replace(exchange("x"), turn=4)], findings=((), (), ())))

    assert [len(turn.exchanges) for turn in turns] == [0, 0, 0, 1]
