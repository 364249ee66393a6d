import asyncio
import json
from dataclasses import replace
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.catalogue import load_catalogues, load_register
from harness.core.exchange import Attempt, Exchange, Frame
from harness.probes.alternatives import repeated_unit
from harness.probes.bench import read_reply, spell
from harness.probes.bounds import STOPS
from harness.probes.choices import FAMILY
from harness.probes.desk import Desk, Seen
from harness.probes.family import Rule
from harness.probes.lineup import Lineup, bind
from harness.probes.observation import Topic
from harness.probes.parameters import FAMILY as PARAMETERS
from harness.wire.dialects import load_dialect

MODEL = "m"
PROVIDER = load_catalogues().provider("openai-chat")
LINEUP = Lineup(provider=PROVIDER, register=bind(load_register(PROVIDER), (MODEL,)), models=(MODEL,))
PROBES = {probe.name: probe for family in (PARAMETERS, FAMILY) for probe in family.probes(LINEUP)}


def choice(text="red, blue", index=0, finish="stop", **more):
    return {"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": finish, **more}


def reply(*choices, tokens=2, **more):
    usage = {"prompt_tokens": 5, "completion_tokens": tokens, "total_tokens": 5 + tokens}
    return {"id": "r", "object": "chat.completion", "model": MODEL, "choices": list(choices), "usage": usage, **more}


def refusal(message):
    return 400, {"error": {"message": message, "type": "invalid_request_error"}}


class Server:
    """Answers asks with what a function of their body returns: a JSON value, or a status and one."""

    def __init__(self, answer):
        self.answer, self.bodies = answer, []

    async def send(self, desk, asks, _):
        return tuple(self._seen(desk, ask, len(desk.seen) + place) for place, ask in enumerate(asks))

    def _seen(self, desk, ask, place):
        self.bodies.append(ask.body)
        answered = self.answer(ask.body)
        status, content = answered if isinstance(answered, tuple) else (200, answered)
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = (("content-type", "application/json"),)
        attempt = Attempt(status=status, headers=headers, frames=(Frame(at_ms=1.0, content=sent),), total_ms=1.0)
        exchange = Exchange(key="k", request=spell(ask), attempts=(attempt,))
        read = read_reply(ask, exchange, load_dialect("openai-chat"))
        return Seen(id=f"{desk.probe}#{place}", ask=ask, exchange=exchange, reply=read)


def desk_of(server):
    return Desk(probe="p", model=MODEL, sender=server, wanted=frozenset(), family=1, random=Random(1))  # noqa: S311 - no secret


def observe(name, answer, probe=None):
    """What a probe observes of a server."""
    server = Server(answer)
    desk = desk_of(server)
    asyncio.run((probe or PROBES[name]).run(desk))
    assert all(body["model"] == MODEL for body in server.bodies)
    return desk.observations[Topic(name, MODEL)]


# --- n


def several(count):
    return lambda body: reply(*(choice(index=each) for each in range(count(body.get("n", 1)))))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (several(lambda n: n), "effect"),
        (several(lambda _: 1), "no-effect"),
        (several(lambda _: 3), "no-effect"),
        (several(lambda n: min(n, 2)), "broken"),
        (lambda body: reply(*[choice()] * body.get("n", 1)), "broken"),
        (lambda body: refusal("n must be 1") if "n" in body else reply(choice()), "rejected"),
        (lambda body: reply(*[7] * body.get("n", 1)), "unknown"),
    ],
    ids=["as many", "always one", "always three", "two of three", "equal indexes", "refused", "no choices"],
)
def test_n_is_as_many_choices_with_indexes_of_their_own(answer, outcome):
    assert observe("parameter.n", answer).outcome == outcome


# --- logprobs


def scored(text, logprob=-0.5, **more):
    return {"token": text, "logprob": logprob, "bytes": list(text.encode()), "top_logprobs": [], **more}


def scoring(entries, text="red, blue", tokens=None):
    count = len(entries) if tokens is None else tokens

    def answer(body):
        logprobs = {"content": entries} if body.get("logprobs") else None
        return reply(choice(text, logprobs=logprobs), tokens=count)

    return answer


TOKENS = [scored("red"), scored(","), scored(" blue")]
SPLIT = [{"token": "?", "logprob": -1, "bytes": [0xC3]}, {"token": "?", "logprob": -1, "bytes": [0xA9]}]


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (scoring(TOKENS), "effect", "joined, they give the answer"),
        (scoring([*TOKENS, scored("<|end|>")]), "effect", "4 and 4 tokens"),
        (scoring(SPLIT, "\u00e9"), "effect", "joined, they give the answer"),
        (scoring([]), "no-effect", "0 and 0 tokens"),
        (scoring(TOKENS[:1], tokens=3), "broken", "'red'"),
        (scoring(TOKENS, tokens=9), "effect", "joined, they give the answer"),
        (scoring([scored("red, blue", 0.7)]), "broken", "no number up to 0"),
        (scoring([scored("red, blue", "-0.7")]), "broken", "no number up to 0"),
        (scoring([{"token": 7, "logprob": -1}]), "broken", "no token"),
        (lambda _: reply(choice(logprobs={"content": TOKENS}), tokens=3), "no-effect", "without logprobs"),
        (scoring([scored("")], "", tokens=1), "unknown", "empty"),
    ],
)
def test_logprobs_stand_for_the_tokens_of_the_answer(answer, outcome, words):
    seen = observe("parameter.logprobs", answer)

    assert seen.outcome == outcome
    assert words in seen.words


def ranking(size, *, falling=True):
    def answer(body):
        wanted = size(body.get("top_logprobs", 0))
        tops = [scored(f"t{place}", -1.0 - place if falling else place - 30.0) for place in range(wanted)]
        return reply(choice(logprobs={"content": [scored("red", top_logprobs=tops)]} if body.get("logprobs") else None))

    return answer


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (ranking(lambda k: k), "effect"),
        (ranking(lambda k: k, falling=False), "broken"),
        (ranking(lambda k: min(k, 3)), "broken"),
        (ranking(lambda _: 0), "no-effect"),
        (ranking(lambda _: 20), "no-effect"),
        (lambda body: refusal("logprobs is not supported") if "logprobs" in body else reply(choice()), "rejected"),
    ],
)
def test_top_logprobs_are_as_many_as_asked_for_and_ranked(answer, outcome):
    assert observe("parameter.top_logprobs", answer).outcome == outcome


def test_what_means_nothing_alone_is_tried_with_its_companion():
    server = Server(lambda body: refusal("alone") if "logprobs" not in body and "top_logprobs" in body else reply())

    asyncio.run(PROBES["range.top_logprobs"].run(desk_of(server)))

    tried = [body for body in server.bodies if "top_logprobs" in body]
    assert {body["top_logprobs"] for body in tried} == {0, 20, -1, 21}
    assert all(body["logprobs"] is True for body in tried)


# --- logit_bias


COUNTING = "1, 2, 3, 4, 5"


def biased(forced):
    """A server that counts, and with a bias says what a function of the token and the body gives."""

    def answer(body):
        bias = body.get("logit_bias") or {}
        token = next((int(each) for each, value in bias.items() if value == 100), None)
        return reply(choice(COUNTING if token is None else forced(token, body)))

    return answer


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (biased(lambda token, _: f"w{token}" * 12), "effect"),
        (biased(lambda token, _: f" w{token}" * 12), "effect"),
        (biased(lambda token, _: "" if token == 1000 else f"w{token}" * 12), "effect"),
        (biased(lambda *_: COUNTING), "no-effect"),
        (biased(lambda *_: "1, 2, 3 and so on"), "no-effect"),
        (biased(lambda *_: "same" * 12), "unknown"),
        (lambda body: reply(choice(f"words {sha256(json.dumps(body).encode()).hexdigest()} of a digest")), "unknown"),
        (lambda _: reply(choice("")), "unknown"),
        (lambda body: reply(choice(f"w{sum(json.dumps(body).encode())}" * 8)), "unknown"),
        (lambda body: refusal("logit_bias: unknown") if "logit_bias" in body else reply(choice()), "rejected"),
    ],
    ids=["forced", "spaced", "ended", "as-before", "nearly", "one-for-all", "hash", "silence", "babble", "refused"],
)
def test_a_forced_token_repeats_itself_whichever_it_is(answer, outcome):
    assert observe("parameter.logit_bias", answer).outcome == outcome


@given(unit=st.text("ab ", min_size=1, max_size=4), times=st.integers(3, 9))
def test_a_repeated_piece_is_found_and_repeats(unit, times):
    found = repeated_unit(unit * times)

    assert len(found) <= len(unit)
    assert not repeated_unit("1, 2, 3, 4, 5")


# --- user, and length


@pytest.mark.parametrize(
    ("answer", "by_name"),
    [
        (lambda _: reply(choice()), False),
        (lambda body: refusal("user: expected text") if isinstance(body.get("user"), dict) else reply(choice()), True),
        (lambda body: refusal("bad request") if isinstance(body.get("user"), dict) else reply(choice()), False),
    ],
)
def test_user_is_accepted_and_read_only_if_what_is_no_text_is_refused_by_name(answer, by_name):
    seen = observe("parameter.user", answer)

    assert (seen.outcome, seen.by_name) == ("accepted", by_name)


def counted(free, capped, finish="length"):
    """A server whose uncapped answers have those lengths in turn."""
    lengths = iter([1, *free])

    def answer(body):
        bound = body.get("max_completion_tokens")
        count = 1 if bound == 64 else capped if bound else next(lengths)
        return reply(choice("word " * count, finish=finish if bound else "stop"), tokens=count)

    return answer


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (counted((60, 60), 16), "effect"),
        (counted((60, 9), 16), "effect"),
        (counted((60, 9), 12, finish="stop"), "unknown"),
        (counted((9, 9), 9), "unknown"),
        (counted((60, 60), 60), "no-effect"),
        (counted((60, 9), 60), "no-effect"),
    ],
)
def test_max_completion_tokens_is_measured_as_max_tokens_is(answer, outcome):
    assert observe("parameter.max_completion_tokens", answer).outcome == outcome


# --- stop


def stopping(most, *, heeds=4, limit=None):
    """A server that heeds so many stops, and refuses more than a limit."""
    letters = dict(STOPS)

    def answer(body):
        stops = body.get("stop", [])
        if limit is not None and len(stops) > limit:
            return refusal(f"stop: at most {limit}")
        text = f"xx {letters.get(body['messages'][0]['content'], 'x')} yy"
        ends = [text.index(each) for each in stops[:heeds] if each in text]
        return reply(choice(text[: min(ends, default=len(text))]))

    return answer


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (stopping(4, limit=4), "holds", "5 are refused"),
        (stopping(4), "broken", "5 are accepted"),
        (stopping(4, heeds=1, limit=4), "broken", "shows in 2 of 2"),
        (stopping(4, limit=3), "broken", "4 are refused"),
        (lambda _: reply(choice("xyz")), "unknown", "in 0 without it"),
        (lambda _: (503, {"error": {"message": "busy"}}), "unknown", "503"),
    ],
)
def test_four_stop_sequences_work_and_five_are_refused(answer, outcome, words):
    seen = observe("count.stop.count", answer)

    assert seen.outcome == outcome
    assert words in seen.words


def test_how_many_stops_there_may_be_is_what_the_register_says():
    claim = LINEUP.register.by_id["contract.request_schema.stop.count"]
    other = replace(claim, value={"max": 2})
    lineup = replace(LINEUP, register=replace(LINEUP.register, claims=(other,)))

    (probe,) = FAMILY.probes(lineup)

    assert isinstance(FAMILY.rule(other, lineup), Rule)
    assert observe("count.stop.count", stopping(2, limit=2), probe).outcome == "holds"


def test_a_range_with_one_end_is_tried_at_that_end_alone():
    seen = observe("range.n", lambda body: refusal("n: at least 1") if body.get("n") == 0 else reply(choice()))

    assert (seen.outcome, seen.words) == ("holds", "1 accepted; 0 refused")


# --- hostile servers

NAMES = ("n", "logprobs", "top_logprobs", "logit_bias", "user", "max_completion_tokens")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.dictionaries(
    st.sampled_from(["index", "message", "logprobs", "finish_reason", "content"]), JSON, max_size=4
)


@pytest.mark.parametrize("name", [*(f"parameter.{name}" for name in NAMES), "count.stop.count"])
@settings(max_examples=12)
@given(choices=st.lists(MEMBERS | JSON, max_size=3), entries=st.lists(JSON | MEMBERS, max_size=2), usage=JSON)
def test_no_reply_makes_a_probe_fail(name, choices, entries, usage):
    scores = {"content": [*entries, {"token": "a", "logprob": usage, "bytes": entries, "top_logprobs": entries}]}
    body = {"choices": [choice("a", logprobs=scores), *choices], "usage": usage}

    assert observe(name, lambda _: body).topic.name == name


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"null", b'{"choices":' + b"[" * 5000, b'{"choices": 7}'])
def test_no_body_makes_a_probe_fail(content):
    outcomes = {observe(f"parameter.{name}", lambda _: content).outcome for name in NAMES}

    assert outcomes <= {"unknown", "accepted"}
