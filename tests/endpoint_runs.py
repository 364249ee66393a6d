"""Verifications of claims about endpoints, keys and errors: over a socket, and one probe with made-up answers.

It stands apart because seven families are tried alike.
"""

import asyncio
import json
from dataclasses import replace
from random import Random

from hypothesis import strategies as st

from harness.catalogue import Catalogues, load_catalogues
from harness.catalogue.claims import load_register
from harness.core.catalogue import Provenance
from harness.core.claims import Claim, Subject
from harness.core.clock import VirtualClock
from harness.core.exchange import Attempt, Exchange, Frame
from harness.probes.bench import Bench, read_reply, spell
from harness.probes.decide import decide_all
from harness.probes.desk import Desk, Seen
from harness.probes.lineup import Lineup, bind
from harness.probes.verify import Found, plan_verification, run_agenda
from harness.runner.sources import Sources
from harness.simulator.http.server import running
from harness.wire import LiveTransport, Redactor, RetryPolicy
from harness.wire.dialects import load_dialect

PLAIN, OTHER, IMAGE = "grok-3-mini", "grok-3", "grok-2-image-1212"
EVERYTHING = ("money", "management-key", "writes")
STATUSES = (200, 202, 302, 400, 404, 422, 500)
_FIELDS = ("data", "id", "type", "content", "usage", "request_id", "token_ids", "error", "url", "b64_json", "apiKeyId")
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS), inner, max_size=4),
    max_leaves=12,
)
"""JSON values of any type at any place, under names that somebody looks for."""

_AGAIN = frozenset({408, 425, 429, 502, 503, 504, 529})


def claim_of(kind, subject, value, *, kind_of_subject="endpoint", name="made.up", needs=()):
    """A claim that no document makes."""
    return Claim(
        id=name,
        kind=kind,
        subject=Subject(type=kind_of_subject, id=subject),
        value=value,
        observable="wire",
        needs=needs,
        provenance=Provenance(document="made up"),
    )


def lineup_of(*models, images=(), catalogue="xai", allowed=(), lone=True, provider=None, claims=None):
    """The models of a catalogue, bound to its register, or to these claims alone."""
    provider = provider or load_catalogues().provider(catalogue)
    register = bind(load_register(provider), models)
    if claims is not None:
        register = replace(register, claims=tuple(claims))
    return Lineup(
        provider=provider, register=register, models=models, images=images, allowed=frozenset(allowed), lone=lone
    )


def about(family, lineup):
    """The claims that a family decides and requests can show."""
    return [
        claim
        for claim in lineup.register.claims
        if claim.observable == "wire" and family.rule(claim, lineup) is not None
    ]


def verify(lineup, claims, *, base_url=None, environment=None, clock=None):
    """Claim -> verdict, asked of a server, or where the lineup's provider says; and the number of requests."""
    agenda = plan_verification(lineup, claims)
    provider = lineup.provider
    sources = Sources(
        catalogues=load_catalogues() if base_url is not None else Catalogues(providers=(provider,)),
        base_url=base_url,
        rename="tried" if base_url is not None else None,
        applies_to=provider.name,
        environment=environment or {"TRIED_KEY": "sim-key"},
        api_key_env="TRIED_KEY" if base_url is not None else None,
    )
    found, redactor = Found(), Redactor(sources.secrets())

    async def ask():
        policy = RetryPolicy(max_attempts=8, again=_AGAIN)
        transport = LiveTransport(redactor=redactor, policy=policy, clock=clock or VirtualClock())
        bench = Bench(
            provider=provider,
            transport=transport,
            sources=sources,
            redactor=redactor,
            dialect=load_dialect(provider.dialect),
            keep=lambda _: None,
            slots=asyncio.Semaphore(32),
        )
        try:
            await run_agenda(agenda, bench, found)
        finally:
            await transport.aclose()

    asyncio.run(ask())
    return {verdict.claim: verdict for verdict in decide_all(agenda, found)}, len(found.seen)


def verify_simulator(family, *deviations, models=(PLAIN,), images=(), allowed=(), lineup=None, **options):
    """Claim -> verdict of a family's claims, asked of a simulator that deviates so."""
    clock = options.pop("verifier_clock", None)
    with running(seed=1, **{"limits": None, "deviations": deviations} | options) as server:
        keys = {"TRIED_KEY": server.key, "XAI_MANAGEMENT_KEY": server.management_key, "XAI_TEAM_ID": server.team}
        lineup = lineup or lineup_of(*models, images=images, allowed=allowed)
        claims = about(family, lineup)
        return verify(lineup, claims, base_url=server.url, environment=keys, clock=clock)[0]


def names(verdicts, *wanted):
    """Claim -> name of its verdict, for those that have one of these, or for all."""
    return {claim: each.verdict for claim, each in verdicts.items() if not wanted or each.verdict in wanted}


class MadeUp:
    """Answers a desk's asks with what `answer(ask)` returns: (status, a JSON value, text or bytes), or an Attempt."""

    def __init__(self, answer, *, recorded=True):
        self.asks = []
        self._answer = answer
        self._recorded = recorded

    async def send(self, desk, asks, _numbers):
        """Every answer, in the order of the asks."""
        self.asks += asks
        first = len(desk.seen)
        return tuple(
            self._seen(ask, f"{desk.probe}@{desk.model}#{first + place + 1}") for place, ask in enumerate(asks)
        )

    def _seen(self, ask, name):
        found = self._answer(ask)
        attempt = found if isinstance(found, Attempt) else attempt_of(*found)
        return seen_of(ask, attempt, name=name, recorded=self._recorded)


def attempt_of(status, body=b"", *, total_ms=5.0):
    """An attempt that came to an answer."""
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Attempt(status=status, frames=(Frame(at_ms=1.0, content=content),), total_ms=total_ms)


def seen_of(ask, *attempts, name="made-up@m#1", **fields):
    """An answered request."""
    exchange = Exchange(key="k", request=spell(ask), attempts=attempts, **fields)
    return Seen(id=name, ask=ask, exchange=exchange, reply=read_reply(ask, exchange, load_dialect("openai-chat")))


def observed(probe, sender):
    """Topic's name -> observation, of one probe whose asks are answered by this sender."""
    random = Random(1)  # noqa: S311 - the same words in every run
    desk = Desk(probe=probe.name, model=probe.model, sender=sender, wanted=probe.topics, family=1, random=random)
    asyncio.run(probe.run(desk))
    return {topic.name: observation for topic, observation in desk.observations.items()}


def probe_of(family, lineup, name):
    """A family's probe by its name."""
    return next(probe for probe in family.probes(lineup) if probe.name == name)


def reply_to(ask, content="ok", **fields):
    """A chat's reply under the name that was asked for."""
    model = ask.body.get("model") if isinstance(ask.body, dict) else None
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return 200, {
        "id": "1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [choice],
    } | fields
