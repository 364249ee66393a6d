"""Pictures opened within bounds, told apart into ink and ground, and cut into connected pieces.

It stands apart because reading text and describing shapes both begin here, and because files are written by strangers.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

MOST_PIXELS = 20_000_000
MOST_BYTES = 30_000_000
MOST_RUNS = 60_000
MOST_PIECES = 4000
LONGEST_SIDE = 1100
"""Pixels along the longer side beyond which a picture is made smaller before it is cut into pieces."""

Field = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Mask = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of ink: its box, how many pixels it has, which they are within the box, and of how many parts it is."""

    left: int
    top: int
    right: int
    bottom: int
    area: int
    mask: Mask
    parts: int = 1

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.bottom - self.top


def opened(content: bytes) -> Image.Image | None:
    """The picture as RGB on white, its first frame; None for no PNG, JPEG, GIF or WebP, or one damaged or large."""
    if len(content) > MOST_BYTES:
        return None
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "GIF", "WEBP"))
        if image.width * image.height > MOST_PIXELS or not image.width * image.height:
            return None
        if image.mode in {"RGB", "L"} and "transparency" not in image.info:
            return image.convert("RGB")
        layered = image.convert("RGBA")
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        KeyError,
        IndexError,
        TypeError,
        OverflowError,
        MemoryError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        # Pillow's decoders raise any of these on a damaged file.
        return None
    return _on_ground(layered)


def _on_ground(layered: Image.Image) -> Image.Image:
    """A transparent picture on white, or on black where what shows is itself nearly white."""
    rgba = np.asarray(layered, dtype=np.float32)
    alpha = rgba[..., 3:] / 255
    shown = rgba[..., :3][alpha[..., 0] > 0.5]  # noqa: PLR2004 - more seen than not
    ground = 0.0 if len(shown) and (alpha < 0.5).any() and float(shown.mean()) > 200 else 255.0  # noqa: PLR2004 - nearly white
    return Image.fromarray((rgba[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8))


def ground_colour(rgb: Field) -> Field:
    """The colour that is met most often along the border."""
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    coarse = (border // 24).astype(np.int64) @ np.array([1, 32, 1024])
    values, counts = np.unique(coarse, return_counts=True)
    chosen: Field = border[coarse == values[counts.argmax()]].mean(axis=0).astype(np.float32)
    return chosen


def ink_of(rgb: Field) -> Field | None:
    """How far each pixel is from the ground, 0 to 1; None where the picture is of one colour."""
    distance = np.sqrt(((rgb - ground_colour(rgb)) ** 2).sum(axis=2))
    top = float(np.percentile(distance, 99.7)) if distance.size > 20_000 else float(distance.max())  # noqa: PLR2004 - enough for a share
    top = max(top, 0.6 * float(distance.max()))
    if top < 12:  # noqa: PLR2004 - of 441: no one could see it
        return None
    ink: Field = np.clip(distance / top, 0, 1).astype(np.float32)
    return ink


def uneven_ink(rgb: Field) -> Field | None:
    """Ink against the light around it, for grounds that change from one side to the other."""
    grey = rgb.mean(axis=2)
    reach = max(8, min(grey.shape) // 6)
    difference = grey - _box_mean(grey, reach)
    if abs(float(np.percentile(difference, 1))) > float(np.percentile(difference, 99)):
        difference = -difference
    top = float(np.percentile(difference, 99.5))
    if top < 12:  # noqa: PLR2004 - as above
        return None
    ink: Field = np.clip(difference / top, 0, 1).astype(np.float32)
    return ink


def _box_mean(grey: Field, reach: int) -> Field:
    padded = np.pad(grey, reach, mode="edge")
    sums = np.pad(padded.cumsum(axis=0, dtype=np.float64).cumsum(axis=1), ((1, 0), (1, 0)))
    side = 2 * reach + 1
    mean: Field = (
        (sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]) / side**2
    ).astype(np.float32)
    return mean


def closed(mask: Mask, by: int) -> tuple[Mask, Mask]:
    """The mask grown by so many pixels each way, and that shrunk again by as many: gaps of up to twice that are shut.

    The work does not grow with `by`: each is a sum over a moving window. What lies beyond the border counts as ground.
    """
    grown = _window_sums(mask, by) > 0
    return grown, _window_sums(~grown, by) == 0


def _window_sums(mask: Mask, reach: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    padded = np.pad(mask, reach).astype(np.int64)
    sums = np.pad(padded.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    side = 2 * reach + 1
    windows: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = (
        sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    )
    return windows


def threshold(ink: Field) -> float:
    """The level that parts ink from ground best (Otsu's rule), kept between a quarter and two thirds."""
    counts, edges = np.histogram(ink, bins=64, range=(0, 1))
    levels = (edges[:-1] + edges[1:]) / 2
    weight = counts.cumsum()
    mean = (counts * levels).cumsum()
    rest = weight[-1] - weight
    with np.errstate(divide="ignore", invalid="ignore"):
        between = weight * rest * (mean / weight - (mean[-1] - mean) / rest) ** 2
    return float(np.clip(levels[int(np.nan_to_num(between).argmax())], 0.25, 0.66))


def fitting(image: Image.Image) -> Image.Image:
    """The picture, smaller if it is larger than can be cut into pieces quickly."""
    longest = max(image.size)
    if longest <= LONGEST_SIDE:
        return image
    scale = LONGEST_SIDE / longest
    return image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.BOX)


def pieces(mask: Mask) -> list[Piece]:
    """The connected pieces of a mask, neighbours at corners counted; [] where there are too many to be shapes."""
    rows, starts, ends = _runs(mask)
    if len(rows) > MOST_RUNS:
        return []
    groups: dict[int, list[int]] = {}
    for index, root in enumerate(_roots(rows, starts, ends)):
        groups.setdefault(root, []).append(index)
    if len(groups) > MOST_PIECES:
        return []
    return [_piece([(rows[i], starts[i], ends[i]) for i in group]) for group in groups.values()]


def _roots(rows: list[int], starts: list[int], ends: list[int]) -> list[int]:
    """For each run the run that stands for its piece: runs of neighbouring rows that touch belong together."""
    parent = list(range(len(rows)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    first_of_row: dict[int, int] = {}
    for index, row in enumerate(rows):
        first_of_row.setdefault(row, index)
    for index, row in enumerate(rows):
        above = first_of_row.get(row - 1, len(rows))
        while above < index and rows[above] == row - 1 and ends[above] < starts[index]:
            above += 1
        # The next run of this row begins further right, so what ends before it need not be looked at again.
        first_of_row[row - 1] = above
        while above < index and rows[above] == row - 1 and starts[above] <= ends[index]:
            parent[root(above)] = root(index)
            above += 1
    return [root(index) for index in range(len(rows))]


def _runs(mask: Mask) -> tuple[list[int], list[int], list[int]]:
    padded = np.pad(mask.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    _, ends = np.nonzero(change == -1)
    return rows.tolist(), starts.tolist(), ends.tolist()


def _piece(runs: list[tuple[int, int, int]]) -> Piece:
    top, bottom = min(r for r, _, _ in runs), max(r for r, _, _ in runs) + 1
    left, right = min(s for _, s, _ in runs), max(e for _, _, e in runs)
    mask = np.zeros((bottom - top, right - left), dtype=np.bool_)
    for row, start, end in runs:
        mask[row - top, start - left : end - left] = True
    return Piece(left=left, top=top, right=right, bottom=bottom, area=sum(e - s for _, s, e in runs), mask=mask)
