"""Verdicts, grades, flags and exit codes of a verification as signs and words.

It stands apart so that page, Markdown and JUnit say the same, and a sign never stands without its word.
"""

from collections.abc import Mapping
from typing import Literal

from harness.core.verdict import TURNED, Flag, Grade, Verdict, VerdictName, Verification
from harness.report.figures import finite

Status = Literal["pass", "fail", "error", "skip"]
"""What a reader is to make of it at a glance; also the name of its colour."""

ORDER: tuple[VerdictName, ...] = ("confirmed", *TURNED, "inconclusive", "not-tested")

SIGNS: Mapping[VerdictName, str] = {
    "confirmed": "✓",
    "refuted": "✗",
    "ignored": "∅",
    "undocumented": "+",
    "partial": "◐",
    "inconclusive": "?",
    "not-tested": "\N{EN DASH}",
}
WORDS: Mapping[VerdictName, str] = {name: name.replace("-", " ") for name in ORDER}
MEANINGS: Mapping[VerdictName, str] = {
    "confirmed": "the evidence agrees with the documents",
    "refuted": "the evidence contradicts them",
    "ignored": "accepted without an error, and shown to have no effect",
    "undocumented": "it works although the documents deny or omit it",
    "partial": "it holds for some of the values",
    "inconclusive": "asked, and the evidence is too weak",
    "not-tested": "not asked; the reason is given",
}
GRADES: Mapping[Grade, str] = {
    "E0": "the document only",
    "E1": "accepted",
    "E2": "a bad value is refused by name",
    "E3": "its effect was seen",
    "E4": "its effect was seen against a replicated control",
}
FLAGS: Mapping[Flag, tuple[str, str]] = {
    "documents-conflict": ("⇄ contradicted", "the documents contradict each other here"),
    "stale": ("stale", "recorded longer ago than is allowed, or at a time that nobody knows"),
    "acceptance-only": ("accepted only", "accepted, where no effect could be seen"),
    "flaky": ("flaky", "not the same on every try"),
    "server-error": ("5xx", "the server failed on every try, and never without it"),
}
"""A flag's mark, and what it means."""

_DECISIONS: Mapping[int, tuple[Status, str, str]] = {
    0: ("pass", "holds", "no promise that was decided is broken."),
    1: ("fail", "does not hold", "a documented promise is not kept."),
    2: ("error", "input is wrong", "nothing was verified."),
    3: ("error", "no answer", "some of it could not be asked, for want of an answer, a key, a model or budget."),
    4: ("error", "not enough evidence", "nothing is broken, and the evidence for some promises is too weak to say."),
    130: ("error", "interrupted", "it was stopped before its end."),
}


_UNBROKEN = (0, 4)


def status_of(verdict: VerdictName) -> Status:
    """Whether a verdict says yes, no, cannot say, or was no question."""
    if verdict in TURNED:
        return "fail"
    return {"confirmed": "pass", "not-tested": "skip"}.get(verdict, "error")  # type: ignore[return-value]


def decision_of(verification: Verification) -> tuple[Status, str, str]:
    """The exit code as a status, a word, and a sentence. source: harness/probes/VERDICTS.md."""
    unknown: tuple[Status, str, str] = ("error", "no answer", "it ended with a code that this version does not know.")
    status, word, sentence = _DECISIONS.get(verification.exit_code, unknown)
    if verification.exit_code in _UNBROKEN and any(each.excused for each in verification.verdicts):
        sentence = sentence.replace(" broken", " broken but what another passage contradicts, too", 1)
    return status, word, sentence


def counts_of(verification: Verification) -> dict[VerdictName, int]:
    """How many verdicts there are of each name, in a fixed order; none that is none."""
    names = [each.verdict for each in verification.verdicts]
    return {name: names.count(name) for name in ORDER if name in names}


def about(verdict: Verdict, source: str) -> str:
    """What a verdict is about: `xai-sim/grok-3` for a model that was asked, else the subject, as `field stop`."""
    if verdict.model is None:
        return verdict.subject
    # What was computed or not asked was answered by nobody.
    return f"{source}/{verdict.model}" if verdict.evidence or verdict.grade != "E0" else verdict.model


def notes_of(verification: Verification) -> list[tuple[str, tuple[str, ...]]]:
    """The notes, those alike of several models as one: the words, and `<source>/<model>` of each."""
    grouped: dict[str, list[str]] = {}
    for note in verification.notes:
        model, colon, words = note.partition(": ")
        if colon and model in verification.models:
            grouped.setdefault(words, []).append(f"{verification.source}/{model}")
        else:
            grouped.setdefault(note, [])
    return [(words, tuple(models)) for words, models in grouped.items()]


def place(verdict: Verdict) -> str:
    """The document and lines that it was read from, such as `comp:505`."""
    told = verdict.provenance
    return f"{told.document}:{told.lines}" if told.lines else told.document


def probability(p: float | None) -> str:
    """A p-value to two figures: `0.00078`, `7.8e-05`; `unknown` for no number."""
    known = finite(p)
    return "unknown" if known is None else f"{known:.2g}"
