import asyncio
from decimal import Decimal
from random import Random

import pytest
from endpoint_runs import attempt_of, lineup_of, verify_simulator

from harness.catalogue import load_catalogues
from harness.core.clock import VirtualClock
from harness.core.exchange import Attempt, Exchange
from harness.probes import parameters
from harness.probes.bench import Bench, Budget, Pacer, keeps_evidence
from harness.probes.desk import Ask, Desk, Unasked
from harness.probes.outlay import forecast, total
from harness.probes.verify import plan_verification
from harness.runner.sources import Sources
from harness.wire import Redactor
from harness.wire.dialects import load_dialect


def test_a_budget_of_requests_is_never_exceeded():
    budget = Budget(max_requests=2)
    budget.reserve(Decimal(0))
    budget.reserve(Decimal(0))

    with pytest.raises(Unasked, match="2 requests is spent"):
        budget.reserve(Decimal(0))


def test_what_is_under_way_counts_against_a_budget_of_dollars_before_it_is_paid():
    budget = Budget(max_usd=Decimal("0.10"))
    budget.reserve(Decimal("0.06"))

    with pytest.raises(Unasked):
        budget.reserve(Decimal("0.06"))


def test_an_answer_that_was_cheaper_than_reserved_frees_the_rest():
    budget = Budget(max_usd=Decimal("0.10"))
    budget.reserve(Decimal("0.06"))
    budget.settle(Decimal("0.06"), Decimal("0.01"))

    budget.reserve(Decimal("0.06"))

    assert budget.spent_usd == Decimal("0.01")


def test_an_answer_of_unknown_cost_is_reckoned_at_what_was_reserved():
    budget = Budget(max_usd=Decimal("0.10"))
    budget.reserve(Decimal("0.06"))
    budget.settle(Decimal("0.06"), None)

    assert budget.spent_usd == Decimal("0.06")


def test_a_model_is_asked_no_more_often_a_minute_than_its_limit():
    clock = VirtualClock()
    pacer = Pacer(clock=clock)

    async def ask():
        began = clock.monotonic()
        for _ in range(7):
            await pacer.wait("m", 3)
        return clock.monotonic() - began

    assert asyncio.run(ask()) == pytest.approx(120, abs=1)


class Answering:
    """A transport that answers everything at once, from recordings or not."""

    def __init__(self, *, recorded):
        self._recorded = recorded

    async def send(self, call):
        return Exchange(key="k", request=call.request, attempts=(attempt_of(200, b"{}"),), recorded=self._recorded)


@pytest.mark.parametrize(("recorded", "waited_s"), [(False, 2.0), (True, 0.0)])
def test_an_ask_that_is_to_come_later_waits_for_a_server_and_never_for_a_recording(recorded, waited_s):
    contract, clock = lineup_of("any", catalogue="openai-chat").provider, VirtualClock()
    sources = Sources(
        catalogues=load_catalogues(), base_url="http://127.0.0.1:1/v1", applies_to="openai-chat", environment={}
    )
    bench = Bench(
        provider=contract,
        transport=Answering(recorded=recorded),
        sources=sources,
        redactor=Redactor(()),
        dialect=load_dialect("openai-chat"),
        keep=lambda _: None,
        clock=clock,
    )
    desk = Desk(probe="p", model="any", sender=bench, wanted=frozenset(), family=1, random=Random(1))  # noqa: S311 - unused
    began = clock.monotonic()

    async def ask():
        await desk.one(Ask(about="first", method="GET", path="/x"))
        await desk.one(Ask(about="later", method="GET", path="/x", after_s=2.0))

    asyncio.run(ask())

    assert clock.monotonic() - began == waited_s


def test_models_do_not_wait_for_one_another_and_without_a_limit_nobody_waits():
    clock = VirtualClock()
    pacer = Pacer(clock=clock)

    async def ask():
        for _ in range(50):
            await pacer.wait("free", None)
        for _ in range(3):
            await pacer.wait("a", 3)
            await pacer.wait("b", 3)
        return clock.monotonic()

    began = clock.monotonic()

    assert asyncio.run(ask()) == began


@pytest.mark.parametrize(("status", "kept"), [(200, True), (400, True), (500, True), (503, False), (429, False)])
def test_a_crash_that_may_be_evidence_is_recorded_and_an_outage_is_not(status, kept):
    assert keeps_evidence(Attempt(status=status), "valid") is kept


def test_what_is_forecast_is_about_what_is_sent():
    lineup = lineup_of("grok-3-mini")
    claims = [claim for claim in lineup.register.claims if claim.kind == "parameter"]
    planned = total(forecast(plan_verification(lineup, claims)))

    verdicts = verify_simulator(parameters.FAMILY, lineup=lineup)

    sent = len({each.exchange for verdict in verdicts.values() for each in verdict.evidence})
    assert planned.requests * 0.6 <= sent <= planned.at_most


def test_what_was_not_opted_into_is_in_no_forecast():
    lineup = lineup_of("grok-3")
    searching = [claim for claim in lineup.register.claims if claim.kind == "builtin_tool"]

    rows = forecast(plan_verification(lineup, searching))

    assert total(rows).probes == 0
