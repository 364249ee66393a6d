"""Verifications in the making: verdicts, exchanges, registers with only what a test says of them.

It stands apart so that the tests of page, Markdown and JUnit begin alike, with harmless texts and with hostile ones.
"""

import json
from collections import Counter
from decimal import Decimal

from harness.core.catalogue import EndpointRow, Limits, Management, Model, Provenance, Provider
from harness.core.claims import Claim, Conflict, ConflictSide, Register, SourceDocument, Subject
from harness.core.exchange import Attempt, Exchange, Frame, HttpRequest
from harness.core.verdict import Evidence, ProbeExchange, Verdict, Verification

VERDICTS = ("confirmed", "refuted", "ignored", "undocumented", "partial", "inconclusive", "not-tested")
WHERE = Provenance(document="comp", section="Matrix", lines="96", quote="grok-3 … ✅", cell="stop", read="2026-01-02")
PROVIDER = Provider(
    name="xai",
    base_url="https://api.x.ai/v1",
    dialect="openai-chat",
    hosts=("api.x.ai",),
    regions={"us-east-1": "https://us-east-1.api.x.ai/v1"},
    key_variable="XAI_API_KEY",
    management=Management(
        base_url="https://management-api.x.ai", key_variable="XAI_MANAGEMENT_KEY", team_variable="XAI_TEAM_ID"
    ),
    endpoints=(EndpointRow(name="models", method="GET", path="/models", claims=("e",)),),
    models=(Model(id="grok-3", limits=Limits()), Model(id="grok-4")),
)


def make_exchange(
    name="p@grok-3#1", *, about="", role="plain", body=None, reply=b"", status=200, attempts=None, **more
) -> ProbeExchange:
    """An exchange; `body` and `reply` are bytes, or JSON values."""
    body = {"model": "grok-3"} if body is None else body
    told = {"method": "POST", "path": "/chat/completions", "stream": False}
    told |= {key: more.pop(key) for key in told if key in more}
    request = HttpRequest(body=body if isinstance(body, bytes) else json.dumps(body).encode(), **told)
    content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    attempt = Attempt(
        status=status,
        headers=more.pop("headers", (("content-type", "application/json"),)),
        frames=(Frame(at_ms=1.0, content=content),),
        total_ms=12.0,
    )
    tried = (attempt,) if attempts is None else attempts
    exchange = Exchange(key="k", request=request, attempts=tried, recorded=more.pop("recorded", False))
    more = {"probe": "p", "model": "grok-3", "cost_usd": Decimal("0.001")} | more
    return ProbeExchange(id=name, about=about, role=role, exchange=exchange, **more)


def make_verdict(verdict="confirmed", claim="c", *, evidence=(), **more) -> Verdict:
    """A verdict about grok-3; `evidence` are ids of exchanges, or whole pieces of it."""
    told = {"kind": "parameter", "model": "grok-3", "subject": "model grok-3", "provenance": WHERE}
    told |= {"documented": "stop: supported", "observed": "the stop never shows", "grade": "E3"}
    cited = tuple(each if isinstance(each, Evidence) else Evidence(exchange=each) for each in evidence)
    return Verdict(**told | more, claim=claim, verdict=verdict, evidence=cited, requests=len(cited))


def make_verification(*verdicts, **more) -> Verification:
    """A verification of them, answered by xai-sim."""
    told = {"version": "1", "provider": "xai", "source": "xai-sim", "simulated": True, "mode": "live"}
    told |= {"base_url": "http://127.0.0.1:8080/v1", "models": ("grok-3",), "cost_usd": Decimal("0.5"), "requests": 7}
    return Verification(**told | more, counts=Counter(each.verdict for each in verdicts), verdicts=verdicts)


def make_claim(claim="c", kind="parameter", model="grok-3", **value) -> Claim:
    """A claim that says of a model that a parameter is supported, or what `value` says."""
    said = value or {"model": model, "param": "stop", "support": "supported"}
    subject = Subject(type="model", id=model)
    return Claim(id=claim, kind=kind, subject=subject, value=said, observable="wire", provenance=WHERE)


def make_register(*claims, conflicts=()) -> Register:
    """A register of them, of one document."""
    document = SourceDocument(id="comp", title="The document", file="comp.md", lines=100, read="2026-01-02")
    return Register(provider="xai", documents=(document,), claims=claims, conflicts=tuple(conflicts))


def make_conflict(*sides, name="K01", **more) -> Conflict:
    """A contradiction between claims: each side is a tuple of their ids."""
    readings = tuple(ConflictSide(says=f"reading {at}", claims=tuple(ids)) for at, ids in enumerate(sides, start=1))
    return Conflict(**{"id": name, "types": ("X",), "about": "It is said twice.", "sides": readings} | more)


def make_haunted(text):
    """A verification, its register and exchanges with `text` in every place that someone else may write in."""
    where = Provenance(document="comp", section=text, lines=text, quote=text, cell=text, read=text)
    ids = [f"{text}{at}" for at, _ in enumerate(VERDICTS)]
    evil = {"about": text, "method": text, "path": text, "body": text.encode("utf-8", "surrogatepass")}
    failed = Attempt(error="timeout", message=text)
    exchanges = [
        make_exchange(text, reply=text.encode("utf-8", "surrogatepass"), headers=((text, text),), **evil),
        make_exchange(f"{text}2", role="control", attempts=(failed, failed), **evil, model=text, region=text),
        make_exchange(f"{text}3", role="treatment", reply=b"\xff\x00", **evil, credential="bad", domain="management"),
    ]
    told = {"kind": text, "model": text, "subject": text, "documented": text, "observed": text, "provenance": where}
    evidence = tuple(Evidence(exchange=each.id, role=each.role, about=text) for each in exchanges)
    verdicts = [
        make_verdict(verdict, name, **told, evidence=evidence, needs=(text,), conflicts=(text,), p=float("nan"))
        for verdict, name in zip(VERDICTS, ids, strict=True)
    ]
    verdicts.append(make_verdict("not-tested", ids[0], **told | {"model": None}, cost_usd=None))
    claims = [make_claim(name, kind="capability", capability=text, value=text) for name in ids]
    conflict = make_conflict(ids[:2], ids[2:], name=text, about=text, evidence=text, narrowed=text)
    names = ("version", "provider", "source", "base_url", "started_at", "price_profile")
    more = dict.fromkeys(names, text) | dict.fromkeys(("models", "allowed", "selected", "notes"), (text,))
    verification = make_verification(*verdicts, **more, cost_usd=None, requests=10**30, exit_code=1)
    return verification, make_register(*claims, conflicts=[conflict]), exchanges
