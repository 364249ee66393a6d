"""Broken promises about tools: calls that disobey the choice or cannot be read, and searches run by the wrong side.

It stands apart because each of these is seen only where tools are declared.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from harness.simulator.chat.completion import Choice, Completion, MadeCall
from harness.simulator.chat.deviation import Deviation, Json
from harness.simulator.chat.refusal import invalid, unsupported
from harness.simulator.chat.request import ChatRequest
from harness.simulator.language import tokenize
from harness.simulator.skills.conversation import Conversation

_PRETENCE: Final = "I have called the function for you and all is well."


def _conversation(**changes: Any) -> Callable[[ChatRequest], ChatRequest]:
    return lambda request: replace(request, conversation=replace(request.conversation, **changes))


def _choice_becomes(asked: str, given: str | None) -> Callable[[ChatRequest], ChatRequest]:
    """A choice that begins so is taken for another."""

    def ask(request: ChatRequest) -> ChatRequest:
        choice = request.conversation.tool_choice
        return _conversation(tool_choice=given)(request) if choice and choice.startswith(asked) else request

    return ask


def _toolless(request: ChatRequest) -> ChatRequest:
    bare = replace(request.conversation, tools=(), tool_choice=None)
    return replace(request, conversation=bare, managed=frozenset())


def _refused(request: ChatRequest) -> ChatRequest:
    if request.conversation.tools:
        raise unsupported("tools")
    return request


def _choice_refused(request: ChatRequest) -> ChatRequest:
    if (request.conversation.tool_choice or "").startswith("name:"):
        raise unsupported("tool_choice")
    return request


def _unmanaged(request: ChatRequest) -> ChatRequest:
    return replace(request, managed=frozenset())


def _search_refused(request: ChatRequest) -> ChatRequest:
    if request.managed:
        raise invalid(f"Invalid value for tools: {min(request.managed)} is not available.")
    return request


def _results_unread(request: ChatRequest) -> ChatRequest:
    """What a tool answered is forgotten, and the question is answered without it."""
    conversation = request.conversation
    kept = tuple(turn for turn in conversation.messages if turn.role != "tool" and not turn.tool_calls)
    if len(kept) == len(conversation.messages):
        return request
    return replace(request, conversation=replace(conversation, messages=kept, tools=(), tool_choice=None))


def _results_refused(request: ChatRequest) -> ChatRequest:
    if _answered(request.conversation):
        raise invalid("Invalid value for messages: role tool is not supported.")
    return request


def _tools_needed_again(request: ChatRequest) -> ChatRequest:
    if _answered(request.conversation) and not request.conversation.tools:
        raise invalid("Invalid value for tools: must be sent again with a tool's result.")
    return request


def _answered(conversation: Conversation) -> bool:
    return any(turn.role == "tool" for turn in conversation.messages)


def _calls(change: Callable[[MadeCall, int], MadeCall]) -> Callable[[Completion, ChatRequest, Any], Completion]:
    def altered(choice: Choice) -> Choice:
        return replace(choice, calls=tuple(change(call, number) for number, call in enumerate(choice.calls)))

    return _choices(altered)


def _choices(change: Callable[[Choice], Choice]) -> Callable[[Completion, ChatRequest, Any], Completion]:
    def say(completion: Completion, _request: ChatRequest, _body: Any) -> Completion:
        return replace(completion, choices=tuple(map(change, completion.choices)))

    return say


def _pretended(choice: Choice) -> Choice:
    if not choice.calls:
        return choice
    return replace(choice.saying(tokenize(_PRETENCE)), calls=(), finish_reason="stop")


def _called_stop(choice: Choice) -> Choice:
    return replace(choice, finish_reason="stop") if choice.calls else choice


def _sourceless(completion: Completion, _request: ChatRequest, _body: Any) -> Completion:
    return replace(completion, citations=(), figures=replace(completion.figures, sources=0, searches=()))


def _messages(change: Callable[[Json], None]) -> Callable[[Json], Json]:
    """A hook that changes each message that calls tools."""

    def body(reply: Json) -> Json:
        for choice in reply["choices"]:
            if choice["message"].get("tool_calls"):
                change(choice["message"])
        return reply

    return body


def _content_said(message: Json) -> None:
    message["content"] = "One moment, please."


def _untyped(message: Json) -> None:
    for call in message["tool_calls"]:
        del call["type"]


def _unlinked(message: Json) -> None:
    for call in message["tool_calls"]:
        call["id"] = None


def _parsed(message: Json) -> None:
    for call in message["tool_calls"]:
        call["function"]["arguments"] = {}


TOOLS: Final[tuple[Deviation, ...]] = (
    Deviation(name="ignores-tools", about="tools are accepted and never called", ask=_toolless),
    Deviation(name="rejects-tools", about="tools are refused", ask=_refused),
    Deviation(
        name="tool-choice-none-ignored",
        about="tool_choice none does not keep tools from being called",
        ask=_choice_becomes("none", "required"),
    ),
    Deviation(
        name="tool-choice-required-ignored",
        about="tool_choice required does not make a tool be called",
        ask=_choice_becomes("required", "none"),
    ),
    Deviation(
        name="tool-choice-named-ignored",
        about="a tool that is forced by name is not called",
        ask=_choice_becomes("name:", "none"),
    ),
    Deviation(name="tool-choice-named-refused", about="a tool cannot be forced by name", ask=_choice_refused),
    Deviation(name="parallel-always", about="parallel_tool_calls false is ignored", ask=_conversation(parallel=True)),
    Deviation(name="parallel-never", about="two tools are never called in one turn", ask=_conversation(parallel=False)),
    Deviation(
        name="tool-ids-repeated",
        about="all calls of a turn have one id",
        say=_calls(lambda call, _number: replace(call, id="call_00000000")),
    ),
    Deviation(name="tool-ids-missing", about="a call's id is null", body=_messages(_unlinked)),
    Deviation(
        name="tool-arguments-invalid",
        about="a call's arguments are no JSON",
        say=_calls(lambda call, _number: replace(call, arguments=call.arguments[:-1])),
    ),
    Deviation(
        name="tool-arguments-off-schema",
        about="a call's arguments lack every property of the schema",
        say=_calls(lambda call, _number: replace(call, arguments='{"unexpected":true}')),
    ),
    Deviation(
        name="tool-arguments-parsed", about="a call's arguments are an object, not a text", body=_messages(_parsed)
    ),
    Deviation(name="tool-type-missing", about="a call has no type", body=_messages(_untyped)),
    Deviation(name="tool-content-said", about="a reply that calls tools has content", body=_messages(_content_said)),
    Deviation(
        name="tool-finish-stop",
        about="a reply that calls tools says finish_reason stop",
        say=_choices(_called_stop),
    ),
    Deviation(
        name="function-pretended",
        about="a client's function is said to have run, and by nobody",
        say=_choices(_pretended),
    ),
    Deviation(name="results-ignored", about="a tool's result does not change the answer", ask=_results_unread),
    Deviation(name="results-refused", about="messages of the role tool are refused", ask=_results_refused),
    Deviation(
        name="tools-needed-again",
        about="a tool's result is refused unless tools are declared again",
        ask=_tools_needed_again,
    ),
    Deviation(
        name="search-returned",
        about="a managed search comes back as a call for the client to run",
        applies=lambda behaviour: behaviour.web_search,
        ask=_unmanaged,
    ),
    Deviation(
        name="search-refused",
        about="a managed search is refused",
        applies=lambda behaviour: behaviour.web_search,
        ask=_search_refused,
    ),
    Deviation(
        name="search-sourceless",
        about="a managed search leaves no trace in the reply",
        applies=lambda behaviour: behaviour.web_search,
        say=_sourceless,
    ),
    Deviation(name="tools-unchecked", about="a tool that is no function is accepted and ignored"),
)
