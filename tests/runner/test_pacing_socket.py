import asyncio
import json
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from limit_servers import Bucket, FixedWindow, SlidingWindow, asking
from simulator_client import ask
from wire_samples import answering, call_to, response, serving

from harness.core.clock import SystemClock
from harness.runner.pacing import Pacing
from harness.simulator.http.server import running
from harness.wire import LiveTransport, Redactor
from harness.wire.transport import Lease

WINDOW_S = 2.0
"""A minute of these tests. With it shrinks by how much ways to a server may differ: from 1.3 s to 43 ms."""
_STALL_S = 0.02


@asynccontextmanager
async def stalls():
    """How long this loop was kept from running meanwhile, at most: by other work of a busy machine."""
    worst = [0.0]

    async def watch():
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            worst.append(time.perf_counter() - before - 0.005)

    watching = asyncio.ensure_future(watch())
    try:
        yield worst
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def run_paced(url, limits, *, trials, workers=12, path="/chat", **made):
    """The exchanges of trials, each over a real socket, and when each had its answer."""
    pacing = Pacing(lambda _: limits, window_s=WINDOW_S)
    transport = LiveTransport(redactor=Redactor(), admission=pacing)
    plain = call_to(url, **made)
    plain = replace(plain, request=replace(plain.request, path=path))
    left, exchanges, times = iter(range(trials)), [], []

    async def work():
        for _ in left:
            call = replace(plain, lease=Lease(tokens=50))
            exchanges.append(await transport.send(call))
            pacing.settle(call, 20)
            times.append(time.perf_counter())

    try:
        await asyncio.gather(*(work() for _ in range(workers)))
    finally:
        await transport.aclose()
    return exchanges, times


def against(make, limits, **options):
    """(shares of the allowance, number of 429) of a run against a server that enforces a limit."""

    async def once():
        server, answered, turned = make(), [], []

        def answer(_body):
            now = time.perf_counter()
            let_in = server.take(1, now)
            (answered if let_in else turned).append(now)
            return response(b"{}") if let_in else response(b"{}", 429)

        async with serving(answering(answer)) as url, stalls() as worst:
            exchanges, _ = await run_paced(url, limits, **options)
        return exchanges, answered, len(turned), max(worst)

    # What this machine itself was late by may look like a burst: then the run says nothing, and is made again.
    for _ in range(4):
        exchanges, answered, turned, stalled_s = asyncio.run(once())
        if stalled_s < _STALL_S:
            break
    assert all(exchange.last.status == 200 for exchange in exchanges)
    return (len(answered) - 1) / ((answered[-1] - answered[0]) / WINDOW_S), turned


@pytest.mark.parametrize(
    "make",
    [
        lambda: SlidingWindow(60, WINDOW_S),
        lambda: FixedWindow(60, 0.7, WINDOW_S),
        lambda: Bucket(60, window_s=WINDOW_S),
    ],
)
def test_over_a_socket_a_documented_limit_is_used_and_draws_no_429(make):
    used, turned = against(make, asking(60), trials=92)

    assert turned == 0
    assert used >= 0.95 * 60


def test_over_a_socket_half_the_documented_limit_is_found_and_every_trial_is_answered():
    used, turned = against(lambda: SlidingWindow(30, WINDOW_S), asking(60), trials=60)

    assert used >= 0.6 * 30
    assert 1 <= turned <= 20


class Fast:
    """A clock on which a minute lasts one of these tests."""

    def __init__(self):
        self._began, self._start = time.perf_counter(), datetime.now(UTC)

    def now(self):
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self):
        return (time.perf_counter() - self._began) * 60 / WINDOW_S

    sleep = SystemClock.sleep


def test_the_simulator_whose_limits_are_documented_turns_nothing_away():
    body = json.dumps(ask(max_tokens=1)).encode()

    with running(seed=1, limits=0.125, clock=Fast()) as server:
        made = {"body": body, "api_key": server.key, "key_variable": "K", "path": "/chat/completions"}
        exchanges, times = asyncio.run(run_paced(server.url, asking(60, 500_000, 12), trials=92, **made))

    assert {attempt.status for exchange in exchanges for attempt in exchange.attempts} == {200}
    assert (len(times) - 1) / ((times[-1] - times[0]) / WINDOW_S) >= 0.9 * 60
