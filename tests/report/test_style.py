"""What the page's colours must be: readable, in the light and in the dark."""

import re
from importlib import resources

import pytest

CSS = (resources.files("harness.report") / "templates" / "style.css").read_text("utf-8")
PALETTES = [
    dict(re.findall(r"--([\w-]+): (#\w{6});", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
]
ON_PLAIN = ["text", "muted", "link", "pass", "fail", "error", "skip"]
PAIRS = [
    *((colour, ground) for colour in ON_PLAIN for ground in ("page", "panel", "error-tint")),
    *((colour, f"{status}-tint") for status in ("pass", "fail") for colour in ("text", "muted", status)),
]


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """As WCAG 2.2 defines it: 1 to 21."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_there_is_a_palette_for_light_dark_and_paper_with_the_same_colours():
    assert len(PALETTES) == 3
    assert PALETTES[0].keys() == PALETTES[1].keys() == PALETTES[2].keys()


@pytest.mark.parametrize("palette", PALETTES, ids=["light", "dark", "paper"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_on_its_ground(palette, text, ground):
    assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("palette", PALETTES, ids=["light", "dark", "paper"])
@pytest.mark.parametrize(
    ("shape", "ground"), [("bar", "page"), ("bar", "track"), ("whisker", "bar"), ("whisker", "track")]
)
def test_bars_and_whiskers_stand_out(palette, shape, ground):
    assert contrast(palette[shape], palette[ground]) >= 3


def test_every_colour_that_is_used_is_in_the_palette():
    assert set(re.findall(r"var\(--([\w-]+)\)", CSS)) <= PALETTES[0].keys()
