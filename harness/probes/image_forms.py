"""The forms in which a picture may come: by its content or its address, in more or less detail, and a whole example.

It stands apart from whether a model sees: a form is taken or not, and that it is read shows in the answer or in what
is counted for it.
"""

from dataclasses import replace
from functools import partial

from harness.core.verdict import Role
from harness.probes.chat_bodies import chat, talk
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.effect import said
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.picture import ADDRESS, ADDRESS_WORD, data_url, digits_png, draw_digits, reads
from harness.probes.refusal import Tried, observe_refusal
from harness.probes.together import try_together

QUESTION = "Which digits are written in this picture? Answer with the digits alone."
DETAILS = ("low", "high", "auto")
_WORD_QUESTION = "Which word is written in this picture? Answer with the word alone."
_BAD_ADDRESS = "harness-no-such-scheme:picture"
_BAD_DETAIL = "harness-no-such-value"
_EXAMPLE_TOKENS = 500
# Words of an error that is about reaching a picture, and not about the form of its address.
_UNREACHED = ("fetch", "download", "retriev", "reach", "resolve", "timed out", "timeout", "connect")


def picture_ask(model: str, digits: str, *, detail: str | None = None, role: Role = "plain") -> Ask:
    """A question about a picture of these digits, which comes by its content."""
    parts = [_image(data_url(digits_png(digits)), detail), {"type": "text", "text": QUESTION}]
    shown = f"a picture of the digits {digits}" + (f", detail {detail}" if detail else "")
    return Ask(about=shown, body=talk(model, [{"role": "user", "content": parts}]), role=role)


def _image(url: str, detail: str | None) -> dict[str, object]:
    address = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": address}


async def probe_forms(desk: Desk) -> None:
    """Which forms are taken, each beside the same question without a picture."""
    model = desk.model or ""
    digits = draw_digits(desk.random)
    tried = await try_together(
        desk,
        {
            "content": lambda _: picture_ask(model, digits),
            "address": lambda _: _address_ask(model, ADDRESS),
            "example": lambda _: _example_ask(model),
        },
        Ask(about="the question alone", body=chat(model, _WORD_QUESTION)),
    )
    content = _content(desk, tried["content"], digits)
    address = await _address(desk, tried["address"])
    # A part is taken if either form of it is: the better of the two.
    order = ("effect", "holds", "accepted", "unknown", "server-error", "rejected")
    part = min((content, address), key=lambda each: order.index(each.outcome))
    desk.observe(content)
    desk.observe(address)
    desk.observe(_retopic(desk, part, "image.part"))
    desk.observe(observe_refusal(desk.topic("image.example"), tried["example"]))
    if desk.wants(*(f"image.detail.{detail}" for detail in DETAILS)):
        await _details(desk)


def _retopic(desk: Desk, seen: Observation, name: str) -> Observation:
    return replace(seen, topic=desk.topic(name))


def _address_ask(model: str, url: str, **fields: object) -> Ask:
    detail = "high" if fields else None
    parts = [_image(url, detail), {"type": "text", "text": _WORD_QUESTION}]
    about = "a picture by its address" if url == ADDRESS else f"a picture at {url!r}"
    return Ask(about=about, body=talk(model, [{"role": "user", "content": parts}], **fields))


def _example_ask(model: str) -> Ask:
    ask = _address_ask(model, ADDRESS, max_tokens=_EXAMPLE_TOKENS)
    return Ask(about=f"a picture by its address, then text, detail high, max_tokens {_EXAMPLE_TOKENS}", body=ask.body)


def _content(desk: Desk, tried: Tried, digits: str) -> Observation:
    topic = desk.topic("image.content")
    if tried.answer != "accepted":
        return observe_refusal(topic, tried, "url")
    answer = tried.tries[0]
    read = reads(said(answer), digits)
    words = f"taken, and its digits are {'read' if read else 'not read'}: {said(answer)[:60]!r} of {digits}"
    return _found(topic, "effect" if read else "accepted", words, tried)


def _found(topic: Topic, outcome: Outcome, words: str, tried: Tried, *, by_name: bool = False) -> Observation:
    return Observation(
        topic=topic,
        outcome=outcome,
        words=words,
        grade="E3" if outcome in ("effect", "holds") else "E2" if by_name else "E1",
        n=len(tried.tries),
        evidence=tried.evidence,
        by_name=by_name,
    )


async def _address(desk: Desk, tried: Tried) -> Observation:
    topic = desk.topic("image.address")
    if tried.answer == "rejected" and _unreached(tried.tries[0]):
        return _found(topic, "unknown", f"the server could not get the picture: {tried.words}", tried)
    if tried.answer != "accepted":
        return observe_refusal(topic, tried, "url")
    answer, control = tried.tries[0], tried.controls[0]
    growth = _growth(answer, control)
    if ADDRESS_WORD in said(answer).lower():
        return _found(topic, "effect", f"taken, and the word in the picture is read: {said(answer)[:60]!r}", tried)
    # An address that is taken for text counts for fewer tokens than it has characters.
    if growth is not None and growth > len(ADDRESS):
        return _found(topic, "holds", f"taken, and {growth} prompt tokens are counted for the picture", tried)
    bad = await desk.one(_address_ask(desk.model or "", _BAD_ADDRESS))
    by_name = bad.refused and bad.names("url")
    words = f"taken, and nothing shows that it is looked at; an address of no known scheme is {_spoken(bad)}"
    return _found(topic, "accepted", words, tried, by_name=by_name)


def _unreached(seen: Seen) -> bool:
    error = seen.reply.error
    return error is not None and any(word in error.message.lower() for word in _UNREACHED)


def _growth(seen: Seen, control: Seen) -> int | None:
    with_it, without = seen.reply.usage.prompt, control.reply.usage.prompt
    return None if with_it is None or without is None else with_it - without


def _spoken(seen: Seen) -> str:
    return "refused" if seen.refused else "taken, too" if seen.accepted else f"answered with {seen.words}"


async def _details(desk: Desk) -> None:
    """Each value of detail, beside the same picture without one; that it is heeded shows in the prompt's tokens."""
    model = desk.model or ""
    digits = draw_digits(desk.random)
    asks = {detail: partial(_detailed, model, digits, detail) for detail in DETAILS}
    tried = await try_together(desk, asks, picture_ask(model, digits))
    bad = await desk.one(picture_ask(model, digits, detail=_BAD_DETAIL))
    sizes = {detail: tried[detail].tries[0].reply.usage.prompt for detail in DETAILS}
    low, high, auto = (sizes[detail] for detail in DETAILS)
    heeded = low is not None and high is not None and low < high and (auto is None or low <= auto <= high)
    by_name = bad.refused and bad.names("detail")
    shown = ", ".join(f"{size} at {detail}" for detail, size in sizes.items() if size is not None)
    for detail in DETAILS:
        topic = desk.topic(f"image.detail.{detail}")
        if tried[detail].answer != "accepted":
            desk.observe(observe_refusal(topic, tried[detail], "detail"))
            continue
        words = f"taken; prompt tokens: {shown or 'not said'}; an unknown value is {_spoken(bad)}"
        desk.observe(_found(topic, "holds" if heeded else "accepted", words, tried[detail], by_name=by_name))


def _detailed(model: str, digits: str, detail: str, _: int) -> Ask:
    return picture_ask(model, digits, detail=detail)
