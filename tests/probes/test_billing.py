from fractions import Fraction

import pytest
from endpoint_runs import MadeUp, attempt_of, names, observed, probe_of, reply_to, seen_of, verify_simulator
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reply_runs import JSON, OPTIONAL, PLAIN, THINKER, answer, lineup_alone, look, outcome, reply, used

from harness.core.verdict import TURNED
from harness.probes.billing import FAMILY
from harness.probes.bills import KINDS, Bill, bills_of, find_rates
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask
from harness.probes.family import Watched

INPUT, OUTPUT = f"comp.pricing.{PLAIN}.input", f"comp.pricing.{PLAIN}.output"
CACHED, FORMULA, EVERY = "ref.pricing.grok-4-0709.cached", "comp.rule.cost-formula", "ref.rule.charged-per-token"
TICKS = 10**4
"""Of a token that costs one dollar a million."""
RATE = st.integers(0, 200_000).map(lambda ticks: Fraction(ticks, TICKS))
COUNT = st.integers(0, 5_000)
TOKENS = st.tuples(COUNT, COUNT, COUNT, COUNT)


def billed(prompt, visible, number=1, *, rates=(2, 10), cached=0, reasoning=0, model=PLAIN, extra=0, **fields):
    """A reply that is billed at these dollars a million: input, output, and where they differ cached and reasoning."""
    fresh, out, cheap, thought = (*rates, *rates)[:2] + ((*rates, None, None)[2:4] if len(rates) > 2 else (None, None))
    cheap, thought = fresh if cheap is None else cheap, out if thought is None else thought
    dollars = (prompt - cached) * fresh + cached * cheap + visible * out + reasoning * thought
    usage = used(prompt, visible, reasoning=reasoning, cached=cached, ticks=round(dollars * TICKS) + extra) | fields
    return answer(reply(model=model, usage=usage), number, model=model)


def bills(rates, *rows):
    """Bills with these tokens of each kind, rounded to whole ticks as servers do."""
    made = []
    for row in rows:
        exact = sum((count * rate for count, rate in zip(row, rates, strict=True)), Fraction(0))
        made.append(
            Bill(tokens=tuple(map(Fraction, row)), billed=Fraction(round(exact * TICKS), TICKS), seen=billed(1, 1))
        )
    return made


def listing(model=PLAIN, **prices):
    return seen_of(
        Ask(about="a test", method="GET", path=f"/language-models/{model}"), attempt_of(200, {"id": model} | prices)
    )


def turned(*deviations, models=(PLAIN, OPTIONAL)):
    return set(names(verify_simulator(FAMILY, *deviations, models=models), *TURNED))


def test_each_wrong_bill_turns_the_claims_about_it_and_no_others():
    harmless = [f"prompt-tokens-missing@{PLAIN}", f"total-off-by-seven@{OPTIONAL}", "search-not-billed"]

    assert turned(f"price-plus-ten-percent@{PLAIN}", f"reasoning-not-billed@{OPTIONAL}") == {
        INPUT,
        OUTPUT,
        FORMULA,
        EVERY,
    }
    assert turned(*harmless) == set()


def test_prices_that_public_evidence_refutes_are_refuted_with_what_was_solved():
    verdicts = verify_simulator(FAMILY, models=(OPTIONAL,), profile="observed")

    assert set(names(verdicts, *TURNED)) == {f"comp.pricing.{OPTIONAL}.input", f"comp.pricing.{OPTIONAL}.output"}
    assert "billed at $0.3 a million: solved from 3 bills" in verdicts[f"comp.pricing.{OPTIONAL}.input"].observed


def test_documented_prices_that_explain_every_bill_confirm_both_rates():
    replies = [billed(50, 1, 1), billed(20, 8, 2)]

    found = look(FAMILY, INPUT, *replies)

    assert (found.outcome, found.grade, found.n) == ("holds", "E4", 2)
    assert "explain 2 bills of 2" in found.words
    assert outcome(FAMILY, OUTPUT, *replies) == "holds"


def test_one_bill_alone_could_fit_by_chance():
    assert outcome(FAMILY, INPUT, billed(50, 1, 1), billed(50, 1, 2)) == "unknown"


def test_no_price_is_less_than_nothing():
    replies = [billed(prompt, visible, rates=(2, -1)) for prompt, visible in ((50, 1), (20, 8), (30, 3))]

    assert outcome(FAMILY, INPUT, *replies) == "unknown"


def test_other_prices_are_solved_with_a_bill_held_out():
    replies = [billed(prompt, visible, rates=(2, 11)) for prompt, visible in ((50, 1), (20, 8), (30, 3))]

    assert outcome(FAMILY, INPUT, *replies) == "holds"
    assert look(FAMILY, OUTPUT, *replies).words.startswith("output tokens are billed at $11 a million: solved from 2")
    assert outcome(FAMILY, OUTPUT, *replies[:2]) == "unknown"


def test_bills_that_no_rates_explain_decide_nothing_even_where_a_price_is_listed():
    replies = [billed(prompt, visible, extra=prompt**2) for prompt, visible in ((50, 1), (20, 8), (30, 3), (7, 7))]

    found = look(FAMILY, INPUT, *replies, listing(prompt_text_token_price=20_000))

    assert found.outcome == "unknown"
    assert "no rates explain all of 4 bills" in found.words


def test_odd_bills_of_cached_input_do_not_hide_what_the_rest_costs():
    fresh = [billed(50, 1, 1), billed(20, 8, 2)]
    odd = [billed(90, 1, 3, cached=64, extra=17), billed(90, 2, 4, cached=32, extra=-3)]

    found = look(FAMILY, INPUT, *fresh, *odd)

    assert found.outcome == "holds"
    assert "2 bills with cached input are left out" in found.words
    assert outcome(FAMILY, FORMULA, *fresh, *odd) == "unknown"


@pytest.mark.parametrize(
    ("rates", "formula", "every"),
    [
        ((5, 15, 5, 15), "holds", "holds"),
        ((5, 15, 0.75, 15), "broken", "holds"),
        ((5, 15, 5, 0), "broken", "broken"),
        ((5, 15, 0, 15), "broken", "broken"),
    ],
)
def test_the_formula_has_neither_a_rate_for_cached_input_nor_a_discount_on_reasoning(rates, formula, every):
    rows = [(50, 1, 0, 30), (20, 8, 16, 7), (90, 3, 0, 1), (31, 2, 8, 0), (44, 4, 4, 4)]
    replies = [
        billed(prompt, visible, cached=cached, reasoning=thought, rates=rates, model=THINKER)
        for prompt, visible, cached, thought in rows
    ]

    assert outcome(FAMILY, FORMULA, *replies, model=THINKER) == formula
    assert outcome(FAMILY, EVERY, *replies, model=THINKER) == every


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (20_000, "holds"),
        (25_000, "broken"),
        ("20000", "unknown"),
        (None, "unknown"),
        (-1, "unknown"),
        (10**40, "unknown"),
    ],
)
def test_where_no_reply_is_billed_the_listed_price_decides(price, expected):
    found = look(FAMILY, INPUT, answer(reply()), listing(prompt_text_token_price=price))

    assert found.outcome == expected
    assert "no reply says what was billed for it" in found.words


def test_a_listed_price_that_bills_contradict_is_told_and_decides_nothing():
    found = look(FAMILY, INPUT, billed(50, 1), billed(20, 8), listing(prompt_text_token_price=30_000))

    assert found.outcome == "holds"
    assert found.words.endswith("$3 is listed")


def test_cached_input_that_is_listed_at_nothing_may_be_what_a_model_does_not_have():
    replies = [billed(50, 1, rates=(5, 15), model=THINKER), billed(20, 8, rates=(5, 15), model=THINKER)]
    listed = [listing(THINKER, cached_prompt_text_token_price=cents) for cents in (0, 7_500)]

    assert outcome(FAMILY, CACHED, *replies, listed[0], model=THINKER) == "unknown"
    assert outcome(FAMILY, CACHED, *replies, listed[1], model=THINKER) == "holds"


def test_replies_that_cost_more_than_their_tokens_are_no_bills_of_tokens():
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}
    seen = [
        billed(50, 1, num_sources_used=3),
        billed(50, 1, server_side_tool_usage_details={"web_search_calls": 1}),
        answer(reply(usage=used(50, 1, ticks=5)), body=chat(PLAIN, "") | {"messages": [picture]}),
        billed(200_000, 1),
        billed(50, 1, prompt_tokens_details={"cached_tokens": 51}),
    ]

    assert bills_of(seen) == ()


def test_reasoning_among_the_completion_tokens_is_not_billed_twice():
    usage = used(10, 32, 42, reasoning=30, ticks=1)

    (bill,) = bills_of([answer(reply(usage=usage))])

    assert bill.tokens == (10, 0, 2, 30)


@settings(max_examples=30)
@given(rates=st.tuples(RATE, RATE, RATE, RATE), rows=st.lists(TOKENS, min_size=6, max_size=9, unique=True))
def test_rates_that_bills_determine_are_found_to_the_last_digit(rates, rows):
    # The first four leave no doubt, so that what rounding takes is not magnified beyond a tick a token.
    clear = [tuple(1_000 if place == each else 0 for place in range(4)) for each in range(4)]

    found = find_rates(bills(rates, *clear, *rows), ())

    assert found.known == dict(zip(KINDS, rates, strict=True))
    assert found.checked >= 1


@settings(max_examples=30)
@given(rates=st.tuples(RATE, RATE, RATE, RATE), rows=st.lists(TOKENS, max_size=6), wrong=st.integers(2, 10**6))
def test_one_bill_that_is_off_leaves_every_rate_open(rates, rows, wrong):
    clear = [tuple(scale if place == each else 0 for place in range(4)) for each in range(4) for scale in (1_000, 900)]
    odd = bills(rates, (11, 0, 13, 14))[0]
    assume(odd.tokens not in rows)

    found = find_rates([*bills(rates, *clear, *rows), odd._replace(billed=odd.billed + Fraction(wrong, TICKS))], ())

    assert found.known == {}
    assert found.unexplained


def test_a_claimed_tier_is_asked_about_only_if_long_prompts_are_allowed():
    verdict = verify_simulator(FAMILY, models=(THINKER,))["ref.pricing.higher-context"]

    assert (verdict.verdict, verdict.needs) == ("not-tested", ("long-context",))


@pytest.mark.parametrize(("factor", "expected"), [(1, "broken"), (2, "holds")])
def test_a_long_prompt_is_compared_with_the_rates_of_short_ones(factor, expected):
    short = [billed(50, 1, rates=(5, 15), model=THINKER), billed(20, 8, rates=(5, 15), model=THINKER)]
    long = billed(130_000, 1, rates=(5 * factor, 15), model=THINKER)

    assert outcome(FAMILY, "ref.pricing.higher-context", *short, long, model=THINKER) == expected


@pytest.mark.parametrize(("tokens_a_line", "requests"), [(15, 3), (1, 2), (0, 2)])
def test_a_long_prompt_is_measured_before_it_is_sent(tokens_a_line, requests):
    def count(ask):
        lines = ask.body["messages"][0]["content"].count("Nothing in this line")
        return reply_to(ask, usage=used(700 + lines * tokens_a_line, 1))

    sender = MadeUp(count)
    observed(probe_of(FAMILY, lineup_alone(THINKER), "long-price"), sender)

    assert len(sender.asks) == requests
    longest = sender.asks[-1].body["messages"][0]["content"].count("Nothing in this line") * 15
    assert requests == 2 or 128_000 < longest < 135_000


@settings(max_examples=50)
@given(usage=st.dictionaries(st.sampled_from(sorted(used(ticks=1))), JSON), listed=JSON)
def test_no_bill_or_listing_whatever_it_holds_breaks_those_who_look(usage, listed):
    seen = (answer(reply(usage=usage)), billed(50, 1), listing(prompt_text_token_price=listed, long_context=listed))

    found = list(FAMILY.watch(Watched(lineup=lineup_alone(PLAIN), seen=seen)))

    assert {each.outcome for each in found} <= {"holds", "broken", "unknown"}
