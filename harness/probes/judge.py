"""Observations -> a verdict: the table of VERDICTS.md, and how several observations decide one claim.

It stands apart from rules and probes because it is the one place where a verdict's name is chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.core.verdict import Flag, Grade, VerdictName
from harness.probes.family import Rule, Stance
from harness.probes.observation import Observation, Outcome, Topic

_TABLE: Mapping[Stance, Mapping[Outcome, VerdictName]] = {
    "supported": {
        "effect": "confirmed",
        "holds": "confirmed",
        "no-effect": "ignored",
        "rejected": "refuted",
        "server-error": "refuted",
        "broken": "refuted",
    },
    "unsupported": {
        "rejected": "confirmed",
        "no-effect": "ignored",
        "effect": "undocumented",
        "holds": "undocumented",
        "broken": "confirmed",
    },
    "error": {"rejected": "confirmed", "no-effect": "refuted", "effect": "refuted", "accepted": "refuted"},
    "accepted": {
        "accepted": "confirmed",
        "effect": "confirmed",
        "no-effect": "confirmed",
        "rejected": "refuted",
        "server-error": "refuted",
    },
    "fact": {
        "holds": "confirmed",
        "effect": "confirmed",
        "broken": "refuted",
        "no-effect": "ignored",
        "rejected": "refuted",
        "server-error": "refuted",
    },
}
_GRADES: tuple[Grade, ...] = ("E0", "E1", "E2", "E3", "E4")
_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict's name, and what follows from the observations for the rest of it."""

    verdict: VerdictName
    words: str
    grade: Grade = "E0"
    flags: tuple[Flag, ...] = ()


def judge(rule: Rule, observations: Mapping[Topic, Observation], *, canary_refused: bool) -> Judged:
    """What observations say of a claim.

    canary_refused  whether the server refuses fields that it does not know: acceptance means something only then
    source          VERDICTS.md, "Verdicts": the table, and acceptance without a visible effect
    """
    found = [(topic, observations.get(topic)) for topic in rule.topics]
    known = [each for _, each in found if each is not None and each.outcome != "unasked"]
    if not known:
        asked = [each for _, each in found if each is not None]
        words = asked[0].words if asked else "nothing that was asked shows it"
        return Judged(verdict="not-tested", words=words)
    judged = [(each, _judge_one(rule, each, canary_refused=canary_refused)) for each in known]
    if len(judged) == 1:
        return judged[0][1]
    return _together(judged)


def _judge_one(rule: Rule, seen: Observation, *, canary_refused: bool) -> Judged:
    flags = [*seen.flags]
    if seen.outcome == "server-error":
        flags.append("server-error")
    if seen.outcome == "partly":
        return Judged(verdict="partial", words=seen.words, grade=seen.grade, flags=tuple(flags))
    name = _TABLE[rule.stance].get(seen.outcome)
    if name is None and seen.outcome == "accepted" and rule.stance in ("supported", "fact"):
        if canary_refused and seen.by_name:
            flags.append("acceptance-only")
            return Judged(verdict="confirmed", words=seen.words, grade="E2", flags=tuple(flags))
        why = "accepted, and no effect of it can be seen; this server does not refuse what nobody knows, either"
        words = f"{seen.words}; {why}" if not canary_refused else f"{seen.words}; no bad value is refused by name"
        return Judged(verdict="inconclusive", words=words, grade="E1", flags=tuple(flags))
    if name is None:
        more = f"; about {seen.more} more trials would decide" if seen.more else ""
        return Judged(verdict="inconclusive", words=seen.words + more, grade=seen.grade, flags=tuple(flags))
    return Judged(verdict=name, words=seen.words, grade=seen.grade, flags=tuple(flags))


def _together(judged: Sequence[tuple[Observation, Judged]]) -> Judged:
    """Several observations of one claim: alike, they decide it; unlike, it holds for some of its values."""
    flags: tuple[Flag, ...] = tuple(dict.fromkeys(flag for _, each in judged for flag in each.flags))
    decided = [pair for pair in judged if pair[1].verdict != "inconclusive"]
    if not decided:
        return Judged(verdict="inconclusive", words=judged[0][1].words, grade=judged[0][1].grade, flags=flags)
    names = {each.verdict for _, each in decided}
    grade = min((each.grade for _, each in decided), key=_GRADES.index)
    if len(names) == 1:
        words = decided[0][1].words if len(decided) == 1 else _alike(list(decided))
        return Judged(verdict=next(iter(names)), words=words, grade=grade, flags=flags)
    no = [(seen, each) for seen, each in decided if each.verdict != "confirmed"]
    if len(no) == len(decided):
        worst = no[0][1].verdict
        return Judged(verdict=worst, words=_listed(no), grade=grade, flags=flags)
    yes = len(decided) - len(no)
    return Judged(
        verdict="partial", words=f"holds for {yes} of {len(decided)}; not for {_listed(no)}", grade=grade, flags=flags
    )


def _alike(decided: Sequence[tuple[Observation, Judged]]) -> str:
    words = list(dict.fromkeys(each.words for _, each in decided))
    if len(words) == 1:
        return f"{words[0]} ({len(decided)} observed)"
    return _listed(decided)


def _listed(pairs: Sequence[tuple[Observation, Judged]]) -> str:
    shown = [f"{seen.topic.model or seen.topic.name}: {each.words}" for seen, each in pairs[:_SHOWN]]
    more = f"; and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
    return "; ".join(shown) + more
