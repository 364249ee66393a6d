"""Broken promises about parameters: ignored, refused, taken though documented as refused, or out of their domain.

It stands apart because these are the cells of the documented matrix of models and parameters.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from harness.simulator.chat.deviation import Deviation
from harness.simulator.chat.request import DEFAULT_MAX_TOKENS, ChatRequest
from harness.simulator.profile import ModelBehaviour

MATRIX: Final = (
    "max_tokens",
    "temperature",
    "top_p",
    "stop",
    "frequency_penalty",
    "presence_penalty",
    "reasoning_effort",
)
_NEUTRAL: Final[Mapping[str, Any]] = {
    "max_tokens": DEFAULT_MAX_TOKENS,
    "temperature": 1.0,
    "top_p": 1.0,
    "stop": (),
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
}


def takes(parameter: str) -> Callable[[ModelBehaviour], bool]:
    """Whether a model is documented to take the parameter."""
    return lambda behaviour: parameter not in behaviour.rejects


def refuses(parameter: str) -> Callable[[ModelBehaviour], bool]:
    """Whether a model is documented to refuse the parameter."""
    return lambda behaviour: parameter in behaviour.rejects


def _ignored(parameter: str) -> Callable[[ChatRequest], ChatRequest]:
    def ask(request: ChatRequest) -> ChatRequest:
        if parameter == "reasoning_effort":
            return replace(request, effort=None)
        return replace(request, sampling=replace(request.sampling, **{parameter: _NEUTRAL[parameter]}))

    return ask


def _rejecting(parameter: str) -> Callable[[ModelBehaviour], ModelBehaviour]:
    return lambda behaviour: replace(behaviour, rejects=behaviour.rejects | {parameter})


def _failing(parameter: str) -> Callable[[ModelBehaviour], ModelBehaviour]:
    return lambda behaviour: replace(behaviour, answers_500_to=behaviour.answers_500_to | {parameter})


def _accepting(parameter: str) -> Callable[[ModelBehaviour], ModelBehaviour]:
    def behave(behaviour: ModelBehaviour) -> ModelBehaviour:
        efforts = ("low", "high") if parameter == "reasoning_effort" else behaviour.efforts
        return replace(behaviour, rejects=behaviour.rejects - {parameter}, efforts=efforts)

    return behave


def _matrix() -> Iterator[Deviation]:
    for parameter in MATRIX:
        name = parameter.replace("_", "-")
        yield Deviation(
            name=f"ignores-{name}",
            about=f"{parameter} is accepted and has no effect",
            applies=takes(parameter),
            ask=_ignored(parameter),
        )
        yield Deviation(
            name=f"rejects-{name}",
            about=f"{parameter} is refused with 400 where it is documented",
            applies=takes(parameter),
            behave=_rejecting(parameter),
        )
        yield Deviation(
            name=f"fails-on-{name}",
            about=f"{parameter} draws 500",
            applies=takes(parameter),
            behave=_failing(parameter),
        )
    for parameter in MATRIX[3:]:
        name = parameter.replace("_", "-")
        thinks = parameter == "reasoning_effort"
        yield Deviation(
            name=f"accepts-{name}",
            about=f"{parameter} works where it is documented as refused",
            applies=_refuses_and_thinks if thinks else refuses(parameter),
            behave=_accepting(parameter),
        )
        yield Deviation(
            name=f"tolerates-{name}",
            about=f"{parameter} is accepted without effect where it is documented as refused",
            applies=refuses(parameter),
            behave=_accepting(parameter),
            ask=_ignored(parameter),
        )


def _refuses_and_thinks(behaviour: ModelBehaviour) -> bool:
    return "reasoning_effort" in behaviour.rejects and behaviour.reasoning != "none"


def _formats(add: str | None = None, remove: str | None = None) -> Callable[[ModelBehaviour], ModelBehaviour]:
    def behave(behaviour: ModelBehaviour) -> ModelBehaviour:
        formats = (behaviour.response_formats | {add or "text"}) - {remove or ""}
        return replace(behaviour, response_formats=formats)

    return behave


def _formless(kind: str) -> Callable[[ChatRequest], ChatRequest]:
    def ask(request: ChatRequest) -> ChatRequest:
        wanted = request.conversation.response_format
        if wanted is None or wanted.get("type") != kind:
            return request
        return replace(request, conversation=replace(request.conversation, response_format=None))

    return ask


def _knows(kind: str) -> Callable[[ModelBehaviour], bool]:
    return lambda behaviour: kind in behaviour.response_formats


def _unseeded(request: ChatRequest) -> ChatRequest:
    return replace(request, seed=None)


def _doubled(request: ChatRequest) -> ChatRequest:
    limit = request.sampling.max_tokens
    return replace(request, sampling=replace(request.sampling, max_tokens=limit and limit * 2))


def _domains() -> Iterator[Deviation]:
    for parameter in ("temperature", "top_p", "frequency_penalty", "presence_penalty", "reasoning_effort"):
        name = parameter.replace("_", "-")
        yield Deviation(
            name=f"{name}-unchecked",
            about=f"{parameter} outside its documented domain is accepted",
            applies=takes(parameter),
        )
    yield Deviation(
        name="temperature-narrow",
        about="temperature above 1 is refused, though documented up to 2",
        applies=takes("temperature"),
    )
    yield Deviation(
        name="stop-string-refused",
        about="stop as a plain string is refused, though documented",
        applies=takes("stop"),
    )
    yield Deviation(
        name="stop-list-refused",
        about="stop as a list is refused, though documented",
        applies=takes("stop"),
    )


PARAMETERS: Final[tuple[Deviation, ...]] = (
    *_matrix(),
    *_domains(),
    Deviation(name="ignores-seed", about="equal seeds draw different replies", ask=_unseeded),
    Deviation(name="max-tokens-doubled", about="twice as many tokens come as max_tokens allows", ask=_doubled),
    Deviation(
        name="ignores-json-object",
        about="response_format json_object is accepted and prose comes",
        applies=_knows("json_object"),
        ask=_formless("json_object"),
    ),
    Deviation(
        name="rejects-json-object",
        about="response_format json_object is refused",
        applies=_knows("json_object"),
        behave=_formats(remove="json_object"),
    ),
    Deviation(
        name="accepts-json-schema",
        about="response_format json_schema works where only json_object is documented",
        applies=lambda behaviour: "json_schema" not in behaviour.response_formats,
        behave=_formats(add="json_schema"),
    ),
    Deviation(
        name="ignores-json-schema",
        about="response_format json_schema is accepted and has no effect",
        behave=_formats(add="json_schema"),
        ask=_formless("json_schema"),
    ),
    Deviation(name="formats-unchecked", about="an unknown response_format is accepted"),
)
