"""A chat service to ask without a server, and the questions that its tests share.

It stands at the top because the tests of profiles, deviations and chat all ask it; the register is read once for all.
"""

import base64
import struct
import zlib
from functools import cache

from harness.catalogue import load_catalogues, load_register
from harness.simulator.behaviour import build_profile
from harness.simulator.chat.refusal import Refusal
from harness.simulator.chat.service import ChatService
from harness.simulator.deviations import apply_deviations

NOW = 1_800_000_000.0
PLAIN = "grok-4-1-fast-non-reasoning"
THINKER = "grok-4-1-fast-reasoning"
MINI = "grok-3-mini"
SEER = "grok-2-vision-1212"
COUNT = "Count from 1 to 30."
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
WEB_SEARCH = {"type": "function", "function": {"name": "web_search"}}


@cache
def sources():
    """The register and the provider row that profiles are built from."""
    provider = load_catalogues().provider("xai")
    return load_register(provider), provider


@cache
def profile(name="documented"):
    return build_profile(*sources(), name)


def serve(*deviations, name="documented", seed=7):
    """A service with nothing asked of it yet."""
    return ChatService(apply_deviations(profile(name), deviations), seed=seed)


def ask(service, prompt="Say hello.", *, model=PLAIN, caller="someone", now=NOW, **fields):
    """The answer to one prompt, or to `messages`; a field that is None is sent as null."""
    messages = fields.pop("messages", [{"role": "user", "content": prompt}])
    return service.complete({"model": model, "messages": messages, **fields}, caller=caller, now=now)


def refusal(service, *arguments, **fields):
    """The refusal that the same question draws."""
    try:
        answer = ask(service, *arguments, **fields)
    except Refusal as refused:
        return refused
    raise AssertionError(f"answered: {answer.body}")


def text(answer, choice=0):
    return answer.body["choices"][choice]["message"]["content"]


def calls(answer):
    """Name and arguments, as text, of each call of the reply."""
    made = answer.body["choices"][0]["message"].get("tool_calls", [])
    return [(call["function"]["name"], call["function"]["arguments"]) for call in made]


def streamed(answer, field="content"):
    """What the deltas of the first choice come to."""
    choices = [chunk["choices"][0] for chunk in answer.chunks if isinstance(chunk, dict) and chunk["choices"]]
    return "".join(choice["delta"].get(field) or "" for choice in choices if choice.get("index", 0) == 0)


def png(width=32, height=32, colour=(200, 30, 30)):
    """The bytes of a picture of one colour."""
    rows = zlib.compress((b"\0" + bytes(colour) * width) * height)

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def picture_of(content, *, detail=None):
    """A content part that shows the picture."""
    url = "data:image/png;base64," + base64.b64encode(content).decode()
    return {"type": "image_url", "image_url": {"url": url} | ({"detail": detail} if detail else {})}


def with_picture(content, question="What number is in the picture?", **named):
    return [{"role": "user", "content": [picture_of(content, **named), {"type": "text", "text": question}]}]


@cache
def digits(number="4719"):
    """A picture that holds a number."""
    import io

    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (320, 120), "white")
    ImageDraw.Draw(image).text((30, 20), number, fill="black", font=ImageFont.load_default(72))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()
