"""What claims of the xai register are about, as selectors over their fields.

It stands apart so that rules read as sentences: each name here is a promise that both documents together make.
"""

from typing import Final

from kill_rules import Carrying, Named, Selectors, of

# --- claims by what they are about


def cell_of(parameter: str) -> Selectors:
    """The cells of the matrix of models and parameters."""
    return (of("parameter|constraint", param=parameter),)


def field_of(parameter: str) -> Selectors:
    """That a field works, in each of its documented forms."""
    return tuple(of("request_schema", f"{parameter}{form}", type=type_) for form, type_ in _FORMS.get(parameter, ()))


def domain_of(parameter: str) -> Selectors:
    """Which values a field may have."""
    return (of("request_schema", f"{parameter}.range|{parameter}.values"),) if parameter in DOMAINS else ()


_FORMS: Final = {"max_tokens": (("", "number"),), "stop": ((".string", "string"), (".list", "string[]"))}
DOMAINS: Final = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "reasoning_effort")
WORDED: Final = ("temperature", "top_p", "stop", "frequency_penalty", "presence_penalty")

CONTEXT: Final = of("catalogue", has="context_tokens")
EXISTS: Final = of("catalogue", exists=True)
REASONING: Final = (
    of("capability", capability="reasoning", value={"always_on", "code_optimized", "optional_reasoning_effort", True}),
    of("doc_section", title="Chat with Reasoning"),
)
BY_EFFORT: Final = of("capability", capability="reasoning", value="optional_reasoning_effort")
NO_REASONING: Final = of("capability", capability="reasoning", value={"disabled", "none"})
REASONING_TOKENS: Final = of("response_schema", "usage.reasoning_tokens")
REASONING_CONTENT: Final = of("response_schema", "message.reasoning_content")
REASONING_APART: Final = of("rule", has="reasoning_tokens")
DELTA: Final = Named(id="comp.stream.reasoning.delta")
REASONING_FIRST: Final = (
    Named(id="comp.stream.reasoning.before-content"),
    of("capability", capability="reasoning", when="before responding"),
)
SEES: Final = (
    of("capability", capability="vision", value=True),
    of("doc_section", title="Image Understanding"),
)
IMAGES_TAKEN: Final = (
    of("endpoint", same_endpoint=True),
    of("request_schema", "messages[].part.type.image_url"),
    of("request_schema", "messages[].part.image.base64"),
)
IMAGE_ADDRESS: Final = of("request_schema", "messages[].part.image.http")
IMAGE_DETAIL: Final = of("request_schema", "messages[].part.image.detail.*")
IMAGE_EXAMPLES: Final = (Carrying(field="detail"), Carrying(field="parts_order"))
CACHES: Final = of("capability", capability="prompt_cache", value=True)
NO_CACHE: Final = (of("capability", capability="prompt_cache", value=False), of("capability", has="prompt_cache_only"))
CACHED_PRICE: Final = of("pricing", has="usd_per_1m_cached_input")
JSON: Final = (
    of("capability", capability="json_output", value=True),
    of("request_schema", "response_format.json_object"),
)
FORMATS: Final = of("request_schema", "response_format.closed-set")
STRUCTURE: Final = (
    of("capability", capability="structured_outputs"),
    of("doc_section", title="Structured Outputs"),
)
STREAMS: Final = (
    of("capability", capability="streaming", value=True),
    of("doc_section", title="Stream Response"),
    of("stream", field="stream"),
)
STREAM_FIELD: Final = of("request_schema", "stream")

TOTAL: Final = (of("response_schema", "usage.total_tokens"), of("guidance", "usage.total_tokens"))
TOKEN_PRICES: Final = (
    of("pricing", has="usd_per_1m_input"),
    of("pricing", has="usd_per_1m_output"),
    CACHED_PRICE,
)
FORMULA: Final = of("rule", has="total_cost")
EVERY_TOKEN: Final = of("rule", billing="every token used")
BILL: Final = (*TOKEN_PRICES, FORMULA, EVERY_TOKEN)
FEES: Final = of("tool_cost", has="usd_per_1000_calls")
IMAGE_PRICE: Final = of("pricing", has="usd_per_image")

TOOLS_USED: Final = (
    of("capability", capability="tool_use", value={"full", "enhanced", "standard", "limited"}),
    of("capability", capability="function_calling", value=True),
    of("doc_section", title="Function Calling"),
    of("host", "https://api.x.ai/v1", has="serves"),
)
CALLS: Final = (
    *TOOLS_USED,
    of("request_schema", "tools"),
    of("tool_flow", separate_tool_endpoint=False),
    of("request_schema", "tool_choice.auto"),
    of("request_schema", "tool_choice.object"),
    of("tool_flow", response_has="tool_calls"),
)
ROUND_TRIP: Final = (
    of("request_schema", "messages[].role.tool"),
    Named(id="comp.tool_flow.3.tool-message"),
    of("tool_flow", step=4),
)
ECHO: Final = (
    Named(id="comp.tool_flow.3.assistant-echo"),
    of("request_schema", "messages[].tool_calls"),
)
LINK: Final = of("request_schema", "messages[].tool_call_id")
ARGUMENTS: Final = of("tool_flow", has="tool_calls[].function.arguments")
OBEYED: Final = (
    of("tool_schema", "tools[].function.parameters.properties"),
    of("tool_schema", "tools[].function.parameters.required"),
)
CALL_SEEN: Final = (
    of("tool_flow"),
    of("tool_schema"),
    of("request_schema", "tool_choice.none"),
    of("response_schema", "finish_reason.tool_calls"),
    of("response_schema", "message.tool_calls"),
    of("stream", path="choices[0].delta.tool_calls[0].function.name"),
    *ROUND_TRIP,
    *ECHO,
    LINK,
)
SEARCHES: Final = (
    of("capability", capability="web_search", value=True),
    of("builtin_tool", available=True),
    of("builtin_tool", has="function"),
)
FORCED_SEARCH: Final = of("builtin_tool", has="tool_choice")
TOOL_EXAMPLES: Final = (Carrying(field="tools"), Carrying(field="tool"))
DECLARED_SEARCH: Final = of("builtin_tool", has="declared_as")

REPLY: Final = tuple(of("response_schema", f"{place}*") for place in ("choice.", "message.", "finish_reason."))
RPM: Final = (of("rate_limit", has="rpm"), of("rate_limit", has="rpm_min"))
TPM: Final = of("rate_limit", has="tpm")
FALLS: Final = of("rate_header", has="remaining")
BEARER: Final = of("auth", scheme="Bearer")
OWN_KEY: Final = of("auth", separate_key=True)
REVOKES: Final = of("endpoint", does="revoke API key")
CLIENT_ERRORS: Final = of("error", status="4xx except 429")

# What is seen only in words that were chosen because of what was asked.
WORDS: Final = (
    *(selector for parameter in WORDED for selector in (*cell_of(parameter), *field_of(parameter))),
    *JSON,
    *CALLS,
    of("request_schema", "messages[].role.system"),
    of("request_schema", "messages[].role.assistant"),
    Carrying(field="turns"),
    of("example", json_parses=True),
)
WORDS_PERHAPS: Final = (
    *cell_of("max_tokens"),
    *field_of("max_tokens"),
    *CALL_SEEN,
    *SEARCHES,
    FORCED_SEARCH,
    FEES,
    of("request_schema", "response_format.text"),
    of("request_schema", "messages[].*"),
    of("doc_section", title="Live Search"),
    of("response_schema", "finish_reason.length"),
    *STRUCTURE,
)
