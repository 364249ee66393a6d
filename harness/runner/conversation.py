"""What to ask next: a case's script and the replies so far -> the next request, or none.

It stands apart, without I/O, so that execution, regrading and tests walk a conversation the same way.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.core.catalogue import Target
from harness.core.chat import ChatRequest, Message
from harness.core.plain import TEAM, PlainRequest, fault_of_path, find_field, places_of, unfit_places
from harness.core.reply import ApiError, Reply
from harness.core.suite import Case, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next request of a trial, and the turn that it belongs to (0-based)."""

    turn: int
    request: ChatRequest | PlainRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The conversation cannot go on; why."""

    reason: str


def next_step(case: Case, target: Target, replies: Sequence[Reply]) -> Step | Stopped | None:
    """What to ask after these replies: a step, the reason why it cannot go on, or None when all is asked."""
    messages = _opening(case, target)
    values = {"model": target.model}
    remaining = list(replies)
    turns = case.turns
    for number, turn in enumerate(turns):
        if turn.request is not None:
            if not remaining:
                return _plain_step(case, number, turn.request, values)
            reply = remaining.pop(0)
            if reply.error is not None and not _is_answer(reply.error, case):
                return None
            values |= _saved(turn, reply)
            continue
        messages += turn.messages
        for round_ in range(case.max_rounds + 1):
            if not remaining:
                return Step(turn=number, request=_request(case, target, messages))
            reply = remaining.pop(0)
            if reply.error is not None:
                return None
            messages.append(_said(reply))
            results = _results(case, reply) if round_ < case.max_rounds else []
            if not results:
                break
            messages += results
        if reply.tool_calls and number + 1 < len(turns):
            names = ", ".join(sorted({call.name for call in reply.tool_calls}))
            return Stopped(
                reason=f"turn {number + 2} was not asked: the model called {names}, for which no tool result is left"
            )
    return None


def _plain_step(case: Case, number: int, request: PlainRequest, values: Mapping[str, str]) -> Step | Stopped:
    missing = sorted(places_of(request) - values.keys() - {TEAM})
    if missing:
        return Stopped(reason=f"turn {number + 1} was not asked: no earlier answer held {', '.join(missing)}")
    unfit = sorted(unfit_places(request, values))
    if unfit:
        return Stopped(reason=f"turn {number + 1} was not asked: no path can hold what came for {', '.join(unfit)}")
    filled = request.fill(values)
    fault = fault_of_path(filled.path)
    if fault is not None:
        return Stopped(reason=f"turn {number + 1} was not asked: its path cannot be sent: {fault}")
    return Step(turn=number, request=replace(filled, credential=case.credential))


def _is_answer(error: ApiError, case: Case) -> bool:
    """Whether a refusal is what the server has to say: a plain request that follows does not build on what was said.

    A case that makes a key must come to the turn that revokes it.
    """
    return error.is_answer or (error.kind == "auth" and case.credential != "valid")


def _saved(turn: Turn, reply: Reply) -> dict[str, str]:
    """What a turn saves of its answer; a value that is not there is left out, and the turn that needs it says so."""
    if not turn.save:
        return {}
    try:
        document = json.loads(reply.content)
    except (ValueError, RecursionError):
        return {}
    found = {name: find_field(document, path) for name, path in turn.save.items()}
    return {name: value for name, value in found.items() if value is not None}


def _opening(case: Case, target: Target) -> list[Message]:
    texts = [text for text in (target.system, case.system) if text]
    # One message, not two: many chat templates accept a single system message only.
    return [Message(role="system", text="\n\n".join(texts))] if texts else []


def _said(reply: Reply) -> Message:
    return Message(role="assistant", text=reply.content, tool_calls=reply.tool_calls)


def _results(case: Case, reply: Reply) -> list[Message]:
    """The scripted answers to a reply's calls; none if any call has no script."""
    scripted = case.tool_results
    if not reply.tool_calls or any(call.name not in scripted for call in reply.tool_calls):
        return []
    return [Message(role="tool", text=scripted[call.name], tool_call_id=call.id) for call in reply.tool_calls]


def _request(case: Case, target: Target, messages: Sequence[Message]) -> ChatRequest:
    return ChatRequest(
        model=target.model,
        messages=tuple(messages),
        # The target's parameters win: they are what is being compared.
        params={**case.params, **target.params},
        tools=case.tools,
        response_format=case.response_format,
        stream=case.stream,
        deferred=case.deferred,
        credential=case.credential,
    )


def is_promise(case: Case, reply: Reply) -> bool:
    """Whether a reply only promises another one, which is fetched later and counts in its place."""
    return case.deferred and reply.deferred_id is not None and reply.error is None


def question_of(turn: Turn) -> str:
    """The last thing that the user says in a turn, as plain text; for a plain request, its method and path."""
    if turn.request is not None:
        return f"{turn.request.method} {turn.request.path}"
    return next((message.plain for message in reversed(turn.messages) if message.role == "user"), "")
