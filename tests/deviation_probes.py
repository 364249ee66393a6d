"""How each broken promise shows, and one beside it that still holds.

It stands at the top because the table is long; `tests/simulator/test_deviations.py` runs it against the unbroken
simulator and the broken one.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from chat_samples import COUNT, MINI, NOW, PLAIN, THINKER, WEATHER, WEB_SEARCH, ask, calls, streamed, text

from harness.simulator.chat.refusal import Refusal

OPEN = "Write about the sea."
RAIN = "Is it raining in Oslo?"
TWO = "What is the weather in Oslo and in Paris?"
NEWS = "What is the latest news?"
DRAWER = "grok-2-image-1212"
FORCED = {"type": "function", "function": {"name": "get_weather"}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
LONG = "The tide comes in twice a day and goes out again as often. " * 20
RESULT = [
    {"role": "user", "content": RAIN},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "c1", "content": '{"condition": "hail"}'},
]
STRAY = [RESULT[0], RESULT[2]]


@dataclass(frozen=True, kw_only=True)
class Probe:
    """shows and holds take a service and a model's name; shows is True of the broken simulator alone."""

    shows: Any
    holds: Any
    model: str = PLAIN


def status(service, model, *arguments, **fields):
    """The status that a question draws."""
    try:
        ask(service, *arguments, model=model, **fields)
    except Refusal as refused:
        return refused.status
    return 200


def draws(expected, **fields):
    """The question draws this status."""
    return lambda service, model: status(service, model, **{"max_tokens": 5} | fields) == expected


def answered(*arguments, **fields):
    """The whole body of a reply."""
    return lambda service, model: ask(service, *arguments, model=model, **fields).body


def served(see, *arguments, **fields):
    """The question is answered at all, and what is said is so."""

    def shows(service, model):
        try:
            return see(text(ask(service, *arguments, model=model, **fields)))
        except Refusal:
            return False

    return shows


def usage(see, **fields):
    return lambda service, model: see(ask(service, COUNT, model=model, **fields).body["usage"])


def body(see, *arguments, **fields):
    arguments = arguments or (COUNT,)
    return lambda service, model: see(ask(service, *arguments, model=model, **fields).body)


def choice(see, *arguments, **fields):
    return body(lambda reply: see(reply["choices"][0]), *arguments, **fields)


def message(see, *arguments, **fields):
    return choice(lambda first: see(first["message"]), *arguments, **fields)


def stream(see, *arguments, **fields):
    arguments = arguments or (COUNT,)
    return lambda service, model: see(ask(service, *arguments, model=model, stream=True, **fields).chunks)


def entries(chunks):
    return [chunk["choices"][0] for chunk in chunks if isinstance(chunk, dict) and chunk["choices"]]


def distinct(**fields):
    def count(service, model):
        return len({text(ask(service, OPEN, model=model, max_tokens=20, **fields)) for _ in range(4)})

    return count


def varies(**fields):
    return lambda service, model: distinct(**fields)(service, model) > 1


def steady(**fields):
    return lambda service, model: distinct(**fields)(service, model) == 1


def doubt(service, model, **fields):
    """How unlikely each token of a forced repetition was: penalties show here before they show in the text."""
    reply = ask(service, "Repeat the word tea 20 times.", model=model, logprobs=True, seed=1, **fields)
    drawn = reply.body["choices"][0]["logprobs"]["content"][:20]
    return sum(-entry["logprob"] for entry in drawn) / len(drawn)


def unpenalised(parameter):
    return lambda service, model: doubt(service, model, **{parameter: 2}) < 1.5 * doubt(service, model)


def thinks(service, model, **fields):
    return ask(service, COUNT, model=model, **fields).body["usage"]["completion_tokens_details"]["reasoning_tokens"]


def consistent(used):
    parts = used["prompt_tokens"] + used["completion_tokens"] + used["completion_tokens_details"]["reasoning_tokens"]
    return parts == used["total_tokens"]


def billed(service, model):
    """Whether the price is the documented one."""
    used = ask(service, COUNT, model=model).body["usage"]
    tariff = {PLAIN: (2, 10), THINKER: (2, 10), MINI: (0.5, 1.5)}[model]
    said = used["completion_tokens"] + used["completion_tokens_details"]["reasoning_tokens"]
    return math.isclose(used["cost_in_usd_ticks"], 10_000 * (used["prompt_tokens"] * tariff[0] + said * tariff[1]))


def search_fee(service, model):
    used = ask(service, NEWS, model=model, tools=[WEB_SEARCH]).body["usage"]
    return used["cost_in_usd_ticks"] > 50_000_000


def cached(service, model):
    for _ in range(2):
        reply = ask(service, LONG, model=model, max_tokens=1)
    return reply.body["usage"]["prompt_tokens_details"]["cached_tokens"]


def said(service, model, prompt=COUNT, **fields):
    """The words of a reply at temperature 0."""
    return text(ask(service, prompt, model=model, temperature=0, **fields))


def loses_words(service, model):
    reply = ask(service, COUNT, model=model, stream=True)
    return streamed(reply) != text(reply)


def five_tokens(service, model):
    used = ask(service, COUNT, model=model, max_tokens=5).body["usage"]
    return used["completion_tokens"] == 5


def greets(service, model):
    return status(service, model, "Say hello.") == 200


def well_counted(service, model):
    return consistent(ask(service, COUNT, model=model).body["usage"])


def well_streamed(service, model):
    chunks = ask(service, COUNT, model=model, stream=True).chunks
    return streamed(ask(service, COUNT, model=model, stream=True)) != "" and chunks[0]["object"].startswith("chat")


def calls_weather(service, model):
    return [name for name, _ in calls(ask(service, RAIN, model=model, tools=[WEATHER]))] == ["get_weather"]


def stops(service, model):
    return "9" not in text(ask(service, COUNT, model=model, stop=["9"]))


def pictures(see, **fields):
    return lambda service, _model: see(service.images({"model": DRAWER, "prompt": "a circle", **fields}, now=NOW))


def picture_refused(service, _model):
    try:
        service.images({"model": DRAWER, "prompt": "a circle", "size": "64x64"}, now=NOW)
    except Refusal:
        return True
    return False


def listed(service, model):
    return model in [each["id"] for each in service.models().models()["data"]]


def parses(value):
    try:
        json.loads(value or "")
    except ValueError:
        return False
    return True
