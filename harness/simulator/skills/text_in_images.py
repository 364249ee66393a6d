"""Digits and capital words read from a picture's pixels, row by row.

It stands apart because several ways of parting ink from ground and pieces from each other are tried, and the one
whose shapes are most like characters is believed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageFilter

from harness.simulator.skills.glyphs import Guess, guesses
from harness.simulator.skills.letterforms import DIGITS, Ink
from harness.simulator.skills.patterns import late
from harness.simulator.skills.pixels import Field, Mask, Piece, closed, fitting, ink_of, pieces, threshold, uneven_ink

MOST_CHARACTERS = 150
MOST_SHAPES = 600
"""Shapes beyond which a picture is no writing but texture."""

MOST_PIXELS = 4_000_000
"""Pixels beyond which a picture is made smaller before it is read."""

LEAST_LIKENESS = 0.84
"""Below this mean likeness nothing is read: the shapes are no characters."""

SURE = 0.88
"""Mean likeness at which no further way is tried; characters of a font never seen come to about 0.9.

Not where ones prevail: the segments of a display look like them until they are bridged.
"""

_NOISE_PIECES = 60
UNEVEN = 10
"""Spread of the border's brightness, of 255, from which the ground counts as uneven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Text read from a picture, rows parted by line ends, and the mean likeness of its characters."""

    text: str
    likeness: float


def text_in(image: Image.Image, *, digits_only: bool = False) -> Reading | None:
    """What is written in the picture; None where nothing like digits or capitals stands there."""
    best: Reading | None = None
    scale = (MOST_PIXELS / (image.width * image.height)) ** 0.5
    if scale < 1:
        size = (max(1, int(image.width * scale)), max(1, int(image.height * scale)))
        image = image.resize(size, Image.Resampling.BOX)
    for ink, gap in _ways(image):
        if late():
            break
        reading = _read(ink, gap, digits_only=digits_only)
        if reading is not None and (best is None or reading.likeness > best.likeness + 0.005):
            best = reading
        if best is not None and best.likeness > SURE and best.text.count("1") <= 0.4 * len(best.text):
            break
    return best if best is not None and best.likeness >= LEAST_LIKENESS else None


def _ways(image: Image.Image) -> Iterator[tuple[Field, int]]:
    """Ink maps to try, each with how wide a gap within one character is bridged, the plainest first."""
    rgb = np.asarray(image, dtype=np.float32)
    # On an even ground this would make rings of whatever is solid.
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]]).mean(axis=1)
    uneven = uneven_ink(rgb) if float(border.std()) > UNEVEN else None
    if uneven is not None:
        yield from _gaps(_cropped(uneven))
    first = ink_of(rgb)
    if first is not None:
        ink = _cropped(first)
        panel = _panel(ink)
        if panel is None:
            yield from _gaps(ink)
        if panel is not None:
            left, top, right, bottom = panel
            rows, columns = np.nonzero(first > threshold(first))
            inner = rgb[rows.min() + top : rows.min() + bottom, columns.min() + left : columns.min() + right]
            second = ink_of(inner) if min(inner.shape[:2]) > 4 else None  # noqa: PLR2004 - no room for a character
            if second is not None:
                yield from _gaps(_cropped(second))
            yield from _gaps(ink)
        if _speckled(ink):
            smooth = np.asarray(image.filter(ImageFilter.MedianFilter(3)), dtype=np.float32)
            calm = ink_of(smooth)
            if calm is not None:
                yield from _gaps(_cropped(calm))


def _gaps(ink: Field) -> Iterator[tuple[Field, int]]:
    height = ink.shape[0]
    yield ink, 0
    for gap in sorted({max(1, round(height * share)) for share in (0.02, 0.05, 0.09)}):
        if height > 8 * gap:
            yield ink, gap


def _cropped(ink: Field) -> Field:
    """The part that holds ink, with a margin of one pixel, made smaller if it is large."""
    rows, columns = np.nonzero(ink > threshold(ink))
    if not len(rows):
        return ink
    part = ink[max(0, rows.min() - 1) : rows.max() + 2, max(0, columns.min() - 1) : columns.max() + 2]
    image = fitting(Image.fromarray((part * 255).astype(np.uint8)))
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def _panel(ink: Field) -> tuple[int, int, int, int] | None:
    """The inside of a piece that covers most of the picture: a sign or frame that the text stands in."""
    found = pieces(ink > threshold(ink))
    largest = max(found, key=lambda piece: piece.width * piece.height, default=None)
    if largest is None or largest.width * largest.height < 0.5 * ink.size:
        return None
    edge = max(2, round(0.04 * min(largest.width, largest.height)))
    return largest.left + edge, largest.top + edge, largest.right - edge, largest.bottom - edge


def _speckled(ink: Field) -> bool:
    found = pieces(ink > threshold(ink))
    return len(found) > _NOISE_PIECES or not found


def _read(ink: Field, gap: int, *, digits_only: bool) -> Reading | None:
    solid: Mask = ink > threshold(ink)
    everything = _bridged(solid, gap) if gap else pieces(solid)
    found = _characters(everything, ink.shape)
    if len(found) > MOST_SHAPES:
        return None
    rows = _rows(found)
    written, likenesses = [], []
    for row in rows:
        if late():
            return None
        text, alike = _row_text(row, ink, digits_only=digits_only)
        if text:
            written.append(text)
            likenesses += alike
    if not likenesses:
        return None
    left_out = 1 - sum(piece.area for piece in found) / sum(piece.area for piece in everything)
    return Reading(text="\n".join(written), likeness=sum(likenesses) / len(likenesses) - 0.2 * left_out)


def _bridged(mask: Mask, by: int) -> list[Piece]:
    """The pieces when gaps of up to twice `by` count as joined, each with its own outline."""
    edge = 2 * by + 1
    wide, joined = closed(np.pad(mask, edge), by)
    found = []
    for piece in pieces(wide):
        part = piece.mask & joined[piece.top : piece.bottom, piece.left : piece.right]
        rows, columns = np.nonzero(part)
        if len(rows):
            top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
            found.append(
                Piece(
                    left=piece.left + int(left) - edge,
                    right=piece.left + int(right) - edge,
                    top=piece.top + int(top) - edge,
                    bottom=piece.top + int(bottom) - edge,
                    area=len(rows),
                    mask=part[top:bottom, left:right],
                )
            )
    return found


def _characters(found: list[Piece], shape: tuple[int, ...]) -> list[Piece]:
    """The pieces that can be characters: no specks, no frames, no lines."""
    kept = []
    for piece in found:
        frame = (
            piece.width > 0.9 * shape[1]
            and piece.height > 0.9 * shape[0]
            and piece.area < 0.35 * piece.width * piece.height
            and len(found) > 1
        )
        line = (piece.width > 6 * piece.height and len(found) > 2) or piece.height > 20 * piece.width  # noqa: PLR2004 - longer than any stroke
        if not frame and not line:
            kept.append(piece)
    if not kept:
        return []
    tallest = sorted((piece.height for piece in kept), reverse=True)
    typical = tallest[min(len(tallest) - 1, len([h for h in tallest if h > 0.6 * tallest[0]]) // 2)]
    return [
        piece
        for piece in kept
        if max(piece.height, piece.width) >= 0.18 * typical and piece.area >= 0.004 * typical * typical
    ]


def _rows(found: list[Piece]) -> list[list[Piece]]:
    """Pieces that stand beside each other, top row first."""
    rows: list[list[Piece]] = []
    for piece in sorted(found, key=lambda one: -one.height):
        middle = (piece.top + piece.bottom) / 2
        home = next((row for row in rows if _beside(middle, piece, row)), None)
        if home is None:
            rows.append([piece])
        else:
            home.append(piece)
    rows = [row for row in rows if max(p.height for p in row) >= 0.3 * max(p.height for p in found)]
    return sorted(rows, key=lambda row: min(piece.top for piece in row))


def _beside(middle: float, piece: Piece, row: list[Piece]) -> bool:
    # The nearest neighbour decides, so that a slanting row stays one row.
    # Full characters only, so that the lower half of a broken one stays in the row of its upper half.
    full = [other for other in row if other.height >= 0.7 * row[0].height]
    near = min(full, key=lambda other: max(other.left - piece.right, piece.left - other.right))
    return near.top - 0.1 * near.height <= middle <= near.bottom + 0.1 * near.height


def _row_text(row: list[Piece], ink: Field, *, digits_only: bool) -> tuple[str, list[float]]:
    tall = max(piece.height for piece in row)
    whole = [piece for piece in _merged(row) if piece.height >= 0.45 * tall]
    if not whole or len(whole) > MOST_CHARACTERS:
        return "", []
    boxes, guessed = [], []
    for piece in whole:
        parts, alike = _best_cut(piece, ink, tall, digits_only=digits_only)
        boxes += parts
        guessed += alike
    if not digits_only and guessed and sum(guess.character in DIGITS for guess in guessed) >= 0.6 * len(guessed):
        guessed = guesses([_shape(box, ink) for box in boxes], digits_only=True)
    kept = [(box, guess) for box, guess in zip(boxes, guessed, strict=True) if guess.likeness > 0.5]  # noqa: PLR2004 - else no character at all
    # What is no character still counts: text with holes in it is no good reading.
    return _spaced(kept), [guess.likeness for guess in guessed]


def _merged(row: list[Piece]) -> list[Piece]:
    """Pieces above one another made one: the parts of a broken character."""
    merged: list[Piece] = []
    for piece in sorted(row, key=lambda one: one.left):
        if merged:
            last = merged[-1]
            overlap = min(last.right, piece.right) - max(last.left, piece.left)
            if overlap > 0.5 * min(last.width, piece.width):
                merged[-1] = _union(last, piece)
                continue
        merged.append(piece)
    return merged


def _union(a: Piece, b: Piece) -> Piece:
    left, top, right, bottom = min(a.left, b.left), min(a.top, b.top), max(a.right, b.right), max(a.bottom, b.bottom)
    mask = np.zeros((bottom - top, right - left), dtype=np.bool_)
    for piece in (a, b):
        mask[piece.top - top : piece.bottom - top, piece.left - left : piece.right - left] |= piece.mask
    return Piece(
        left=left, top=top, right=right, bottom=bottom, area=a.area + b.area, mask=mask, parts=a.parts + b.parts
    )


def _shape(piece: Piece, ink: Field) -> Ink:
    part = ink[piece.top : piece.bottom, piece.left : piece.right]
    # What was bridged counts as ink, or a shape of dots would fall apart again.
    shape: Ink = np.where(piece.mask, np.maximum(part, 0.75), 0.0).astype(np.float32)
    return shape


def _best_cut(piece: Piece, ink: Field, tall: int, *, digits_only: bool) -> tuple[list[Piece], list[Guess]]:
    """The piece as one character, or cut into as many as look best where it is too wide for one."""
    best = [piece]
    alike = guesses([_shape(piece, ink)], digits_only=digits_only)
    if piece.parts > 1:
        # Characters hang together; parts above one another are more often segments or dots yet to be bridged.
        alike = [Guess(character=guess.character, likeness=guess.likeness - 0.2) for guess in alike]
    if piece.width <= 0.95 * tall or piece.area > 0.75 * piece.width * piece.height:
        return best, alike
    for many in range(2, min(12, round(piece.width / (0.35 * tall))) + 1):
        parts = _cut(piece, many)
        if len(parts) != many:
            continue
        trial = guesses([_shape(part, ink) for part in parts], digits_only=digits_only)
        if sum(g.likeness for g in trial) / many > sum(g.likeness for g in alike) / len(alike) + 0.02:
            best, alike = parts, trial
    return best, alike


def _cut(piece: Piece, many: int) -> list[Piece]:
    """The piece cut into parts of about equal width, where its ink is thinnest."""
    column = piece.mask.sum(axis=0)
    step = piece.width / many
    cuts = [0]
    for n in range(1, many):
        low, high = max(cuts[-1] + 2, round((n - 0.25) * step)), min(piece.width - 2, round((n + 0.25) * step) + 1)
        if low >= high:
            return []
        cuts.append(low + int(column[low:high].argmin()))
    parts = []
    for start, end in zip(cuts, [*cuts[1:], piece.width], strict=True):
        mask = piece.mask[:, start:end]
        rows, columns = np.nonzero(mask)
        if not len(rows):
            return []
        top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        parts.append(
            Piece(
                left=piece.left + start + int(left),
                right=piece.left + start + int(right),
                top=piece.top + int(top),
                bottom=piece.top + int(bottom),
                area=len(rows),
                mask=mask[top:bottom, left:right],
            )
        )
    return parts


def _spaced(row: list[tuple[Piece, Guess]]) -> str:
    """The row's characters with a space where the gap is much wider than between most of them."""
    if not row:
        return ""
    gaps = [b.left - a.right for (a, _), (b, _) in pairwise(row)]
    usual = sorted(gaps)[(len(gaps) - 1) // 2] if gaps else 0
    tall = max(piece.height for piece, _ in row)
    text = row[0][1].character
    for gap, (_, guess) in zip(gaps, row[1:], strict=True):
        text += (" " if gap > 0.45 * tall and gap > 1.8 * max(usual, 1) else "") + guess.character
    return text
