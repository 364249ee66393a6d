"""Token counts as the Messages API gives them, in the harness's terms.

It stands apart because the same keys count otherwise here: `input_tokens` leaves out what the cache read or kept.
"""

from collections.abc import Mapping
from dataclasses import replace

from harness.core.reply import Usage
from harness.wire.dialects.openai_usage import MAX_TOKENS, count_of, read_server_calls, read_tool_counts, read_usage
from harness.wire.untrusted import Notes, object_of

_WRITTEN = "cache_creation_input_tokens"
_APART = ("cache_read_input_tokens", _WRITTEN)


def is_message_usage(usage: Mapping[str, object]) -> bool:
    """Whether a usage object is Anthropic's, by the keys that no other API has beside `input_tokens`."""
    return "input_tokens" in usage and "prompt_tokens" not in usage and any(key in usage for key in _APART)


def read_message_usage(usage: Mapping[str, object], notes: Notes) -> Usage:
    """Tokens as the server billed them, with all input tokens in `prompt`; a figure that is no count is noted."""
    read = read_usage(usage, notes)
    written = count_of(_WRITTEN, usage.get(_WRITTEN), MAX_TOKENS, notes)
    prompt = None if read.prompt is None else read.prompt + (read.cached or 0) + (written or 0)
    calls = read_tool_counts("server_tool_use", object_of(usage.get("server_tool_use")), notes)
    return replace(read, prompt=prompt, server_calls=calls or read_server_calls(usage, notes))
