"""Token counts and billed cost, wherever a server of the `openai-chat` dialect puts them.

It stands apart because the places are many and known from recordings, while the reading of each is one rule.
"""

from collections.abc import Mapping
from decimal import Decimal

from harness.core.reply import Usage
from harness.wire.untrusted import Notes, list_of, object_of, shown

# No context window or bill comes near; a larger figure is a fault, and would make a cost absurd.
_MAX_TOKENS = 10**12
_MAX_TICKS = 10**16
_TICK_DIGITS = 10

# Places in order of preference; the first that is not null counts.
_PLACES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "prompt": (("prompt_tokens",), ("input_tokens",)),
    "completion": (("completion_tokens",), ("output_tokens",)),
    "total": (("total_tokens",),),
    "cached": (
        ("prompt_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cached_tokens"),
        ("cached_tokens",),
        ("prompt_cache_hit_tokens",),
        ("cache_read_input_tokens",),
    ),
    "reasoning": (
        ("completion_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "reasoning_tokens"),
        ("reasoning_tokens",),
    ),
}


def find_usage(chunk: Mapping[str, object]) -> object:
    """The usage of a reply or a stream's chunk: at its top, in `x_groq`, or in a choice; None if there is none."""
    inner = (object_of(chunk.get("x_groq")), *(object_of(choice) for choice in list_of(chunk.get("choices"))))
    return next((place["usage"] for place in (chunk, *inner) if place.get("usage") is not None), None)


def read_usage(usage: object, notes: Notes) -> Usage:
    """Tokens as the server billed them; a figure that cannot be a count is left out and noted.

    source  1 US dollar is 10^10 of `cost_in_usd_ticks`: facts on the wire of xAI, section 3
    """
    if not isinstance(usage, dict):
        notes.add(f"usage is {shown(usage)}, not an object")
        return Usage()
    ticks = _count("cost_in_usd_ticks", usage.get("cost_in_usd_ticks"), _MAX_TICKS, notes)
    return Usage(
        prompt=_find_count(usage, "prompt", notes),
        completion=_find_count(usage, "completion", notes),
        total=_find_count(usage, "total", notes),
        cached=_find_count(usage, "cached", notes),
        reasoning=_find_count(usage, "reasoning", notes),
        billed_usd=None if ticks is None else Decimal(ticks).scaleb(-_TICK_DIGITS),
    )


def _find_count(usage: Mapping[str, object], kind: str, notes: Notes) -> int | None:
    for *parents, key in _PLACES[kind]:
        place = usage
        for parent in parents:
            place = object_of(place.get(parent))
        if place.get(key) is not None:
            return _count(".".join((*parents, key)), place[key], _MAX_TOKENS, notes)
    return None


def _count(name: str, value: object, limit: int, notes: Notes) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
        notes.add(f"usage.{name} is {shown(value)}, which is no count")
        return None
    return value
