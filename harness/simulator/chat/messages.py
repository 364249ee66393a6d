"""The conversation of a request: messages checked one by one and in their order, and what they cost as a prompt.

It stands apart because messages are the one part of a request that has a history: results must link to calls.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from harness.simulator.chat.fields import (
    Body,
    check_shape,
    one_of,
    read_list,
    read_object,
    read_text,
    required,
)
from harness.simulator.chat.image_input import DETAILS, MOST_IMAGES, image_tokens, read_image
from harness.simulator.chat.refusal import Refusal, invalid, unreadable
from harness.simulator.profile import ModelBehaviour
from harness.simulator.skills.conversation import Call, Turn

ROLES: Final = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """A conversation as read.

    prompt        all of it as one text, images by a digest: what is counted in tokens and cached
    image_tokens  tokens of the images, beside those of `prompt`
    """

    turns: tuple[Turn, ...]
    prompt: str
    image_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    text: str = ""
    images: tuple[bytes, ...] = ()
    tokens: int = 0


def read_messages(value: Any, behaviour: ModelBehaviour, lax: frozenset[str] = frozenset()) -> Messages:
    """Every message, in order.

    lax     names of deviations in force: which checks are left out
    raises  Refusal 422 for wrong types and missing fields, 400 for what the model does not take
    """
    entries = required(read_list(value, "messages"), "messages")
    if not entries:
        raise invalid("Invalid value for messages: must hold at least one message.")
    turns: list[Turn] = []
    calls: set[str] = set()
    tokens = images = 0
    for number, entry in enumerate(entries):
        place = f"messages[{number}]"
        message = required(read_object(entry, place), place)
        turn, content = _read_message(message, place, behaviour, lax)
        if "tool-links-unchecked" not in lax and turn.role == "tool" and turn.tool_call_id not in calls:
            raise invalid(f"Invalid value for {place}.tool_call_id: no earlier message calls a tool by that id.")
        calls.update(call.id for call in turn.tool_calls)
        turns.append(turn)
        tokens += content.tokens
        images += len(content.images)
        if images > MOST_IMAGES:
            raise invalid(f"Invalid value for messages: at most {MOST_IMAGES} images may be sent.")
    return Messages(turns=tuple(turns), prompt="".join(map(render_turn, turns)), image_tokens=tokens)


def render_turn(turn: Turn) -> str:
    """A message as it stands in the prompt."""
    calls = "".join(f"\n{call.name} {json.dumps(call.arguments)}" for call in turn.tool_calls)
    images = "".join(f"\n[image {hashlib.sha256(image).hexdigest()[:16]}]" for image in turn.images)
    return f"{turn.role}: {turn.text}{images}{calls}\n\n"


def _read_message(message: Body, place: str, behaviour: ModelBehaviour, lax: frozenset[str]) -> tuple[Turn, _Content]:
    role = required(read_text(message.get("role"), f"{place}.role"), f"{place}.role")
    if "roles-unchecked" not in lax:
        one_of(role, f"{place}.role", ROLES)
    if read_text(message.get("name"), f"{place}.name") is not None and "names-refused" in lax:
        raise invalid(f"Argument not supported on this model: {place}.name")
    calls = _read_calls(message.get("tool_calls"), f"{place}.tool_calls") if role == "assistant" else ()
    raw = message.get("content")
    if raw is None and not calls:
        raise unreadable(f"missing field `{place}.content`")
    content = _read_content(raw, f"{place}.content", behaviour, lax)
    link = read_text(message.get("tool_call_id"), f"{place}.tool_call_id")
    if role == "tool":
        required(link, f"{place}.tool_call_id")
    turn = Turn(role=role, text=content.text, images=content.images, tool_calls=calls, tool_call_id=link)
    return turn, content


def _read_calls(value: Any, place: str) -> tuple[Call, ...]:
    calls = []
    for number, entry in enumerate(read_list(value, place) or ()):
        here = f"{place}[{number}]"
        call = required(read_object(entry, here), here)
        function = required(read_object(call.get("function"), f"{here}.function"), f"{here}.function")
        calls.append(
            Call(
                id=required(read_text(call.get("id"), f"{here}.id"), f"{here}.id"),
                name=required(read_text(function.get("name"), f"{here}.function.name"), f"{here}.function.name"),
                arguments=_arguments(
                    read_text(function.get("arguments"), f"{here}.function.arguments") or "",
                ),
            )
        )
    return tuple(calls)


def _arguments(text: str) -> Body:
    """The arguments of an earlier call; {} where the text is no JSON object that could be worked with."""
    try:
        value = json.loads(text)
        check_shape(value)
    except (ValueError, RecursionError, Refusal):
        return {}
    return value if isinstance(value, dict) else {}


def _read_content(value: Any, place: str, behaviour: ModelBehaviour, lax: frozenset[str]) -> _Content:
    if value is None or isinstance(value, str):
        return _Content(text=value or "")
    if not isinstance(value, list):
        raise unreadable(f"{place}: expected a string or an array of content parts")
    if "parts-refused" in lax:
        raise unreadable(f"{place}: expected a string")
    return _joined([_read_part(part, f"{place}[{number}]", behaviour, lax) for number, part in enumerate(value)])


def _joined(parts: Sequence[_Content]) -> _Content:
    return _Content(
        text="\n".join(part.text for part in parts if part.text),
        images=tuple(image for part in parts for image in part.images),
        tokens=sum(part.tokens for part in parts),
    )


def _read_part(value: Any, place: str, behaviour: ModelBehaviour, lax: frozenset[str]) -> _Content:
    part = required(read_object(value, place), place)
    kind = required(read_text(part.get("type"), f"{place}.type"), f"{place}.type")
    if kind == "text":
        return _Content(text=required(read_text(part.get("text"), f"{place}.text"), f"{place}.text"))
    if kind in {"input_audio", "audio", "audio_url"}:
        if not behaviour.audio:
            raise invalid(f"Invalid value for {place}: {behaviour.id} does not support audio input.")
        return _Content()
    one_of(kind, f"{place}.type", ("text", "image_url"))
    return _read_image_part(part, place, behaviour, lax)


def _read_image_part(part: Body, place: str, behaviour: ModelBehaviour, lax: frozenset[str]) -> _Content:
    picture = required(read_object(part.get("image_url"), f"{place}.image_url"), f"{place}.image_url")
    url = required(read_text(picture.get("url"), f"{place}.image_url.url"), f"{place}.image_url.url")
    detail = read_text(picture.get("detail"), f"{place}.image_url.detail")
    one_of(detail, f"{place}.image_url.detail", DETAILS)
    if not behaviour.vision:
        raise invalid(f"Invalid value for {place}: {behaviour.id} does not support image input.")
    if ("image-contents-refused" if url.startswith("data:") else "image-addresses-refused") in lax:
        raise invalid(f"Invalid value for {place}.image_url.url: an image cannot be given in this way.")
    image = read_image(url, f"{place}.image_url.url")
    return _Content(images=(image,), tokens=image_tokens(image, detail or "auto"))
