"""Whether the beginning of a long prompt is heeded: a number that it says first, and asks for last.

It stands apart from the window's length, which a refusal states for nothing: a long prompt that is answered is dear.
source  VERDICTS.md, "Effects": context window
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.messages import QUESTION
from harness.probes.tool_calls import holds_number, unguessable

NEAR = 0.9
"""How much of the window a prompt fills: its tokens are counted from a sample, and must not be too many."""

_SAMPLE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """What came of it.

    outcome  'unknown' where the model is too weak, or its prompts cannot be counted
    """

    outcome: Literal["holds", "broken", "unknown"]
    words: str
    seen: tuple[Seen, ...]


async def find_needle(desk: Desk, window: int, filler: Callable[[int], str]) -> Needle:
    """Ask for a number that stands before nearly as much as fits; and where it is not known, also after all that.

    window  tokens
    filler  makes text of so many small parts
    """
    number = unguessable(desk.random)
    fact = f"My ticket number is {number}."

    def asking(about: str, *parts: str) -> Ask:
        return Ask(about=about, body=chat(desk.model or "", "\n\n".join((*parts, QUESTION))), role="treatment")

    sample = await desk.one(asking("a number, some letters, and a question", fact, filler(_SAMPLE)))
    counted = sample.reply.usage.prompt if sample.ok else None
    if not counted or not holds_number(sample.reply.content, number):
        return Needle(outcome="unknown", words=f"a short prompt shows too little: {sample.words}", seen=(sample,))
    letters = int(NEAR * window * _SAMPLE / counted)
    first = asking("a number before all that fits", fact, filler(letters))
    seen = [sample, await desk.one(first)]
    length = seen[1].reply.usage.prompt if seen[1].ok else None
    told = f"a number at the beginning of {length or letters:,} tokens"
    if holds_number(seen[1].reply.content, number):
        return Needle(outcome="holds", words=f"{told} is known at their end", seen=tuple(seen))
    seen += await desk.ask(first, asking("the number after all that", filler(letters), fact))
    again, last = seen[2:]
    if not all(each.ok for each in seen):
        failed = next(each for each in seen if not each.ok)
        return Needle(outcome="unknown", words=f"{told} is not known: {failed.words}", seen=tuple(seen))
    if not holds_number(again.reply.content, number) and holds_number(last.reply.content, number):
        words = f"{told} is not known at their end, on 2 of 2 tries; at their end it is"
        return Needle(outcome="broken", words=words, seen=tuple(seen))
    return Needle(outcome="unknown", words=f"{told} is known at times, or nowhere", seen=tuple(seen))
