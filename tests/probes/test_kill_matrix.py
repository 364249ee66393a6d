"""The kill matrix in short: every rule is there and speaks of claims that exist, and a sample turns what it must."""

import pytest
from kill_matrix import examine
from kill_miniatures import CELLS, WHERE, miniatures
from kill_rules import Named, Of, expected_of, refused_by, xai
from kill_rules_must import MUST
from kill_rules_open import MAY, NOTHING

from harness.core.verdict import TURNED
from harness.simulator.deviations import DEVIATIONS

PLAIN, THINKER = "grok-4-1-fast-non-reasoning", "grok-4-0709"
MINIATURES = {each.deviation: each for each in miniatures()}


def test_every_deviation_has_a_rule_or_a_reason_why_it_needs_none():
    assert set(MUST) | set(NOTHING) == set(DEVIATIONS)
    assert not set(MUST) & set(NOTHING)
    assert all(NOTHING.values())


def test_every_deviation_is_tried_and_every_cell_on_every_model_that_has_it():
    tried = {each.name for each in MINIATURES.values()}

    assert tried == set(DEVIATIONS)
    assert set(DEVIATIONS) >= set(WHERE)
    assert len([name for name in MINIATURES if name.startswith("rejects-max-tokens@")]) == 9
    assert {name.partition("@")[0] for name in MINIATURES} & CELLS == CELLS & set(DEVIATIONS)


def test_rules_speak_only_of_claims_that_exist():
    excused = {name: excuse.picks for name, excuse in MAY.items()}

    picks_nothing = [
        (name, selector)
        for name, picks in (*MUST.items(), *excused.items())
        for selector in picks
        if isinstance(selector, Of | Named) and not any(selector.picks(claim, frozenset()) for claim in xai().claims)
    ]

    assert picks_nothing == []
    assert set(MAY) <= set(DEVIATIONS)
    assert all(excuse.why for excuse in MAY.values())


def test_whatever_a_rule_demands_is_asked_of_whoever_breaks_the_promise():
    empty = {
        name: each
        for name, each in MINIATURES.items()
        if each.name in MUST and not expected_of(name, each.models, each.allow).must
    }

    assert empty == {}


def test_an_error_that_is_announced_for_a_set_is_expected_to_turn_only_if_nothing_else_in_it_is_refused():
    alone = expected_of(f"tolerates-reasoning-effort@{PLAIN}", (PLAIN, THINKER))
    beside = expected_of(f"tolerates-reasoning-effort@{THINKER}", (THINKER, PLAIN))

    assert refused_by(PLAIN) == {"reasoning_effort"}
    assert f"comp.constraint.{PLAIN}.grok3-params" in alone.must
    assert f"comp.constraint.{THINKER}.grok3-params" not in beside.must


@pytest.mark.parametrize(
    ("deviation", "claims"),
    [
        (f"rejects-stop@{PLAIN}", ("comp.parameter.*.stop", "comp.constraint.*-params", "comp.request_schema.stop.*")),
        (f"tolerates-stop@{THINKER}", ("comp.parameter.*.stop", "comp.constraint.*-params")),
        (f"total-off-by-seven@{PLAIN}", ("response_schema", "comp.guidance.token-budgeting", "auth")),
        (f"stream-no-done@{PLAIN}", ("stream",)),
        ("limit-headers-frozen", ("rate_header", "auth")),
        ("auth-missing-key-accepted", ("rate_header", "auth")),
    ],
)
def test_a_broken_promise_turns_the_claims_that_it_must_and_no_others(deviation, claims):
    miniature = MINIATURES[deviation]
    expected = expected_of(deviation, miniature.models, miniature.allow)

    verdicts = examine(miniature, claims=claims).verification.verdicts

    turned = {each.claim for each in verdicts if each.verdict in TURNED}
    assert turned - expected.may == expected.must & {each.claim for each in verdicts}
    assert turned
