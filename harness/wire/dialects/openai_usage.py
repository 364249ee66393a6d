"""Token counts and billed cost, wherever a server of the `openai-chat` dialect puts them.

It stands apart because the places are many and known from recordings, while the reading of each is one rule.
"""

from collections.abc import Mapping
from decimal import Decimal
from itertools import islice

from harness.core.reply import Usage
from harness.wire.untrusted import Notes, list_of, shown, sound

# No context window or bill comes near; a larger figure is a fault, and would make a cost absurd.
MAX_TOKENS = 10**12
_MAX_TICKS = 10**16
_TICK_DIGITS = 10
# A handful of tools is on offer; a server that invents them must not fill the records.
_MAX_TOOLS, _MAX_TOOL_NAME = 100, 100
_TOOL_PREFIX = "server_side_tool_"
_TOOL_PLACES = ("server_side_tool_usage", "server_side_tool_usage_details", "num_server_side_tools_used")

# Places in order of preference, each an object within the usage ('' for the usage itself) and a key. The first that is
# not null counts, and another that says otherwise is noted.
_PLACES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "prompt": (("", "prompt_tokens"), ("", "input_tokens")),
    "completion": (("", "completion_tokens"), ("", "output_tokens")),
    "total": (("", "total_tokens"),),
    "cached": (
        ("prompt_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cached_tokens"),
        ("", "cached_tokens"),
        ("", "prompt_cache_hit_tokens"),
        ("", "cache_read_input_tokens"),
    ),
    "reasoning": (
        ("completion_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "reasoning_tokens"),
        ("", "reasoning_tokens"),
    ),
}

_DETAILS = frozenset(parent for places in _PLACES.values() for parent, _ in places if parent)


def find_usage(chunk: Mapping[str, object]) -> object:
    """The usage of a reply or a stream's chunk: at its top, in `x_groq`, or in a choice; None if there is none."""
    usage = chunk.get("usage")
    if usage is not None:
        return usage
    for place in (chunk.get("x_groq"), *list_of(chunk.get("choices"))):
        usage = place.get("usage") if isinstance(place, dict) else None
        if usage is not None:
            return usage
    return None


def read_usage(usage: object, notes: Notes) -> Usage:
    """Tokens as the server billed them; a figure that cannot be a count is left out and noted.

    source  1 US dollar is 10^10 of `cost_in_usd_ticks`: facts on the wire of xAI, section 3
    """
    if not isinstance(usage, dict):
        notes.add(f"usage is {shown(usage)}, not an object")
        return Usage()
    ticks = count_of("cost_in_usd_ticks", usage.get("cost_in_usd_ticks"), _MAX_TICKS, notes)
    parts = {name: part for name in _DETAILS if isinstance(part := usage.get(name), dict)} | {"": usage}
    return Usage(
        prompt=_find_count(parts, "prompt", notes),
        completion=_find_count(parts, "completion", notes),
        total=_find_count(parts, "total", notes),
        cached=_find_count(parts, "cached", notes),
        reasoning=_find_count(parts, "reasoning", notes),
        billed_usd=None if ticks is None else Decimal(ticks).scaleb(-_TICK_DIGITS),
        sources_used=count_of("num_sources_used", usage.get("num_sources_used"), MAX_TOKENS, notes),
    )


def read_server_calls(place: Mapping[str, object], notes: Notes) -> Mapping[str, int]:
    """How often each tool of the server's own was called, by the name that requests use; '' where only a sum came.

    place  the usage, or the body around it
    """
    for key in _TOOL_PLACES:
        found = place.get(key)
        if found is not None:
            counts = found if isinstance(found, dict) else {"": found}
            calls = read_tool_counts(key, counts, notes)
            if calls:
                return calls
    return {}


def read_tool_counts(where: str, counts: Mapping[str, object], notes: Notes) -> dict[str, int]:
    """Calls by tool, zeros left out: 'SERVER_SIDE_TOOL_WEB_SEARCH', 'web_search_calls' and 'web_search' are one."""
    calls: dict[str, int] = {}
    for name, figure in islice(counts.items(), _MAX_TOOLS):
        tool = sound(name[:_MAX_TOOL_NAME], notes)
        count = count_of(f"{where}.{tool}" if tool else where, figure, MAX_TOKENS, notes)
        if count:
            tool = tool.lower().removeprefix(_TOOL_PREFIX).removesuffix("_calls").removesuffix("_requests")
            calls[tool] = calls.get(tool, 0) + count
    if len(counts) > _MAX_TOOLS:
        notes.add(f"tools beyond the first {_MAX_TOOLS} in {where} were left out")
    return calls


def _find_count(parts: Mapping[str, Mapping[str, object]], kind: str, notes: Notes) -> int | None:
    """A count, and a note where another place says otherwise; `parts` are the usage and the objects within it."""
    found = [
        (f"{parent}.{key}" if parent else key, value)
        for parent, key in _PLACES[kind]
        if parent in parts and (value := parts[parent].get(key)) is not None
    ]
    if not found:
        return None
    (name, value), *others = found
    for other, figure in others:
        # Only numbers are compared: to compare lists without end would never come back.
        if isinstance(figure, int) and isinstance(value, int) and figure != value:
            notes.add(f"usage.{other} is {shown(figure)}, and usage.{name} is {shown(value)}")
    return count_of(name, value, MAX_TOKENS, notes)


def count_of(name: str, value: object, limit: int, notes: Notes) -> int | None:
    """The value if it is a count up to the limit; None if it is null or, noted, something else."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
        notes.add(f"usage.{name} is {shown(value)}, which is no count")
        return None
    return value
