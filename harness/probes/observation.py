"""What probes observe: a topic, what was seen of it, and the exchanges that show it.

It stands apart from verdicts because an observation knows no document: several claims, even contradicting ones, are
decided by one observation.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from harness.core.verdict import Evidence, Flag, Grade

Outcome = Literal[
    "effect", "no-effect", "accepted", "rejected", "server-error", "holds", "broken", "partly", "unknown", "unasked"
]
"""What was seen.

effect        accepted, and it does what it should
no-effect     accepted, and shown, with power, to do nothing
accepted      accepted, and nothing more can be seen of it
rejected      refused on every try, with the control passing in between
server-error  5xx on every try, and none without it
holds         a fact about replies is as the topic says
broken        it is not
partly        it is for some of the values; `words` lists them
unknown       asked, and the evidence is too weak or spoilt by errors that are not the model's
unasked       not asked; `words` says why
"""


class Topic(NamedTuple):
    """What an observation is about: a name such as 'parameter.stop', and a model, or None for the whole API."""

    name: str
    model: str | None = None

    def __str__(self) -> str:
        """`parameter.stop@grok-3`."""
        return self.name if self.model is None else f"{self.name}@{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was seen of one topic.

    words     in a sentence, with figures
    n         how many replies decided it
    p         of the test that decided it
    evidence  the exchanges, control and treatment
    more      how many more trials would decide an `unknown`; 0 if trials would not help
    by_name   True if a bad value is refused by its name: then acceptance means that it is read
    needs     what would have to be opted into: of `unasked`, to be asked; of `unknown` and `accepted`, to see more
    error     True if an `unknown` is due to errors of ours or the network's, so that asking again may help
    """

    topic: Topic
    outcome: Outcome
    words: str
    grade: Grade = "E1"
    n: int = 0
    p: float | None = None
    evidence: tuple[Evidence, ...] = ()
    more: int = 0
    by_name: bool = False
    needs: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    error: bool = False
