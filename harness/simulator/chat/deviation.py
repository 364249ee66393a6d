"""What a deviation is: a name, the promise it breaks, the models that make the promise, and where it takes hold.

It stands apart from the registry so that each family of deviations can be written in a module of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from harness.simulator.chat.completion import Completion
from harness.simulator.chat.request import ChatRequest
from harness.simulator.profile import ModelBehaviour

Json = dict[str, Any]


def any_model(_behaviour: ModelBehaviour) -> bool:
    """Every model that chats makes the promise."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One broken promise. No hook is set for a flag that is read where it matters.

    about    one line: what no longer holds
    part     who carries it out
    of       whose promise it is: of models that chat, of those that draw, of the server for any model, or of the
             server before it knows which model is meant
    applies  which of those models make the promise that is broken
    behave   changes how a model behaves
    ask      changes the request once it is read
    say      changes what was said, given the request and its raw body
    body     changes the unstreamed reply; may change its argument
    chunks   changes the stream; may change its argument
    """

    name: str
    about: str
    part: Literal["chat", "http"] = "chat"
    of: Literal["text", "image", "server", "request"] = "text"
    applies: Callable[[ModelBehaviour], bool] = any_model
    behave: Callable[[ModelBehaviour], ModelBehaviour] | None = None
    ask: Callable[[ChatRequest], ChatRequest] | None = None
    say: Callable[[Completion, ChatRequest, Any], Completion] | None = None
    body: Callable[[Json], Json] | None = None
    chunks: Callable[[list[Any]], list[Any]] | None = None
