import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.simulator.pictures import LARGEST_SIDE, SHAPES, Figure, Gallery, draw, understand


def pixels(png):
    """How many pixels of each colour a PNG has."""
    image = Image.open(io.BytesIO(png))
    return {colour: count for count, colour in image.getcolors(maxcolors=4096)}


def test_what_a_prompt_names_is_what_the_picture_shows():
    seen = pixels(draw("A red circle and two blue squares on a black background."))

    assert set(seen) == {(255, 0, 0), (0, 0, 255), (0, 0, 0)}
    # Two squares beside one circle of the same width: 2 against π/4.
    assert seen[0, 0, 255] / seen[255, 0, 0] == pytest.approx(8 / 3.1416, rel=0.05)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_can_be_asked_for_and_is_drawn(shape):
    assert understand(f"a green {shape}", None).figures == (Figure(shape=shape, colour="green"),)
    assert pixels(draw(f"a green {shape}"))[0, 128, 0] > 5_000


def test_a_prompt_that_names_no_shape_is_drawn_all_the_same():
    assert len(pixels(draw("a futuristic cityscape at sunset"))) > 1


def test_the_same_prompt_gives_the_same_picture_and_the_next_one_of_it_another():
    assert draw("a star") == draw("a star")
    assert draw("a star") != draw("a star", number=1)


@settings(max_examples=30, deadline=None)
@given(prompt=st.text(max_size=200), width=st.integers(-5, 300), height=st.integers(-5, 300))
def test_any_prompt_and_size_give_a_picture_within_bounds(prompt, width, height):
    image = Image.open(io.BytesIO(draw(prompt, size=(width, height))))

    assert image.size == (max(8, width), max(8, height))


def test_a_side_is_bounded():
    assert Image.open(io.BytesIO(draw("a dot", size=(10**9, 8)))).size == (LARGEST_SIDE, 8)


def test_a_gallery_forgets_its_oldest_pictures_by_number_and_by_size():
    few, small = Gallery(pictures=2), Gallery(total_bytes=25)

    for gallery in (few, small):
        names = [gallery.keep(bytes([number]) * 10) for number in range(3)]
        assert [gallery.find(name) is not None for name in names] == [False, True, True]


def test_a_picture_kept_twice_has_one_name():
    gallery = Gallery()

    assert gallery.keep(b"png") == gallery.keep(b"png")
