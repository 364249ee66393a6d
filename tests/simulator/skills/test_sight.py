import io
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from harness.simulator.skills import Conversation, Turn, intend
from harness.simulator.skills.patterns import within
from harness.simulator.skills.pixels import closed
from harness.simulator.skills.text_in_images import text_in

# A hand of its own, of straight strokes in a box one wide and two high: none of the known letterforms is drawn so.
HAND = {
    "0": "0,.3 .3,0 .7,0 1,.3 1,1.7 .7,2 .3,2 0,1.7 0,.3",
    "1": ".2,.3 .55,0 .55,2",
    "2": "0,.3 .3,0 .8,0 1,.35 1,.7 .05,2 1,2",
    "3": "0,.2 .3,0 .8,0 1,.3 1,.7 .7,1 1,1.3 1,1.7 .75,2 .2,2 0,1.8",
    "4": ".65,2 .65,0 0,1.3 1,1.3",
    "5": ".95,0 .1,0 .1,.85 .7,.8 1,1.1 1,1.7 .7,2 .25,2 0,1.8",
    "6": ".9,.1 .4,0 .1,.5 0,1.2 .05,1.7 .4,2 .75,2 1,1.6 .9,1.1 .5,.95 .05,1.2",
    "7": "0,.05 1,.05 .35,2",
    "8": ".3,.95 .05,.6 .2,0 .8,0 .95,.6 .7,.95 1,1.4 .8,2 .2,2 0,1.4 .3,.95 .7,.95",
    "9": ".95,.8 .5,1.05 .1,.9 0,.4 .3,0 .7,0 .95,.4 .9,1.3 .6,2",
}


def drawn_by_hand(digits, *, width=5, scale=30):
    image = Image.new("RGB", (len(digits) * (scale + 22) + 30, 2 * scale + 40), "white")
    pen = ImageDraw.Draw(image)
    for n, digit in enumerate(digits):
        pairs = [point.split(",") for point in HAND[digit].split()]
        points = [(20 + n * (scale + 22) + scale * float(x), 20 + scale * float(y)) for x, y in pairs]
        pen.line(points, fill="black", width=width, joint="curve")
    return image


def printed(text, *, size=32, ink="black", ground="white"):
    font = ImageFont.load_default(size=size)
    image = Image.new("RGB", (round(font.getlength(text)) + 2 * size, 3 * size), ground)
    ImageDraw.Draw(image).text((size, size), text, font=font, fill=ink)
    return image


def noisy(image, spread=35):
    rough = np.asarray(image, dtype=float) + np.random.default_rng(7).normal(0, spread, (image.height, image.width, 3))
    return Image.fromarray(rough.clip(0, 255).astype(np.uint8))


def encoded(image, form="PNG", **kept):
    buffer = io.BytesIO()
    image.save(buffer, form, **kept)
    return buffer.getvalue()


def looked_at(request_, *contents, sees_images=True, **kept):
    turn = Turn(role="user", text=request_, images=contents)
    return intend(Conversation(messages=(turn,), sees_images=sees_images, **kept), np.random.default_rng(0)).draft


def digits_read(image):
    reading = text_in(image, digits_only=True)
    return reading.text if reading else ""


def share_read(images):
    """Which share of the digits 0 to 9, written in one image after another, is read at its place."""
    return sum(
        read == right for image, text in images for read, right in zip(digits_read(image), text, strict=False)
    ) / sum(len(text) for _, text in images)


@pytest.mark.parametrize(
    "image",
    [
        printed("4071 58".replace(" ", "")),
        printed("407158", ink="white", ground="black"),
        printed("407158", ink="red", ground="navy"),
        printed("407158", ink=(140, 140, 140), ground=(215, 215, 215)),
        printed("407158", size=14),
        printed("407158", size=120),
        noisy(printed("407158")),
        printed("407158").rotate(6, expand=True, fillcolor="white"),
        printed("407158").filter(ImageFilter.GaussianBlur(1.2)),
        printed("407158").filter(ImageFilter.MinFilter(3)),
        printed("407158").resize((230, 96)),
    ],
    ids=["plain", "reversed", "coloured", "pale", "small", "large", "noisy", "turned", "blurred", "bold", "wide"],
)
def test_printed_digits_are_read_whatever_their_colour_size_and_flaws(image):
    assert digits_read(image) == "407158"


def test_digits_in_a_hand_never_seen_are_mostly_read():
    images = [(drawn_by_hand(text, width=width), text) for text in ("01234", "56789", "86420") for width in (3, 6, 9)]

    assert share_read(images) >= 0.8


@pytest.mark.parametrize("scale", [1, 2, 5, 12])
def test_digits_of_dots_are_read_at_any_scale(scale):
    # Rows of three dots: 2 and 7 in the smallest of fonts.
    dots = np.array(
        [
            [1, 1, 1, 0, 1, 1, 1],
            [0, 0, 1, 0, 0, 0, 1],
            [1, 1, 1, 0, 0, 0, 1],
            [1, 0, 0, 0, 0, 0, 1],
            [1, 1, 1, 0, 0, 0, 1],
        ]
    )
    pixels = np.kron(np.pad(dots, 3), np.ones((scale, scale))) * 255

    assert digits_read(Image.fromarray(pixels.astype(np.uint8)).convert("RGB")) == "27"


def test_rows_are_read_from_the_top():
    image = Image.new("RGB", (160, 150), "white")
    for row, text in enumerate(("314", "159")):
        ImageDraw.Draw(image).text((20, 10 + 65 * row), text, font=ImageFont.load_default(size=48), fill="black")

    assert digits_read(image) == "314\n159"


def test_a_short_word_in_capitals_is_read():
    assert text_in(printed("HARBOR")).text == "HARBOR"


@pytest.mark.parametrize("shape", ["ellipse", "rectangle"])
def test_a_plain_shape_is_no_digit(shape):
    image = Image.new("RGB", (100, 100), "white")
    getattr(ImageDraw.Draw(image), shape)((25, 25, 75, 75), fill="red")

    assert digits_read(image) == ""


@pytest.mark.parametrize(("form", "kept"), [("PNG", {}), ("JPEG", {"quality": 40}), ("GIF", {}), ("WEBP", {})])
def test_digits_are_told_from_a_file_of_each_form(form, kept):
    content = encoded(printed("90417"), form, **kept)

    assert looked_at("What number is in the image? Reply with only the digits.", content) == "90417"


@pytest.mark.parametrize(
    "request_", ["What digits are shown?", "Read the number in this picture.", "What does it say?"]
)
def test_a_question_about_writing_is_answered_in_a_sentence(request_):
    assert looked_at(request_, encoded(printed("2468"))) == "The image shows 2468."


def test_transparent_pictures_are_read_too():
    image = Image.new("RGBA", (200, 80), (0, 0, 0, 0))
    ImageDraw.Draw(image).text((20, 20), "635", font=ImageFont.load_default(size=40), fill=(255, 255, 255, 255))

    assert "635" in looked_at("Which number is this?", encoded(image))


def test_each_of_several_images_is_answered_for():
    drafted = looked_at("Read the numbers.", encoded(printed("12")), encoded(printed("34")))

    assert drafted == "Image 1: The image shows 12. Image 2: The image shows 34."


def test_every_image_is_looked_at_and_the_last_as_well_as_the_first():
    contents = [encoded(Image.new("RGB", (40, 40), colour)) for colour in ["navy"] * 19 + ["red"]]

    drafted = looked_at("What colour is the background of each picture?", *contents)

    assert drafted.count("Image ") == 20
    assert drafted.endswith("Image 20: The background is red.")


@pytest.mark.parametrize("request_", ["Describe the image.", "What is in this photo?", "What does the image show?"])
def test_a_description_tells_colour_shape_and_size(request_):
    image = Image.new("RGB", (120, 80), "white")
    ImageDraw.Draw(image).rectangle((45, 25, 75, 55), fill="red")

    drafted = looked_at(request_, encoded(image))

    assert drafted == "The image shows a red square in the centre, on a white background, 120 by 80 pixels."


def test_the_first_image_of_all_is_seen_as_well_as_the_next():
    code = (
        "import io, numpy, sys\n"
        "from PIL import Image\n"
        "from harness.simulator.skills import Conversation, Turn, intend\n"
        "held = io.BytesIO(); Image.new('RGB', (60, 60), 'navy').save(held, 'PNG')\n"
        "turn = Turn(role='user', text='What is in this picture?', images=(held.getvalue(),))\n"
        "said = [intend(Conversation(messages=(turn,), sees_images=True), numpy.random.default_rng(1)).draft"
        " for _ in range(2)]\n"
        "sys.exit(said[0] != said[1])\n"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("form", [None, {"type": "json_object"}])
def test_a_model_that_sees_no_images_never_looks(form):
    content = encoded(printed("123"))
    told = [looked_at("Read the digits.", content, sees_images=sees, response_format=form) for sees in (True, False)]

    assert ["123" in (text or "") for text in told] == [True, False]


def huge():
    return encoded(Image.new("1", (5000, 5000)))


@pytest.mark.parametrize(
    "content",
    [b"", b"not an image", encoded(printed("1"))[:60], encoded(printed("1"), "BMP"), huge()],
    ids=["empty", "text", "cut", "bmp", "huge"],
)
def test_a_file_that_is_damaged_too_large_or_of_another_form_cannot_be_read(content):
    assert looked_at("What number is in the image?", content) == "I cannot read this image."


@given(seed=st.integers(0, 999), by=st.integers(1, 6))
def test_gaps_are_shut_as_a_filter_of_that_width_shuts_them(seed, by):
    mask = np.pad(np.random.default_rng(seed).random((20, 31)) < 0.1, 2 * by + 1)
    image = Image.fromarray((mask * 255).astype(np.uint8)).filter(ImageFilter.MaxFilter(2 * by + 1))

    grown, shut = closed(mask, by)

    assert (grown == (np.asarray(image) > 0)).all()
    assert (shut == (np.asarray(image.filter(ImageFilter.MinFilter(2 * by + 1))) > 0)).all()


def test_a_texture_of_many_shapes_is_no_writing():
    image = Image.new("L", (800, 800), "white")
    for number in range(900):
        x, y = 26 * (number % 30) + 5, 26 * (number // 30) + 5
        ImageDraw.Draw(image).ellipse((x, y, x + 14, y + 18), outline="black", width=3)

    assert text_in(image.convert("RGB")) is None
    assert text_in(image.convert("RGB").crop((0, 0, 200, 100))) is not None


def test_when_the_time_is_spent_nothing_more_is_read():
    with within(0):
        assert text_in(printed("12")) is None
