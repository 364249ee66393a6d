import pytest

from harness.simulator.http.deferred import KEPT_S, SOONEST_S, DeferredStore, TooManyHeld

BODY = {"model": "grok-3"}


def test_a_reply_is_ready_when_it_would_have_been_and_never_at_once():
    store = DeferredStore()

    quick = store.hold(BODY, key="k", now=10, takes_s=0)
    slow = store.hold(BODY, key="k", now=10, takes_s=60)

    assert store.find(quick, key="k", now=10).ready_at == 10 + SOONEST_S
    assert store.find(slow, key="k", now=10).ready_at == 70


def test_a_reply_is_kept_for_a_day_and_for_its_own_key():
    store = DeferredStore()
    held = store.hold(BODY, key="k", now=0, takes_s=0)

    assert store.find(held, key="k", now=KEPT_S - 1).body == BODY
    assert store.find(held, key="other", now=1) is None
    assert store.find(held, key="k", now=KEPT_S) is None


def test_a_reply_that_was_taken_is_gone():
    store = DeferredStore()
    held = store.hold(BODY, key="k", now=0, takes_s=0)

    store.take(held)

    assert store.find(held, key="k", now=1) is None


def test_no_more_are_held_than_may_be_until_one_is_taken_or_expires():
    store = DeferredStore(most=1)
    store.hold(BODY, key="k", now=0, takes_s=0)

    with pytest.raises(TooManyHeld):
        store.hold(BODY, key="k", now=KEPT_S - 1, takes_s=0)

    assert store.hold(BODY, key="k", now=KEPT_S, takes_s=0)
