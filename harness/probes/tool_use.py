"""Can a tool be forced by name, and does its result come through to the answer: two requests of each model.

It stands apart from the choices among tools, which are asked of one model: every grade of tool use promises this much.
"""

from dataclasses import dataclass, replace

from harness.core.chat import ToolCall
from harness.core.verdict import Grade
from harness.probes.chat_bodies import WORDS, Json, chat, say
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.tool_calls import (
    DRAW,
    DRAW_PROMPT,
    GOOD_ARGUMENTS,
    TOOLS,
    answered,
    calls_of,
    fault_of,
    holds_number,
    named,
    spelled,
    tool_name,
    unguessable,
)
from harness.probes.tries import pursue, spoilt

USE, ECHO, RESULT, FINAL = "tools.use", "tools.echo", "tools.result", "tools.final"
USE_TOPICS = (USE, ECHO, RESULT, FINAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """What came of forcing an irrelevant tool.

    flaw      what is wrong with it as an observation; None if it was called as it should be
    call      a call to return a result for: the server's own where it made one that can be answered
    freely    True if the server called the tool unforced, of a prompt that asks for it
    declared  whether requests may declare tools at all
    """

    flaw: Observation | None
    call: ToolCall
    freely: bool = False
    declared: bool
    seen: tuple[Seen, ...]


async def probe_use(desk: Desk) -> None:
    """Force a tool where nothing asks for it, then return a result that nobody could guess.

    source  VERDICTS.md, "Effects": tools
    """
    forced = await force(desk)
    found = await return_result(desk, forced)
    for each in found:
        desk.observe(each)
    final = found[-1]
    if forced.flaw is not None:
        desk.observe(_read_unforced(desk.topic(USE), forced, forced.flaw, final))
        return
    words = f"a tool that nothing asked for is called when forced by name, with arguments by its schema; {final.words}"
    evidence = (*(each.as_evidence() for each in forced.seen), *final.evidence)
    use = final if final.outcome != "effect" else replace(final, words=words, n=final.n + 1)
    desk.observe(replace(use, topic=desk.topic(USE), evidence=evidence))


def _read_unforced(topic: Topic, forced: Forced, flaw: Observation, final: Observation) -> Observation:
    """That a call cannot be forced is a promise of tool_choice broken; tools may be used all the same."""
    evidence = (*flaw.evidence, *(each.as_evidence() for each in forced.seen), *final.evidence)
    if forced.freely and final.outcome == "effect":
        words = f"a tool is called where the prompt asks for it, and {final.words}; but {flaw.words}"
        return replace(final, topic=topic, words=words, n=final.n + 1, evidence=evidence)
    if flaw.outcome not in ("rejected", "server-error") or not forced.declared:
        return flaw
    # The same tools without the choice were taken: what is refused is the choice.
    called = f"called, and {final.words}" if forced.freely else "not called by the one prompt that asks for it"
    words = f"tools are taken, and {called}; a call cannot be forced: {flaw.words}"
    if forced.freely:
        return replace(final, topic=topic, words=words, n=final.n + 1, evidence=evidence)
    return Observation(topic=topic, outcome="unknown", words=words, n=1, more=2, evidence=evidence)


async def force(desk: Desk) -> Forced:
    """Force a tool by its name on a prompt that does not want it; twice if the first call is not as it should be."""
    topic = desk.topic(USE)
    plain = chat(desk.model or "", say(desk.random.choice(WORDS)))
    body = {**plain, "tools": list(TOOLS), "tool_choice": named(DRAW)}
    ask = Ask(about=f"{tool_name(DRAW)} forced by name", body=body, role="treatment")
    seen = [await desk.one(ask)]
    fault = _fault(seen[0])
    if fault is not None and seen[0].ok:
        seen.append(await desk.one(ask))
        fault = _fault(seen[1])
    last = seen[-1]
    if last.ok and fault is None:
        return Forced(flaw=None, call=calls_of(last, DRAW)[0], declared=True, seen=tuple(seen))
    if last.ok:
        calls = calls_of(last, DRAW)
        outcome: Outcome = "broken" if calls or calls_of(seen[0], DRAW) else "no-effect"
        evidence = tuple(each.as_evidence() for each in seen)
        words = f"forced by name: {fault}, on {len(seen)} of {len(seen)} tries"
        flaw = Observation(topic=topic, outcome=outcome, words=words, grade="E3", n=len(seen), evidence=evidence)
    else:
        calls = ()
        control = Ask(about="without tools", body=plain)
        flaw = await pursue(desk, topic, last, control, "tool")
    return await _another_call(desk, flaw, calls, tuple(seen))


def _fault(seen: Seen) -> str | None:
    """What is wrong with the reply to a forced call; None if nothing, or if it is no reply."""
    if not seen.ok:
        return None
    calls = calls_of(seen, DRAW)
    if not calls:
        other = ", ".join(call.name for call in seen.reply.tool_calls[:3])
        return f"{other[:80]} is called instead" if other else f"no tool is called ({seen.words})"
    if not calls[0].id:
        return "the call has no id, so that no result can name it"
    return fault_of(calls[0], DRAW)


async def _another_call(desk: Desk, flaw: Observation, calls: tuple[ToolCall, ...], seen: tuple[Seen, ...]) -> Forced:
    """Where forcing failed, a call to answer all the same: the one made, mended; one made freely; an invented one."""
    made_up = ToolCall(id=f"call_{unguessable(desk.random)}", name=tool_name(DRAW), arguments=GOOD_ARGUMENTS)
    declared, freely = True, False
    if not calls and flaw.outcome != "unknown":
        body = chat(desk.model or "", DRAW_PROMPT, tools=list(TOOLS))
        free = await desk.one(Ask(about="a prompt that asks for a tool", body=body))
        calls, declared = calls_of(free, DRAW), free.ok
        freely = bool(calls) and fault_of(calls[0], DRAW) is None
        seen = (*seen, free)
    call = calls[0] if calls else made_up
    arguments = call.arguments if fault_of(call, DRAW) is None else GOOD_ARGUMENTS
    call = replace(call, id=call.id or made_up.id, arguments=arguments)
    return Forced(flaw=flaw, call=call, freely=freely, declared=declared, seen=seen)


async def return_result(desk: Desk, forced: Forced) -> tuple[Observation, Observation, Observation]:
    """Return a number nobody could guess: is the echoed call taken, is the result used, is the final answer one."""
    number = unguessable(desk.random)
    tools = TOOLS if forced.declared else ()
    body = answered(desk.model or "", forced.call, number, tools=tools)
    ask = Ask(about=f"the tool's result is {number}", body=body, role="treatment")
    seen = [await desk.one(ask)]
    if not seen[0].ok:
        return await _refused_result(desk, seen[0], forced.call)
    if not _is_final(seen[0], number):
        seen.append(await desk.one(ask))
    return await _read_result(desk, seen, number)


def _is_final(seen: Seen, number: int) -> bool:
    return seen.ok and not seen.reply.tool_calls and holds_number(seen.reply.content, number)


async def _read_result(desk: Desk, seen: list[Seen], number: int) -> tuple[Observation, Observation, Observation]:
    echo, result, final = (desk.topic(name) for name in (ECHO, RESULT, FINAL))
    evidence = tuple(each.as_evidence() for each in seen)
    n = len(seen)

    def say_of(topic: Topic, outcome: Outcome, words: str, grade: Grade = "E3") -> Observation:
        return Observation(topic=topic, outcome=outcome, words=words, grade=grade, n=n, evidence=evidence)

    if not seen[-1].ok:
        return (spoilt(echo, *seen), spoilt(result, *seen), spoilt(final, *seen))
    if any(_is_final(each, number) for each in seen):
        words = f"the final answer has {number}, which only the tool's result said"
        used = "an assistant message with tool calls and no content is accepted, and its result is used"
        return say_of(echo, "effect", used), say_of(result, "effect", words), say_of(final, "effect", words)
    taken = say_of(echo, "accepted", "an assistant message with tool calls and no content is accepted", "E1")
    if all(each.reply.tool_calls for each in seen):
        words = f"the result is answered by calling again, on {n} of {n} tries"
        return taken, replace(say_of(result, "unknown", words), more=2), say_of(final, "broken", words)
    plainly = f"One lot was drawn from the red urn, and the number that is on it is {number}. What is that number?"
    control = Ask(about="the same number in the prompt", body=chat(desk.model or "", plainly), role="control")
    again, *controls = await desk.ask(seen[0].ask, control, control)
    if _is_final(again, number):
        words = f"the final answer has {number}, the tool's result, in one of {n + 1} tries"
        return taken, say_of(result, "effect", words), say_of(final, "effect", words)
    n, evidence = n + 1, (*evidence, *(each.as_evidence() for each in (again, *controls)))
    if again.ok and all(each.ok and holds_number(each.reply.content, number) for each in controls):
        words = f"no answer of {n} has {number}, the tool's result, which the same model reads from a prompt"
        return taken, say_of(result, "no-effect", words), say_of(final, "no-effect", words)
    words = f"no answer of {n} has the tool's result, nor the same number from a prompt: too weak to tell"
    return taken, say_of(result, "unknown", words), say_of(final, "unknown", words)


async def _refused_result(desk: Desk, failed: Seen, call: ToolCall) -> tuple[Observation, Observation, Observation]:
    """A result that was refused: is it the tool's message, or the assistant's before it."""
    echo, result, final = (desk.topic(name) for name in (ECHO, RESULT, FINAL))
    word = desk.random.choice(WORDS)
    refusal = await pursue(
        desk, result, failed, Ask(about="without tools", body=chat(desk.model or "", say(word))), "tool"
    )
    if refusal.outcome not in ("rejected", "server-error"):
        return replace(refusal, topic=echo), refusal, replace(refusal, topic=final)
    messages: list[Json] = [
        {"role": "user", "content": DRAW_PROMPT},
        {"role": "assistant", "content": None, "tool_calls": [spelled(call)]},
        {"role": "user", "content": say(word)},
    ]
    body = {"model": desk.model, "messages": messages}
    alone = await desk.one(Ask(about="the call without a result", body=body, wrong=True))
    evidence = (alone.as_evidence(),)
    words = "an assistant message with tool calls and no content is accepted"
    taken = Observation(topic=echo, outcome="accepted", words=words, n=1, evidence=evidence)
    if not alone.ok:
        # Some servers rightly refuse a call that nothing answers, so this refusal decides nothing.
        words = f"refused with a result and without: {alone.words}"
        taken = Observation(topic=echo, outcome="unknown", words=words, n=1, evidence=evidence)
    return taken, refusal, replace(refusal, topic=final)
