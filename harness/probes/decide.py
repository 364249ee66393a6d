"""Observations -> verdicts, and what they come to together.

It stands apart from the run so that verdicts can be derived again, offline, from what was observed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from harness.core.claims import Claim, Register
from harness.core.verdict import TURNED, Evidence, Flag, Verdict
from harness.probes.family import Rule, Undecidable
from harness.probes.judge import Judged, judge
from harness.probes.lineup import model_of
from harness.probes.observation import Observation, Topic
from harness.probes.verify import Agenda, Found, Ruled
from harness.probes.wording import documented

_MANY = 40


def decide_all(agenda: Agenda, found: Found) -> tuple[Verdict, ...]:
    """A verdict for every selected claim, in the register's order."""
    agenda = found.agenda or agenda
    costs = {seen.id: seen.cost_usd for seen in found.seen}
    return excuse(tuple(_decide(each, agenda, found, costs) for each in agenda.ruled), agenda.lineup.register)


def excuse(verdicts: Sequence[Verdict], register: Register) -> tuple[Verdict, ...]:
    """The verdicts, with those that say no marked as excused where a contradicting side is confirmed.

    No side says that something is taken and does nothing: what is ignored is excused by none. What the documents alone
    decide is excused by lines that are no claim, too: against them it was computed, and no server can mend it.
    """
    confirmed = {each.claim for each in verdicts if each.verdict == "confirmed"}
    computed = {claim.id for claim in register.claims if claim.observable == "arithmetic"}

    def is_excused(verdict: Verdict) -> bool:
        if verdict.verdict not in TURNED or verdict.verdict == "ignored":
            return False
        sides = [side for conflict in register.contradictions(verdict.claim) for side in conflict.sides]
        others = [side for side in sides if verdict.claim not in side.claims]
        by_lines = verdict.claim in computed and any(not side.claims for side in others)
        return by_lines or any(confirmed.intersection(side.claims) for side in others)

    return tuple(replace(each, excused=True) if is_excused(each) else each for each in verdicts)


def _decide(ruled: Ruled, agenda: Agenda, found: Found, costs: Mapping[str, Decimal | None]) -> Verdict:
    claim, how = ruled.claim, ruled.how
    conflicts = tuple(each.id for each in agenda.lineup.register.contradictions(claim.id))
    flags: tuple[Flag, ...] = ("documents-conflict",) if conflicts else ()
    if not isinstance(how, Rule):
        return _not_asked(claim, how, flags, conflicts)
    observations = {topic: found.observations[topic] for topic in how.topics if topic in found.observations}
    judged = judge(how, observations, canary_refused=_canary_refused(how, found))
    shown = [each for each in observations.values() if each.outcome != "unasked"]
    if not shown:
        judged = _why_not(how, observations, found) or judged
    cited = tuple({each.exchange: each for seen in shown for each in seen.evidence}.values())
    known = [costs.get(each.exchange) for each in cited]
    p = next((each.p for each in shown if each.p is not None), None)
    needs = tuple(dict.fromkeys(need for each in observations.values() for need in each.needs))
    return Verdict(
        claim=claim.id,
        kind=claim.kind,
        model=model_of(claim),
        subject=f"{claim.subject.type} {claim.subject.id}",
        documented=documented(claim),
        observed=_observed(judged, how, claim),
        verdict=judged.verdict,
        grade=judged.grade,
        flags=tuple(dict.fromkeys((*flags, *judged.flags))),
        n=sum(each.n for each in shown),
        p=p if len(shown) == 1 else None,
        requests=len(cited),
        cost_usd=None if None in known else sum((usd for usd in known if usd is not None), Decimal(0)),
        evidence=cited if len(cited) <= _MANY else _some(shown),
        needs=needs if not shown else (),
        conflicts=conflicts,
        provenance=claim.provenance,
    )


def _some(shown: Sequence[Observation]) -> tuple[Evidence, ...]:
    """Of very many exchanges that a verdict rests on, some of each observation, each once."""
    share = max(2, _MANY // len(shown))
    return tuple({each.exchange: each for observation in shown for each in observation.evidence[:share]}.values())


def _observed(judged: Judged, how: Rule, claim: Claim) -> str:
    models = {topic.model for topic in how.topics if topic.model is not None}
    asked = next(iter(models)) if len(models) == 1 and model_of(claim) is None else None
    if asked is None or judged.verdict == "not-tested" or asked in judged.words:
        return judged.words
    return f"{judged.words} (asked of {asked})"


def _canary_refused(how: Rule, found: Found) -> bool:
    gates = [found.gates.get(topic.model or "") for topic in how.topics]
    return bool(gates) and all(gate is not None and gate.canary_refused for gate in gates)


def _why_not(how: Rule, observations: Mapping[Topic, Observation], found: Found) -> Judged | None:
    """Why nothing was observed: the model's gate, or what the probe said."""
    said = next((each.words for each in observations.values()), None)
    gates = [found.gates.get(topic.model or "") for topic in how.topics]
    closed = next((gate.why_not for gate in gates if gate is not None and gate.why_not is not None), None)
    words = said or closed or found.why_not
    return Judged(verdict="not-tested", words=words) if words else None


def _not_asked(claim: Claim, how: Undecidable | None, flags: tuple[Flag, ...], conflicts: tuple[str, ...]) -> Verdict:
    return Verdict(
        claim=claim.id,
        kind=claim.kind,
        model=model_of(claim),
        subject=f"{claim.subject.type} {claim.subject.id}",
        documented=documented(claim),
        observed=how.reason if how is not None else "no probe decides this kind of claim",
        verdict="not-tested",
        flags=flags,
        needs=how.needs if how is not None else (),
        conflicts=conflicts,
        provenance=claim.provenance,
    )


def count(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Verdicts by name: confirmed, then those that say no, then what is open."""
    counted = Counter(each.verdict for each in verdicts)
    order = ("confirmed", *TURNED, "inconclusive", "not-tested")
    return {name: counted[name] for name in order if counted[name]}


def exit_code(
    verdicts: Sequence[Verdict], register: Register, found: Found | None = None, *, strict: bool = False
) -> int:
    """0 yes, 1 a documented promise is not kept, 3 some could not be asked, 4 the evidence is too weak, or too old.

    strict  count what is excused, and what must be opted into
    source  VERDICTS.md, "What a verification exits with"
    """
    if any(each.verdict in TURNED and (strict or not each.excused) for each in verdicts):
        return 1
    unasked = [each for each in verdicts if each.verdict == "not-tested" and not _is_no_question(each, register)]
    if any(strict or not each.needs for each in unasked):
        return 3
    weak = [each for each in verdicts if _is_weak(each, strict=strict) or "stale" in each.flags]
    if found is not None and any(_is_spoilt(each, found) for each in weak):
        return 3
    return 4 if weak else 0


def _is_weak(verdict: Verdict, *, strict: bool) -> bool:
    return verdict.verdict == "inconclusive" and (strict or not verdict.needs)


def _is_no_question(verdict: Verdict, register: Register) -> bool:
    claim = register.find(verdict.claim)
    return claim is not None and claim.observable == "none"


def _is_spoilt(verdict: Verdict, found: Found) -> bool:
    cited = {each.exchange for each in verdict.evidence}
    return verdict.verdict == "inconclusive" and any(
        each.error and each.outcome == "unknown" and cited & {item.exchange for item in each.evidence}
        for each in found.observations.values()
    )
