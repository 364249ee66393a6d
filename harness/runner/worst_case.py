"""What one request may take at most, before it is sent: tokens and dollars.

It stands apart because budgets, pacing and plans must reckon alike, and a budget holds only if no reply can cost more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from harness.core.catalogue import Model, Provider, Tariff
from harness.core.chat import ChatRequest
from harness.core.cost import MILLION
from harness.core.plain import PlainRequest

# What a server may put before a prompt, unseen: a chat template, a tool preamble, a system prompt of its own.
HIDDEN_TOKENS = 1_024
# An image by address is a few bytes here. The most that a document we know of counts for one is 1,792.
IMAGE_TOKENS = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstCase:
    """The most that one request may take.

    input_tokens   a token has at least one byte, so no prompt has more tokens than bytes; and what is not seen
    output_tokens  of all its choices, thoughts included; None where nothing bounds them
    usd            None where nothing bounds it
    """

    input_tokens: int = 0
    output_tokens: int | None = 0
    usd: Decimal | None = Decimal(0)


NOTHING = WorstCase()


def worst_case(
    request: ChatRequest | PlainRequest, body_bytes: int, provider: Provider, model: str, profile: str
) -> WorstCase:
    """What a request may take at most.

    body_bytes  length of the body as it is sent
    model       the model's name as it is sent
    """
    if isinstance(request, PlainRequest):
        if not request.asks_model:
            return NOTHING
        body: Mapping[str, Any] = request.body if isinstance(request.body, Mapping) else {}
        images, tools = 0, _listed(body.get("tools"))
    else:
        body = request.params
        images = sum(part.kind == "image" for message in request.messages for part in message.parts)
        tools = request.tools
    found, tariff = provider.find_model(model), provider.find_tariff(model, profile)
    input_tokens = body_bytes + HIDDEN_TOKENS + IMAGE_TOKENS * images
    replies = _count(body.get("n"), 1)
    if found is not None and found.makes == "image":
        usd = None if tariff is None or tariff.image is None else tariff.image * replies
        return WorstCase(input_tokens=input_tokens, usd=usd)
    bound = _output_bound(body, found)
    output_tokens = None if bound is None else bound * replies
    # What the vendor's own tools fetch is billed by the call and read as input, and no field bounds how often they run.
    searches = "search_parameters" in body or any(tool.get("type", "function") != "function" for tool in tools)
    usd = None if searches else _dearest(input_tokens, output_tokens, tariff)
    return WorstCase(input_tokens=input_tokens, output_tokens=output_tokens, usd=usd)


def _listed(tools: object) -> Sequence[Mapping[str, Any]]:
    return [tool for tool in tools if isinstance(tool, Mapping)] if isinstance(tools, list) else []


def _count(value: object, otherwise: int) -> int:
    # A number below 1 is asked to be refused; should it not be, one reply comes.
    return max(1, value) if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _output_bound(body: Mapping[str, Any], model: Model | None) -> int | None:
    """Tokens that one reply may have, thoughts included.

    `max_completion_tokens` counts thoughts by its own definition; `max_tokens` bounds what is seen, and a model that
    thinks may think beyond it: documents say both, so the dearer reading holds (conflict K28 of xAI's register).
    """
    said = body.get("max_completion_tokens")
    if said is None and not (model is not None and "reasoning" in model.capabilities):
        said = body.get("max_tokens")
    longest = None if model is None else model.max_output_tokens or model.window_tokens
    if not isinstance(said, int) or isinstance(said, bool) or said < 1:
        return longest
    return said if longest is None else min(said, longest)


def _dearest(input_tokens: int, output_tokens: int | None, tariff: Tariff | None) -> Decimal | None:
    if tariff is None or tariff.input is None or tariff.output is None:
        return None
    tier = tariff.long_context
    beyond = tier is not None and input_tokens > tier.above_tokens
    inputs = [tariff.input, tariff.cached_input, tier.input if tier is not None and beyond else None]
    outputs = [tariff.output, tariff.reasoning, tier.output if tier is not None and beyond else None]
    input_rate, output_rate = (max(rate for rate in rates if rate is not None) for rates in (inputs, outputs))
    if output_tokens is None:
        # What costs nothing a token costs nothing without a bound, too.
        return Decimal(0) if input_rate == output_rate == 0 else None
    return (input_tokens * input_rate + output_tokens * output_rate) / MILLION
