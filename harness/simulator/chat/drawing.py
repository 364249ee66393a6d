"""Image generation: the request checked, the pictures drawn, the reply with each picture as base64.

It stands apart from chat because the two share a list of models alone; where pictures are served is HTTP's affair.
"""

import base64
import re
from typing import Any, Final

from harness.simulator.chat.billing import ticks_of
from harness.simulator.chat.fields import Body, in_range, one_of, read_integer, read_text, required
from harness.simulator.chat.refusal import invalid
from harness.simulator.chat.request import as_body, find_model
from harness.simulator.pictures import draw
from harness.simulator.profile import Profile

MOST_PICTURES: Final = 10
LONGEST_PROMPT: Final = 1_024
"""Characters, as the listing of image models says; the vendor's own listing said so too."""
_SIZE: Final = re.compile(r"([1-9][0-9]{1,3})x([1-9][0-9]{1,3})")
_SMALLEST, _LARGEST = 64, 2_048
_DEFAULT_SIZE: Final = (512, 512)


def draw_pictures(body: Any, profile: Profile, *, now: float) -> dict[str, Any]:
    """The reply to an image request, every picture in `b64_json`: whether to serve it by address is left to the caller.

    now     Unix seconds
    raises  Refusal
    """
    fields = as_body(body)
    model = find_model(fields, profile)
    broken = profile.deviations_for(model.id)
    if model.makes != "image":
        raise invalid(f"Invalid value for model: {model.id} does not generate images.")
    prompt = required(read_text(fields.get("prompt"), "prompt"), "prompt")
    if not prompt.strip() or len(prompt) > LONGEST_PROMPT:
        raise invalid(f"Invalid value for prompt: must have 1 to {LONGEST_PROMPT} characters.")
    count = read_integer(fields.get("n"), "n")
    in_range(count, "n", 1, MOST_PICTURES)
    one_of(read_text(fields.get("response_format"), "response_format"), "response_format", ("url", "b64_json"))
    size = _read_size(fields, refused=not profile.wire.image_size or "images-size-refused" in broken)
    drawn = 1 if count is None or "images-n-ignored" in broken else count
    pictures = [base64.b64encode(draw(prompt, number=number, size=size)).decode() for number in range(drawn)]
    ticks = ticks_of(model.tariff.image) * drawn
    reply: dict[str, Any] = {
        "created": int(now),
        "data": [{"b64_json": picture, "revised_prompt": prompt} for picture in pictures],
        "usage": {"cost_in_usd_ticks": ticks * 11 // 10 if "images-dearer" in broken else ticks},
    }
    if "images-created-missing" in broken:
        del reply["created"]
    return reply


def _read_size(fields: Body, *, refused: bool) -> tuple[int, int]:
    """Width and height in pixels."""
    size = read_text(fields.get("size"), "size")
    if size is None:
        return _DEFAULT_SIZE
    if refused:
        raise invalid("Argument not supported: size")
    sides = _SIZE.fullmatch(size)
    if sides is None or not all(_SMALLEST <= int(side) <= _LARGEST for side in sides.groups()):
        raise invalid(f"Invalid value for size: must be WIDTHxHEIGHT, each from {_SMALLEST} to {_LARGEST}.")
    return int(sides[1]), int(sides[2])
