import pytest
from check_samples import KINDS, check_of
from hypothesis import given
from hypothesis import strategies as st

from harness.checks import follow_ups_of, grade_check, judges_errors
from harness.core.check import Check, Evidence, MissingFollowUp
from harness.core.reply import Reply

EVIDENCE = Evidence(replies=(Reply(status=200, content="rain"),))
LEAVES = {
    "pass": check_of("contains", "rain"),
    "fail": check_of("contains", "snow"),
    "unknown": check_of("cost_usd", {"max": 1}),
}
JUDGED = check_of("judge", {"model": "local/j", "rubric": "Is it wet?"})


def inverted(check):
    return Check(kind="not", children=(check,))


def joined(kind, *children):
    return Check(kind=kind, children=children)


def status(check):
    return grade_check(check, KINDS, EVIDENCE).status


checks = st.recursive(
    st.sampled_from(list(LEAVES.values())),
    lambda inner: st.one_of(
        inner.map(inverted),
        st.lists(inner, min_size=1, max_size=4).map(lambda several: joined("all", *several)),
        st.lists(inner, min_size=1, max_size=4).map(lambda several: joined("any", *several)),
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("kind", "children", "expected"),
    [
        ("all", ["pass", "pass"], "pass"),
        ("all", ["pass", "unknown"], "unknown"),
        ("all", ["unknown", "fail"], "fail"),
        ("any", ["fail", "pass", "unknown"], "pass"),
        ("any", ["fail", "unknown"], "unknown"),
        ("any", ["fail", "fail"], "fail"),
        ("not", ["pass"], "fail"),
        ("not", ["unknown"], "unknown"),
    ],
)
def test_the_settling_result_beats_unknown_which_beats_the_rest(kind, children, expected):
    assert status(joined(kind, *(LEAVES[child] for child in children))) == expected


@given(checks)
def test_what_is_inverted_twice_is_itself(check):
    assert status(inverted(inverted(check))) == status(check)


@given(st.lists(checks, min_size=1, max_size=4))
def test_not_all_is_any_not(several):
    assert status(inverted(joined("all", *several))) == status(joined("any", *map(inverted, several)))
    assert status(inverted(joined("any", *several))) == status(joined("all", *map(inverted, several)))


@given(checks)
def test_grading_twice_finds_the_same(check):
    assert grade_check(check, KINDS, EVIDENCE) == grade_check(check, KINDS, EVIDENCE)


def test_a_combined_finding_keeps_those_within_it():
    finding = grade_check(joined("all", LEAVES["pass"], inverted(LEAVES["fail"])), KINDS, EVIDENCE)

    assert [child.status for child in finding.children] == ["pass", "pass"]
    assert finding.children[1].children[0].check == "contains 'snow'"


def test_each_follow_up_within_a_combination_is_asked_once():
    check = joined("all", JUDGED, inverted(JUDGED), LEAVES["pass"])

    assert len(follow_ups_of(check, KINDS, EVIDENCE)) == 1


def test_a_missing_follow_up_is_missing_through_every_combinator():
    with pytest.raises(MissingFollowUp):
        grade_check(joined("any", LEAVES["pass"], inverted(JUDGED)), KINDS, EVIDENCE)


def test_a_check_judges_errors_if_one_within_it_does():
    by_status = check_of("status", 400)

    assert judges_errors(joined("any", LEAVES["pass"], inverted(by_status)), KINDS)
    assert not judges_errors(joined("all", *LEAVES.values()), KINDS)
