"""Streams of chat chunks, whole and broken, and a verification that asks for nothing but streams.

It stands apart because bytes, rules and probes are tried with the same streams.
"""

import asyncio
import json
from functools import cache

from harness.catalogue import load_catalogues
from harness.catalogue.claims import load_register
from harness.core.clock import VirtualClock
from harness.core.exchange import Attempt, Exchange, Frame
from harness.probes.bench import Bench, read_reply, spell
from harness.probes.decide import decide_all
from harness.probes.desk import Ask, Seen
from harness.probes.lineup import Lineup, bind
from harness.probes.stream_bytes import read_stream_bytes
from harness.probes.stream_rules import PROMISES, Stream
from harness.probes.streams import FAMILY
from harness.probes.verify import Found, plan_verification, run_agenda
from harness.runner.sources import Sources
from harness.wire import LiveTransport, Redactor, RetryPolicy
from harness.wire.dialects import load_dialect

MODEL = "grok-3"
EVENT_STREAM = "text/event-stream; charset=utf-8"


def chunk(delta=None, finish=None, **fields):
    """A chunk as documented; without a delta, one without choices."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {
        "id": "c-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": choices,
    } | fields


def chunks(*words, finish="stop"):
    """The chunks of an answer that keeps every promise."""
    opening = chunk({"role": "assistant", "content": ""})
    return [opening, *(chunk({"content": word}) for word in words or ("one", " two")), chunk({}, finish)]


def sse(events, *, done=True, prefix="data: ", between="\n\n"):
    """Events as they are sent; texts go out as they are."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in events]
    return "".join(f"{prefix}{text}{between}" for text in [*texts, *(["[DONE]"] if done else [])]).encode()


def attempt_of(*frames, content_type=EVENT_STREAM, **fields):
    """A reply with these bytes."""
    kept = tuple(Frame(at_ms=float(place), content=frame) for place, frame in enumerate(frames))
    headers = (("content-type", content_type),) if content_type else ()
    return Attempt(**{"status": 200, "headers": headers, "frames": kept, "total_ms": 9.0} | fields)


def seen_of(body, reply, number=1, **fields):
    """An answered request; `reply` is bytes, or a JSON value."""
    ask = Ask(about="a test", body={"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], **body})
    content_type = EVENT_STREAM if isinstance(reply, bytes) else "application/json"
    content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    attempt = attempt_of(content, **{"content_type": content_type} | fields)
    exchange = Exchange(key="k", request=spell(ask), attempts=(attempt,))
    dialect = load_dialect("openai-chat")
    return Seen(id=f"streams@{MODEL}#{number}", ask=ask, exchange=exchange, reply=read_reply(ask, exchange, dialect))


def findings(content, **stream):
    """Promise -> what is found of it, in one stream of these bytes."""
    reading = read_stream_bytes(content if isinstance(content, Attempt) else attempt_of(content))
    seen = Stream(reading=reading, **{"names": frozenset({MODEL})} | stream)
    return {name: promise.judge(seen) for name, promise in PROMISES.items()} if reading.worded else {}


@cache
def catalogues():
    """The shipped catalogues, read once."""
    return load_catalogues()


@cache
def register_of(catalogue):
    """The register of that name, read once: reading it takes longer than a verification."""
    return load_register(catalogues().provider(catalogue))


def lineup_of(*models, catalogue="xai"):
    """The models of a catalogue, bound to its register."""
    register = bind(register_of(catalogue), models)
    return Lineup(provider=catalogues().provider(catalogue), register=register, models=models, lone=True)


def is_about_streams(claim, lineup):
    """Whether the family of streams decides a claim."""
    return FAMILY.rule(claim, lineup) is not None


def verify_streams(base_url, *models, catalogue="xai", key="sim-key", idle_s=5.0):
    """Claim -> verdict of all claims about streams, asked of a server; the second value is the number of requests."""
    lineup = lineup_of(*models, catalogue=catalogue)
    agenda = plan_verification(lineup, [claim for claim in lineup.register.claims if is_about_streams(claim, lineup)])
    sources = Sources(
        catalogues=catalogues(),
        base_url=base_url,
        rename="tried",
        applies_to=catalogue,
        environment={"TRIED_KEY": key},
        api_key_env="TRIED_KEY",
    )
    found, redactor = Found(), Redactor(sources.secrets())

    async def ask():
        policy = RetryPolicy(max_attempts=3, again=frozenset({429, 503}))
        transport = LiveTransport(redactor=redactor, policy=policy, idle_timeout_s=idle_s, clock=VirtualClock())
        bench = Bench(
            provider=lineup.provider,
            transport=transport,
            sources=sources,
            redactor=redactor,
            dialect=load_dialect(lineup.provider.dialect),
            keep=lambda _: None,
            slots=asyncio.Semaphore(32),
        )
        try:
            await run_agenda(agenda, bench, found)
        finally:
            await transport.aclose()

    asyncio.run(ask())
    verdicts = {each.claim: each for each in decide_all(agenda, found) if each.observed != "the model was not selected"}
    return verdicts, len(found.seen)
