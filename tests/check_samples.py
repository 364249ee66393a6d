"""Checks, written as a suite writes them, graded over one reply: what every test of a kind begins with.

It stands apart so that those tests say the argument, the reply and the finding, and nothing else.
"""

from typing import Any

from harness.checks import grade_check, load_kinds
from harness.core.chat import ToolCall
from harness.core.check import Check, Evidence, Finding, SpecInvalid, SpecProblem
from harness.core.reply import Reply

KINDS = load_kinds()


def check_of(kind: str, argument: Any) -> Check:
    """A check, its argument parsed; those within 'not', 'all' and 'any' are one-key mappings."""
    if kind in ("not", "all", "any"):
        inner = [argument] if kind == "not" else argument
        return Check(
            kind=kind, argument=argument, children=tuple(check_of(*one) for item in inner for one in item.items())
        )
    return Check(kind=kind, argument=argument, spec=KINDS[kind].parse(argument))


def finding_of(kind: str, argument: Any, *replies: Reply | str, **evidence: Any) -> Finding:
    """The finding over a turn's replies; a text stands for a reply that says it."""
    read = tuple(Reply(status=200, content=reply) if isinstance(reply, str) else reply for reply in replies)
    return grade_check(check_of(kind, argument), KINDS, Evidence(replies=read, **evidence))


def status_of(kind: str, argument: Any, *replies: Reply | str, **evidence: Any) -> str:
    """The finding's status alone."""
    return finding_of(kind, argument, *replies, **evidence).status


def faults_of(kind: str, argument: Any) -> tuple[SpecProblem, ...]:
    """The problems of an argument; none if it parses."""
    try:
        KINDS[kind].parse(argument)
    except SpecInvalid as invalid:
        return invalid.problems
    return ()


def calling(*calls: tuple[str, str]) -> Reply:
    """A reply that calls tools: names and arguments as JSON text."""
    return Reply(
        status=200,
        tool_calls=tuple(
            ToolCall(id=f"c{number}", name=name, arguments=text) for number, (name, text) in enumerate(calls)
        ),
    )
