"""Answers about the images of a request, from their pixels alone.

It stands apart as the only skill that opens files; where the model does not see images, it is never asked.
"""

from time import thread_time

from PIL import Image

from harness.simulator.skills.patterns import find, off_the_clock
from harness.simulator.skills.pixels import opened
from harness.simulator.skills.request import Request, Said
from harness.simulator.skills.scenery import Scene, scene_of, where
from harness.simulator.skills.text_in_images import Reading, text_in
from harness.simulator.skills.words import joined

LONGEST_SECONDS = 10
"""CPU time for the images of one request, of which twenty ordinary ones take half; the rest is left unread."""

_UNREADABLE = Said(full="I cannot read this image.", brief="unreadable")
_ABOUT_TEXT = (
    r"\b(?:read|digits?|numbers?|numerals?|figures?|text|written|writing|words?|letters?|"
    r"say|says|code|transcribe|ocr|pin|captcha|characters?|spell|print(?:ed)?|message|"
    r"sign|value|shown|displayed|what does)\b"
)
_ABOUT_ALL = (
    r"\bwhat(?:'s| is| does| do| can you see)\b[^?]{0,20}\b(?:images?|pictures?|photos?)\b(?: (?:show|depict)s?)?\W*$"
)
_DIGITS = r"\b(?:digits?|numbers?|numerals?|figures?|pin|sum|numeric)\b"


def images_of(request: Request) -> tuple[bytes, ...]:
    """The images of the last user message that has any, where the request may be about them; all of them."""
    if not request.conversation.sees_images:
        return ()
    spoken = [
        turn for turn in request.conversation.messages if turn.role not in {"system", "developer", "assistant", "tool"}
    ]
    if spoken and spoken[-1].images:
        return spoken[-1].images
    if find(r"\b(?:images?|pictures?|photos?|shown|screenshot|drawing)\b", request.text):
        return next((turn.images for turn in reversed(spoken) if turn.images), ())
    return ()


def seen(request: Request) -> Said | None:
    """An answer about the images, or None where there are none to look at."""
    contents = images_of(request)
    if not contents:
        return None
    began = thread_time()
    answers = [
        _answer(content, request.text) if thread_time() - began < LONGEST_SECONDS else _UNREADABLE
        for content in contents
    ]
    if len(answers) == 1:
        return answers[0]
    return Said(
        full=" ".join(f"Image {n}: {answer.full}" for n, answer in enumerate(answers, 1)),
        brief=", ".join(answer.brief or answer.full for answer in answers),
    )


def read_for_json(request: Request) -> str:
    """What the images show, as sentences that values are taken from."""
    said = seen(request)
    return said.full if said is not None else ""


def _answer(content: bytes, text: str) -> Said:
    with off_the_clock():
        image = opened(content)
    if image is None:
        return _UNREADABLE
    about_text = find(_ABOUT_TEXT, text) or not text.strip()
    if _about_colours_or_shapes(text) or (find(r"\bdescribe\b", text) and not find(_DIGITS, text)):
        return _described(image, text)
    digits_only = bool(find(_DIGITS, text))
    with off_the_clock():
        reading = text_in(image, digits_only=digits_only)
    if reading is None:
        return (
            Said(full="I cannot make out any text in the image.", brief="none")
            if about_text and not find(_ABOUT_ALL, text)
            else _described(image, text)
        )
    return _read_out(reading, text)


def _about_colours_or_shapes(text: str) -> bool:
    return bool(
        find(
            (
                r"\b(?:colou?rs?|shapes?|background|square|circle|triangle|rectangle|width|height|"
                r"dimensions?|resolution|how (?:big|large|wide|tall))\b"
            ),
            text,
        )
        and not find(r"\b(?:read|digits?|number (?:shown|in|is|written)|what number|which number|text)\b", text)
    )


def _read_out(reading: Reading, text: str) -> Said:
    rows = reading.text.split("\n")
    if find(r"\bhow many (?:digits|characters|letters|numbers)\b", text):
        many = sum(len(row.replace(" ", "")) for row in rows)
        return Said(full=f"There are {many}.", brief=str(many))
    joint = "\n" if len(rows) > 1 else ""
    if find(r"\b(?:separated by|with) (?:a )?commas?\b", text):
        characters = ", ".join(reading.text.replace("\n", "").replace(" ", ""))
        return Said(full=characters)
    if find(r"\b(?:separated by|with) (?:a )?spaces?\b", text):
        return Said(full=" ".join(reading.text.replace("\n", "").replace(" ", "")))
    if joint:
        return Said(full=f"The image shows these lines:\n{reading.text}", brief=reading.text)
    return Said(full=f"The image shows {reading.text}.", brief=reading.text)


def _described(image: Image.Image, text: str) -> Said:  # noqa: PLR0911 - one return a kind of question
    with off_the_clock():
        scene = scene_of(image)
    if find(
        r"\b(?:how (?:big|large|wide|tall)|dimensions?|resolution|size of the (?:image|picture)|width|height)\b", text
    ):
        return Said(full=f"The image is {scene.width} by {scene.height} pixels.", brief=f"{scene.width}x{scene.height}")
    if find(r"\bbackground\b", text) and not find(r"\bdescribe\b", text):
        return Said(full=f"The background is {scene.ground}.", brief=scene.ground)
    if not scene.shapes:
        return Said(
            full=f"The image is {scene.width} by {scene.height} pixels and plain {scene.ground}.", brief=scene.ground
        )
    if find(r"\bhow many\b", text):
        return _how_many(scene, text)
    if find(r"\bcolou?rs?\b", text) and not find(r"\bdescribe\b", text):
        return _colours(scene, text)
    if find(r"\b(?:what|which) (?:\w+ )?shapes?\b", text):
        kinds = [shape.kind for shape in scene.shapes]
        return Said(full=f"I see {joined([f'a {kind}' for kind in kinds])}.", brief=", ".join(kinds))
    with off_the_clock():
        reading = text_in(image)
    told = [f"{_article(shape.colour)} {shape.colour} {shape.kind} {where(shape)}" for shape in scene.shapes]
    if reading is not None and len(reading.text) > 1:
        return Said(
            full=f'The image shows the text "{reading.text}" on a {scene.ground} background.', brief=reading.text
        )
    return Said(
        full=f"The image shows {joined(told)}, on a {scene.ground} background, {scene.width} by {scene.height} pixels.",
        brief=joined(told),
    )


def _colours(scene: Scene, text: str) -> Said:
    named = find(r"\b(?:square|circle|triangle|rectangle|ellipse|diamond|line)\b", text)
    fitting = [shape for shape in scene.shapes if named is None or shape.kind == named.group().lower()] or list(
        scene.shapes
    )
    colours = list(dict.fromkeys(shape.colour for shape in fitting))
    if named is not None:
        return Said(full=f"The {named.group().lower()} is {colours[0]}.", brief=colours[0])
    return Said(full=f"I see {joined(colours)} on {scene.ground}.", brief=", ".join(colours))


def _how_many(scene: Scene, text: str) -> Said:
    named = find(r"\b(?P<kind>square|circle|triangle|rectangle|ellipse|diamond|line|colou?r)s?\b", text)
    kind = named.group("kind").lower() if named else ""
    if kind.startswith("colo"):
        many = len({shape.colour for shape in scene.shapes} | {scene.ground})
    else:
        many = sum(kind in {"", shape.kind} for shape in scene.shapes)
    return Said(full=f"There are {many}.", brief=str(many))


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
