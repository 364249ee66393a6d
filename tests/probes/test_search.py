import json
from decimal import Decimal

import pytest
from endpoint_runs import lineup_of, names, probe_of, reply_to, seen_of, verify_simulator
from tool_servers import HOSTILE, PLAIN, asked_of, call, calling, hostile_attempt, outcomes, refusal

from harness.core.verdict import TURNED
from harness.probes.family import Undecidable, Watched
from harness.probes.search import FAMILY, LIVE

RUN, DECLARED, FORCED = (f"search.{kind}.web_search" for kind in ("run", "declared", "forced"))
SEARCHES = {
    "comp.capability.grok-3.web_search",
    "comp.builtin_tool.web_search.grok-3",
    "comp.builtin_tool.x_search.grok-3",
}
OF_THE_API = {"comp.builtin_tool.web_search.function", "comp.builtin_tool.x_search.function"}
FORCE = "comp.builtin_tool.usage.forced"


def verified(*deviations, allowed=("money",)):
    return verify_simulator(FAMILY, *deviations, models=("grok-3",), allowed=allowed)


def decided(verdicts):
    return {claim: name for claim, name in names(verdicts).items() if name != "not-tested"}


def searching(ask, **usage):
    """An answer of a server that searched."""
    status, body = reply_to(ask, "There is news.")
    counted = {"prompt_tokens": 100, "completion_tokens": 100, "total_tokens": 200, "num_sources_used": 3}
    return status, body | {"citations": ["https://example.com/1"], "usage": counted | usage}


def test_every_claim_about_search_is_confirmed_where_the_documents_are_true_and_money_may_be_spent():
    verdicts = verified()

    assert set(decided(verdicts).values()) == {"confirmed"}
    assert set(decided(verdicts)) >= {*SEARCHES, *OF_THE_API, FORCE, "comp.tool_cost.web_search.per-1k"}


def test_without_leave_to_spend_money_nothing_is_searched_and_the_reason_is_said():
    verdicts = verified(allowed=())

    assert set(decided(verdicts)) == {"ref.doc_section.guides.live-search"}
    assert decided(verdicts) == {"ref.doc_section.guides.live-search": "inconclusive"}
    assert {verdicts[claim].needs for claim in (*SEARCHES, "comp.tool_cost.x_search.per-1k")} == {("money",)}


@pytest.mark.parametrize(
    ("deviation", "more"),
    [
        ("search-returned", set()),
        ("search-refused", {FORCE, "comp.builtin_tool.usage.declaration"}),
        ("search-sourceless", {FORCE, "ref.doc_section.guides.live-search"}),
    ],
)
def test_a_search_that_the_server_does_not_run_turns_the_claims_that_it_does(deviation, more):
    assert set(names(verified(deviation), *TURNED)) == {*SEARCHES, *OF_THE_API, *more}


def test_a_search_that_is_not_billed_turns_its_price_alone():
    assert set(names(verified("search-not-billed"), *TURNED)) == {
        "comp.tool_cost.web_search.per-1k", "comp.tool_cost.x_search.per-1k",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "run", "forced"),
    [
        (searching, "holds", "holds"),
        (lambda ask: calling(ask, call("web_search", '{"query": "x"}')), "broken", "holds"),
        (lambda ask: reply_to(ask, "I recall some news."), "no-effect", "no-effect"),
        (lambda ask: refusal("tools") if "tools" in ask.body else reply_to(ask), "rejected", "rejected"),
        (lambda _: refusal("slow down", 429), "unknown", "unknown"),
    ],
)
def test_who_runs_a_search_is_told_by_what_comes_back(answer, run, forced):
    found, _ = asked_of(FAMILY, "search.web_search", answer, allowed=("money",))

    assert (outcomes(found)[RUN], outcomes(found)[FORCED]) == (run, forced)


def test_a_server_that_searches_when_offered_and_refuses_to_be_forced_still_searches():
    def free(ask):
        return refusal("tool_choice") if "tool_choice" in ask.body else searching(ask)

    found, _ = asked_of(FAMILY, "search.web_search", free, allowed=("money",))

    assert outcomes(found) == {RUN: "holds", DECLARED: "accepted", FORCED: "rejected"}


def live(ask, *, finds=True, strict=True):
    """Live search by its mode."""
    mode = ask.body.get("search_parameters", {}).get("mode")
    if strict and mode not in (None, "on", "off"):
        return refusal("search_parameters.mode is unknown")
    return searching(ask) if finds and mode == "on" else reply_to(ask, "I recall some news.")


@pytest.mark.parametrize(
    ("answer", "allowed", "outcome"),
    [
        (live, ("money",), "holds"),
        (lambda ask: live(ask, finds=False), ("money",), "no-effect"),
        (lambda ask: live(ask, strict=False), ("money",), "holds"),
        (live, (), "accepted"),
        (lambda ask: refusal("gone", 410) if "search_parameters" in ask.body else reply_to(ask), (), "rejected"),
        (lambda _: refusal("who are you", 401), (), "unknown"),
    ],
)
def test_live_search_is_read_where_a_wrong_mode_is_refused_and_shown_where_money_may_be_spent(answer, allowed, outcome):
    found, asks = asked_of(FAMILY, "search.live", answer, allowed=allowed)

    assert outcomes(found) == {LIVE: outcome}
    assert allowed or not any(ask.body.get("search_parameters", {}).get("mode") == "on" for ask in asks)


def fee_of(*bills, plain="0.00011", **usage):
    """The observation of what a search costs, of replies that are billed so in dollars."""
    lineup = lineup_of(PLAIN, allowed=("money",))
    probe = probe_of(FAMILY, lineup, "search.web_search")
    _, asks = asked_of(FAMILY, "search.web_search", searching, models=(PLAIN,), allowed=("money",))
    tokens = {"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 15}

    def answered(ask, usd, **more):
        ticks = int(Decimal(usd) * 10**10)
        return seen_of(ask, hostile_attempt(json.dumps(searching(ask, cost_in_usd_ticks=ticks, **more)[1]).encode()))

    other = lineup_of(PLAIN).provider, reply_to(asks[0], "ok")[1]
    bare = {"model": PLAIN, "messages": []}
    ordinary = other[1] | {"usage": tokens | {"cost_in_usd_ticks": int(Decimal(plain) * 10**10)}}
    from harness.probes.desk import Ask

    plainly = seen_of(Ask(about="plain", body=bare), hostile_attempt(json.dumps(ordinary).encode()))
    seen = (plainly, *(answered(asks[0], usd, **usage) for usd in bills))
    found = {each.topic.name: each for each in FAMILY.watch(Watched(lineup=lineup, seen=seen))}
    assert probe.needs == ("money",)
    return found["search.fee.web_search"].outcome


# 5 tokens in and 10 out cost $0.00011 at $2 and $10 a million; 100 and 100 cost $0.0012.
def test_a_fee_is_what_is_billed_beyond_the_tokens():
    assert fee_of("0.0062", num_server_side_tools_used=1) == "holds"
    assert fee_of("0.0112", num_server_side_tools_used=2) == "holds"
    assert fee_of("0.0112", num_server_side_tools_used=1) == "broken"
    assert fee_of("0.0012", num_server_side_tools_used=1) == "broken"


def test_a_fee_is_told_apart_from_tokens_that_are_billed_dearer_and_from_calls_that_are_not_counted():
    assert fee_of("0.00632", plain="0.000121", num_server_side_tools_used=1) == "holds"
    assert fee_of("0.0162") == "holds"
    assert fee_of("0.0040") == "broken"


def test_a_price_is_not_asked_for_where_money_may_not_be_spent():
    lineup = lineup_of(PLAIN)
    claim = lineup.register.find("comp.tool_cost.web_search.per-1k")

    assert FAMILY.rule(claim, lineup) == Undecidable(reason="must be opted into: --allow money", needs=("money",))


@pytest.mark.parametrize("name", ["search.web_search", "search.live"])
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_no_body_whatever_makes_a_probe_or_a_watcher_raise_or_find_a_search(name, body):
    found, asks = asked_of(FAMILY, name, lambda _: hostile_attempt(body), allowed=("money",))
    seen = tuple(seen_of(ask, hostile_attempt(body)) for ask in asks)

    watched = tuple(FAMILY.watch(Watched(lineup=lineup_of(PLAIN, allowed=("money",)), seen=seen)))

    assert RUN not in found or found[RUN].outcome != "holds"
    assert not watched
