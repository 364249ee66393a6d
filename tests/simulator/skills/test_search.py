from urllib.parse import urlsplit

import numpy as np
import pytest

from harness.simulator.skills import Conversation, Turn, search_answer, search_query

RESERVED = ("example.com", "example.org", "example.net")


@pytest.mark.parametrize(
    ("request_", "query"),
    [
        ("Search the web for rust async runtimes", "rust async runtimes"),
        ("Please use web search to find the tallest tree. Reply in French.", "the tallest tree"),
        ("What happened in Oslo today?", "What happened in Oslo today"),
        ('Look up "harbour pilots strike" please', "harbour pilots strike"),
    ],
)
def test_the_query_is_the_request_without_its_order_to_search(request_, query):
    conversation = Conversation(messages=(Turn(role="user", text=request_),))

    assert search_query(conversation) == query


@pytest.mark.parametrize("query", ["tallest tree", "", "😀 \ud800", "a/b?c#d" * 50])
def test_a_search_says_that_it_is_simulated_and_cites_reserved_addresses_alone(query):
    for seed in range(5):
        text, sources = search_answer(query, np.random.default_rng(seed))

        assert "simulated" in text
        assert 2 <= len(set(sources)) == len(sources) <= 4
        assert all(urlsplit(source).hostname.endswith(RESERVED) and source in text for source in sources)
        assert text.encode()
