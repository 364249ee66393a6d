from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue import load_catalogues, load_register
from harness.core.claims import Subject
from harness.probes.arithmetic import FAMILY, compute
from harness.probes.family import Rule, Undecidable, Watched
from harness.probes.figures import Unreadable, agrees, amount, evaluate, seconds
from harness.probes.lineup import Lineup

PROVIDER = load_catalogues().provider("xai")
REGISTER = load_register(PROVIDER)
LINEUP = Lineup(provider=PROVIDER, register=REGISTER, models=("grok-3",))
COMPUTED = [claim for claim in REGISTER.claims if claim.observable == "arithmetic"]


def spoilt(name, **value):
    """A claim of the register with some fields of its value changed."""
    claim = REGISTER.by_id[name]
    return replace(claim, value={**claim.value, **value})


def among(*changed):
    """The lineup with these claims in place of their originals."""
    by_id = {claim.id: claim for claim in changed}
    claims = tuple(by_id.get(claim.id, claim) for claim in REGISTER.claims)
    return replace(LINEUP, register=replace(REGISTER, claims=claims))


def test_every_claim_that_documents_decide_is_computed_without_a_request():
    observed = {each.topic: each for each in FAMILY.watch(Watched(lineup=LINEUP, seen=()))}

    rules = [FAMILY.rule(claim, LINEUP) for claim in COMPUTED]

    assert len(rules) == 53
    assert all(isinstance(rule, Rule) and rule.topics[0] in observed for rule in rules)
    assert {(each.grade, each.n, each.evidence) for each in observed.values()} == {("E0", 0, ())}


def test_only_what_the_documents_contradict_is_not_confirmed():
    failing = {claim.id for claim in COMPUTED if compute(claim, LINEUP).outcome != "holds"}

    assert failing == {
        "comp.metadata.last-updated",
        "comp.rule.code-8.cost",
        "comp.guidance.select.budget",
        "comp.guidance.cheat.budget-conscious",
    }
    assert all(REGISTER.contradictions(name) for name in failing)


FLIPPED = [
    ("comp.arithmetic.worked-example.input-term", {"usd": 0.003}, "1000*2/1e6 = 0.002"),
    ("comp.arithmetic.worked-example.input-term", {"expr": "1000*3/1e6", "usd": 0.003}, "uses 3"),
    ("comp.arithmetic.worked-example.total", {"usd": 0.058}, "0.057"),
    ("comp.arithmetic.worked-example.inputs", {"prompt": 2000}, "0.004"),
    ("comp.arithmetic.header-example-tokens", {"remaining": 3_998_400}, "= 1,600, and 1500 is stated"),
    ("ref.arithmetic.cached-ratio", {"derived_ratio": 0.26}, "0.75 / 3 = 0.25"),
    ("ref.arithmetic.cached-ratio", {"cached": 0.6, "derived_ratio": 0.2}, "0.75 at ref:25"),
    ("ref.rule.cached-cheaper", {"cached_price": "> input price"}, "cached 0.75, input 3"),
    ("comp.rate_limit.grok-3.quick.rpm", {"rpm": 480}, "480 here, 600 at comp:471"),
    ("ref.rate_limit.grok-4-0709.restated", {"tpm": 2_000_000}, "2,000,000 here, 200,000 at ref:34"),
    ("comp.tool_cost.image.per-image", {"usd_per_image": 0.7}, "0.07 at comp:268"),
    ("comp.capability.grok-3.context", {"value": "128K"}, "128K is 128,000; 131,000 at comp:61"),
    ("comp.catalogue.grok-3.context-restated", {"context": "1M"}, "1,000,000; 131,000"),
    ("comp.count.models-9", {"models_covered": 10}, "9 rows, and 10 are announced"),
    ("comp.guidance.select.vision", {"model": "grok-9"}, "grok-9 is in no row"),
    ("comp.guidance.select.vision", {"model": "grok-3"}, "denies it vision"),
    ("comp.guidance.cache-tool-results", {"ttl_seconds": 360}, "3,600 s, and 360 s"),
    ("comp.error.backoff", {"delays_ms": [1000, 2000, 5000]}, "1,000, 2,000, 5,000 are stated"),
    ("comp.error.backoff", {"delays_ms": [1000, 3000, 9000]}, "1,000, 2,000, 4,000"),
    ("comp.error.backoff", {"attempts": 4}, "3 delays for 4 attempts"),
]


@pytest.mark.parametrize(("name", "value", "words"), FLIPPED)
def test_a_flipped_figure_is_refuted_with_both_figures(name, value, words):
    claim = spoilt(name, **value)

    computed = compute(claim, among(claim))

    assert computed.outcome == "broken"
    assert words in computed.words


def test_a_flipped_price_table_refutes_what_was_reckoned_with_it():
    priced = spoilt("comp.pricing.grok-4-1-fast-reasoning.output", usd_per_1m_output=12.0)

    reckoned = compute(REGISTER.by_id["comp.arithmetic.worked-example.reasoning-term"], among(priced))

    assert reckoned.outcome == "broken"
    assert "uses 10" in reckoned.words


@pytest.mark.parametrize("updated", ["2025-11", "2025-12-31"])
def test_a_document_may_tell_of_what_came_before_it(updated):
    claim = spoilt("comp.metadata.last-updated", last_updated=updated)

    assert compute(claim, among(claim)).outcome == "holds"


def test_the_cheapest_model_is_a_choice_for_small_budgets():
    claim = spoilt("comp.guidance.select.budget", model="grok-code-fast-1")

    assert compute(claim, among(claim)).outcome == "holds"


def test_an_equal_price_is_not_a_lower_one():
    priced = spoilt("ref.pricing.grok-4-0709.cached", usd_per_1m_cached_input=3.0)

    computed = compute(REGISTER.by_id["ref.rule.cached-cheaper"], among(priced))

    assert (computed.outcome, computed.words) == ("broken", "cached 3, input 3 a million: not <")


def test_rates_for_one_model_are_held_against_its_own_price():
    claim = replace(REGISTER.by_id["comp.rule.code-8.cost"], subject=Subject(type="model", id="grok-3"))

    computed = compute(claim, among(claim))

    assert computed.outcome == "broken"
    assert "grok-3 1 and 3" in computed.words


def test_rates_that_are_used_for_every_model_hold_for_those_that_cost_them():
    computed = compute(REGISTER.by_id["comp.rule.code-8.cost"], LINEUP)

    assert computed.outcome == "partly"
    assert "5 of 9 models" in computed.words
    assert "grok-3-mini 0.5 and 1.5" in computed.words


def test_a_figure_that_nothing_else_gives_is_not_tested():
    claim = replace(REGISTER.by_id["comp.tool_cost.image.per-image"], value={"usd_per_song": 1})

    assert isinstance(FAMILY.rule(claim, LINEUP), Undecidable)


@given(a=st.integers(0, 10**6), b=st.integers(1, 10**6), c=st.integers(0, 99))
def test_sums_are_exact(a, b, c):
    result, numbers = evaluate(f"({a} + {c}/100) * {b} - {a}**2")

    assert result * 100 == (100 * a + c) * b - 100 * a * a
    assert numbers == (a, c, 100, b, a, 2)


@pytest.mark.parametrize(
    "text",
    ["1/0", "0**-1", "9**9**9", "2**0.5", "1e999", "1e59*100", "e", "(" * 190, "1,2", "", "print(1)", "1 if 1 else 2"],
)
def test_what_is_no_sum_is_said_to_be_none(text):
    with pytest.raises(Unreadable):
        evaluate(text)


@given(text=st.text(max_size=40) | st.text("0123456789.e+-*/() ", max_size=60))
def test_no_text_makes_the_evaluator_fail_otherwise(text):
    try:
        evaluate(text)
    except Unreadable:
        return


def test_units_are_read_as_documents_write_them():
    assert (amount("2M"), amount("131K tokens"), amount("4,096"), amount("many")) == (2_000_000, 131_000, 4_096, None)
    assert (seconds("1 hour"), seconds("30 minutes"), seconds("soon")) == (3_600, 1_800, None)


def test_a_rounded_figure_agrees_and_a_wrong_one_does_not():
    third = evaluate("1/3")[0]

    assert agrees(0.333, third)
    assert not agrees(0.334, third)
    assert not agrees(float("nan"), third)


HOSTILE = [None, True, "x" * 500, [], {}, float("nan"), float("inf"), 10**400, -1, 0, "9**9**9", "1/0", ["a", None]]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_of_a_register_makes_a_computation_fail(value):
    spoilings = [(claim, {**claim.value, key: value}) for claim in COMPUTED for key in claim.value]

    for claim, spoiling in spoilings:
        changed = replace(claim, value=spoiling)
        compute(changed, among(changed))
