"""Pictures of digits as PNG: large, black on white, and the same bytes for the same digits on every machine.

It stands apart from who shows them, and is written by hand: a library's compression may change with its version, and
with it every recorded request.
"""

import base64
import re
import struct
import zlib
from random import Random

# Five columns and seven rows a digit; a dot becomes a square of _DOT pixels.
_FORMS = {
    "2": ("01110", "10001", "00001", "00110", "01000", "10000", "11111"),
    "3": ("11110", "00001", "00001", "01110", "00001", "00001", "11110"),
    "4": ("00010", "00110", "01010", "10010", "11111", "00010", "00010"),
    "5": ("11111", "10000", "11110", "00001", "00001", "10001", "01110"),
    "6": ("01110", "10000", "10000", "11110", "10001", "10001", "01110"),
    "7": ("11111", "00001", "00010", "00100", "01000", "01000", "01000"),
    "8": ("01110", "10001", "10001", "01110", "10001", "10001", "01110"),
    "9": ("01110", "10001", "10001", "01111", "00001", "00001", "01110"),
}
_DOT = 8
"""Pixels to a dot: at one bit a pixel, a dot's row is exactly one byte."""
_WHITE, _BLACK = b"\xff", b"\x00"
_EDGE_DOTS, _GAP_DOTS = 3, 2
_MOST_STORED = 0xFFFF

COUNT = 3
ADDRESS, ADDRESS_WORD = "https://www.python.org/static/img/python-logo.png", "python"
"""A picture that anyone may fetch, and the word that is written in it."""


def draw_digits(random: Random) -> str:
    """Digits that differ from each other; 0 and 1 are left out, which look like letters."""
    return "".join(random.sample(sorted(_FORMS), COUNT))


def digits_png(digits: str) -> bytes:
    """A picture of the digits: 200 x 104 pixels for three of them, one bit each."""
    gap = _WHITE * _GAP_DOTS
    lines = [gap.join(_dots(_FORMS[digit][row]) for digit in digits) for row in range(7)]
    edge = _WHITE * _EDGE_DOTS
    lines = [edge + line + edge for line in lines]
    blank = [_WHITE * len(lines[0])] * _EDGE_DOTS
    rows = [row for line in (*blank, *lines, *blank) for row in [b"\0" + line] * _DOT]
    header = struct.pack(">IIBBBBB", len(lines[0]) * 8, len(rows), 1, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", _stored(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _dots(row: str) -> bytes:
    return b"".join(_BLACK if dot == "1" else _WHITE for dot in row)


def _stored(raw: bytes) -> bytes:
    """A zlib stream that holds the bytes as they are, in one block."""
    assert len(raw) <= _MOST_STORED  # noqa: S101 - a larger picture would need a second block
    head = struct.pack("<BHH", 1, len(raw), len(raw) ^ _MOST_STORED)
    return b"\x78\x01" + head + raw + struct.pack(">I", zlib.adler32(raw))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def data_url(png: bytes) -> str:
    """The picture as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def reads(answer: str, digits: str) -> bool:
    """Whether an answer says these digits, in this order, by themselves or with a little between them."""
    spaced = r"[^0-9A-Za-z]{0,3}(?:and\W{1,3})?".join(digits)
    return re.search(rf"(?<![0-9A-Za-z]){spaced}(?![0-9A-Za-z])", answer) is not None


def digits_in_place(answer: str, digits: str) -> int:
    """How many of an answer's digits stand where they should, where it says as many as there are."""
    said = re.sub(r"[^0-9]", "", answer)
    return sum(a == b for a, b in zip(said, digits, strict=True)) if len(said) == len(digits) else 0
