"""Pictures made from a prompt: the shapes and colours that it names, as PNG; and the bounded store that serves them.

It stands apart because drawing needs Pillow and nothing of chat: `draw` is pure, and a `Gallery` belongs to one server.
"""

import hashlib
import io
import math
import random
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from harness.simulator.skills.figures import ONES

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

LARGEST_SIDE: Final = 2048
"""Pixels; a longer side is cut to this, because a picture is memory that a request asks for."""
MOST_FIGURES: Final = 36
PLAIN: Final = "white"
NUMBERS: Final = tuple(ONES[:13])
# Colours that are told apart at a glance, for prompts that name a shape and no colour.
PALETTE: Final = ("crimson", "royalblue", "seagreen", "darkorange", "purple", "teal", "goldenrod", "slategray")

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing to draw: a shape's name in `SHAPES`, and its colour as Pillow names it."""

    shape: str
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a prompt asks for, as far as it was understood."""

    background: str
    figures: tuple[Figure, ...]


def draw(prompt: str, *, number: int = 0, size: tuple[int, int] = (512, 512)) -> bytes:
    """A PNG of what the prompt names; the same prompt, number and size give the same bytes.

    number  which of several pictures of one prompt: they differ in place and palette, not in what they show
    size    width and height in pixels, each brought into 8…2048
    """
    from PIL import Image, ImageDraw

    width, height = (min(max(side, 8), LARGEST_SIDE) for side in size)
    digest = hashlib.sha256(f"{number}:{prompt}".encode("utf-8", "replace")).digest()
    chance = random.Random(digest)  # noqa: S311 - a picture's layout is no secret
    scene = understand(prompt, chance)
    image = Image.new("RGB", (width, height), scene.background)
    _place(ImageDraw.Draw(image), scene.figures, width, height, chance)
    written = io.BytesIO()
    image.save(written, format="PNG")
    return written.getvalue()


def understand(prompt: str, chance: random.Random) -> Scene:
    """The shapes, colours and background that a prompt names, in its order.

    A colour belongs to the next shape named after it, or to the word 'background', and a number to the next shape. A
    prompt that names no shape gets three of our choosing: something must be drawn.
    """
    from PIL import ImageColor

    figures: list[Figure] = []
    background, colour, count = PLAIN, None, 1
    words = re.findall(r"[a-z]+|\d{1,3}", prompt[:10_000].lower())
    for place, word in enumerate(words):
        shape = _shape(word)
        if word in ("background", "ground", "backdrop", "canvas"):
            background, colour = colour or background, None
        elif word in ImageColor.colormap:
            colour = word
        elif word in NUMBERS or word.isdigit():
            count = NUMBERS.index(word) if word in NUMBERS else int(word)
        elif shape is not None and len(figures) < MOST_FIGURES:
            shown = colour or PALETTE[(place + chance.randrange(len(PALETTE))) % len(PALETTE)]
            figures += [Figure(shape=shape, colour=shown)] * min(count, MOST_FIGURES - len(figures))
            colour, count = None, 1
    if not figures:
        chosen = chance.sample(sorted(SHAPES), 3)
        figures = [Figure(shape=shape, colour=colour or chance.choice(PALETTE)) for shape in chosen]
    return Scene(background=background, figures=tuple(figures))


def _shape(word: str) -> str | None:
    names = [word, word.removesuffix("s"), word.removesuffix("es")]
    return next((SYNONYMS.get(name, name) for name in names if SYNONYMS.get(name, name) in SHAPES), None)


def _place(canvas: "ImageDraw", figures: tuple[Figure, ...], width: int, height: int, chance: random.Random) -> None:
    columns = math.ceil(math.sqrt(len(figures) * width / height)) or 1
    rows = math.ceil(len(figures) / columns)
    cell_width, cell_height = width / columns, height / rows
    side = min(cell_width, cell_height) * 0.7
    for index, figure in enumerate(figures):
        row, column = divmod(index, columns)
        left = column * cell_width + (cell_width - side) * chance.uniform(0.35, 0.65)
        top = row * cell_height + (cell_height - side) * chance.uniform(0.35, 0.65)
        SHAPES[figure.shape](canvas, (left, top, left + side, top + side), figure.colour)


def _polygon(corners: int, *, turn: float = -0.25, inner: float = 1.0) -> Callable[["ImageDraw", Box, str], None]:
    """A figure of equal corners; with `inner` below 1 every second corner lies that much nearer to the middle."""

    def paint(canvas: "ImageDraw", box: Box, colour: str) -> None:
        middle_x, middle_y, radius = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, (box[2] - box[0]) / 2
        points = []
        for corner in range(corners):
            angle = 2 * math.pi * (corner / corners + turn)
            reach = radius * (inner if corner % 2 else 1.0)
            points.append((middle_x + reach * math.cos(angle), middle_y + reach * math.sin(angle)))
        canvas.polygon(points, fill=colour)

    return paint


def _within(method: str, *, flat: bool = False, **options: Any) -> Callable[["ImageDraw", Box, str], None]:
    """A figure that Pillow draws into a box; a flat one is half as high as it is wide."""

    def paint(canvas: "ImageDraw", box: Box, colour: str) -> None:
        left, top, right, bottom = box
        if flat:
            quarter = (bottom - top) / 4
            top, bottom = top + quarter, bottom - quarter
        colours = {"outline": colour, "width": max(2, int((right - left) / 8))} if options else {"fill": colour}
        getattr(canvas, method)((left, top, right, bottom), **colours)

    return paint


SHAPES: Final[Mapping[str, Callable[["ImageDraw", Box, str], None]]] = {
    "circle": _within("ellipse"),
    "ellipse": _within("ellipse", flat=True),
    "square": _within("rectangle"),
    "rectangle": _within("rectangle", flat=True),
    "ring": _within("ellipse", hollow=True),
    "triangle": _polygon(3),
    "diamond": _polygon(4),
    "pentagon": _polygon(5),
    "hexagon": _polygon(6),
    "octagon": _polygon(8, turn=-0.1875),
    "star": _polygon(10, inner=0.45),
}
SYNONYMS: Final[Mapping[str, str]] = {
    "disc": "circle",
    "disk": "circle",
    "dot": "circle",
    "ball": "circle",
    "sun": "circle",
    "moon": "circle",
    "oval": "ellipse",
    "box": "square",
    "rhombus": "diamond",
}


class Gallery:
    """The latest pictures of one server, by name; bounded in number and in bytes, the oldest going first."""

    def __init__(self, *, pictures: int = 200, total_bytes: int = 50_000_000) -> None:
        """Hold at most so many."""
        self._pictures = pictures
        self._bytes = total_bytes
        self._held: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, picture: bytes) -> str:
        """Store a PNG; its name, which is the same for the same bytes."""
        name = hashlib.sha256(picture).hexdigest()[:32]
        self._held[name] = picture
        self._held.move_to_end(name)
        while len(self._held) > self._pictures or sum(map(len, self._held.values())) > self._bytes:
            self._held.popitem(last=False)
        return name

    def find(self, name: str) -> bytes | None:
        """The PNG of that name, or None if it is not there, or not any more."""
        return self._held.get(name)
