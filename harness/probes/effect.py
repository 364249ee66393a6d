"""What an effect is: a parameter, a value to try, and how what it does is measured.

It stands apart from the tables of effects so that each group of measures is a module that knows no other.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.probes.desk import Desk, Seen
from harness.probes.family import Outlay
from harness.probes.observation import Observation, Topic

Measure = Callable[[Desk, Topic], Awaitable[Observation]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One parameter's effect.

    example  a value that is not its default, and alone refused where the parameter is not supported
    beside   fields without which it means nothing
    measure  asks, and says what was seen: 'effect', 'no-effect', 'broken', 'unknown', or 'accepted' where no effect of
             it can be seen
    outlay   of the protocol where the parameter is taken and works
    """

    parameter: str
    example: Any
    measure: Measure
    outlay: Outlay
    beside: Mapping[str, Any] = field(default_factory=dict)


def said(seen: Seen) -> str:
    """The words of an answer; where none are shown, of its reasoning."""
    return (seen.reply.content or seen.reply.reasoning or "").strip()
