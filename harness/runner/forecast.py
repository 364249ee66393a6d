"""Which of a plan's first requests recordings answer already.

It stands apart from the estimate, which is pure: this reads cassettes, though it sends nothing.
"""

from dataclasses import dataclass

from harness.runner.asking import Asking, call_for
from harness.runner.conversation import Step, next_step
from harness.runner.plan import Plan
from harness.runner.session import Session
from harness.wire import CassetteTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Of one target's trials, how many find a recording of their first request."""

    asked: int
    hits: int


def forecast(plan: Plan, session: Session, transport: CassetteTransport) -> dict[str, Forecast]:
    """The forecast of each target, by label.

    raises  UnreadableCassette, as a run would: a cassette that cannot be read never counts as empty
    """
    asked: dict[str, int] = {target.label: 0 for target in plan.targets}
    hits = dict(asked)
    for trial in plan.trials:
        step = next_step(trial.case, trial.target, ())
        if trial.case.skip is not None or not isinstance(step, Step):
            continue
        provider = session.catalogues.provider(trial.target.provider)
        asking = Asking(provider=provider, request=step.request, region=trial.target.region, dialect=trial.case.dialect)
        asked[trial.target.label] += 1
        hits[trial.target.label] += transport.has_recording(call_for(trial, session, asking))
    return {label: Forecast(asked=asked[label], hits=hits[label]) for label in asked}
