"""Searches that the server runs: whether one is called for, and the answer that it leads to.

It stands apart because of all that a reply may hold this alone is made up, and says so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from harness.simulator.chat.request import ChatRequest
from harness.simulator.skills import Call, Conversation, Intent, search_answer, search_query

MOST_SEARCHES: Final = 4
_CURRENT: Final = re.compile(
    r"\?|\b(latest|news|today|current|currently|recent|search|look up|find out)\b", re.IGNORECASE
)
_READ: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """An intent once every search has been run: what is left to say, which tools ran, and the addresses to cite."""

    intent: Intent
    tools: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def run_searches(request: ChatRequest, intent: Intent, random: np.random.Generator) -> Searched:
    """What becomes of an intent where the server runs tools itself.

    Calls of the client's own functions come first: the conversation comes back with their results.
    """
    own = tuple(call for call in intent.calls if call.name not in request.managed)
    if own:
        return Searched(intent=replace(intent, calls=own))
    wanted = _wanted(request, intent)
    if not wanted:
        return Searched(intent=intent)
    conversation = request.conversation
    found = [search_answer(_query(call, conversation), random) for call in wanted]
    # Where a format is asked for the answer keeps it, and the search leaves only its sources.
    told = conversation.response_format is None
    draft = "\n".join(text for text, _ in found) if told else intent.draft
    return Searched(
        intent=replace(intent, draft=draft, calls=()),
        tools=tuple(call.name for call in wanted),
        addresses=tuple(dict.fromkeys(address for _, addresses in found for address in addresses)),
    )


def _wanted(request: ChatRequest, intent: Intent) -> Sequence[Call]:
    if intent.calls:
        return intent.calls[:MOST_SEARCHES]
    conversation = request.conversation
    # Auto is the server's own choice, and it searches more readily than it would call a client's function.
    asks = _asks(conversation)
    if request.managed and conversation.tool_choice != "none" and asks:
        return [Call(name=min(request.managed))]
    if request.live_search or (request.live_search is None and asks):
        return [Call(name="web_search")]
    return []


def _asks(conversation: Conversation) -> bool:
    """Whether the last question is one that a search would help with: it asks something, or about something current."""
    question = next((turn.text for turn in reversed(conversation.messages) if turn.role == "user"), "")
    return _CURRENT.search(question[-_READ:]) is not None


def _query(call: Call, conversation: Conversation) -> str:
    query = call.arguments.get("query")
    return query if isinstance(query, str) and query else search_query(conversation)
