import time

from harness.simulator.skills.patterns import find, find_all, replaced, within

RUNAWAY = r"^(?:a|aa)+$"
TEXT = "a" * 5000 + "b"


def test_a_pattern_that_runs_away_finds_nothing_and_ends_soon():
    before = time.process_time()

    assert find(RUNAWAY, TEXT) is None
    assert list(find_all(RUNAWAY, TEXT)) == []
    assert replaced(RUNAWAY, "", TEXT) == TEXT
    assert time.process_time() - before < 3


def test_when_the_time_for_all_searches_is_spent_nothing_more_is_found():
    with within(0):
        assert find("a", "a") is None
        assert list(find_all("a", "aa")) == []
        assert replaced("a", "b", "a") == "a"

    assert find("a", "a")
