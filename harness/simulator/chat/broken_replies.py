"""Broken promises about replies: their shape, their figures, what is said, and which model says it.

It stands apart because each of these is seen in any reply, whatever was asked.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from harness.simulator.chat.completion import Choice, Completion, Figures
from harness.simulator.chat.compose import bill
from harness.simulator.chat.deviation import Deviation, Json
from harness.simulator.chat.request import ChatRequest
from harness.simulator.language import Sampling, generate, load_language_model, tokenize
from harness.simulator.profile import ModelBehaviour

_CANNED: Final = "Thank you for your message. I am glad to be of help with this, and I hope that you have a fine day."
_ODD: Final = 7
Say = Callable[[Completion, ChatRequest, Any], Completion]


def _usage(change: Callable[[Json], None]) -> dict[str, Any]:
    """Hooks that change every usage object, in a body and in a stream."""

    def body(reply: Json) -> Json:
        if "usage" in reply:
            change(reply["usage"])
        return reply

    def chunks(stream: list[Any]) -> list[Any]:
        return [body(chunk) if isinstance(chunk, dict) else chunk for chunk in stream]

    return {"body": body, "chunks": chunks}


def _top(change: Callable[[Json], None]) -> Callable[[Json], Json]:
    def body(reply: Json) -> Json:
        change(reply)
        return reply

    return body


def _add_seven(usage: Json) -> None:
    usage["total_tokens"] += _ODD


def _total_without_reasoning(usage: Json) -> None:
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


def _completion_includes_reasoning(usage: Json) -> None:
    usage["completion_tokens"] += usage["completion_tokens_details"]["reasoning_tokens"]


def _no_reasoning_figures(usage: Json) -> None:
    usage.pop("reasoning_tokens", None)
    usage["completion_tokens_details"].pop("reasoning_tokens")


def _no_prompt_tokens(usage: Json) -> None:
    usage.pop("prompt_tokens")


def _no_source_count(usage: Json) -> None:
    usage.pop("num_sources_used")


def _figures(change: Callable[[Figures], Figures]) -> Say:
    def say(completion: Completion, request: ChatRequest, _body: Any) -> Completion:
        return replace(completion, figures=bill(change(completion.figures), request.behaviour))

    return say


def _dearer(completion: Completion, _request: ChatRequest, _body: Any) -> Completion:
    figures = completion.figures
    return replace(completion, figures=replace(figures, ticks=figures.ticks * 11 // 10))


def _reasoning_free(completion: Completion, request: ChatRequest, _body: Any) -> Completion:
    billed = bill(replace(completion.figures, reasoning=0), request.behaviour)
    return replace(completion, figures=replace(completion.figures, ticks=billed.ticks))


def _search_free(completion: Completion, request: ChatRequest, _body: Any) -> Completion:
    billed = bill(replace(completion.figures, searches=()), request.behaviour)
    return replace(completion, figures=replace(completion.figures, ticks=billed.ticks))


def _each_choice(change: Callable[[Choice], Choice]) -> Say:
    def say(completion: Completion, _request: ChatRequest, _body: Any) -> Completion:
        return replace(completion, choices=tuple(map(change, completion.choices)))

    return say


def _counting_thoughts(completion: Completion, request: ChatRequest, _body: Any) -> Completion:
    """max_tokens bounds thoughts and text together, as if both were seen."""
    limit = request.sampling.max_tokens or completion.figures.total
    reasoning = min(completion.figures.reasoning, limit)
    left = limit - reasoning
    choices = tuple(
        choice
        if len(choice.pieces) <= left
        else replace(choice, pieces=choice.pieces[:left], draws=choice.draws[:left], finish_reason="length")
        for choice in completion.choices
    )
    visible = min(completion.figures.visible, left)
    figures = bill(replace(completion.figures, visible=visible, reasoning=reasoning), request.behaviour)
    return replace(completion, choices=choices, figures=figures)


def _stop_shown(completion: Completion, request: ChatRequest, _body: Any) -> Completion:
    def shown(choice: Choice) -> Choice:
        whole = "".join(draw.token for draw in choice.draws)
        found = next((stop for stop in request.sampling.stop if whole[len(choice.text) :].startswith(stop)), "")
        end = len(choice.text) + len(found)
        return _said(choice, whole[:end]) if found else choice

    return replace(completion, choices=tuple(map(shown, completion.choices)))


def _said(choice: Choice, text: str) -> Choice:
    return choice.saying(tokenize(text))


def _canned(completion: Completion, request: ChatRequest, _body: Any) -> Completion:
    return _retold(completion, _CANNED, request)


def _retold(completion: Completion, text: str, request: ChatRequest) -> Completion:
    """The completion with other words in every choice, as many as max_tokens allows; they are counted and billed."""
    tokens = tokenize(text)
    limit = request.sampling.max_tokens or len(tokens)
    reason = "length" if len(tokens) > limit else "stop"
    choices = tuple(
        replace(choice.saying(tokens[:limit]), calls=(), finish_reason=reason) for choice in completion.choices
    )
    figures = replace(completion.figures, visible=min(limit, len(tokens)) * len(choices))
    return replace(completion, choices=choices, figures=bill(figures, request.behaviour))


def _hashed(completion: Completion, request: ChatRequest, body: Any) -> Completion:
    """Words that depend on the body's bytes alone: any field changes them, and none means anything."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    random = np.random.default_rng(list(digest[:16]))
    sampling = Sampling(temperature=0.9, max_tokens=40)
    text = generate(load_language_model(), prompt="", draft=None, sampling=sampling, random=random).text
    return _retold(completion, text, request)


def _thoughtful(completion: Completion, _request: ChatRequest, _body: Any) -> Completion:
    thought = tuple(tokenize("The request is plain enough, so a short answer will do."))
    return replace(completion, choices=tuple(replace(choice, thought=thought) for choice in completion.choices))


def _redirected(completion: Completion, request: ChatRequest, _body: Any) -> Completion:
    other = "grok-3-mini" if request.behaviour.id != "grok-3-mini" else "grok-3"
    return replace(completion, model=other)


def _always_cached(completion: Completion, request: ChatRequest, _body: Any) -> Completion:
    figures = replace(completion.figures, cached=completion.figures.prompt)
    return replace(completion, figures=bill(figures, request.behaviour))


def _overcached(usage: Json) -> None:
    usage["prompt_tokens_details"]["cached_tokens"] = usage["prompt_tokens"] + 64


def _reasons(behaviour: ModelBehaviour) -> bool:
    return behaviour.reasoning != "none"


def _plain(behaviour: ModelBehaviour) -> bool:
    return behaviour.reasoning == "none"


def _thoughtless(behaviour: ModelBehaviour) -> ModelBehaviour:
    return replace(behaviour, reasoning_tokens=(0, 0))


def _reasoning_anyway(behaviour: ModelBehaviour) -> ModelBehaviour:
    return replace(behaviour, reasoning="always", reasoning_tokens=(500, 900))


def _message(name: str, value: Any) -> Callable[[Json], Json]:
    def body(reply: Json) -> Json:
        for choice in reply["choices"]:
            choice["message"][name] = value
        return reply

    return body


def _without(name: str) -> Callable[[Json], Json]:
    return _top(lambda reply: reply.pop(name) and None)


def _lookup(name: str, value: Any) -> Callable[[Json], Json]:
    return _top(lambda reply: reply.update({name: value}))


def _finish(reply: Json) -> None:
    for choice in reply["choices"]:
        choice["finish_reason"] = "end_turn"


def _no_index(reply: Json) -> None:
    for choice in reply["choices"]:
        del choice["index"]


def _milliseconds(reply: Json) -> None:
    reply["created"] = f"{reply['created']}000"


REPLIES: Final[tuple[Deviation, ...]] = (
    Deviation(name="total-off-by-seven", about="usage.total_tokens is seven too many", **_usage(_add_seven)),
    Deviation(
        name="total-without-reasoning",
        about="usage.total_tokens leaves reasoning out",
        applies=_reasons,
        **_usage(_total_without_reasoning),
    ),
    Deviation(
        name="completion-includes-reasoning",
        about="usage.completion_tokens counts reasoning too, and the total does not change",
        applies=_reasons,
        **_usage(_completion_includes_reasoning),
    ),
    Deviation(
        name="reasoning-tokens-missing",
        about="usage does not say how many reasoning tokens there were",
        applies=_reasons,
        **_usage(_no_reasoning_figures),
    ),
    Deviation(name="prompt-tokens-missing", about="usage.prompt_tokens is missing", **_usage(_no_prompt_tokens)),
    Deviation(name="usage-missing", about="a reply has no usage", body=_without("usage")),
    Deviation(
        name="cached-never",
        about="no token is ever cached",
        applies=lambda behaviour: behaviour.prompt_cache,
        behave=lambda behaviour: replace(behaviour, prompt_cache=False),
    ),
    Deviation(
        name="cached-always",
        about="every prompt is said to be cached whole, on models without a cache",
        applies=lambda behaviour: not behaviour.prompt_cache,
        say=_always_cached,
    ),
    Deviation(name="cached-exceeds-prompt", about="more tokens are cached than sent", **_usage(_overcached)),
    Deviation(name="price-plus-ten-percent", about="a reply is billed at a tenth more than its price", say=_dearer),
    Deviation(
        name="reasoning-not-billed", about="reasoning tokens cost nothing", applies=_reasons, say=_reasoning_free
    ),
    Deviation(name="search-not-billed", about="a search that the server runs costs nothing", say=_search_free),
    Deviation(name="sources-not-counted", about="num_sources_used is missing", **_usage(_no_source_count)),
    Deviation(
        name="max-tokens-counts-reasoning",
        about="max_tokens bounds reasoning and text together",
        applies=_reasons,
        say=_counting_thoughts,
    ),
    Deviation(
        name="length-called-stop",
        about="a reply that max_tokens cut off says finish_reason stop",
        say=_each_choice(
            lambda choice: replace(choice, finish_reason="stop") if choice.finish_reason == "length" else choice
        ),
    ),
    Deviation(
        name="stop-shown",
        about="a stop sequence ends the text and stands at its end",
        applies=lambda behaviour: "stop" not in behaviour.rejects,
        say=_stop_shown,
    ),
    Deviation(name="canned", about="every prompt draws the same words", say=_canned),
    Deviation(name="hashes-body", about="the words depend on a digest of the body and on nothing else", say=_hashed),
    Deviation(name="model-redirected", about="another model answers, and says so", say=_redirected),
    Deviation(
        name="reasoning-absent",
        about="a model that is documented to reason never does",
        applies=_reasons,
        behave=_thoughtless,
    ),
    Deviation(
        name="reasons-anyway",
        about="a model that is documented not to reason does, unseen",
        applies=_plain,
        behave=_reasoning_anyway,
    ),
    Deviation(
        name="reasoning-content-missing",
        about="reasoning is counted and not shown",
        applies=lambda behaviour: behaviour.shows_reasoning,
        behave=lambda behaviour: replace(behaviour, shows_reasoning=False),
    ),
    Deviation(
        name="reasoning-content-on-plain",
        about="a model that does not reason shows reasoning_content",
        applies=_plain,
        say=_thoughtful,
    ),
    Deviation(
        name="window-halved",
        about="the context window is half of what is documented",
        behave=lambda behaviour: replace(behaviour, window_tokens=behaviour.window_tokens // 2),
    ),
    Deviation(name="window-unchecked", about="a prompt longer than the context window is answered"),
    Deviation(name="id-missing", about="a reply has no id", body=_without("id")),
    Deviation(
        name="object-wrong", about="a reply's object is 'text_completion'", body=_lookup("object", "text_completion")
    ),
    Deviation(name="created-text", about="created is a text of milliseconds", body=_top(_milliseconds)),
    Deviation(name="choices-empty", about="a reply has no choices", body=_lookup("choices", [])),
    Deviation(name="index-missing", about="a choice has no index", body=_top(_no_index)),
    Deviation(name="role-wrong", about="a reply's role is 'model'", body=_message("role", "model")),
    Deviation(name="finish-reason-unknown", about="finish_reason is 'end_turn'", body=_top(_finish)),
    Deviation(
        name="alias-unknown",
        about="the documented aliases of a model are unknown",
        applies=lambda behaviour: bool(behaviour.aliases),
        behave=lambda behaviour: replace(behaviour, aliases=()),
    ),
    Deviation(name="model-absent", about="the model is in no listing and cannot be used"),
    Deviation(name="model-unlisted", about="the model answers and is in no listing"),
    Deviation(name="images-size-refused", of="image", about="an image request may not say its size"),
    Deviation(name="images-created-missing", of="image", about="an image reply has no created"),
    Deviation(name="images-n-ignored", of="image", about="one image comes whatever n says"),
    Deviation(name="images-dearer", of="image", about="an image is billed at a tenth more than its price"),
    Deviation(
        name="unknown-model-answered",
        of="server",
        # It cannot be confined to a model: the one that is asked for does not exist.
        applies=lambda _behaviour: False,
        about="a model that does not exist is answered by another",
    ),
)
