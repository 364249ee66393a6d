"""Whether something is refused: three tries, with the same request without it passing in between.

It stands apart because every family asks it, and an outage must look like a rejection to none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Literal

from harness.core.verdict import Evidence
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.observation import Observation, Topic

TRIES = 3

_PATIENCE_SPENT = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)

Answer = Literal["accepted", "rejected", "server-error", "mixed", "spoilt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of trying something.

    answer   'mixed' if it was refused at times, 'spoilt' if errors, or a failing control, leave it open
    tries    the requests that have it; controls those that do not
    """

    answer: Answer
    tries: tuple[Seen, ...]
    controls: tuple[Seen, ...]
    words: str

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Control and treatment, side by side."""
        return tuple(each.as_evidence() for each in (*self.controls, *self.tries))


async def try_it(desk: Desk, treatment: Ask, control: Ask) -> Tried:
    """Ask with and without; once if it is accepted, three times, with controls between, if it is not.

    source  VERDICTS.md, "Rejected"
    """
    treatment, control = replace(treatment, role="treatment"), replace(control, role="control")
    controls, tries = [await desk.one(control)], [await desk.one(treatment)]
    if tries[0].accepted and controls[0].accepted:
        return Tried(answer="accepted", tries=tuple(tries), controls=tuple(controls), words=tries[0].words)
    while len(tries) < TRIES and _goes_on(controls, tries):
        controls.append(await desk.one(control))
        tries.append(await desk.one(treatment))
    return read_tries(tries, controls)


def _goes_on(controls: Sequence[Seen], tries: Sequence[Seen]) -> bool:
    # A key that is not valid, or a model that is gone, will not be better at the third try; nor can two more make up
    # for one that was no answer after all of the transport's patience, which is half a minute for a 429.
    if tries[-1].attempt.error is not None or tries[-1].attempt.status in _PATIENCE_SPENT:
        return False
    return controls[-1].accepted or controls[-1].crashed or tries[-1].accepted


def read_tries(tries: Sequence[Seen], controls: Sequence[Seen]) -> Tried:
    """What tries and controls say together."""
    answer: Answer
    failed = next((each for each in controls if not each.accepted), None)
    if failed is not None:
        answer, words = "spoilt", f"the request without it failed, too: {failed.words}"
    elif all(each.refused for each in tries):
        answer, words = "rejected", f"refused on {len(tries)} of {len(tries)} tries: {tries[0].words}"
    elif all(each.accepted for each in tries):
        answer, words = "accepted", tries[0].words
    elif all(each.crashed for each in tries):
        answer, words = (
            "server-error",
            f"5xx on {len(tries)} of {len(tries)} tries, and never without it: {tries[0].words}",
        )
    elif any(each.accepted for each in tries) and any(each.refused for each in tries):
        refusals = sum(each.refused for each in tries)
        answer, words = "mixed", f"refused on {refusals} of {len(tries)} tries, accepted on others"
    else:
        odd = next(each for each in tries if not each.accepted and not each.refused)
        answer, words = "spoilt", f"no clear answer: {odd.words}"
    return Tried(answer=answer, tries=tuple(tries), controls=tuple(controls), words=words)


def observe_refusal(topic: Topic, tried: Tried, parameter: str = "") -> Observation:
    """The observation of something that was tried, where whether it is refused is all that is asked.

    parameter  whose name in the error makes it a refusal by name
    """
    outcomes = {"rejected": "rejected", "accepted": "accepted", "server-error": "server-error"}
    by_name = bool(parameter) and tried.answer == "rejected" and any(each.names(parameter) for each in tried.tries)
    return Observation(
        topic=topic,
        outcome=outcomes.get(tried.answer, "unknown"),  # type: ignore[arg-type]
        words=tried.words,
        grade="E2" if by_name else "E1",
        n=len(tried.tries),
        evidence=tried.evidence,
        by_name=by_name,
        more=TRIES if tried.answer == "mixed" else 0,
        flags=("flaky",) if tried.answer == "mixed" else (),
        error=tried.answer == "spoilt",
    )
