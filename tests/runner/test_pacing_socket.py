import asyncio
import json
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from limit_servers import Bucket, FixedWindow, SlidingWindow, asking
from simulator_client import ask
from wire_samples import answering, call_to, response, serving

from harness.core.clock import SystemClock
from harness.runner.pacing import Pacing
from harness.simulator.http.server import running
from harness.wire import LiveTransport, Redactor
from harness.wire.transport import Lease

LIMIT = 1200
A_SECOND = LIMIT // 60
"""Requests of a second. A test lasts three: its server has counted the rest of the minute, but for half of one."""
_STALL_S = 0.15


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


async def run_paced(url, limits, *, trials, workers=12, path="/chat", window_s=60.0, **made):
    """The exchanges of trials, each over a real socket, and when each had its answer."""
    pacing = Pacing(lambda _: limits, window_s=window_s)
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


def sliding(now):
    """In any minute; one is behind us in which nearly all was used, evenly."""
    server = SlidingWindow(LIMIT)
    for number in range(LIMIT - A_SECOND // 2):
        server.add(1, now - 60 + number / A_SECOND)
    return server


def fixed(now):
    """From tick to tick: in two seconds is the next, and until then there is little more than two seconds' worth."""
    server = FixedWindow(LIMIT, 58 - now % 60)
    server.take(LIMIT - 2 * A_SECOND - A_SECOND // 2, now)
    return server


def bucket(_now):
    """As it fills, and no more than a second's worth at once."""
    return Bucket(LIMIT, A_SECOND)


def half_a_bucket(_now):
    """Half of what is documented."""
    return Bucket(LIMIT // 2, A_SECOND // 2)


def against(make, *, trials):
    """(requests let in a second, number of 429) of a run against a server that enforces a limit."""

    async def once():
        server, answered, turned = make(time.perf_counter()), [], []

        def answer(_body):
            now = time.perf_counter()
            let_in = server.take(1, now)
            (answered if let_in else turned).append(now)
            return response(b"{}") if let_in else response(b"{}", 429)

        async with serving(answering(answer)) as url, stalls() as worst:
            exchanges, _ = await run_paced(url, asking(LIMIT), trials=trials)
        return exchanges, answered, len(turned), max(worst)

    # What this machine itself was late by counts against no pace: such a run says nothing, and is made again.
    for _ in range(3):
        exchanges, answered, turned, stalled_s = asyncio.run(once())
        if stalled_s < _STALL_S:
            break
    assert all(exchange.last.status == HTTPStatus.OK for exchange in exchanges)
    return (len(answered) - 1) / (answered[-1] - answered[0]), turned


@pytest.mark.parametrize("make", [sliding, fixed, bucket])
def test_over_a_socket_a_documented_limit_is_used_and_draws_no_429(make):
    a_second, turned = against(make, trials=3 * A_SECOND)

    assert turned == 0
    # How much of it can be used is shown under virtual time: a machine that is busy with other tests uses less.
    assert a_second >= 0.75 * A_SECOND


def test_over_a_socket_half_the_documented_limit_is_found_and_every_trial_is_answered():
    a_second, turned = against(half_a_bucket, trials=2 * A_SECOND)

    assert a_second >= 0.6 * A_SECOND / 2
    assert 1 <= turned <= 20


class Fast:
    """A clock on which a minute lasts four seconds."""

    MINUTE_S = 4.0

    def __init__(self):
        self._began, self._start = time.perf_counter(), datetime.now(UTC)

    def now(self):
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self):
        return (time.perf_counter() - self._began) * 60 / self.MINUTE_S

    sleep = SystemClock.sleep


def test_the_simulator_whose_limits_are_documented_turns_nothing_away():
    body = json.dumps(ask(max_tokens=1)).encode()

    with running(seed=1, limits=0.125, clock=Fast()) as server:
        made = {"body": body, "api_key": server.key, "key_variable": "K", "path": "/chat/completions"}
        limits = asking(60, 500_000, 12)
        run = run_paced(server.url, limits, trials=70, window_s=Fast.MINUTE_S, **made)
        exchanges, times = asyncio.run(run)

    assert {attempt.status for exchange in exchanges for attempt in exchange.attempts} == {200}
    assert (len(times) - 1) / ((times[-1] - times[0]) / Fast.MINUTE_S) >= 0.8 * 60
