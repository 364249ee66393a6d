from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from verification_samples import make_exchange, make_verdict

from harness.core.reply import Reply
from harness.probes.age import flag_stale
from harness.probes.desk import Ask, Seen

NOW = datetime(2026, 5, 20, tzinfo=UTC)


def seen_at(name, date):
    """An answer recorded at a date, or sent today where that is None."""
    exchange = replace(make_exchange().exchange, recorded=date is not None, recorded_at=date)
    return Seen(id=name, ask=Ask(about=""), exchange=exchange, reply=Reply())


def flags_of(*dates):
    seen = [seen_at(name, date) for name, date in zip("ab", dates, strict=True)]
    verdict = make_verdict(evidence=("a", "b"))
    return flag_stale([verdict], seen, now=NOW, max_age=timedelta(days=30))[0].flags


def test_evidence_within_its_age_and_of_today_is_as_good_as_ever():
    assert flags_of("2026-05-01T00:00:00Z", None) == ()


@pytest.mark.parametrize("old", ["2026-03-01T00:00:00Z", "2026-03-01T00:00:00+02:00", "2026-03-01"])
def test_one_piece_of_evidence_that_is_older_makes_the_verdict_stale(old):
    assert flags_of("2026-05-01T00:00:00Z", old) == ("stale",)


def test_a_recording_that_tells_no_date_or_no_real_one_is_stale_where_age_matters():
    assert flags_of("", None) == ("stale",)
    assert flags_of("last week", None) == ("stale",)
