"""Shapes of digits and capital letters from several general sources: outline, dots of two sizes, segments, pen strokes.

It stands apart because reading compares with these shapes and knows nothing else of any font.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Ink = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

# Five by seven dots, rows as five-bit numbers from the top.
_DOTS_5X7 = {
    "0": "0e 11 13 15 19 11 0e", "1": "04 0c 04 04 04 04 0e", "2": "0e 11 01 02 04 08 1f", "3": "1f 02 04 02 01 11 0e",
    "4": "02 06 0a 12 1f 02 02", "5": "1f 10 1e 01 01 11 0e", "6": "06 08 10 1e 11 11 0e", "7": "1f 01 02 04 08 08 08",
    "8": "0e 11 11 0e 11 11 0e", "9": "0e 11 11 0f 01 02 0c", "A": "0e 11 11 1f 11 11 11", "B": "1e 11 11 1e 11 11 1e",
    "C": "0e 11 10 10 10 11 0e", "D": "1e 11 11 11 11 11 1e", "E": "1f 10 10 1e 10 10 1f", "F": "1f 10 10 1e 10 10 10",
    "G": "0e 11 10 17 11 11 0f", "H": "11 11 11 1f 11 11 11", "I": "0e 04 04 04 04 04 0e", "J": "07 02 02 02 02 12 0c",
    "K": "11 12 14 18 14 12 11", "L": "10 10 10 10 10 10 1f", "M": "11 1b 15 15 11 11 11", "N": "11 11 19 15 13 11 11",
    "O": "0e 11 11 11 11 11 0e", "P": "1e 11 11 1e 10 10 10", "Q": "0e 11 11 11 15 12 0d", "R": "1e 11 11 1e 14 12 11",
    "S": "0f 10 10 0e 01 01 1e", "T": "1f 04 04 04 04 04 04", "U": "11 11 11 11 11 11 0e", "V": "11 11 11 11 11 0a 04",
    "W": "11 11 11 15 15 15 0a", "X": "11 11 0a 04 0a 11 11", "Y": "11 11 11 0a 04 04 04", "Z": "1f 01 02 04 08 10 1f",
}  # fmt: skip
_DOTS_5X7_OTHER = {
    "0": "0e 11 11 11 11 11 0e", "1": "04 0c 14 04 04 04 1f", "2": "0e 11 01 0e 10 10 1f", "3": "0e 11 01 06 01 11 0e",
    "4": "11 11 11 1f 01 01 01", "5": "1f 10 10 1e 01 01 1e", "6": "0e 10 10 1e 11 11 0e", "7": "1f 01 01 02 04 04 04",
    "8": "1f 11 11 1f 11 11 1f", "9": "0e 11 11 0f 01 01 0e",
}  # fmt: skip
# Three by five dots, rows as three-bit numbers from the top.
_DOTS_3X5 = {
    "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711", "5": "74717", "6": "74757", "7": "71111",
    "8": "75757", "9": "75717", "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644",
    "G": "34553", "H": "55755", "I": "72227", "J": "11152", "K": "55655", "L": "44447", "M": "57755", "N": "65555",
    "O": "25552", "P": "65644", "Q": "25573", "R": "65655", "S": "34216", "T": "72222", "U": "55557", "V": "55552",
    "W": "55775", "X": "55255", "Y": "55222", "Z": "71247",
}  # fmt: skip
_DOTS_3X5_OTHER = {
    "0": "25552", "1": "22222", "2": "61247", "3": "61216", "4": "15711", "5": "74616", "6": "24652", "7": "71222",
    "8": "25252", "9": "25312", "1b": "62227", "7b": "71244",
}  # fmt: skip
# Segments from the top, clockwise, the middle one last.
_SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc", "7": "abc",
    "8": "abcdefg", "9": "abcdfg", "6b": "fgedc", "9b": "abcfg", "7b": "fabc",
}  # fmt: skip
# Pen strokes in a box one wide and two high: several hands for a digit.
_STROKES: dict[str, tuple[str, ...]] = {
    "0": (
        ".5,0 .15,.15 0,.6 0,1.4 .15,1.85 .5,2 .85,1.85 1,1.4 1,.6 .85,.15 .5,0",
        "0,0 1,0 1,2 0,2 0,0",
        ".5,0 .1,.3 0,1 .1,1.7 .5,2 .9,1.7 1,1 .9,.3 .5,0|.8,.5 .2,1.5",
    ),
    "1": (
        ".1,.45 .6,0 .6,2",
        ".5,0 .5,2",
        ".1,.45 .55,0 .55,2|.05,2 1,2",
        ".25,.2 .55,0 .55,2|.2,2 .9,2",
    ),
    "2": (
        "0,.5 .15,.12 .5,0 .85,.12 1,.5 .9,.9 0,2 1,2",
        "0,.4 .2,.05 .7,0 1,.4 .85,.9 .3,1.4 0,2 1,2",
        "0,0 1,0 1,1 0,1 0,2 1,2",
        "0,.45 .3,0 .7,0 1,.4 .9,.9 .1,1.8 0,2 .5,1.85 1,2",
    ),
    "3": (
        "0,.3 .3,0 .7,0 1,.4 .8,.85 .4,.95|.4,.95 .85,1.1 1,1.5 .8,1.9 .4,2 0,1.7",
        "0,0 1,0 .4,.8 .8,.95 1,1.4 .8,1.9 .4,2 0,1.8",
        "0,0 1,0 1,2 0,2|.2,1 1,1",
        ".05,.15 .5,0 .95,.3 .9,.75 .4,.95 .9,1.15 1,1.6 .5,2 0,1.85",
    ),
    "4": (
        ".75,2 .75,0 0,1.35 1,1.35",
        "0,0 0,1.1 1,1.1|1,0 1,2",
        ".3,0 0,1.2 1,1.2|.7,.6 .7,2",
        ".8,2 .8,0 .7,0 0,1.5 1,1.5",
    ),
    "5": (
        "1,0 .1,0 .05,.9 .5,.75 .9,.95 1,1.4 .8,1.85 .4,2 0,1.75",
        "1,0 0,0 0,1 1,1 1,2 0,2",
        ".95,0 .15,0 0,1 .6,.8 1,1.3 .7,1.95 .3,2 0,1.8",
    ),
    "6": (
        ".85,.1 .5,0 .15,.4 0,1 .05,1.7 .5,2 .95,1.7 .95,1.2 .5,.95 .05,1.25",
        ".8,0 .2,.7 0,1.4 .3,2 .7,2 1,1.5 .7,1 .3,1 0,1.4",
        "1,0 0,0 0,2 1,2 1,1 0,1",
    ),
    "7": (
        "0,0 1,0 .35,2",
        "0,0 1,0 1,2",
        "0,0 1,0 .4,2|.2,1 .9,1",
        "0,.2 0,0 1,0 .5,1 .35,2",
        "0,0 1,0 .6,.9 .45,2",
    ),
    "8": (
        ".5,.95 .1,.7 .1,.25 .5,0 .9,.25 .9,.7 .5,.95 0,1.25 0,1.75 .5,2 1,1.75 1,1.25 .5,.95",
        ".9,.2 .5,0 .1,.3 .3,.8 .8,1.2 1,1.6 .5,2 0,1.6 .2,1.2 .75,.75 .9,.2",
        "0,0 1,0 1,2 0,2 0,0|0,1 1,1",
    ),
    "9": (
        ".95,.8 .5,1.05 .05,.8 .05,.3 .5,0 .95,.3 1,1 .85,1.6 .5,2 .15,1.9",
        ".95,.7 .6,1.1 .2,1 0,.6 .2,.1 .6,0 .95,.3 .95,2",
        "1,1 0,1 0,0 1,0 1,2 0,2",
        ".95,.6 .5,1 .05,.6 .5,0 .95,.5 .8,1.3 .3,2",
    ),
}


def letterforms() -> Iterator[tuple[str, Ink]]:
    """Every shape with the character that it stands for, as ink between 0 and 1."""
    yield from _outlined()
    for font in (_DOTS_5X7, _DOTS_5X7_OTHER):
        yield from ((name[0], _dots([int(row, 16) for row in rows.split()], 5)) for name, rows in font.items())
    for font in (_DOTS_3X5, _DOTS_3X5_OTHER):
        yield from ((name[0], _dots([int(row) for row in rows], 3)) for name, rows in font.items())
    for width in (5, 9):
        yield from ((name[0], _segments(lit, width)) for name, lit in _SEGMENTS.items())
    for width in (4, 8):
        yield from ((name, _pen(strokes, width)) for name, hands in _STROKES.items() for strokes in hands)


def _outlined() -> Iterator[tuple[str, Ink]]:
    fonts = [ImageFont.load_default(size=size) for size in (13, 40)] + [ImageFont.load_default_imagefont()]
    for font in fonts:
        for name in DIGITS + LETTERS:
            canvas = Image.new("L", (96, 96), 0)
            ImageDraw.Draw(canvas).text((20, 20), name, font=font, fill=255)
            box = canvas.getbbox()
            if box:
                yield name, np.asarray(canvas.crop(box), dtype=np.float32) / np.float32(255)


def _dots(rows: list[int], width: int) -> Ink:
    lit = np.array([[row >> (width - 1 - x) & 1 for x in range(width)] for row in rows], dtype=np.float32)
    lit = lit[np.any(lit, axis=1)][:, np.any(lit, axis=0)]
    return np.kron(lit, np.ones((6, 6), dtype=np.float32))


def _segments(lit: str, width: int) -> Ink:
    canvas = Image.new("L", (36, 64), 0)
    pen = ImageDraw.Draw(canvas)
    right, middle, foot, half = 35, 32, 63, width // 2
    far = right - width + 1
    boxes = {
        "a": (0, 0, right, width - 1), "b": (far, 0, right, middle), "c": (far, middle, right, foot),
        "d": (0, foot - width + 1, right, foot), "e": (0, middle, width - 1, foot), "f": (0, 0, width - 1, middle),
        "g": (0, middle - half, right, middle + half),
    }  # fmt: skip
    for name in lit:
        pen.rectangle(boxes[name], fill=255)
    return np.asarray(canvas.crop(canvas.getbbox()), dtype=np.float32) / np.float32(255)


def _pen(strokes: str, width: int) -> Ink:
    canvas = Image.new("L", (64, 88), 0)
    pen = ImageDraw.Draw(canvas)
    for stroke in strokes.split("|"):
        points = [
            (16 + 32 * float(x), 12 + 32 * float(y)) for x, _, y in (point.partition(",") for point in stroke.split())
        ]
        pen.line(points, fill=255, width=width, joint="curve")
        for x, y in points:
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return np.asarray(canvas.crop(canvas.getbbox()), dtype=np.float32) / np.float32(255)
