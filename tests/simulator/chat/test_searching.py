import numpy as np
from chat_samples import PLAIN, WEB_SEARCH, profile

from harness.simulator.chat.request import read_request
from harness.simulator.chat.searching import MOST_SEARCHES, run_searches
from harness.simulator.skills import Call, Intent


def searched(*queries):
    messages = [{"role": "user", "content": "Look these up."}]
    request = read_request({"model": PLAIN, "messages": messages, "tools": [WEB_SEARCH]}, profile())
    calls = tuple(Call(name="web_search", arguments={"query": query}) for query in queries)
    return run_searches(request, Intent(draft=None, calls=calls), np.random.default_rng(1))


def test_each_search_that_is_called_for_is_run_and_its_sources_are_cited():
    found = searched("tides", "reefs")

    assert found.tools == ("web_search", "web_search")
    assert found.intent.calls == ()
    assert all(query in found.intent.draft for query in ("tides", "reefs"))
    assert all(address in found.intent.draft for address in found.addresses)


def test_of_many_searches_only_the_first_few_are_run():
    found = searched(*(f"tide{number}" for number in range(MOST_SEARCHES + 2)))

    assert len(found.tools) == MOST_SEARCHES == 4
    assert "tide3" in found.intent.draft
    assert "tide4" not in found.intent.draft
