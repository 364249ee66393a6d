import asyncio
from random import Random

import pytest
from endpoint_runs import attempt_of, lineup_of, verify_simulator

from harness.catalogue import load_catalogues
from harness.core.clock import VirtualClock
from harness.core.exchange import Attempt, Exchange
from harness.probes import parameters
from harness.probes.bench import Bench, keeps_evidence
from harness.probes.desk import Ask, Desk
from harness.probes.outlay import forecast, total
from harness.probes.verify import plan_verification
from harness.runner.sources import Sources
from harness.wire import Redactor
from harness.wire.dialects import load_dialect


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
