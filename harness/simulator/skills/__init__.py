"""What makes the simulated model follow general instructions; no answers to anyone's questions are kept here.

It stands apart from the language model, which writes what a skill intends token by token, with chance.
"""

from harness.simulator.skills.conversation import Call, Conversation, Intent, Tool, Turn
from harness.simulator.skills.router import intend
from harness.simulator.skills.search import search_answer, search_query

__all__ = ["Call", "Conversation", "Intent", "Tool", "Turn", "intend", "search_answer", "search_query"]
