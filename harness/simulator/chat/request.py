"""A chat request, read and checked in the order in which a server would: what it is, for whom, types, then values.

It stands apart because everything after it may trust what it holds.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.simulator.chat.fields import (
    Body,
    check_shape,
    in_range,
    one_of,
    read_flag,
    read_integer,
    read_number,
    read_object,
    read_text,
    required,
)
from harness.simulator.chat.messages import Messages, read_messages
from harness.simulator.chat.refusal import Refusal, invalid, unknown_model, unreadable, unsupported
from harness.simulator.chat.tools import ToolRequest, read_tools
from harness.simulator.language.sampling import Sampling
from harness.simulator.language.tokens import count_tokens
from harness.simulator.profile import ModelBehaviour, Profile
from harness.simulator.skills.conversation import Conversation

MOST_STOPS: Final = 4
MOST_CHOICES: Final = 8
MOST_TOP_LOGPROBS: Final = 8
DEFAULT_MAX_TOKENS: Final = 4_096
"""Where a request names none: a choice of ours, as the documents say that it varies, and no more."""
_SEED_BITS: Final = 63

KNOWN: Final = frozenset(
    {
        *("model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "stop", "n", "seed"),
        *("frequency_penalty", "presence_penalty", "reasoning_effort", "stream", "stream_options", "deferred"),
        *("tools", "tool_choice", "parallel_tool_calls", "response_format", "logprobs", "top_logprobs"),
        *("search_parameters", "user"),
    }
)
"""The fields that mean something; all others are ignored."""

NUMBERS: Final = ("temperature", "top_p", "frequency_penalty", "presence_penalty")
"""Parameters that are numbers within the profile's ranges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What a request asks for, every value of the right type and within its domain.

    prompt          tools and conversation as one text
    prompt_tokens   its tokens and those of its images
    managed         names of tools that the server runs
    live_search     whether sources are to be searched before answering, or None to decide by the question
    logprobs        None if they were not asked for, else how many alternatives each token has
    effort          None where the request names none
    """

    behaviour: ModelBehaviour
    conversation: Conversation
    prompt: str
    prompt_tokens: int
    image_tokens: int = 0
    sampling: Sampling
    choices: int = 1
    seed: int | None = None
    stream: bool = False
    include_usage: bool = False
    logprobs: int | None = None
    effort: str | None = None
    managed: frozenset[str] = frozenset()
    live_search: bool | None = False


def read_request(body: Any, profile: Profile) -> ChatRequest:
    """The request, or the first refusal that a server would give.

    raises  Refusal
    """
    fields = as_body(body)
    behaviour = find_chat_model(fields, profile)
    lax = profile.deviations_for(behaviour.id)
    if "unknown-fields-refused" in lax and not fields.keys() <= KNOWN:
        raise invalid(f"Unknown argument: {min(fields.keys() - KNOWN)[:80]}")
    _check_rejected(fields, behaviour)
    sampling, logprobs = _read_sampling(fields, profile.ranges, lax)
    tooling = read_tools(fields, behaviour, profile.wire, lax)
    live = _read_live_search(fields, profile)
    effort = read_text(fields.get("reasoning_effort"), "reasoning_effort")
    if "reasoning-effort-unchecked" not in lax:
        one_of(effort, "reasoning_effort", behaviour.efforts)
    response_format = _read_response_format(fields, behaviour, lax)
    stream = read_flag(fields.get("stream"), "stream") or False
    if stream and not behaviour.streaming:
        raise unsupported("stream")
    options = read_object(fields.get("stream_options"), "stream_options") or {}
    choices, seed = _read_choices(fields)
    messages = read_messages(fields.get("messages"), behaviour, lax)
    prompt = _prompt(messages, tooling, response_format)
    request = ChatRequest(
        behaviour=behaviour,
        conversation=Conversation(
            messages=messages.turns,
            tools=tooling.tools,
            tool_choice=tooling.choice,
            parallel=tooling.parallel,
            response_format=response_format,
            sees_images=behaviour.vision,
        ),
        prompt=prompt,
        prompt_tokens=count_tokens(prompt) + messages.image_tokens,
        image_tokens=messages.image_tokens,
        sampling=sampling,
        choices=choices,
        seed=seed,
        stream=stream,
        include_usage=read_flag(options.get("include_usage"), "stream_options.include_usage") or False,
        logprobs=logprobs,
        effort=effort,
        managed=tooling.managed,
        live_search=live,
    )
    if "window-unchecked" not in lax:
        _check_window(request)
    return request


def as_body(body: Any) -> Body:
    """The request as an object whose every string and nesting can be worked with."""
    if not isinstance(body, dict):
        raise unreadable("expected an object")
    check_shape(body)
    return body


def find_model(fields: Body, profile: Profile, *, otherwise: ModelBehaviour | None = None) -> ModelBehaviour:
    """The model that the request names, by id or alias; for a name that is none, `otherwise`.

    raises  Refusal: 404 where there is no such model, 422 where none is named
    """
    name = required(read_text(fields.get("model"), "model"), "model")
    found = profile.find(name) or otherwise
    if found is None or "model-absent" in profile.deviations_for(found.id):
        raise unknown_model(name)
    return found


def find_chat_model(fields: Body, profile: Profile) -> ModelBehaviour:
    """The chat model that the request names."""
    lax = "unknown-model-answered" in profile.deviations_for(None)
    behaviour = find_model(fields, profile, otherwise=next(iter(profile.models.values())) if lax else None)
    if behaviour.makes != "text":
        raise invalid(f"Invalid value for model: {behaviour.id} does not chat.")
    return behaviour


def _check_rejected(fields: Body, behaviour: ModelBehaviour) -> None:
    """Refuse what the model does not take. Null counts as absent; 0 and [] do not: sending it is what is refused."""
    for name in sorted(behaviour.answers_500_to):
        if fields.get(name) is not None:
            raise Refusal(500, "The service encountered an error", "Internal server error")
    for name in sorted(behaviour.rejects):
        if fields.get(name) is not None:
            raise unsupported(name)


def _read_sampling(
    fields: Body, ranges: Mapping[str, tuple[float, float]], lax: frozenset[str]
) -> tuple[Sampling, int | None]:
    values: dict[str, float] = {}
    for name in NUMBERS:
        least, most = ranges.get(name, (-math.inf, math.inf))
        number = read_number(fields.get(name), name)
        if f"{name.replace('_', '-')}-unchecked" not in lax:
            in_range(number, name, least, 1 if name == "temperature" and "temperature-narrow" in lax else most)
        if number is not None and not math.isnan(number):
            values[name] = min(max(number, least), most)
    limits = [_read_max_tokens(fields, name) for name in ("max_tokens", "max_completion_tokens")]
    wanted = read_flag(fields.get("logprobs"), "logprobs") or False
    top = read_integer(fields.get("top_logprobs"), "top_logprobs")
    in_range(top, "top_logprobs", 0, MOST_TOP_LOGPROBS)
    if top and not wanted:
        raise invalid("Invalid value for top_logprobs: logprobs must be true.")
    return Sampling(
        temperature=values.get("temperature", 1.0),
        top_p=values.get("top_p", 1.0),
        frequency_penalty=values.get("frequency_penalty", 0.0),
        presence_penalty=values.get("presence_penalty", 0.0),
        stop=_read_stop(fields.get("stop"), lax),
        max_tokens=min((limit for limit in limits if limit is not None), default=DEFAULT_MAX_TOKENS),
        top_logprobs=top or 0,
    ), (top or 0) if wanted else None


def _read_max_tokens(fields: Body, name: str) -> int | None:
    limit = read_integer(fields.get(name), name)
    if limit is not None and limit < 1:
        raise invalid(f"Invalid value for {name}: must be at least 1.")
    return limit


def _read_stop(value: Any, lax: frozenset[str]) -> tuple[str, ...]:
    if value is None:
        return ()
    if (isinstance(value, str) and "stop-string-refused" in lax) or (
        isinstance(value, list) and "stop-list-refused" in lax
    ):
        raise unreadable("stop: invalid type")
    if not isinstance(value, str | list):
        raise unreadable("stop: expected a string or an array of strings")
    entries = [value] if isinstance(value, str) else value
    if len(entries) > MOST_STOPS:
        raise invalid(f"Invalid value for stop: at most {MOST_STOPS} sequences may be given.")
    stops = tuple(
        required(read_text(entry, f"stop[{number}]"), f"stop[{number}]") for number, entry in enumerate(entries)
    )
    if "" in stops:
        raise invalid("Invalid value for stop: a sequence must not be empty.")
    return stops


def _read_choices(fields: Body) -> tuple[int, int | None]:
    choices = read_integer(fields.get("n"), "n")
    in_range(choices, "n", 1, MOST_CHOICES)
    seed = read_integer(fields.get("seed"), "seed")
    if seed is not None and seed.bit_length() > _SEED_BITS:
        raise invalid("Invalid value for seed: must fit into 64 bits.")
    return choices or 1, seed


def _read_response_format(fields: Body, behaviour: ModelBehaviour, lax: frozenset[str]) -> Body | None:
    wanted = read_object(fields.get("response_format"), "response_format")
    if wanted is None:
        return None
    kind = required(read_text(wanted.get("type"), "response_format.type"), "response_format.type")
    if "formats-unchecked" in lax and kind not in {"text", "json_object", "json_schema"}:
        return None
    one_of(kind, "response_format.type", sorted(behaviour.response_formats))
    if kind == "json_schema":
        schema = required(
            read_object(wanted.get("json_schema"), "response_format.json_schema"), "response_format.json_schema"
        )
        name = "response_format.json_schema.schema"
        required(read_object(schema.get("schema"), name), name)
    return wanted


def _read_live_search(fields: Body, profile: Profile) -> bool | None:
    """True to search, False not to, None to decide by the question."""
    wanted = fields.get("search_parameters")
    if wanted is None:
        return False
    if not profile.wire.live_search:
        raise Refusal(410, "", "Live search is deprecated. Please switch to the search tools.")
    mode = read_text((read_object(wanted, "search_parameters") or {}).get("mode"), "search_parameters.mode")
    one_of(mode, "search_parameters.mode", ("auto", "on", "off"))
    return {"on": True, "off": False}.get(mode or "auto")


def _prompt(messages: Messages, tooling: ToolRequest, response_format: Body | None) -> str:
    """Tools first: they change least from request to request, so that a cache keeps the most."""
    head = "".join(
        f"{tool.name}: {tool.description}\n{json.dumps(tool.parameters, ensure_ascii=False)}\n"
        for tool in tooling.tools
    )
    if response_format is not None and response_format.get("type") == "json_schema":
        head += json.dumps(response_format, ensure_ascii=False) + "\n"
    return head + messages.prompt


def _check_window(request: ChatRequest) -> None:
    window = request.behaviour.window_tokens
    if request.prompt_tokens > window:
        raise invalid(
            f"This model's maximum prompt length is {window} but the request contains {request.prompt_tokens} tokens."
        )
