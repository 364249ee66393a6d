import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.clock import LoopClock, VirtualClock, run_virtually


@given(waits=st.lists(st.floats(0, 1e5), min_size=1, max_size=20))
def test_sleeps_at_once_overlap_and_end_in_the_order_of_their_ends(waits):
    clock, ended = LoopClock(), []

    async def wait(seconds):
        await clock.sleep(seconds)
        ended.append((clock.monotonic(), seconds))

    async def every():
        await asyncio.gather(*(wait(seconds) for seconds in waits))

    run_virtually(every())

    assert [seconds for _, seconds in ended] == sorted(waits)
    assert all(at == pytest.approx(seconds, abs=1e-6) for at, seconds in ended)


def test_a_timeout_comes_when_it_is_due_and_takes_no_time():
    async def outlast():
        async with asyncio.timeout(3600):
            await asyncio.get_running_loop().create_future()

    with pytest.raises(TimeoutError):
        run_virtually(outlast())


def test_the_time_of_day_goes_with_the_loop():
    async def later():
        clock = LoopClock()
        before = clock.now()
        await asyncio.sleep(90)
        return (clock.now() - before).total_seconds()

    assert run_virtually(later()) == pytest.approx(90)


def test_what_would_hang_for_ever_is_told_instead():
    async def hang():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="nothing is due"):
        run_virtually(hang())


def test_sleeps_of_a_clock_on_a_real_loop_do_not_add_up():
    clock = VirtualClock()

    async def together():
        await asyncio.gather(*(clock.sleep(10) for _ in range(5)))

    asyncio.run(together())

    assert clock.monotonic() == 10
