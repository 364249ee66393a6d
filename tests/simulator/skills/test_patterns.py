from harness.simulator.skills import patterns
from harness.simulator.skills.patterns import find, find_all, off_the_clock, replaced, within

RUNAWAY = r"^(?:a|aa)+$"
TEXT = "a" * 5000 + "b"


def test_a_pattern_that_runs_away_finds_nothing_and_ends():
    assert find(RUNAWAY, TEXT) is None
    assert list(find_all(RUNAWAY, TEXT)) == []
    assert replaced(RUNAWAY, "", TEXT) == TEXT


def test_when_the_time_for_all_searches_is_spent_nothing_more_is_found():
    with within(0):
        assert find("a", "a") is None
        assert list(find_all("a", "aa")) == []
        assert replaced("a", "b", "a") == "a"

    assert find("a", "a")


def test_work_off_the_clock_takes_nothing_of_the_time_for_searches(monkeypatch):
    monkeypatch.setattr(patterns, "thread_time", lambda: now[0])
    now = [0.0]

    with within(1):
        with off_the_clock():
            now[0] = 60.0
        assert find("a", "a")
        now[0] = 61.0
        assert find("a", "a") is None
