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

    store.take(held, key="k")

    assert store.find(held, key="k", now=1) is None


def test_the_oldest_reply_that_is_ready_makes_room_for_one_more():
    store = DeferredStore(most=2)
    slow = store.hold(BODY, key="k", now=0, takes_s=600)
    ready = store.hold(BODY, key="k", now=0, takes_s=0)

    newest = store.hold(BODY, key="k", now=60, takes_s=0)

    assert store.find(ready, key="k", now=60) is None
    assert store.find(slow, key="k", now=60)
    assert store.find(newest, key="k", now=60)


def test_while_all_of_a_key_are_being_made_one_more_is_told_when_to_come_again_and_other_keys_are_not():
    store = DeferredStore(most=1)
    store.hold(BODY, key="k", now=0, takes_s=10.5)

    with pytest.raises(TooManyHeld) as full:
        store.hold(BODY, key="k", now=1, takes_s=0)

    assert full.value.retry_after_s == 10
    assert store.hold(BODY, key="other", now=1, takes_s=0)
    assert store.hold(BODY, key="k", now=11, takes_s=0)
