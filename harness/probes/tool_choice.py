"""Do calls obey tool_choice, may there be two in one turn, and do results link to calls: asked of one model.

It stands apart from the round trip, because each value of a choice is decided against the others as its controls: a
server that always calls, or never, must pass none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.core.verdict import Evidence, Grade, Role
from harness.probes.chat_bodies import Json, chat, talk
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.tool_calls import (
    DRAW,
    GREETING,
    TEMPTING,
    TOOLS,
    WEATHER,
    answered,
    calls_of,
    holds_number,
    named,
    spelled,
    unguessable,
)
from harness.probes.tool_use import force
from harness.probes.tries import balks, pursue, renamed, spoilt

DECLARED = "tools.declared"
AUTO, NONE, REQUIRED, NAMED = (f"tool_choice.{value}" for value in ("auto", "none", "required", "named"))
CHOICES = (DECLARED, AUTO, NONE, REQUIRED, NAMED)
PARALLEL = "tools.parallel"
WITHOUT_TOOLS, SECOND, LINKS = "tools.result-without-tools", "tools.second-result", "tools.links"
RESULTS = (WITHOUT_TOOLS, SECOND, LINKS)

_ROUNDS = 2
_UNTOLD = "no tool_choice"


@dataclass(frozen=True, slots=True)
class _Rounds:
    """The answers to each choice, one of each round.

    free         the choice that calls or not as it likes: `auto`, or none said where that is refused
    hello, auto  under that choice
    """

    free: str
    hello: tuple[Seen, ...]
    auto: tuple[Seen, ...]
    none: tuple[Seen, ...]
    named: tuple[Seen, ...]
    required: tuple[Seen, ...]


async def probe_choice(cap: Json, desk: Desk) -> None:
    """A greeting and a tempting prompt under every choice, interleaved, twice.

    cap     what bounds an answer
    source  VERDICTS.md, "Effects": tool_choice
    """
    hello = _ask(desk, cap, GREETING, "auto", "control")
    opening = await desk.one(hello)
    if cap and balks(opening):
        await probe_choice({}, desk)
        return
    if opening.ok:
        read = await _ask_rounds(desk, cap, hello, opening)
        desk.observe(_read_declared(desk, read))
        desk.observe(_read_auto(desk, read))
        await _observe_choices(desk, read)
        return
    bare = _ask(desk, cap, GREETING, None, "control")
    untold = await desk.one(bare) if balks(opening) else opening
    if not untold.ok:
        control = Ask(about="a greeting", body=chat(desk.model or "", GREETING))
        seen = await pursue(desk, desk.topic(DECLARED), untold, control, "tool")
        for observation in renamed(seen, *map(desk.topic, CHOICES)):
            desk.observe(observation)
        return
    # Tools are taken, and this way of choosing is not: so each other way is asked by itself, against saying nothing.
    desk.observe(await pursue(desk, desk.topic(AUTO), opening, bare, "tool_choice"))
    read = await _ask_rounds(desk, cap, bare, untold)
    desk.observe(_read_untold(desk, read))
    await _observe_choices(desk, read)


async def _observe_choices(desk: Desk, read: _Rounds) -> None:
    """Say of each choice but the free one whether it is obeyed, or refused where the free one passes."""
    for name, tries, reading in (
        (NONE, read.none, _read_none),
        (NAMED, read.named, _read_named),
        (REQUIRED, read.required, _read_required),
    ):
        failed = next((each for each in tries if not each.ok), None)
        if failed is not None:
            desk.observe(await pursue(desk, desk.topic(name), failed, read.hello[0].ask, "tool_choice"))
        elif tries:
            desk.observe(reading(desk, read))


def _ask(desk: Desk, cap: Json, prompt: str, choice: Any, role: Role) -> Ask:
    """One request; without a choice none is said."""
    told = {} if choice is None else {"tool_choice": choice}
    body = chat(desk.model or "", prompt, tools=list(TOOLS), **told, **cap)
    shown = _UNTOLD if choice is None else choice
    shown = shown if isinstance(shown, str) else f"{shown['function']['name']} named"
    return Ask(about=f"{'a greeting' if prompt is GREETING else 'a tempting prompt'}, {shown}", body=body, role=role)


async def _ask_rounds(desk: Desk, cap: Json, hello: Ask, opening: Seen) -> _Rounds:
    rounds: list[tuple[Seen, ...]] = []
    with_required = desk.wants(REQUIRED)
    free = hello.body.get("tool_choice")
    for number, tool in enumerate((DRAW, WEATHER)):
        asks = [
            _ask(desk, cap, TEMPTING, free, "control"),
            _ask(desk, cap, TEMPTING, "none", "treatment"),
            _ask(desk, cap, GREETING, named(tool), "treatment"),
        ]
        if with_required:
            asks.append(_ask(desk, cap, GREETING, "required", "treatment"))
        answers = await desk.ask(*([hello] if number else []), *asks)
        rounds.append(answers if number else (opening, *answers))
    columns = zip(*rounds, strict=True)
    return _Rounds(free or _UNTOLD, *columns, *(() if with_required else ((),)))


def _counted(tries: Sequence[Seen]) -> int:
    return sum(bool(each.reply.tool_calls) for each in tries)


def _say(
    desk: Desk, name: str, outcome: Outcome, words: str, seen: Sequence[Seen], *, more: int = 0, grade: Grade = "E4"
) -> Observation:
    evidence = tuple(each.as_evidence() for each in seen)
    topic = desk.topic(name)
    return Observation(
        topic=topic, outcome=outcome, words=words, grade=grade, n=len(seen), evidence=evidence, more=more
    )


def _read_declared(desk: Desk, read: _Rounds) -> Observation:
    seen = (*read.auto, *read.named, *read.required)
    calls, n = _counted(seen), len(seen)
    if calls:
        return _say(
            desk, DECLARED, "effect", f"declared tools are called in {calls} of {n} requests that want them", seen
        )
    if not all(each.ok for each in seen):
        return spoilt(desk.topic(DECLARED), *seen)
    return _say(desk, DECLARED, "no-effect", f"declared tools are never called: {n} requests want them", seen)


def _read_untold(desk: Desk, read: _Rounds) -> Observation:
    """Likewise where `auto` is refused: by what is taken, and never by what is refused for its choice."""
    forced = tuple(each for each in (*read.named, *read.required) if not balks(each))
    seen = _read_declared(desk, replace(read, named=forced, required=()))
    if seen.outcome != "no-effect" or forced:
        return seen
    words = f"declared tools are taken, and not called by {seen.n} prompts that want them; forcing a call is refused"
    return replace(seen, outcome="unknown", words=words, more=4)


def _read_auto(desk: Desk, read: _Rounds) -> Observation:
    seen = (*read.hello, *read.auto)
    if not all(each.ok for each in seen):
        return spoilt(desk.topic(AUTO), *seen)
    wanted, unwanted = _counted(read.auto), _counted(read.hello)
    words = f"auto calls in {wanted} of {len(read.auto)} tempting prompts and {unwanted} of {len(read.hello)} greetings"
    if unwanted:
        always = wanted == len(read.auto) and read.none and _counted(read.none) == len(read.none)
        if always:
            return _say(
                desk, AUTO, "no-effect", f"{words}, and with none as well: it always calls", (*seen, *read.none)
            )
        return _say(desk, AUTO, "unknown", words, seen, more=4)
    if wanted:
        return _say(desk, AUTO, "effect", words, seen)
    if _counted((*read.named, *read.required)):
        return _say(desk, AUTO, "unknown", f"{words}: it can call, and does not choose to", seen, more=4)
    return _say(desk, AUTO, "no-effect", f"{words}, and nothing else makes it call", (*seen, *read.named))


def _read_none(desk: Desk, read: _Rounds) -> Observation:
    calls, n = _counted(read.none), len(read.none)
    seen = (*read.auto, *read.none)
    words = f"none calls in {calls} of {n} tempting prompts, {read.free} in {_counted(read.auto)} of {len(read.auto)}"
    if calls:
        return _say(desk, NONE, "no-effect" if calls == n else "broken", words, seen)
    if not _counted(read.auto):
        return _say(desk, NONE, "unknown", f"{words}: nothing shows what none does", seen, more=4)
    return _say(desk, NONE, "effect", words, seen)


def _read_named(desk: Desk, read: _Rounds) -> Observation:
    tools = (DRAW, WEATHER)
    obeyed = sum(bool(calls_of(each, tool)) for each, tool in zip(read.named, tools, strict=False))
    by_itself = _counted(read.hello)
    n = len(read.named)
    words = f"the named tool is called on a greeting in {obeyed} of {n} requests, one for each tool"
    words += f"; with {read.free} a greeting draws a call in {by_itself} of {len(read.hello)}"
    seen = (*read.hello, *read.named)
    if obeyed == n:
        # Each of two tools was named in turn, so a server that always calls the same one fails one of them.
        return _say(desk, NAMED, "effect", words, seen)
    return _say(desk, NAMED, "broken" if obeyed else "no-effect", words, seen)


def _read_required(desk: Desk, read: _Rounds) -> Observation:
    calls, n, by_itself = _counted(read.required), len(read.required), _counted(read.hello)
    words = f"required calls on a greeting in {calls} of {n} requests, {read.free} in {by_itself} of {len(read.hello)}"
    seen = (*read.hello, *read.required)
    if not calls:
        return _say(desk, REQUIRED, "no-effect", words, seen)
    if by_itself:
        always = read.none and _counted(read.none) == len(read.none)
        words += ", and none does not stop it: it always calls" if always else ""
        return _say(desk, REQUIRED, "no-effect" if always else "unknown", words, seen, more=0 if always else 4)
    return _say(desk, REQUIRED, "effect" if calls == n else "broken", words, seen)


async def probe_parallel(desk: Desk) -> None:
    """Two cities with parallel_tool_calls true and false, interleaved, twice.

    source  VERDICTS.md, "Effects": parallel_tool_calls
    """
    topic = desk.topic(PARALLEL)
    body = chat(desk.model or "", TEMPTING, tools=[WEATHER])
    true = Ask(about="parallel_tool_calls true", body={**body, "parallel_tool_calls": True}, role="control")
    false = Ask(about="parallel_tool_calls false", body={**body, "parallel_tool_calls": False}, role="treatment")
    answers = await desk.ask(*([true, false] * _ROUNDS))
    failed = next((each for each in answers if not each.ok), None)
    if failed is not None:
        plain = Ask(about="without parallel_tool_calls", body=body)
        desk.observe(await pursue(desk, topic, failed, plain, "parallel_tool_calls"))
        return
    several = [sum(len(each.reply.tool_calls) > 1 for each in answers[start::2]) for start in (0, 1)]
    words = f"two calls in {several[0]} of {_ROUNDS} turns with true, in {several[1]} of {_ROUNDS} with false"
    if several[1]:
        outcome: Outcome = "no-effect" if several[1] == _ROUNDS and several[0] else "broken"
        desk.observe(_say(desk, PARALLEL, outcome, words, answers))
    elif several[0]:
        desk.observe(_say(desk, PARALLEL, "effect", words, answers))
    else:
        desk.observe(await _one_after_the_other(desk, words, answers))


async def _one_after_the_other(desk: Desk, words: str, answers: Sequence[Seen]) -> Observation:
    """Never two calls in a turn: if the second comes once the first is answered, both were wanted, and kept apart."""
    first = next((each.reply.tool_calls[0] for each in answers[0::2] if each.reply.tool_calls), None)
    if first is None or not first.id:
        return _say(desk, PARALLEL, "unknown", f"{words}: too few calls to tell", answers, more=4)
    messages: list[Json] = [
        {"role": "user", "content": TEMPTING},
        {"role": "assistant", "content": None, "tool_calls": [spelled(first)]},
        {"role": "tool", "tool_call_id": first.id, "content": '{"temperature": 7, "conditions": "rain"}'},
    ]
    body = talk(desk.model or "", messages, tools=[WEATHER], parallel_tool_calls=True)
    then = await desk.one(Ask(about="the first city's weather is returned", body=body))
    seen = (*answers, then)
    if any(call.arguments != first.arguments for call in calls_of(then, WEATHER)):
        words += (
            "; the second city is asked for once the first is answered: both were wanted, and true made no difference"
        )
        return _say(desk, PARALLEL, "no-effect", words, seen)
    return _say(desk, PARALLEL, "unknown", f"{words}: nothing shows that it wants two", seen, more=4)


async def probe_results(desk: Desk) -> None:
    """Results without tools, another result, and a result for a call that was never made."""
    forced = await force(desk)
    flaw = forced.flaw
    if flaw is not None and flaw.outcome == "unknown":
        for name in RESULTS:
            desk.observe(replace(flaw, topic=desk.topic(name)))
        return
    model, call, tools = desk.model or "", forced.call, TOOLS if forced.declared else ()
    first, second, third = (unguessable(desk.random) for _ in range(3))
    bare = Ask(about=f"a result of {first}, without tools", body=answered(model, call, first), role="treatment")
    whole = Ask(about=f"a result of {second}", body=answered(model, call, second, tools=tools), role="control")
    wrong_id = f"{call.id[:-4]}{unguessable(desk.random)}"
    body = answered(model, call, third, tools=tools, answers=wrong_id)
    wrong = Ask(about=f"a result of {third} for a call that was never made", body=body, role="treatment", wrong=True)
    without, control, unlinked = await desk.ask(bare, whole, wrong)
    if not control.ok:
        plain = Ask(about="without a tool's result", body=chat(model, GREETING))
        for refusal in renamed(
            await pursue(desk, desk.topic(SECOND), control, plain, "tool"), *map(desk.topic, RESULTS)
        ):
            desk.observe(refusal)
        return
    if without.ok:
        desk.observe(_used(desk.topic(WITHOUT_TOOLS), without, first, "without tools in the second request"))
    else:
        desk.observe(await pursue(desk, desk.topic(WITHOUT_TOOLS), without, whole, "tool"))
    desk.observe(_used(desk.topic(SECOND), control, second, f"another result ({first} before)"))
    desk.observe(await _links(desk, control, unlinked, second, third))


def _used(topic: Topic, seen: Seen, number: int, what: str) -> Observation:
    evidence: tuple[Evidence, ...] = (seen.as_evidence(),)
    if holds_number(seen.reply.content, number):
        words = f"{what}: the answer has {number}"
        return Observation(topic=topic, outcome="effect", words=words, grade="E3", n=1, evidence=evidence)
    words = f"{what}: accepted, and the answer lacks {number}"
    return Observation(topic=topic, outcome="accepted", words=words, n=1, evidence=evidence)


async def _links(desk: Desk, control: Seen, unlinked: Seen, right: int, wrong: int) -> Observation:
    """Is the id read: a result for a call that was never made is refused, or at least not used like one for a call."""
    topic = desk.topic(LINKS)
    evidence = (control.as_evidence(), unlinked.as_evidence())
    if not unlinked.ok:
        seen = await pursue(desk, topic, unlinked, control.ask, "tool_call_id")
        if seen.outcome == "server-error":
            # The right id is taken and the wrong one is not: a crash is no refusal, and no fault of the right one.
            words = f"with an id that no call has a result draws {seen.words}"
            return replace(seen, outcome="unknown", words=words, flags=("server-error",))
        if seen.outcome != "rejected":
            return seen
        words = f"with the call's id a result is accepted; with an id that no call has it is {seen.words}"
        return replace(seen, outcome="holds", words=words, grade="E4")
    used = [holds_number(each.reply.content, number) for each, number in ((control, right), (unlinked, wrong))]
    if used == [True, True]:
        words = "a result with an id that no call has is accepted, and used like one with the call's id"
        return Observation(topic=topic, outcome="no-effect", words=words, grade="E3", n=2, evidence=evidence)
    if used == [True, False]:
        words = "a result with an id that no call has is accepted, and not used"
        return Observation(topic=topic, outcome="effect", words=words, grade="E3", n=2, evidence=evidence)
    words = "results are not used here, whatever their id"
    return Observation(topic=topic, outcome="unknown", words=words, n=2, evidence=evidence)
