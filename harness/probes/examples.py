"""Claims about a document's own examples: is each request taken as printed, and does it give what its code reads.

It stands apart from the promises that examples illustrate: an example may be wrong where the feature is not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from harness.core.claims import Claim
from harness.probes.chat_bodies import WORDS, Json, chat, function, say, talk
from harness.probes.desk import Ask, Desk, Seen
from harness.probes.family import UNSELECTED, Family, Outlay, Probe, Rule, Undecidable
from harness.probes.formats import parsed
from harness.probes.lineup import Lineup
from harness.probes.messages import QUESTION
from harness.probes.observation import Observation, Outcome, Topic
from harness.probes.tool_calls import holds_number, unguessable
from harness.probes.tries import pursue, spoilt

VALID, ANSWER, JSON = "valid", "answer", "json"

# An image makes an example one of vision: these have probes of their own, with pixels.
_OF_VISION = ("detail", "parts_order")
_PROMPT = "Explain in one sentence why the sky is blue."
_NEWS = "What are the latest developments in space telescopes?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An example's request, as the register's claims give it.

    name    of its probe
    fields  of the request, beside model and messages
    tool    the name of the tool that it declares, with a query as its parameter; '' if none
    turns   how many questions it asks in one conversation
    roles   of its messages, where they are all that is said of them
    keys    that its code reads from a JSON answer
    """

    name: str
    model: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    tool: str = ""
    turns: int = 1
    roles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    def topic(self, what: str) -> Topic:
        """The topic of what it shows: VALID, ANSWER or JSON."""
        return Topic(f"example.{self.name}.{what}", self.model)


def find_examples(lineup: Lineup) -> dict[str, Example]:
    """Every example of the register that is a chat without images, by the id of the claim that gives its request."""
    found = {}
    for claim in lineup.register.claims:
        example = _read(claim, lineup) if claim.kind == "example" and claim.observable == "wire" else None
        if example is not None:
            found[claim.id] = example
    return found


def _read(claim: Claim, lineup: Lineup) -> Example | None:
    value = claim.value
    # The id only tells examples apart.
    name = claim.id.removesuffix(".request").rpartition(".")[2]
    created = value.get("chat.create")
    if isinstance(created, Mapping) and isinstance(created.get("model"), str):
        fields = {key: item for key, item in created.items() if key != "model"}
        return Example(name="sdk", model=created["model"], fields=fields, roles=_roles(claim, lineup))
    if not (value.get("valid") or value.get("valid_request")) or claim.subject.type != "model":
        return None
    request = value.get("request", value)
    if not isinstance(request, Mapping) or any(key in request for key in _OF_VISION):
        return None
    tool = request.get("tools", request.get("tool"))
    given = ("temperature", "top_p", "max_tokens", "stream", "tool_choice", "stop", "response_format")
    fields = {key: request[key] for key in given if key in request}
    if isinstance(fields.get("response_format"), str):
        fields["response_format"] = {"type": fields["response_format"]}
    turns = request.get("turns")
    return Example(
        name=name,
        model=claim.subject.id,
        fields=fields,
        tool=tool if isinstance(tool, str) else "",
        turns=turns if isinstance(turns, int) else 1,
        keys=_keys(claim.subject.id, lineup) if "response_format" in fields else (),
    )


def _roles(created: Claim, lineup: Lineup) -> tuple[str, ...]:
    """The roles that a client's example uses, by a claim of the same client."""
    for claim in lineup.register.claims:
        if claim.subject == created.subject and isinstance(claim.value.get("helpers"), list | tuple):
            return tuple(map(str, claim.value["helpers"]))
    return ("user",)


def _keys(model: str, lineup: Lineup) -> tuple[str, ...]:
    for claim in lineup.register.claims:
        if claim.kind == "example" and claim.subject.id == model and claim.value.get("json_parses"):
            return tuple(map(str, claim.value.get("keys", ())))
    return ()


async def probe_example(example: Example, desk: Desk) -> None:
    """Send the example's request, and say what came of it."""
    if example.turns > 1:
        desk.observe(await _converse(example, desk))
        return
    ask = Ask(about="the example's request", body=_body(example), role="treatment")
    seen = await desk.one(ask)
    if seen.ok and not _says_something(example, seen):
        seen = await desk.one(ask)
    valid = await _read_valid(example, desk, seen)
    desk.observe(valid)
    if not seen.ok:
        for what in (ANSWER, JSON):
            desk.observe(replace(valid, topic=example.topic(what)))
        return
    desk.observe(_read_answer(example.topic(ANSWER), seen))
    if example.keys:
        desk.observe(_read_json(example, seen))


def _body(example: Example) -> Json:
    fields = dict(example.fields)
    if example.tool:
        query = {"query": {"type": "string", "description": "What to search for"}}
        fields["tools"] = [function(example.tool, "Search for current information.", query, ("query",))]
        return chat(example.model, _NEWS, **fields)
    if example.keys:
        # Which keys come follows from the prompt alone, so the prompt names them.
        order = f"Analyse the text. Return valid JSON only, with the keys {', '.join(example.keys)}."
        messages = [
            {"role": "system", "content": order},
            {"role": "user", "content": "This product exceeded my expectations!"},
        ]
        return talk(example.model, messages, **fields)
    if "response_format" in fields:
        return chat(example.model, "Name two colours. Answer in JSON.", **fields)
    if not example.roles:
        return chat(example.model, _PROMPT, **fields)
    contents = {"system": "You are a mathematician.", "user": "What is 2 + 2?"}
    messages = [{"role": role, "content": contents.get(role, "Hello.")} for role in example.roles]
    return talk(example.model, messages, **fields)


def _says_something(example: Example, seen: Seen) -> bool:
    """Whether words come, or a call of the tool that is declared."""
    called = {call.name for call in seen.reply.tool_calls}
    return bool(seen.reply.content) or bool(example.tool and example.tool in called)


async def _read_valid(example: Example, desk: Desk, seen: Seen) -> Observation:
    topic = example.topic(VALID)
    if not seen.ok:
        control = Ask(about="an ordinary request", body=chat(example.model, say(desk.random.choice(WORDS))))
        return await pursue(desk, topic, seen, control)
    if example.fields.get("stream") and (seen.reply.stream is None or not seen.reply.stream.events):
        return _say(topic, "broken", f"no stream comes: {seen.words}", seen)
    if not _says_something(example, seen):
        return _say(topic, "broken", "accepted, and twice nothing is said or called", seen)
    what = "tool calls" if seen.reply.tool_calls else f"{seen.reply.content[:60]!r}"
    return _say(topic, "holds", f"the example's request is accepted; what comes is {what}", seen)


def _read_answer(topic: Topic, seen: Seen) -> Observation:
    if seen.reply.content.strip():
        return _say(topic, "holds", f"one request yields {seen.reply.content[:60]!r}", seen)
    calls = ", ".join(call.name for call in seen.reply.tool_calls[:3])
    came = f"a call of {calls[:60]} and no content" if calls else "no content"
    return _say(topic, "broken", f"one request yields {came}", seen)


def _read_json(example: Example, seen: Seen) -> Observation:
    topic, value = example.topic(JSON), parsed(seen)
    if not isinstance(value, dict):
        return _say(topic, "broken", f"the answer is no JSON object: {seen.reply.content[:60]!r}", seen)
    missing = [key for key in example.keys if key not in value]
    if not missing:
        return _say(topic, "holds", f"the answer parses and has the keys {', '.join(example.keys)}", seen)
    held = len(example.keys) - len(missing)
    outcome: Outcome = "partly" if held else "broken"
    return _say(topic, outcome, f"the answer parses, and lacks the keys {', '.join(missing)}", seen)


async def _converse(example: Example, desk: Desk) -> Observation:
    """Two questions in one conversation, the second about what the first said."""
    topic, number = example.topic(VALID), unguessable(desk.random)
    fact = {"role": "user", "content": f"My ticket number is {number}."}
    first = await desk.one(Ask(about="the first turn", body=talk(example.model, [fact], **example.fields)))
    if not first.ok:
        control = Ask(about="an ordinary request", body=chat(example.model, say(desk.random.choice(WORDS))))
        return await pursue(desk, topic, first, control)
    spoken = {"role": "assistant", "content": first.reply.content or "Thank you."}
    messages = [fact, spoken, {"role": "user", "content": QUESTION}]
    then = Ask(about="the second turn", body=talk(example.model, messages, **example.fields), role="treatment")
    plainly = chat(example.model, f"{fact['content']} {QUESTION}", **example.fields)
    at_once = Ask(about="both in one turn", body=plainly, role="control")
    second = await desk.one(then)
    if not second.ok:
        return await pursue(desk, topic, second, at_once)
    if holds_number(second.reply.content, number):
        return _say(topic, "holds", f"the second turn knows the {number} that the first said", first, second)
    again, alone = await desk.ask(then, at_once)
    return _read_turns(topic, number, second, again, alone)


def _read_turns(topic: Topic, number: int, second: Seen, again: Seen, alone: Seen) -> Observation:
    """What a second turn that did not know the number comes to, asked again, and beside both in one turn."""
    if holds_number(again.reply.content, number):
        return _say(topic, "holds", "the second turn knows what the first said, in one of two tries", second, again)
    everything = (second, again, alone)
    if not (again.ok and alone.ok):
        return spoilt(topic, *everything)
    if holds_number(alone.reply.content, number):
        words = "the second turn does not know what the first said, and one turn with both does"
        return _say(topic, "broken", words, *everything)
    return _say(topic, "unknown", "the model does not tell a number that it was just told: too weak", *everything)


def _say(topic: Topic, outcome: Outcome, words: str, *seen: Seen) -> Observation:
    evidence = tuple(each.as_evidence() for each in seen)
    return Observation(topic=topic, outcome=outcome, words=words, grade="E3", n=len(seen), evidence=evidence)


def _rule(claim: Claim, lineup: Lineup) -> Rule | Undecidable | None:
    if claim.kind != "example":
        return None
    examples = find_examples(lineup)
    example = examples.get(claim.id)
    what = VALID
    if example is None:
        found = _what_of(claim, tuple(examples.values()))
        if found is None:
            return None
        example, what = found
    if example.model not in lineup.models:
        return UNSELECTED
    return Rule(topics=(example.topic(what),))


def _what_of(claim: Claim, examples: tuple[Example, ...]) -> tuple[Example, str] | None:
    """The example that a claim without a request of its own is about, and what it says of it."""
    value = claim.value
    if claim.subject.type == "sdk":
        own = next((each for each in examples if each.roles), None)
        what = VALID if "helpers" in value else ANSWER if "chat.sample()" in value else None
        return None if own is None or what is None else (own, what)
    of_model = [each for each in examples if each.model == claim.subject.id]
    if "one_request_yields_answer" in value:
        return next(((each, ANSWER) for each in of_model if each.tool), None)
    if "json_parses" in value:
        return next(((each, JSON) for each in of_model if each.keys), None)
    return None


def _probes(lineup: Lineup) -> Iterable[Probe]:
    for example in find_examples(lineup).values():
        if example.model not in lineup.models:
            continue
        topics = frozenset(example.topic(what) for what in (VALID, ANSWER, JSON))
        turns = max(1, example.turns)
        outlay = Outlay(requests=turns, at_most=turns + 6, input_tokens=90 * turns, output_tokens=120 * turns)
        run = partial(probe_example, example)
        yield Probe(name=f"example.{example.name}", model=example.model, topics=topics, outlay=outlay, run=run)


FAMILY = Family(name="examples", rule=_rule, probes=_probes)
