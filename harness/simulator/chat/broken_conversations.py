"""Broken promises about what a model takes in: messages, their parts and pictures, and how much of them it heeds.

It stands apart because each of these concerns what is sent, not how the reply looks.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from harness.simulator.chat.deviation import Deviation
from harness.simulator.chat.image_input import stand_in
from harness.simulator.chat.request import ChatRequest
from harness.simulator.skills.conversation import Turn

_REMEMBERED: Final = 2_000


def _unseen(request: ChatRequest) -> ChatRequest:
    """Every picture is looked at as a plain one."""
    turns = tuple(
        replace(turn, images=tuple(stand_in() for _ in turn.images)) for turn in request.conversation.messages
    )
    return replace(request, conversation=replace(request.conversation, messages=turns))


def _turns(change: Callable[[tuple[Turn, ...]], tuple[Turn, ...]]) -> Callable[[ChatRequest], ChatRequest]:
    def ask(request: ChatRequest) -> ChatRequest:
        heeded = change(request.conversation.messages)
        return replace(request, conversation=replace(request.conversation, messages=heeded))

    return ask


def _without_system(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return tuple(turn for turn in turns if turn.role != "system")


def _last_alone(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return turns[-1:]


def _ends_alone(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return tuple(replace(turn, text=turn.text[-_REMEMBERED:]) for turn in turns)


CONVERSATIONS: Final[tuple[Deviation, ...]] = (
    Deviation(name="system-ignored", about="a system message has no effect", ask=_turns(_without_system)),
    Deviation(name="history-forgotten", about="only the last message is heeded", ask=_turns(_last_alone)),
    Deviation(name="beginning-forgotten", about="only the end of a long message is heeded", ask=_turns(_ends_alone)),
    Deviation(name="unknown-fields-refused", about="a field that nobody documents draws 400"),
    Deviation(name="names-refused", about="a message with a name is refused"),
    Deviation(name="parts-refused", about="content in parts is refused"),
    Deviation(
        name="image-addresses-refused",
        about="an image by its address is refused",
        applies=lambda behaviour: behaviour.vision,
    ),
    Deviation(
        name="image-contents-refused",
        about="an image by its content, in base64, is refused",
        applies=lambda behaviour: behaviour.vision,
    ),
    Deviation(name="roles-unchecked", about="a message of an unknown role is accepted"),
    Deviation(name="tool-links-unchecked", about="a tool's result may answer a call that was never made"),
    Deviation(
        name="vision-blind",
        about="an image is accepted and a fluent answer given without seeing it",
        applies=lambda behaviour: behaviour.vision,
        ask=_unseen,
    ),
    Deviation(
        name="vision-refused",
        about="images are refused by a model documented to see",
        applies=lambda behaviour: behaviour.vision,
        behave=lambda behaviour: replace(behaviour, vision=False),
    ),
    Deviation(
        name="vision-anyway",
        about="a model documented not to see reads images",
        applies=lambda behaviour: not behaviour.vision,
        behave=lambda behaviour: replace(behaviour, vision=True),
    ),
    Deviation(
        name="vision-tolerated",
        about="a model documented not to see takes images and answers as if it saw them",
        applies=lambda behaviour: not behaviour.vision,
        behave=lambda behaviour: replace(behaviour, vision=True),
        ask=_unseen,
    ),
    Deviation(
        name="audio-accepted",
        about="audio is accepted by a model documented not to hear",
        behave=lambda behaviour: replace(behaviour, audio=True),
    ),
)
