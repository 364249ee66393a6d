"""How old a verdict's evidence is, and which verdicts are older than their reader allows.

It stands apart from judging because age changes nothing of what was seen, only how much it is still worth.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from harness.core.verdict import Verdict
from harness.probes.desk import Seen


def flag_stale(
    verdicts: Sequence[Verdict],
    seen: Sequence[Seen],
    *,
    now: datetime,
    max_age: timedelta,
    otherwise: str | None = None,
) -> tuple[Verdict, ...]:
    """The verdicts, flagged `stale` where any of their evidence was recorded longer ago, or nobody knows when.

    seen       what was answered, with the dates of recordings; a reply that was not recorded is of now
    otherwise  when recordings were made that tell no date, ISO; None if nobody knows
    source     VERDICTS.md, "Verdicts": flags
    """
    old = {each.id for each in seen if _is_older(each, now, max_age, otherwise)}
    return tuple(
        replace(each, flags=(*each.flags, "stale")) if old & {cited.exchange for cited in each.evidence} else each
        for each in verdicts
    )


def _is_older(seen: Seen, now: datetime, max_age: timedelta, otherwise: str | None) -> bool:
    if not seen.exchange.recorded:
        return False
    try:
        recorded = datetime.fromisoformat(seen.exchange.recorded_at or otherwise or "")
    except ValueError:
        return True
    return now - (recorded if recorded.tzinfo is not None else recorded.replace(tzinfo=UTC)) > max_age
