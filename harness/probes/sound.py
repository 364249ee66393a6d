"""Short recordings of beeps as WAV, the same bytes on every machine.

It stands apart from who plays them; beeps are all that can be made without a voice, and they can be counted.
"""

import base64
import re
import struct

_RATE = 8_000
_BEEP_S, _GAP_S = 0.1, 0.15
_PERIOD = 10
"""Samples to a wave: 800 Hz."""
_LOUD, _QUIET, _MIDDLE = 200, 56, 128
_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}

COUNTS = tuple(_WORDS.values())
"""How many beeps there may be."""


def beeps_wav(count: int) -> bytes:
    """A recording of so many beeps, a quarter of a second apart: mono, 8,000 samples a second of one byte each."""
    half = _PERIOD // 2
    wave = (bytes([_LOUD]) * half + bytes([_QUIET]) * half) * (int(_RATE * _BEEP_S) // _PERIOD)
    gap = bytes([_MIDDLE]) * int(_RATE * _GAP_S)
    samples = gap + (wave + gap) * count
    form = struct.pack("<HHIIHH", 1, 1, _RATE, _RATE, 1, 8)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def as_part(wav: bytes) -> dict[str, object]:
    """The recording as a part of a message."""
    return {
        "type": "input_audio",
        "input_audio": {"data": base64.b64encode(wav).decode("ascii"), "format": "wav"},
    }


def counts(answer: str, count: int) -> bool:
    """Whether an answer names this number, and no other."""
    named = {_WORDS.get(word, word) for word in re.findall(rf"\d+|{'|'.join(_WORDS)}", answer.lower())}
    return {str(each) for each in named} == {str(count)}
