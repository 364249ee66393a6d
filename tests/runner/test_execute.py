import asyncio
import json
from dataclasses import replace

import pytest
from suite_texts import TARGET, suite_of

from harness.catalogue import Catalogues
from harness.checks import load_kinds
from harness.core.catalogue import Limits, Model, Provider
from harness.core.exchange import Attempt, Exchange, Frame
from harness.core.reply import Reply
from harness.runner.asking import masked
from harness.runner.execute import execute
from harness.runner.plan import Selection, plan_run
from harness.runner.session import Session
from harness.runner.sources import Sources
from harness.wire import Redactor

CASES = "  - {id: a, prompt: hi, repeats: 12, expect: [{contains: ok}]}"
REPLY = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}]}


class CountingTransport:
    """Answers every call after a moment, the later ones sooner, and counts how many were under way at once."""

    def __init__(self):
        self.now = self.most = self.calls = 0

    async def send(self, call):
        self.calls += 1
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01 / self.calls)
        self.now -= 1
        frame = Frame(at_ms=1.0, content=json.dumps(REPLY).encode())
        attempt = Attempt(status=200, headers=(("content-type", "application/json"),), frames=(frame,), total_ms=1.0)
        return Exchange(key=call.key.digest, request=call.request, attempts=(attempt,))

    async def aclose(self):
        """Nothing to close."""


class Keeper:
    """Keeps records in the order of their coming."""

    def __init__(self, *held):
        self.held = held
        self.records = []

    def holds(self, number):
        return number in self.held

    async def keep(self, number, record):
        assert record.number == number
        self.records.append(record)


def run(concurrency, limit=None, held=()):
    model = Model(id="m", limits=Limits(concurrent_requests=limit))
    provider = Provider(name="local", base_url="http://127.0.0.1/v1", dialect="openai-chat", models=(model,))
    suite, transport, keeper = suite_of(CASES), CountingTransport(), Keeper(*held)
    plan = plan_run([suite], {"s": (TARGET,)}, Selection())
    sources = Sources(catalogues=Catalogues(providers=(provider,)), environment={})
    session = Session(transport=transport, sources=sources, redactor=Redactor(()), kinds=load_kinds())
    asyncio.run(execute(plan, session, concurrency=concurrency, keeper=keeper))
    return transport, keeper.records


@pytest.mark.parametrize(("concurrency", "limit", "most"), [(1, None, 1), (5, None, 5), (100, None, 12)])
def test_no_more_requests_are_under_way_than_the_user_allows(concurrency, limit, most):
    transport, _ = run(concurrency, limit)

    assert (transport.most, transport.calls) == (most, 12)


def test_every_trial_is_kept_once_with_its_place_in_the_plan_however_replies_arrive():
    _, records = run(12)

    assert sorted((record.number, record.index) for record in records) == [(n, n) for n in range(12)]


def test_what_is_held_already_is_not_asked_again():
    transport, records = run(3, held=(0, 5, 11))

    assert transport.calls == 9
    assert sorted(record.number for record in records) == [1, 2, 3, 4, 6, 7, 8, 9, 10]


def test_a_key_that_only_the_decoded_reply_shows_is_masked():
    reply = Reply(content="the key is abcdef-123456", reasoning="abcdef-123456")

    hidden = masked(reply, Redactor(["abcdef-123456"]))

    assert "abcdef-123456" not in f"{hidden.content}{hidden.reasoning}"
    assert masked(replace(reply, content="fine", reasoning=None), Redactor(["abcdef-123456"])).content == "fine"
