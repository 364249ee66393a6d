"""A small documented API, kept or broken in one way, and fuzzes of it without a socket.

It stands apart because the domain, the fuzz and its answers are tried with the same promises.
"""

import asyncio
import json

from harness.catalogue import load_catalogues
from harness.core.catalogue import Provenance
from harness.core.claims import Claim, Conflict, ConflictSide, Register, Subject
from harness.core.exchange import Attempt, Exchange, Frame
from harness.probes.bench import read_reply, spell
from harness.probes.desk import Seen, Unrecorded
from harness.probes.fuzz import Fuzzed, Fuzzer
from harness.probes.lineup import Lineup
from harness.wire.dialects import load_dialect

_DIALECT = load_dialect("openai-chat")
ROLES = ["system", "user", "assistant"]


def claim(kind, subject, value, *, about="field"):
    """A claim that no document makes; its id says all of it."""
    name = f"{kind}.{subject}.{json.dumps(value, sort_keys=True)}"
    return Claim(
        id=name,
        kind=kind,
        subject=Subject(type=about, id=subject),
        value=value,
        observable="wire",
        provenance=Provenance(document="made up"),
    )


def field(subject, **value):
    """A claim about a field of every request."""
    return claim("request_schema", subject, value)


def parameter(model, name, support="supported"):
    """A claim that a model takes a parameter, or does not."""
    return claim("parameter", model, {"model": model, "param": name, "support": support}, about="model")


def lineup_of(*claims, models=("m",), contradicting=()):
    """Models behind these claims; those that contradict each other are pairs of claims."""
    conflicts = tuple(
        Conflict(
            id=f"K{number}",
            types=("X",),
            about="?",
            sides=tuple(ConflictSide(says="?", claims=(each.id,)) for each in pair),
        )
        for number, pair in enumerate(contradicting)
    )
    register = Register(provider="local", documents=(), claims=tuple(claims), conflicts=conflicts)
    return Lineup(provider=load_catalogues().provider("local"), register=register, models=models)


def documented(*models):
    """Claims about an API of a few fields; `stop` is what no model takes."""
    taken = [parameter(model, name) for model in models for name in ("temperature", "top_p", "max_tokens")]
    return [
        field("model", required=True, type="string"),
        field("messages", required=True, type="Message[]"),
        field("messages[].role.closed-set", allowed=ROLES),
        field("messages[].content.string", type="string"),
        field("messages[].content.parts", type="ContentPart[]"),
        field("messages[].name", type="string"),
        field("temperature.range", min=0.0, max=2.0),
        field("top_p.range", min=0.0, max=1.0),
        field("max_tokens", type="number"),
        field("stream", type="boolean"),
        claim("request_schema", "Content-Type", {"value": "application/json"}, about="header"),
        *taken,
        *(parameter(model, "stop", "unsupported") for model in models),
    ]


def fault_of(body, broken=()):  # noqa: C901 - one line a promise
    """The field for which the documented API refuses a body, or None; `broken` names promises that are not kept."""
    if not isinstance(body, dict):
        return "body"
    wrong = []
    temperature, top_p = body.get("temperature"), body.get("top_p")
    if not isinstance(body.get("model"), str):
        wrong.append("model")
    messages = body.get("messages")
    if not isinstance(messages, list):
        return "messages"
    for message in messages:
        if message.get("role") not in ROLES and "roles unchecked" not in broken:
            wrong.append("role")
        if not isinstance(message.get("content"), str | list) or not isinstance(message.get("name", ""), str):
            wrong.append("message")
    if temperature is not None and "temperature unchecked" not in broken and not is_within(temperature, 2):
        wrong.append("temperature")
    if top_p is not None and ("top_p refused" in broken or not is_within(top_p, 1)):
        wrong.append("top_p")
    if temperature is not None and top_p is not None and "both refused" in broken:
        wrong.append("temperature with top_p")
    if temperature is not None and "temperature narrow" in broken and is_within(temperature, 2) and temperature > 1:
        wrong.append("temperature")
    if not isinstance(body.get("max_tokens", 1), int) or not isinstance(body.get("stream", False), bool):
        wrong.append("type")
    if "stop" in body and "stop accepted" not in broken:
        wrong.append("stop")
    return wrong[0] if wrong else None


def is_within(value, most):
    """Whether it is a number from 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def reply(model="m"):
    """A plain reply."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}
    return {"id": "1", "object": "chat.completion", "model": model, "choices": [choice]}


class Api:
    """Answers as documented, but for what is broken.

    broken   promises that are not kept; by a model's own list, if it is a mapping
    before   is shown number and body of each request, and may answer first: an Attempt, or None
    refusal  (status, content type, JSON value or bytes) of a refusal
    bodies   what was asked, in order
    """

    def __init__(self, *broken, before=lambda _number, _body: None, refusal=None):
        self.bodies = []
        self._broken = broken
        self._before = before
        self._refusal = refusal or (400, "application/json", {"error": {"message": "a bad request"}})

    async def send(self, desk, asks, _numbers):
        """Every answer, in the order of the asks."""
        return tuple([self._seen(desk, ask) for ask in asks])

    def _seen(self, desk, ask):
        self.bodies.append(ask.body)
        attempt = self._before(len(self.bodies), ask.body) or self._answer(ask.body, desk.model)
        if attempt.error in ("missing-recording", "wrong-source"):
            raise Unrecorded(attempt.message)
        exchange = Exchange(key="k", request=spell(ask), attempts=(attempt,))
        name = f"{desk.probe}@{desk.model}#{len(desk.seen) + 1}"
        return Seen(id=name, ask=ask, exchange=exchange, reply=read_reply(ask, exchange, _DIALECT))

    def _answer(self, body, model):
        fault = fault_of(body, self._broken)
        if fault == "body" and "JSON unread" in self._broken:
            return attempt_of(500, {"error": {"message": "internal error"}})
        return (
            attempt_of(200, reply(model)) if fault is None else attempt_of(*self._refusal[::2], kind=self._refusal[1])
        )


def attempt_of(status, body=b"", *, kind="application/json"):
    """An attempt that came to an answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Attempt(status=status, headers=(("content-type", kind),), frames=(Frame(at_ms=1.0, content=content),))


def fuzz(api, *, models=("m",), budget=300, seed=0, lineup=None):
    """What a fuzz of an API comes to."""
    found = Fuzzed(budget=budget)
    lineup = lineup or lineup_of(*documented(*models), models=models)
    asyncio.run(Fuzzer(api, lineup, seed=seed, found=found).run())
    return found
