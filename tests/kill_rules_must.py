"""Which claims have to turn, by the deviation that breaks their promise.

It stands apart from the consequences that are open, so that what is demanded can be read as one table.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from kill_rules import Carrying, Named, Selectors, SetWith, of
from kill_rules_subjects import (
    ARGUMENTS,
    BEARER,
    BY_EFFORT,
    CACHES,
    CALLS,
    CONTEXT,
    DECLARED_SEARCH,
    DELTA,
    DOMAINS,
    EVERY_TOKEN,
    EXISTS,
    FALLS,
    FEES,
    FORCED_SEARCH,
    FORMATS,
    FORMULA,
    IMAGE_ADDRESS,
    IMAGE_EXAMPLES,
    IMAGE_PRICE,
    IMAGES_TAKEN,
    JSON,
    LINK,
    NO_CACHE,
    NO_REASONING,
    OBEYED,
    OWN_KEY,
    REASONING,
    REASONING_APART,
    REASONING_CONTENT,
    REASONING_FIRST,
    REASONING_TOKENS,
    REVOKES,
    ROUND_TRIP,
    RPM,
    SEARCHES,
    SEES,
    STREAM_FIELD,
    STREAMS,
    STRUCTURE,
    TOKEN_PRICES,
    TOTAL,
    TPM,
    WORDED,
    WORDS,
    cell_of,
    domain_of,
    field_of,
)

# --- the matrix of models and parameters


_ALSO: Final[Mapping[str, Selectors]] = {
    "max_tokens": (of("guidance", has="max_tokens"),),
    "reasoning_effort": (BY_EFFORT,),
}


def _unusable(parameter: str) -> Selectors:
    """What a refusal of the parameter breaks, and an error of the server's no less."""
    return (
        *cell_of(parameter),
        *field_of(parameter),
        *domain_of(parameter),
        SetWith(parameter=parameter, accepted=True),
        Carrying(field=parameter),
        *_ALSO.get(parameter, ()),
    )


def _usable(parameter: str) -> Selectors:
    """What is broken where a parameter is taken that is documented as refused."""
    return (*cell_of(parameter), SetWith(parameter=parameter, accepted=False))


_PARAMETERS: Final = ("max_tokens", *WORDED, "reasoning_effort")


def _matrix() -> Iterator[tuple[str, Selectors]]:
    for parameter in _PARAMETERS:
        name = parameter.replace("_", "-")
        yield f"rejects-{name}", _unusable(parameter)
        yield f"fails-on-{name}", _unusable(parameter)
        yield f"ignores-{name}", (*cell_of(parameter), *field_of(parameter))
        if parameter in ("stop", "frequency_penalty", "presence_penalty", "reasoning_effort"):
            yield f"accepts-{name}", _usable(parameter)
            yield f"tolerates-{name}", _usable(parameter)
        if parameter in DOMAINS:
            yield f"{name}-unchecked", domain_of(parameter)


MUST: Final[Mapping[str, Selectors]] = {
    **dict(_matrix()),
    "temperature-narrow": domain_of("temperature"),
    "stop-string-refused": (of("request_schema", "stop.string"),),
    "stop-list-refused": (of("request_schema", "stop.list"), SetWith(parameter="stop", accepted=True)),
    "stop-shown": (*cell_of("stop"), *field_of("stop")),
    "max-tokens-doubled": (*cell_of("max_tokens"), *field_of("max_tokens")),
    "length-called-stop": (of("response_schema", "finish_reason.length"),),
    "canned": WORDS,
    "hashes-body": WORDS,
    # formats
    # K30: the structured outputs of the reference are read as json_object, for json_schema is refused.
    "ignores-json-object": (*JSON, *STRUCTURE),
    # A closed set says what is refused; that its members are taken is said of each by itself.
    "rejects-json-object": (*JSON, *STRUCTURE, Carrying(field="response_format")),
    "accepts-json-schema": (FORMATS,),
    "ignores-json-schema": (FORMATS,),
    "formats-unchecked": (FORMATS,),
    # messages
    # The example of JSON output says which keys it wants in a system message, comp:815-818.
    "system-ignored": (of("request_schema", "messages[].role.system"), of("example", json_parses=True)),
    "history-forgotten": (
        of("request_schema", "messages[].role.system"),
        of("request_schema", "messages[].role.assistant"),
        Carrying(field="turns"),
        of("example", json_parses=True),
    ),
    "beginning-forgotten": (CONTEXT,),
    "names-refused": (of("request_schema", "messages[].name"),),
    "parts-refused": (
        of("request_schema", "messages[].content.parts"),
        of("request_schema", "messages[].part.*"),
        *SEES,
        *IMAGES_TAKEN,
        *IMAGE_EXAMPLES,
    ),
    "roles-unchecked": (of("request_schema", "messages[].role.closed-set"),),
    # pictures and sound
    "image-addresses-refused": (IMAGE_ADDRESS, *IMAGE_EXAMPLES),
    "image-contents-refused": (of("request_schema", "messages[].part.image.base64"),),
    "vision-blind": SEES,
    "vision-refused": (*SEES, *IMAGES_TAKEN, IMAGE_ADDRESS, *IMAGE_EXAMPLES),
    "vision-anyway": (of("capability", capability="vision", value=False),),
    "vision-tolerated": (of("capability", capability="vision", value=False),),
    "audio-accepted": (of("capability", capability="audio", value=False),),
    # usage and prices
    "usage-missing": (
        of("response_schema", "usage"),
        of("response_schema", "usage.*", required=True),
        of("guidance", "usage.total_tokens"),
    ),
    "prompt-tokens-missing": (of("response_schema", "usage.prompt_tokens"),),
    "reasoning-tokens-missing": (REASONING_TOKENS,),
    "total-off-by-seven": TOTAL,
    "total-without-reasoning": TOTAL,
    "completion-includes-reasoning": (REASONING_APART,),
    "cached-never": (CACHES,),
    "cached-always": NO_CACHE,
    "cached-exceeds-prompt": (of("response_schema", "usage.prompt_tokens"),),
    # The formula says what is multiplied with which price; the prices are claims of their own.
    "price-plus-ten-percent": (*TOKEN_PRICES, FEES),
    "reasoning-not-billed": (FORMULA, EVERY_TOKEN),
    "search-not-billed": (FEES,),
    "images-dearer": (IMAGE_PRICE,),
    # reasoning
    "reasoning-absent": (*REASONING, of("parameter|constraint", param="reasoning_effort", support="supported")),
    "reasons-anyway": (NO_REASONING, REASONING_TOKENS),
    "reasoning-content-missing": (REASONING_CONTENT, DELTA),
    "reasoning-content-on-plain": (REASONING_CONTENT, Named(id="comp.stream.reasoning.absent-on-non-reasoning")),
    # models
    "window-halved": (CONTEXT,),
    "window-unchecked": (CONTEXT,),
    "model-absent": (EXISTS,),
    "alias-unknown": (of("alias"),),
    # shapes of replies
    "id-missing": (of("response_schema", "id"),),
    "object-wrong": (of("response_schema", "object"),),
    "created-text": (of("response_schema", "created"),),
    "choices-empty": (of("response_schema", "choices"),),
    "index-missing": (of("response_schema", "choice.index"),),
    "role-wrong": (of("response_schema", "message.role"),),
    "finish-reason-unknown": (of("response_schema", "finish_reason.*"),),
    # pictures that are made
    "images-absent": (of("endpoint", "POST /v1/images/generations"),),
    "images-size-refused": (of("request_schema", "size"),),
    "images-created-missing": (of("response_schema", "created"),),
    "images-n-ignored": (of("request_schema", "n"), of("response_schema", "data[].url")),
    # streams
    "stream-unsupported": (*STREAMS, STREAM_FIELD, Carrying(field="stream")),
    "stream-ignored": (*STREAMS, STREAM_FIELD),
    "stream-words-lost": STREAMS,
    "stream-content-type": (of("stream", field="stream"),),
    "stream-no-blank-line": (of("stream", has="events_separated_by"),),
    "stream-no-data-prefix": (of("stream", has="line_prefix"),),
    "stream-no-done": (of("stream", has="terminator"),),
    "stream-no-role": (of("stream", has="delta.role"),),
    "stream-role-repeated": (of("stream", delta="content only"),),
    # VERDICTS.md has a stream finish once: of the two claims about reasons this is the one of the end.
    "stream-finish-twice": (of("stream", finish_reason="stop"),),
    "stream-finish-missing": (of("stream", finish_reason="stop"),),
    "stream-finish-empty": (Named(id="comp.stream.middle.finish-null"),),
    "stream-finish-on-content": (of("stream", delta={}),),
    "stream-created-changes": (of("stream", type="unix timestamp"),),
    "stream-id-changes": (Named(id="comp.stream.chunk.id"),),
    "stream-model-changes": (of("stream", equals="requested model"),),
    "stream-object-wrong": (of("stream", const="chat.completion.chunk"),),
    "stream-index-missing": (Named(id="comp.stream.chunk.choices.index"),),
    "stream-reasoning-last": REASONING_FIRST,
    "stream-usage-uninvited": (of("stream", has="usage_in_stream"),),
    "stream-call-unnamed": (of("stream", has="path"),),
    # tools
    "ignores-tools": (*CALLS, *SEARCHES, FORCED_SEARCH),
    "rejects-tools": (
        *CALLS,
        *SEARCHES,
        FORCED_SEARCH,
        DECLARED_SEARCH,
        Carrying(field="tools"),
        Carrying(field="tool"),
    ),
    "function-pretended": (*CALLS, of("tool_flow", executor="client")),
    "tool-choice-none-ignored": (of("request_schema", "tool_choice.none"),),
    "tool-choice-named-ignored": (of("request_schema", "tool_choice.object"), FORCED_SEARCH),
    "tool-choice-named-refused": (of("request_schema", "tool_choice.object"), FORCED_SEARCH),
    "tool-ids-repeated": (of("tool_flow", has="tool_calls[].id"),),
    "tool-ids-missing": (of("tool_flow", has="tool_calls[].id"),),
    "tool-arguments-invalid": (ARGUMENTS,),
    "tool-arguments-parsed": (ARGUMENTS,),
    "tool-arguments-off-schema": OBEYED,
    "tool-type-missing": (of("tool_flow", has="tool_calls[].type"),),
    "tool-content-said": (of("tool_flow", content=None),),
    "tool-finish-stop": (of("response_schema", "finish_reason.tool_calls"),),
    "tool-links-unchecked": (LINK,),
    "tools-unchecked": (of("tool_schema", "tools[].type"),),
    "results-ignored": ROUND_TRIP,
    "results-refused": (*ROUND_TRIP, LINK, of("tool_flow", second_request_needs_tools=False)),
    "tools-needed-again": (of("tool_flow", second_request_needs_tools=False),),
    "search-returned": SEARCHES,
    "search-refused": (*SEARCHES, FORCED_SEARCH, DECLARED_SEARCH),
    # limits
    "limit-headers-absent": (of("rate_header", present=True),),
    "limit-headers-wrong-requests": RPM,
    "limit-headers-wrong-tokens": (TPM,),
    "limit-headers-frozen": (FALLS,),
    "limit-headers-not-integers": (of("rate_header", format="integer"),),
    "limit-headers-reset-duration": (of("rate_header", format="RFC 3339 UTC timestamp"),),
    "limits-not-enforced": (of("rate_limit", has="concurrent"),),
    # endpoints and keys
    "tokenize-absent": (of("endpoint", "POST /v1/tokenize-text*"),),
    "messages-absent": (of("endpoint", "POST /v1/messages"),),
    "embeddings-available": (of("endpoint", "POST /v1/embeddings"),),
    "deferred-never-ready": (of("endpoint", "*deferred*"), of("doc_section", title="Deferred Chat Completions")),
    "deferred-absent": (of("endpoint", "*deferred*"), of("doc_section", title="Deferred Chat Completions")),
    "models-absent": (of("endpoint", "GET /v1/models*"),),
    "api-key-absent": (of("endpoint", "GET /v1/api-key*"),),
    "auth-bad-key-accepted": (BEARER,),
    "auth-missing-key-accepted": (BEARER,),
    "management-accepts-inference-key": (OWN_KEY,),
    "inference-accepts-management-key": (OWN_KEY,),
    "management-create-absent": (of("endpoint", does="create API key"),),
    "management-revoke-absent": (REVOKES,),
    "management-revoke-ignored": (REVOKES,),
    "management-models-absent": (of("endpoint", does="list available models"),),
    "management-endpoints-absent": (of("endpoint", does="list endpoint ACLs"),),
    "management-validation-absent": (of("endpoint", does="validate management key"),),
}
