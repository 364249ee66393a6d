"""Claims about messages: is each role heeded, is content taken as text and in parts, is what is required demanded.

It stands apart from tools, whose messages have a flow of their own, and from images, which need pixels.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.core.claims import Claim
from harness.core.verdict import Grade
from harness.probes.chat_bodies import WORDS, Json, chat, say, talk
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import Family, Outlay, Probe, Rule, Stance, Undecidable, unselected
from harness.probes.lineup import Lineup
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.refusal import Tried
from harness.probes.tool_calls import holds_number, unguessable
from harness.probes.tries import pursue, spoilt, try_each

SYSTEM, DEVELOPER, ASSISTANT, USER = (f"messages.role.{role}" for role in ("system", "developer", "assistant", "user"))
PARTS = "messages.content.parts"
MODEL, MESSAGES, ROLES, NAME = (
    "messages.model-required",
    "messages.messages-required",
    "messages.roles",
    "messages.name",
)
CONTENT_TYPE = "messages.content-type"

QUESTION = "What is my ticket number? Reply with the number alone."
_ROLE = "harness_narrator"

_FIELDS: Mapping[str, str] = {
    "model": MODEL,
    "messages": MESSAGES,
    "messages[].role.system": SYSTEM,
    "messages[].role.developer": DEVELOPER,
    "messages[].role.user": USER,
    "messages[].role.assistant": ASSISTANT,
    "messages[].role.closed-set": ROLES,
    "messages[].content.string": USER,
    "messages[].content.parts": PARTS,
    "messages[].part.type.text": PARTS,
    "messages[].name": NAME,
}
_SUPPORTED = (SYSTEM, DEVELOPER, ASSISTANT, USER, PARTS)
_HEEDED = (SYSTEM, DEVELOPER, ASSISTANT)
_SHAPES = (USER, PARTS, MODEL, MESSAGES, ROLES, NAME)


def told(role: str, number: int) -> list[Json]:
    """Messages that say a number in a message of a role, before the question."""
    if role == "assistant":
        fact = f"Here it is. Your ticket number is {number}."
        before = [{"role": "user", "content": "Please give me a ticket."}, {"role": role, "content": fact}]
    elif role == "user":
        thanks = {"role": "assistant", "content": "Thank you."}
        before = [{"role": role, "content": f"My ticket number is {number}."}, thanks]
    else:
        before = [{"role": role, "content": f"The user's ticket number is {number}."}]
    return [*before, {"role": "user", "content": QUESTION}]


async def probe_roles(desk: Desk) -> None:
    """A number that only a message of that role says: is it in the answer."""
    model = desk.model or ""
    untold = Ask(about="nobody says the number", body=chat(model, QUESTION), role="control")
    control: Seen | None = None
    for name in _HEEDED:
        if not desk.wants(name):
            continue
        if control is None:
            control = await desk.one(untold)
        desk.observe(await measure_heeded(desk, desk.topic(name), name.rpartition(".")[2], control))


async def measure_heeded(desk: Desk, topic: Topic, role: str, control: Seen) -> Observation:
    """Whether what a message of a role says is heeded, against the same question without it.

    control  the answer to the question alone
    """
    number = unguessable(desk.random)
    body = talk(desk.model or "", told(role, number))
    ask = Ask(about=f"a message of the role {role} says {number}", body=body, role="treatment")
    first = await desk.one(ask)
    if not first.ok:
        return await pursue(desk, topic, first, control.ask, "role")
    if control.ok and holds_number(first.reply.content, number):
        words = f"the answer has what a message of the role {role} says, and not without that message"
        return _say(topic, "effect", words, (control, first), "E3")
    plainly = chat(desk.model or "", f"My ticket number is {number}. {QUESTION}")
    positive = Ask(about="the same number in the question", body=plainly, role="control")
    later = await desk.ask(ask, positive, ask, positive)
    everything = (control, first, *later)
    if not all(each.ok for each in everything):
        return spoilt(topic, *everything)
    heeded, read = (sum(holds_number(each.reply.content, number) for each in later[start::2]) for start in (0, 1))
    words = f"{heeded} of 3 answers have what a message of the role {role} says, {read} of 2 what the question says"
    outcome: Outcome = "effect" if heeded else "no-effect" if read == len(later[1::2]) else "unknown"
    return _say(topic, outcome, words if outcome != "unknown" else f"{words}: too weak to tell", everything, "E3")


def _say(topic: Topic, outcome: Outcome, words: str, seen: Sequence[Seen], grade: Grade = "E1") -> Observation:
    evidence = tuple(each.as_evidence() for each in seen)
    return Observation(topic=topic, outcome=outcome, words=words, grade=grade, n=len(seen), evidence=evidence)


async def probe_shapes(desk: Desk) -> None:
    """Content as text and in parts, names, and what a request may not leave out, against one ordinary request."""
    model = desk.model or ""
    first, second = desk.random.sample(WORDS, 2)
    body = chat(model, say(first))
    lead, _, _ = say(second).rpartition(" ")
    parts = [{"type": "text", "text": lead}, {"type": "text", "text": second}]
    message = {"role": "user", "content": say(first)}
    asks = (
        Ask(about="content in two text parts", body=talk(model, [{"role": "user", "content": parts}])),
        Ask(about="a message with a name", body=talk(model, [{**message, "name": "Ada"}])),
        Ask(about="a name that is a number", body=talk(model, [{**message, "name": 5}]), wrong=True),
        Ask(about="without model", body={"messages": body["messages"]}, wrong=True),
        Ask(about="without messages", body={"model": model}, wrong=True),
        Ask(about=f"a message of the role {_ROLE}", body=talk(model, [{**message, "role": _ROLE}]), wrong=True),
    )
    in_parts, name, number, no_model, no_messages, role = await try_each(desk, Ask(about="a text", body=body), asks)
    desk.observe(_says_word(desk.topic(USER), in_parts.controls, first, "as the text of a user's message"))
    desk.observe(await _read_parts(desk, in_parts, second))
    desk.observe(_read_name(desk.topic(NAME), name, number))
    for topic, tried, what in (
        (MODEL, no_model, "a request without model"),
        (MESSAGES, no_messages, "a request without messages"),
        (ROLES, role, f"a message of the role {_ROLE}"),
    ):
        desk.observe(_must_be_refused(desk.topic(topic), tried, what))


def _says_word(topic: Topic, seen: Sequence[Seen], word: str, how: str) -> Observation:
    """Whether an answer has the word that the prompt asks for, and so the prompt was read."""
    if not all(each.ok for each in seen):
        return spoilt(topic, *seen)
    said = sum(word in each.reply.content.lower() for each in seen)
    words = f"{word!r}, asked for {how}, is in {said} of {len(seen)} answers"
    return _say(topic, "effect" if said else "unknown", words, seen, "E3" if said else "E1")


async def _read_parts(desk: Desk, tried: Tried, word: str) -> Observation:
    topic = desk.topic(PARTS)
    if tried.answer != "accepted":
        return _answer(topic, tried)
    seen = _says_word(topic, tried.tries, word, "in text parts")
    if seen.outcome != "unknown" or seen.error:
        return replace(seen, evidence=tried.evidence)
    # Whether this model says what it is told to shows where the same is asked in plain text.
    parts, plain = tried.tries[0].ask, Ask(about="the same as one text", body=chat(desk.model or "", say(word)))
    answers = await desk.ask(parts, plain, parts, plain)
    later, able = _says_word(topic, answers[0::2], word, "in text parts"), answers[1::2]
    if later.outcome == "unknown" and not later.error and all(word in each.reply.content.lower() for each in able):
        words = f"{word!r} is in no answer of 3 where it is asked for in text parts, and in both where in one text"
        return _say(topic, "no-effect", words, (*tried.tries, *answers), "E3")
    return later


def _answer(topic: Topic, tried: Tried) -> Observation:
    outcomes: Mapping[str, Outcome] = {
        "rejected": "rejected",
        "accepted": "accepted",
        "server-error": "server-error",
    }
    return Observation(
        topic=topic,
        outcome=outcomes.get(tried.answer, "unknown"),
        words=tried.words,
        n=len(tried.tries),
        evidence=tried.evidence,
        error=tried.answer == "spoilt",
    )


def _read_name(topic: Topic, name: Tried, number: Tried) -> Observation:
    """A text is taken; that the field is read at all shows where another type is refused by name."""
    seen = _answer(topic, name)
    if name.answer != "accepted":
        return seen
    evidence = (*name.evidence, *number.evidence)
    n = len(name.tries) + len(number.tries)
    if number.answer == "rejected" and any(each.names("name") for each in number.tries):
        words = f"a text is accepted and a number is {number.words}; what it does cannot be seen"
        return replace(seen, outcome="accepted", words=words, n=n, evidence=evidence, by_name=True)
    return replace(seen, words="accepted", n=n, evidence=evidence)


def _must_be_refused(topic: Topic, tried: Tried, what: str) -> Observation:
    seen = _answer(topic, tried)
    if tried.answer == "rejected":
        return replace(seen, outcome="holds", words=f"{what} is {tried.words}", grade="E2")
    if tried.answer == "accepted":
        return replace(seen, outcome="broken", words=f"{what} is accepted: {tried.words}")
    if tried.answer == "server-error":
        # A crash confirms nothing: what is refused and what breaks the server are not the same.
        return replace(seen, outcome="unknown", words=f"{what} draws {tried.words}", flags=("server-error",))
    return seen


async def probe_content_type(desk: Desk) -> None:
    """A request called JSON, and the same called plain text."""
    body = chat(desk.model or "", say(desk.random.choice(WORDS)))
    named = Ask(about="as application/json", body=body, role="treatment")
    right, wrong = await desk.ask(
        named, replace(named, about="as text/plain", content_type="text/plain", role="control", wrong=True)
    )
    topic = desk.topic(CONTENT_TYPE)
    if not right.ok:
        desk.observe(spoilt(topic, right, wrong))
        return
    other = "refused" if wrong.refused else "accepted, too" if wrong.accepted else f"answered with {wrong.words}"
    words = f"a request called application/json is accepted; the same called text/plain is {other}"
    grade: Grade = "E2" if wrong.refused else "E1"
    desk.observe(_say(topic, "holds", words, (wrong, right), grade))


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.kind != "request_schema":
        return None
    is_header = claim.subject.type == "header" and claim.subject.id.lower() == "content-type"
    name = CONTENT_TYPE if is_header else _FIELDS.get(claim.subject.id) if "endpoint" not in claim.value else None
    if name is None:
        return None
    model = lineup.plain
    if model is None:
        return unselected("no model that chats was selected")
    if claim.value.get("required") is False and name in (MODEL, MESSAGES):
        return None
    stance: Stance = "supported" if name in _SUPPORTED else "fact"
    return Rule(topics=(Topic(name, model),), stance=stance)


def _probes(lineup: Lineup) -> Iterable[Probe]:
    model = lineup.plain
    if model is None:
        return
    outlay = Outlay(requests=3, at_most=14, input_tokens=150, output_tokens=220)
    yield _probe("messages.roles", model, _HEEDED, probe_roles, outlay)
    outlay = Outlay(requests=17, at_most=21, input_tokens=480, output_tokens=60)
    yield _probe("messages.shapes", model, _SHAPES, probe_shapes, outlay)
    outlay = Outlay(requests=2, input_tokens=50, output_tokens=20)
    yield _probe("messages.content-type", model, (CONTENT_TYPE,), probe_content_type, outlay)


def _probe(name: str, model: str, topics: tuple[str, ...], run: Any, outlay: Outlay) -> Probe:
    return Probe(
        name=name, model=model, topics=frozenset(Topic(each, model) for each in topics), outlay=outlay, run=run
    )


FAMILY = Family(name="messages", rule=_rule, probes=_probes)
