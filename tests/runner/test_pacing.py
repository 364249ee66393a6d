import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import pytest
from limit_servers import SlidingWindow, asking, crowd
from wire_samples import call_to

from harness.core.clock import LoopClock, run_virtually
from harness.core.errors import Withheld
from harness.core.exchange import Attempt, Frame
from harness.runner.pacing import Pacing
from harness.wire.transport import Lease

OK = Attempt(status=200)
SPENT = b'{"error":"Your team has used all available credits"}'


def away(retry_after=None, body=b""):
    """An answer of 429."""
    headers = () if retry_after is None else (("retry-after", str(retry_after)),)
    return Attempt(status=429, headers=headers, frames=(Frame(at_ms=1.0, content=body),))


def call(tokens=0, **key):
    return replace(call_to(**key), lease=Lease(tokens=tokens))


def paced(limits, story, **options):
    """What a story comes to that is told of a pacing in virtual time, and when it ended."""

    async def tell():
        clock = LoopClock()
        told = await story(Pacing(lambda _: limits, clock, **options))
        return told, clock.monotonic()

    return run_virtually(tell())


async def once(pacing, attempt=OK, one=None):
    """Ask once; the time at which it was let in."""
    one = one or call()
    await pacing.admit(one)
    at = asyncio.get_running_loop().time()
    pacing.ended(one, attempt)
    return at


def test_without_a_limit_nothing_waits():
    async def story(pacing):
        return [await once(pacing) for _ in range(1000)]

    assert set(paced(asking(), story)[0]) == {0.0}


def test_each_model_has_its_own_pace():
    async def story(pacing):
        return [await once(pacing, one=call(model=f"m{number}")) for number in range(10)]

    assert set(paced(asking(1), story)[0]) == {0.0}


def test_no_more_are_under_way_than_may_be_and_they_are_served_in_order():
    entered, under_way, most = [], [], []

    async def story(pacing):
        async def one(number):
            mine = call()
            await pacing.admit(mine)
            entered.append(number)
            under_way.append(number)
            most.append(len(under_way))
            await asyncio.sleep(1 + number % 3)
            under_way.remove(number)
            pacing.ended(mine, OK)

        await asyncio.gather(*(one(number) for number in range(20)))

    paced(asking(at_once=3), story)

    assert entered == list(range(20))
    assert max(most) == 3


@pytest.mark.parametrize(("share", "at_once"), [(1.0, 4), (0.5, 2), (0.1, 1)])
def test_a_shard_takes_its_share(share, at_once):
    async def story(pacing):
        waiting = [asyncio.ensure_future(pacing.admit(call())) for _ in range(8)]
        await asyncio.sleep(500)
        done = sum(each.done() for each in waiting)
        for each in waiting:
            each.cancel()
        return done, [await once(pacing, one=call(model="rate")) for _ in range(2)][1] - 500

    (done, gap_s), _ = paced(asking(10, None, 4), story, share=share)

    assert done == at_once
    assert gap_s == pytest.approx(6.15 / share, rel=0.05)


def test_who_gives_up_waiting_leaves_no_trace():
    async def story(pacing):
        first = call()
        await pacing.admit(first)
        given_up = [asyncio.ensure_future(pacing.admit(call())) for _ in range(3)]
        stays = asyncio.ensure_future(pacing.admit(last := call()))
        await asyncio.sleep(1)
        for each in given_up:
            each.cancel()
        pacing.ended(first, OK)
        await stays
        pacing.ended(last, OK)
        return await once(pacing), [lane.has_queue(None) for lane in pacing._lanes.values()]

    assert paced(asking(at_once=1), story)[0] == (1.0, [False])


def test_who_comes_just_as_a_place_is_free_goes_behind_who_waited():
    entered = []

    async def story(pacing):
        async def enter(name):
            await pacing.admit(call())
            entered.append(name)

        await pacing.admit(first := call())
        waited = asyncio.ensure_future(enter("waited"))
        await asyncio.sleep(1)
        pacing.ended(first, OK)
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await enter("late")
        await waited

    paced(asking(at_once=1), story)

    assert entered == ["waited"]


def test_after_s_is_waited_before_anything_is_taken():
    async def story(pacing):
        later = asyncio.ensure_future(pacing.admit(call(), after_s=5.0))
        await asyncio.sleep(1)
        at = await once(pacing)
        await later
        return at

    assert paced(asking(at_once=1), story) == (1.0, 5.0)


@pytest.mark.parametrize(("used", "fourth_after_s"), [(10, 0), (300, 60), (None, 60), (10**12, 60)])
def test_tokens_are_reserved_at_their_worst_and_corrected_when_known(used, fourth_after_s):
    async def story(pacing):
        for _ in range(4):
            one = call(tokens=300)
            await pacing.admit(one)
            at = asyncio.get_running_loop().time()
            pacing.ended(one, OK)
            pacing.settle(one, used)
        return at

    at, _ = paced(asking(tokens=1000), story)

    assert fourth_after_s <= at < fourth_after_s * 3 + 2


def test_without_an_answer_to_the_question_what_they_took_nothing_is_kept_for_ever():
    async def story(pacing):
        for _ in range(200):
            await once(pacing, one=call(tokens=10))
        return len(pacing._unsettled)

    assert paced(asking(tokens=1000), story)[0] <= 101


def test_who_waits_for_tokens_goes_as_soon_as_they_turn_out_to_be_free():
    async def story(pacing):
        first = call(tokens=900)
        await pacing.admit(first)
        pacing.ended(first, OK)
        second = asyncio.ensure_future(once(pacing, one=call(tokens=900)))
        await asyncio.sleep(10)
        pacing.settle(first, 10)
        return await second

    assert paced(asking(tokens=1000), story)[0] == 10.0


def test_tokens_of_what_never_left_are_given_back():
    async def story(pacing):
        return [await once(pacing, Attempt(error="connect"), call(tokens=900)) for _ in range(5)]

    assert paced(asking(tokens=1000), story)[0] == [0.0] * 5


def test_the_time_that_is_asked_for_is_kept_to_the_letter_and_one_goes_first():
    async def story(pacing):
        await once(pacing, away(retry_after=7))
        tried = call()
        await pacing.admit(tried)
        others = asyncio.gather(*(once(pacing) for _ in range(3)))
        await asyncio.sleep(2)
        pacing.ended(tried, OK)
        return await others

    others, _ = paced(asking(6000), story)

    assert all(9.0 <= at < 9.1 for at in others)


def test_while_nothing_is_let_in_the_holds_double_and_the_pace_is_cut_once():
    times = []

    async def story(pacing):
        times.extend([await once(pacing, away()) for _ in range(9)])
        await once(pacing)
        first = await once(pacing)
        return await once(pacing) - first

    gap_s, _ = paced(asking(60), story)

    holds = [round(after - before) for before, after in pairwise(times)]
    assert holds == [1, 2, 4, 8, 16, 32, 60, 60]
    assert 1.8 < gap_s < 2.1


def test_what_was_sent_before_the_cut_does_not_cut_again():
    async def story(pacing):
        calls = [call() for _ in range(6)]
        for one in calls:
            await pacing.admit(one)
        for one in calls:
            pacing.ended(one, away())
        await once(pacing)
        first = await once(pacing)
        return await once(pacing) - first

    assert paced(asking(600), story)[0] == pytest.approx(0.205, abs=0.15)


def test_one_that_has_been_out_for_long_was_let_in():
    async def story(pacing):
        await once(pacing, away())
        for _ in range(4):
            await pacing.admit(call())

    assert paced(asking(600), story)[1] == pytest.approx(6.5, abs=0.3)


def test_where_it_is_lost_how_the_first_one_was_met_another_goes_alone():
    async def story(pacing):
        await once(pacing, away())
        await once(pacing, Attempt(error="lost"))
        second = call()
        await pacing.admit(second)
        third = asyncio.ensure_future(once(pacing))
        await asyncio.sleep(3)
        pacing.ended(second, OK)
        return await third

    assert paced(asking(6000), story)[0] == 4.0


@pytest.mark.parametrize("status", [200, 429])
def test_nothing_is_sent_until_what_somebody_else_used_up_returns(status):
    headers = (("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "20s"))

    async def story(pacing):
        await once(pacing, Attempt(status=status, headers=headers))
        return await once(pacing)

    assert paced(asking(6000), story)[0] == 20.0


@pytest.mark.parametrize("attempt", [away(body=SPENT), Attempt(status=503, headers=(("retry-after", "60"),))])
def test_spent_credit_and_a_server_that_is_busy_hold_nobody_else(attempt):
    async def story(pacing):
        await once(pacing, attempt)
        return await once(pacing)

    assert paced(asking(6000), story)[0] < 0.1


def test_who_is_asked_to_wait_for_an_hour_is_not_sent_until_then():
    async def story(pacing):
        await once(pacing, away(retry_after=3600))
        with pytest.raises(Withheld, match=r"m: the server asks for no request before 2026-01-01 01:00:00 UTC"):
            await once(pacing)
        await asyncio.sleep(3600)
        return await once(pacing)

    assert paced(asking(6000), story)[0] == 3600


def test_a_server_that_lets_nothing_in_for_ten_minutes_is_asked_no_more():
    async def story(pacing):
        while True:
            try:
                await once(pacing, away())
            except Withheld as withheld:
                return withheld.message

    message, ended_s = paced(asking(), story)

    assert "turned away every request" in message
    assert 600 <= ended_s < 700


def test_limits_that_only_headers_tell_of_are_kept():
    told = Attempt(status=200, headers=(("x-ratelimit-limit-requests", "60"), ("x-ratelimit-limit-tokens", "1000")))

    async def story(pacing):
        await once(pacing, told)
        asked = [call(), call(), call(tokens=999), call(tokens=2)]
        return [await once(pacing, one=one) for one in asked]

    (_, second, third, fourth), _ = paced(asking(), story)

    assert second == pytest.approx(2.05, abs=0.1)
    assert third == pytest.approx(3.075, abs=0.1)
    assert fourth > 60


def test_what_was_not_let_in_here_changes_nothing_when_it_ends():
    async def story(pacing):
        pacing.ended(call(), away(retry_after=50))
        pacing.settle(call(), 10**9)
        return await once(pacing)

    assert paced(asking(10, 10, 1), story)[0] == 0.0


def test_a_call_sent_several_times_at_once_takes_a_place_each_time():
    async def story(pacing):
        one = call()
        await pacing.admit(one)
        await pacing.admit(one)
        third = asyncio.ensure_future(pacing.admit(one))
        await asyncio.sleep(1)
        waited = not third.done()
        pacing.ended(one, OK)
        await third
        return waited

    assert paced(asking(at_once=2), story)[0]


def test_the_same_seed_gives_the_same_run():
    def run(seed):
        out = run_virtually(crowd(SlidingWindow(60), asking(120), trials=150, jitter_s=0.3, seed=seed))
        return out.answered, out.turned

    assert run(3) == run(3) != run(4)
