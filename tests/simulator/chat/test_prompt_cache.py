import threading

import pytest
from chat_samples import MINI, NOW, PLAIN, ask, profile, serve
from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.chat import prompt_cache
from harness.simulator.chat.prompt_cache import BLOCK_TOKENS, KEPT_S, PromptCache
from harness.simulator.language import count_tokens

LONG = "The tide comes in twice a day and goes out again as often. " * 60


def cached(answer):
    return answer.body["usage"]["prompt_tokens_details"]["cached_tokens"]


@pytest.mark.parametrize("model", [name for name, each in profile().models.items() if each.prompt_cache])
def test_a_prompt_that_was_sent_before_is_mostly_cached(model):
    service = serve()

    first, second = (ask(service, LONG + ending, model=model, max_tokens=1) for ending in ("One.", "Two."))

    assert cached(first) == 0
    assert 0.9 * second.prompt_tokens < cached(second) <= second.prompt_tokens


def test_a_model_that_denies_a_cache_has_none():
    service = serve()

    assert [cached(ask(service, LONG, model=MINI, max_tokens=1)) for _ in range(7)] == [0] * 7


@pytest.mark.parametrize(
    "other", [{"caller": "another"}, {"model": "grok-4-0709"}, {"now": NOW + KEPT_S + 1}, {"prompt": "Once. " + LONG}]
)
def test_a_cache_belongs_to_one_caller_and_model_and_to_prefixes_and_ends(other):
    service = serve()
    ask(service, LONG, max_tokens=1)

    again = ask(service, **({"prompt": LONG, "max_tokens": 1} | other))

    assert cached(again) == 0


def test_cached_tokens_are_billed_at_their_own_rate():
    service = serve()
    cold, warm = (ask(service, LONG, model="grok-4-0709", seed=1, max_tokens=1).body["usage"] for _ in range(2))

    def billed(usage):
        reasoning = usage["reasoning_tokens"]
        return usage["cost_in_usd_ticks"] - (reasoning + usage["completion_tokens"]) * 150_000

    assert billed(cold) - billed(warm) == warm["prompt_tokens_details"]["cached_tokens"] * (50_000 - 7_500)


@given(st.text(max_size=3_000), st.text(max_size=600))
def test_what_is_cached_is_a_prefix_in_whole_blocks(prompt, ending):
    cache = PromptCache()
    cache.look_up(prompt, caller="a", model="m", now=0)

    hit = cache.look_up(prompt + ending, caller="a", model="m", now=1)

    assert hit % BLOCK_TOKENS == 0
    assert hit <= count_tokens(prompt + ending)
    assert cache.look_up(prompt + ending, caller="a", model="m", now=2) >= hit


def test_a_full_cache_forgets_what_was_sent_longest_ago(monkeypatch):
    old, new = LONG, f"Once. {LONG}"
    monkeypatch.setattr(prompt_cache, "MOST_BLOCKS", 1 + count_tokens(new) // BLOCK_TOKENS)
    cache = PromptCache()

    hits = [cache.look_up(prompt, caller="a", model="m", now=0) for prompt in (old, old, new, new, old)]

    assert [hit > 0 for hit in hits] == [False, True, False, True, False]


def test_many_threads_share_a_cache_without_harm():
    cache = PromptCache()
    threads = [
        threading.Thread(target=lambda: [cache.look_up(LONG, caller="a", model="m", now=0) for _ in range(20)])
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert cache.look_up(LONG, caller="a", model="m", now=0) > 0


def test_a_prompt_longer_than_a_block_is_the_least_that_is_cached():
    service = serve()

    assert [cached(ask(service, "Hello.", model=PLAIN, max_tokens=1)) for _ in range(2)] == [0, 0]
