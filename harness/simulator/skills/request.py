"""What is asked now: the last request, clipped to where instructions stand, with the manner that it wants.

It stands apart so that each skill is a function of one small value and never walks the conversation anew.
"""

from dataclasses import dataclass
from functools import cached_property

from harness.simulator.skills.conversation import Conversation
from harness.simulator.skills.manner import Manner, manner_of

# Instructions stand at the head or the foot of a message; what lies between in a long one is material.
HEAD = 2500
FOOT = 3500


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a skill wants said.

    full     the reply as a sentence, where nothing asks for less
    brief    the bare answer; None: the same as `full`
    exact    words that were given to be said as they stand
    outside  where `exact`, the part of the request that is instruction and not the words to say
    final    not to be reworded in any way, such as JSON
    """

    full: str
    brief: str | None = None
    exact: bool = False
    outside: str = ""
    final: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    """The last user message and what surrounds it.

    whole   its full text, which may be megabytes
    text    the text in which instructions are looked for
    system  the system prompt, clipped likewise
    """

    conversation: Conversation
    whole: str
    text: str
    system: str

    @cached_property
    def manner(self) -> Manner:
        """How the reply is to be worded: what the request says, then what the system prompt says."""
        return manner_of(self.text).over(self.standing_manner)

    @cached_property
    def standing_manner(self) -> Manner:
        """How the system prompt wants every reply worded."""
        return manner_of(self.system)


def request_of(conversation: Conversation) -> Request:
    """The request that the conversation ends in; an empty one where no user has spoken."""
    asked = next((turn.text for turn in reversed(conversation.messages) if _speaks(turn.role)), "")
    system = "\n".join(turn.text for turn in conversation.messages if turn.role in {"system", "developer"})
    whole = asked.strip()
    return Request(conversation=conversation, whole=whole, text=clipped(whole), system=clipped(system.strip()))


def clipped(text: str) -> str:
    """The head and the foot of a long text; a short one whole."""
    return text if len(text) <= HEAD + FOOT else f"{text[:HEAD]}\n\n{text[-FOOT:]}"


def _speaks(role: str) -> bool:
    return role not in {"system", "developer", "assistant", "tool"}
