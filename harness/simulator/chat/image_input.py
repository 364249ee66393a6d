"""Images in a request: from an address in a content part to the bytes of a PNG or JPEG of an acceptable size.

It stands apart because only headers are read here, by hand: a picture is opened by whoever looks at its pixels, and
until then nothing may be decompressed.
"""

import base64
import binascii
import re
import struct
import zlib
from functools import cache
from typing import Final

from harness.simulator.chat.refusal import invalid

SMALLEST_SIDE: Final = 8
MOST_PIXELS: Final = 40_000_000
MOST_BYTES: Final = 20 * 1024 * 1024
MOST_IMAGES: Final = 20
DETAILS: Final = ("auto", "low", "high")

_DATA_URL: Final = re.compile(r"data:image/(?:png|jpe?g)(?:;[\w=-]{1,40})?;base64,", re.IGNORECASE)
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_LOW_TOKENS: Final = 256
_TILE: Final = 448


def read_image(url: str, place: str) -> bytes:
    """The picture behind an address: a data URL is decoded; an http address stands for a plain picture.

    There is no network here, and the documents promise that a request with an http address is served: so it is, and
    what is seen is `stand_in()`.

    raises  Refusal 400 for any other address, and for what is no picture or too small or too large
    """
    if url[:8].lower().startswith(("http://", "https://")):
        return stand_in()
    head = _DATA_URL.match(url)
    if head is None:
        raise invalid(f"Invalid value for {place}: must be an http(s) URL or a base64 data URL of a PNG or JPEG.")
    if len(url) > MOST_BYTES * 4 // 3 + 100:
        raise invalid(f"Invalid value for {place}: an image may have {MOST_BYTES} bytes at most.")
    try:
        content = base64.b64decode(url[head.end() :], validate=True)
    except binascii.Error as error:
        raise invalid(f"Invalid value for {place}: the base64 text cannot be decoded.") from error
    _check_size(find_size(content), place)
    return content


def _check_size(size: tuple[int, int] | None, place: str) -> None:
    if size is None:
        raise invalid(f"Invalid value for {place}: the content is no PNG or JPEG.")
    if min(size) < SMALLEST_SIDE:
        raise invalid(f"Invalid value for {place}: each side of an image must have at least {SMALLEST_SIDE} pixels.")
    if size[0] * size[1] > MOST_PIXELS:
        raise invalid(f"Invalid value for {place}: an image may have {MOST_PIXELS} pixels at most.")


def find_size(content: bytes) -> tuple[int, int] | None:
    """Width and height as a PNG's or JPEG's header says; None for anything else."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR" and len(content) >= 24:  # noqa: PLR2004 - through height
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    return _jpeg_size(content) if content.startswith(b"\xff\xd8") else None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """From the first start-of-frame segment; segments are skipped by their length."""
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:  # noqa: PLR2004 - what begins every marker
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        # C0-CF are frames, but for the tables DHT, JPG and DAC.
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004 - the range of frames
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        if length < 2:  # noqa: PLR2004 - a length counts itself
            return None
        place += 2 + length
    return None


def image_tokens(content: bytes, detail: str) -> int:
    """Prompt tokens of an image: a fixed number at low detail, else by tiles. Ours: nobody documents any."""
    size = find_size(content)
    if detail == "low" or size is None:
        return _LOW_TOKENS
    tiles = (-(-size[0] // _TILE)) * (-(-size[1] // _TILE))
    return _LOW_TOKENS * (1 + min(tiles, 6))


@cache
def stand_in() -> bytes:
    """A plain grey picture, 64 x 64: what is seen where an address cannot be fetched."""
    side = 64
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * side for _ in range(side)))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return _PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
