import pytest
from verification_samples import make_verdict

from harness.catalogue import load_catalogues, load_register
from harness.core.verdict import Verification
from harness.probes.decide import count, excuse, exit_code
from harness.probes.drift import drift_code, find_changes
from harness.probes.families import FAMILIES
from harness.probes.lineup import Lineup, bind
from harness.probes.parameters import representative

XAI = load_catalogues().provider("xai")
REGISTER = load_register(XAI)
MODELS = tuple(model.id for model in XAI.models if model.makes == "text")
LINEUP = Lineup(provider=XAI, register=REGISTER, models=MODELS, images=("grok-2-image-1212",))
A_CLAIM, NO_QUESTION = "comp.parameter.grok-3.stop", "comp.legend.tick"
LOSER, WINNER = "ref.pricing.grok-4-0709.input", "comp.pricing.grok-4-0709.input"


def code(*verdicts, **options):
    return exit_code(excuse(verdicts, REGISTER), REGISTER, **options)


@pytest.mark.parametrize("verdict", ["refuted", "ignored", "undocumented", "partial"])
def test_a_promise_that_is_not_kept_is_a_no(verdict):
    assert code(make_verdict("confirmed"), make_verdict(verdict, A_CLAIM)) == 1


def test_what_could_not_be_asked_is_no_answer_and_what_is_too_weak_is_not_enough():
    assert code(make_verdict("not-tested", A_CLAIM)) == 3
    assert code(make_verdict("inconclusive", A_CLAIM)) == 4
    assert code(make_verdict("inconclusive", A_CLAIM), make_verdict("not-tested", WINNER)) == 3


def test_what_no_request_can_show_is_no_question():
    assert code(make_verdict("confirmed"), make_verdict("not-tested", NO_QUESTION)) == 0


def test_what_must_be_opted_into_is_unanswered_only_when_strict():
    assert code(make_verdict("not-tested", A_CLAIM, needs=("money",))) == 0
    assert code(make_verdict("not-tested", A_CLAIM, needs=("money",)), strict=True) == 3
    assert code(make_verdict("inconclusive", A_CLAIM, needs=("money",))) == 0
    assert code(make_verdict("inconclusive", A_CLAIM, needs=("money",)), strict=True) == 4


def test_the_losing_side_of_a_contradiction_is_no_no_where_its_rival_is_confirmed():
    both = (make_verdict("refuted", LOSER), make_verdict("confirmed", WINNER))

    assert code(*both) == 0
    assert code(*both, strict=True) == 1
    assert code(make_verdict("refuted", LOSER), make_verdict("inconclusive", WINNER)) == 1


def test_what_the_documents_alone_refute_by_lines_that_are_no_claim_is_no_no_of_a_server():
    computed = "comp.rule.code-8.cost"

    assert code(make_verdict("partial", computed)) == 0
    assert code(make_verdict("partial", computed), strict=True) == 1
    assert code(make_verdict("partial", A_CLAIM)) == 1
    assert REGISTER.find(computed).observable == "arithmetic"


def test_what_is_ignored_is_excused_by_no_other_side():
    assert code(make_verdict("ignored", LOSER), make_verdict("confirmed", WINNER)) == 1


def test_verdicts_are_counted_with_the_noes_before_what_is_open():
    counted = count([make_verdict("not-tested"), make_verdict("refuted"), make_verdict("confirmed")])

    assert list(counted) == ["confirmed", "refuted", "not-tested"]


def test_every_claim_that_requests_or_the_documents_can_show_has_a_rule():
    for name in ("xai", "openai-chat"):
        provider = load_catalogues().provider(name)
        register = bind(load_register(provider), MODELS)
        lineup = Lineup(provider=provider, register=register, models=MODELS, images=("grok-2-image-1212",))
        claims = [claim for claim in register.claims if claim.observable != "none"]
        assert [c.id for c in claims if all(family.rule(c, lineup) is None for family in FAMILIES)] == []


def test_the_number_of_statistical_cells_is_the_catalogues_and_not_the_selections():
    few = Lineup(provider=XAI, register=REGISTER, models=("grok-3",))

    assert few.family == LINEUP.family == 45


def test_a_promise_about_a_parameter_is_asked_of_a_model_that_is_documented_to_take_it():
    assert representative(LINEUP, "stop") == "grok-4-1-fast-non-reasoning"
    assert representative(LINEUP, "reasoning_effort") in ("grok-3", "grok-3-mini")


def verification(*verdicts):
    return Verification(version="1", provider="xai", source="xai-sim", mode="live", verdicts=verdicts)


def changes(before, after):
    return find_changes(verification(*before), verification(*after))


@pytest.mark.parametrize(
    ("before", "now", "kind", "code"),
    [
        ("confirmed", "refuted", "turned", 1),
        ("refuted", "confirmed", "mended", 1),
        ("refuted", "ignored", "other", 1),
        ("confirmed", "not-tested", "gone", 3),
        ("confirmed", "inconclusive", "weaker", 4),
        ("inconclusive", "confirmed", "back", 0),
    ],
)
def test_what_changed_since_a_baseline_is_named_and_decides_the_exit(before, now, kind, code):
    found = changes([make_verdict(before)], [make_verdict(now)])

    assert [each.kind for each in found] == [kind]
    assert drift_code(found) == code


def test_nothing_changed_is_no_drift():
    assert changes([make_verdict("refuted")], [make_verdict("refuted", observed="in other words")]) == ()


def test_claims_that_came_or_went_and_new_contradictions_are_listed():
    found = changes([make_verdict(claim="old")], [make_verdict(claim="new")])
    conflict = changes([make_verdict()], [make_verdict(conflicts=("K01",))])

    assert [each.kind for each in found] == ["new", "dropped"]
    assert [each.kind for each in conflict] == ["conflict"]
