"""What a picture shows beyond text: its size, its colours, and plain shapes with their places.

It stands apart from reading because shapes are named by how they fill their box, not by likeness to anything.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from harness.simulator.skills.pixels import Field, Piece, ground_colour, pieces

MOST_SHAPES = 8
_COLOURS = {
    "black": (0, 0, 0), "white": (255, 255, 255), "grey": (128, 128, 128), "light grey": (205, 205, 205),
    "red": (220, 20, 20), "dark red": (125, 0, 0), "orange": (255, 140, 0), "yellow": (250, 230, 20),
    "green": (20, 150, 30), "light green": (90, 230, 90), "cyan": (0, 215, 230), "blue": (20, 40, 220),
    "dark blue": (0, 0, 115), "light blue": (120, 180, 250), "purple": (130, 0, 150), "pink": (255, 150, 190),
    "magenta": (240, 0, 220), "brown": (135, 75, 25), "beige": (240, 225, 190),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A shape of one colour: what it is called, and where its middle lies, as a share of width and height."""

    colour: str
    kind: str
    x: float
    y: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A picture's size in pixels, the colour of its ground, and its shapes, largest first."""

    width: int
    height: int
    ground: str
    shapes: tuple[Shape, ...]


def colour_name(rgb: Field) -> str:
    """The everyday name of the nearest colour."""
    red, green, blue = (float(value) for value in rgb)
    # Weighted as the eye does, roughly: differences in green show most.
    return min(
        _COLOURS,
        key=lambda name: (
            2 * (red - _COLOURS[name][0]) ** 2
            + 4 * (green - _COLOURS[name][1]) ** 2
            + 3 * (blue - _COLOURS[name][2]) ** 2
        ),
    )


def scene_of(image: Image.Image) -> Scene:
    """What is in the picture, as far as plain shapes on a plain ground go."""
    small = image.copy()
    small.thumbnail((320, 320), Image.Resampling.BOX if max(image.size) > 640 else Image.Resampling.NEAREST)  # noqa: PLR2004
    rgb = np.asarray(small, dtype=np.float32)
    ground = ground_colour(rgb)
    distance = np.sqrt(((rgb - ground) ** 2).sum(axis=2))
    found = []
    for level in _levels(rgb[distance > 60]):  # noqa: PLR2004 - of 441: another colour to the eye
        mask = (np.sqrt(((rgb - level) ** 2).sum(axis=2)) < 50) & (distance > 60)  # noqa: PLR2004 - the same colour to the eye
        found += [_shape(piece, level, small.size) for piece in pieces(mask) if piece.area > max(12, 0.002 * mask.size)]
    found.sort(key=lambda shape: -shape.share)
    return Scene(width=image.width, height=image.height, ground=colour_name(ground), shapes=tuple(found[:MOST_SHAPES]))


def _levels(colours: Field) -> list[Field]:
    """The colours that most of the ink has, each once."""
    levels: list[Field] = []
    rest = colours
    while len(rest) > 0.03 * len(colours) and len(levels) < 6 and len(rest) > 4:  # noqa: PLR2004 - a few colours
        coarse = (rest // 24).astype(np.int64) @ np.array([1, 32, 1024])
        values, counts = np.unique(coarse, return_counts=True)
        level: Field = rest[coarse == values[counts.argmax()]].mean(axis=0)
        levels.append(level)
        rest = rest[np.sqrt(((rest - level) ** 2).sum(axis=1)) >= 50]  # noqa: PLR2004 - as above
    return levels


def _shape(piece: Piece, colour: Field, size: tuple[int, int]) -> Shape:
    return Shape(
        colour=colour_name(colour),
        kind=_kind(piece),
        x=(piece.left + piece.right) / 2 / size[0],
        y=(piece.top + piece.bottom) / 2 / size[1],
        share=piece.area / (size[0] * size[1]),
    )


def _kind(piece: Piece) -> str:
    fill = piece.area / (piece.width * piece.height)
    ratio = piece.width / piece.height
    square = 0.88 < ratio < 1.14  # noqa: PLR2004 - as square as the eye can tell
    if fill > 0.93:  # noqa: PLR2004 - the box and nothing missing
        return "line" if ratio > 12 or ratio < 1 / 12 else "square" if square else "rectangle"  # noqa: PLR2004 - thin
    rows = piece.mask.sum(axis=1)
    widest = int(rows.argmax()) / max(1, len(rows) - 1)
    if 0.72 < fill < 0.85:  # noqa: PLR2004 - pi / 4
        return "circle" if square else "ellipse"
    if 0.42 < fill < 0.6 and (widest > 0.85 or widest < 0.15):  # noqa: PLR2004 - half the box, widest at one end
        return "triangle"
    if 0.42 < fill < 0.6 and 0.35 < widest < 0.65:  # noqa: PLR2004 - half the box, widest in the middle
        return "diamond"
    return "shape"


def where(shape: Shape) -> str:
    """The shape's place in words, such as 'at the top left'."""
    row = "top" if shape.y < 0.36 else "bottom" if shape.y > 0.64 else ""  # noqa: PLR2004 - thirds
    column = "left" if shape.x < 0.36 else "right" if shape.x > 0.64 else ""  # noqa: PLR2004 - thirds
    if not row and not column:
        return "in the centre"
    return f"at the {row} {column}".rstrip() if row else f"on the {column}"
