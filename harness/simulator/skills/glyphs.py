"""Which digit or capital letter a shape is, by its likeness to known letterforms.

It stands apart because it sees one shape at a time; rows and words are found elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
from PIL import Image

from harness.simulator.skills.letterforms import DIGITS, Ink, letterforms

SIDE = 24
_CELLS = 6
_BINS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A character and how alike the shape is to it, at most 1."""

    character: str
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bank:
    names: np.ndarray[tuple[int, ...], np.dtype[np.str_]]
    features: Ink


def guesses(shapes: list[Ink], *, digits_only: bool) -> list[Guess]:
    """The likeliest character for each shape."""
    if not shapes:
        return []
    bank = learned()
    wanted = np.isin(bank.names, list(DIGITS)) if digits_only else np.ones(len(bank.names), dtype=np.bool_)
    names, known = bank.names[wanted], bank.features[wanted]
    likeness = features(shapes) @ known.T
    likeness[_solid(shapes)] *= 0.3
    best = likeness.argmax(axis=1)
    return [
        Guess(character=str(names[index]), likeness=float(row[index]))
        for index, row in zip(best, likeness, strict=True)
    ]


def _solid(shapes: Sequence[Ink]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which shapes are blots: nearly full without a hole, and too wide for an upright stroke."""
    without_hole = _holes(np.stack([_framed(shape) for shape in shapes]))[:, 3] > 0
    full = np.array([float(shape.mean()) > 0.76 and shape.shape[1] > 0.45 * shape.shape[0] for shape in shapes])  # noqa: PLR2004
    blots: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = full & without_hole
    return blots


_learning = Lock()


def learned() -> _Bank:
    """The known letterforms: about two seconds of work for the first who asks, for which the others wait."""
    with _learning:
        return _bank()


@lru_cache(maxsize=1)
def _bank() -> _Bank:
    """Features of every letterform, also leaning, turned, wider, narrower and bolder; made once."""
    names: list[str] = []
    shapes: list[Ink] = []
    for name, ink in letterforms():
        for n, (turn, lean, stretch, bold) in enumerate(_CHANGES if name in DIGITS else _CHANGES[:_FOR_CAPITALS]):
            shape = changed(ink, turn=turn, lean=lean, stretch=stretch, bold=bold)
            shapes.append(shape)
            if name in DIGITS and n in _IN_SMALL_PRINT:
                shapes.append(_resized(shape, max(2, round(_COARSE * shape.shape[1] / shape.shape[0])), _COARSE))
            names += [name] * (len(shapes) - len(names))
    made = features(shapes)
    # A shape whose holes closed when it was made bolder or smaller is a blot, and would make blots into characters.
    open_still = (_holes(np.stack([_framed(shape) for shape in shapes]))[:, 3] == 0) | ~np.isin(names, list("0689BDOQ"))
    return _Bank(names=np.array(names)[open_still], features=made[open_still])


# Degrees, sideways per height, width factor, strokes bolder by this share of the height; those for capitals first.
_CHANGES = (
    (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 1.0, 0.06), (0.0, 0.22, 1.0, 0.0), (-7.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.8, 0.0),
    (0.0, 0.0, 0.75, 0.05), (0.0, 0.0, 1.35, 0.0), (0.0, 0.12, 0.85, 0.05), (7.0, 0.0, 1.0, 0.0), (0.0, 0.0, 1.15, 0.1),
    (0.0, 0.3, 0.85, 0.0), (0.0, 0.25, 0.9, 0.08),
)  # fmt: skip
_FOR_CAPITALS = 5
_IN_SMALL_PRINT = (0, 1, 4, 10)
_COARSE = 11
"""Rows of pixels of the small print that every digit is also drawn in."""


def changed(ink: Ink, *, turn: float, lean: float, stretch: float, bold: float) -> Ink:
    """The shape turned by degrees, leaning, stretched and made bolder, cut to its box."""
    if not (turn or lean or bold or stretch != 1.0):
        return ink
    height = 40
    width = max(4, round(ink.shape[1] / ink.shape[0] * height * stretch))
    image = Image.fromarray((ink * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR)
    canvas = Image.new("L", (width + 40, height + 40), 0)
    canvas.paste(image, (20, 20))
    if lean:
        canvas = canvas.transform(
            canvas.size,
            Image.Transform.AFFINE,
            (1, lean, -lean * canvas.height / 2, 0, 1, 0),
            Image.Resampling.BILINEAR,
        )
    if turn:
        canvas = canvas.rotate(turn, Image.Resampling.BILINEAR)
    drawn = np.asarray(canvas, dtype=np.float32) / np.float32(255)
    if bold:
        drawn = _bolder(drawn, max(1, round(bold * height)))
    rows, columns = np.nonzero(drawn > 0.3)  # noqa: PLR2004 - the visible part of a soft edge
    return drawn[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] if len(rows) else ink


def _bolder(ink: Ink, by: int) -> Ink:
    padded = np.pad(ink, by)
    shifted = [
        padded[dy : dy + ink.shape[0], dx : dx + ink.shape[1]]
        for dy in range(0, 2 * by + 1, by)
        for dx in range(0, 2 * by + 1, by)
    ]
    result: Ink = np.maximum.reduce(shifted)
    return result


def features(shapes: Sequence[Ink]) -> Ink:
    """One row a shape: directions of edges by place, ink by place with the shape's proportions and without, and holes.

    Each row has length one, so that the product of two is their likeness.
    """
    framed = np.stack([_framed(shape) for shape in shapes])
    filled = np.stack([_resized(shape, 8, 10) for shape in shapes]).reshape(len(shapes), -1)
    proportion = np.array([_proportion(shape) for shape in shapes], dtype=np.float32)
    filled -= filled.mean(axis=1, keepdims=True)
    parts = ((_edges(framed), 1.0), (_pooled(framed), 0.55), (filled, 0.45), (_holes(framed), 0.45), (proportion, 0.25))
    return _unit(np.concatenate([weight * _unit(part) for part, weight in parts], axis=1))


def _unit(rows: Ink) -> Ink:
    lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    unit: Ink = (rows / np.maximum(lengths, 1e-6)).astype(np.float32)
    return unit


def _resized(ink: Ink, width: int, height: int) -> Ink:
    image = Image.fromarray(np.ascontiguousarray(ink * 255).astype(np.uint8))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32) / np.float32(255)


def _framed(ink: Ink) -> Ink:
    height, width = ink.shape
    scale = (SIDE - 4) / max(height, width)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    canvas = np.zeros((SIDE, SIDE), dtype=np.float32)
    top, left = (SIDE - high) // 2, (SIDE - wide) // 2
    canvas[top : top + high, left : left + wide] = _resized(ink, wide, high)
    return canvas


def _pooled(canvases: Ink) -> Ink:
    step = SIDE // 8
    pooled: Ink = canvases.reshape(-1, 8, step, 8, step).mean(axis=(2, 4)).reshape(len(canvases), -1)
    return pooled


def _edges(canvases: Ink) -> Ink:
    padded = np.pad(canvases, ((0, 0), (1, 1), (1, 1)))
    rows = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    soft = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4
    down, across = np.gradient(soft, axis=(1, 2))
    strength = np.hypot(down, across)
    angle = (np.arctan2(down, across) % np.pi) / np.pi * _BINS
    low = np.floor(angle).astype(np.int64)
    share = angle - low
    step = SIDE // _CELLS
    planes = []
    for direction in range(_BINS):
        here = np.where(low % _BINS == direction, 1 - share, 0) + np.where((low + 1) % _BINS == direction, share, 0)
        plane = (strength * here).reshape(-1, _CELLS, step, _CELLS, step).sum(axis=(2, 4))
        planes.append(np.sqrt(plane).reshape(len(canvases), -1))
    return np.concatenate(planes, axis=1)


def _holes(canvases: Ink) -> Ink:
    """How much ground is shut in, in the upper, middle and lower third, and whether there is none, which counts too."""
    ground = np.pad(canvases < 0.4, ((0, 0), (1, 1), (1, 1)), constant_values=True)  # noqa: PLR2004 - an edge is no ground
    outside = np.zeros_like(ground)
    outside[:, 0] = outside[:, -1] = outside[:, :, 0] = outside[:, :, -1] = True
    # Three sweeps each way reach round any bend that a character has.
    for _ in range(3):
        for at in range(1, SIDE + 2):
            outside[:, at] |= outside[:, at - 1] & ground[:, at]
        for at in range(SIDE, -1, -1):
            outside[:, at] |= outside[:, at + 1] & ground[:, at]
        for at in range(1, SIDE + 2):
            outside[:, :, at] |= outside[:, :, at - 1] & ground[:, :, at]
        for at in range(SIDE, -1, -1):
            outside[:, :, at] |= outside[:, :, at + 1] & ground[:, :, at]
    shut = (ground & ~outside)[:, 1:-1, 1:-1].reshape(-1, 3, SIDE // 3, SIDE).sum(axis=(2, 3)) / 20
    none = shut.sum(axis=1, keepdims=True) < 0.2  # noqa: PLR2004 - a few pixels
    few = np.full((len(canvases), 1), 0.3)
    return np.concatenate([np.minimum(shut, 1.5), none, few], axis=1).astype(np.float32)


def _proportion(ink: Ink) -> tuple[float, float, float]:
    ratio = min(ink.shape[1] / ink.shape[0], 1.5)
    return ratio, 1.5 - ratio, 0.4
