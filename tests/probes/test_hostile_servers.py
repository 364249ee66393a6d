"""What one wrong answer of a server must not be taken for: each was once, by some probe."""

import asyncio
import json
from contextlib import suppress
from random import Random

import pytest
from endpoint_runs import MadeUp, attempt_of, claim_of, lineup_of, observed, probe_of, reply_to, seen_of
from tool_servers import MODEL, PLAIN, asked_of, call, calling, refusal

from harness.catalogue import load_catalogues
from harness.core.exchange import Attempt, Exchange
from harness.probes import choices, formats, parameters, tools
from harness.probes.bench import Bench
from harness.probes.desk import Ask, Desk, Unasked
from harness.probes.family import Rule, Watched
from harness.probes.usage import FAMILY as USAGE
from harness.probes.verify import plan_verification
from harness.runner.sources import Sources
from harness.wire import Redactor
from harness.wire.dialects import load_dialect

CRASH = (500, {"error": {"message": "must be between 0 and 2"}})
ANY = "any"
CONTRACT = lineup_of(ANY, catalogue="openai-chat")
PLAIN_WORDS = b"error: temperature must be between 0 and 2"


def found_of(family, name, answer):
    return observed(probe_of(family, CONTRACT, name), MadeUp(answer))[name]


def ask_of(**fields):
    return Ask(about="made up", body={"model": ANY, "messages": [{"role": "user", "content": "Hi"}], **fields})


# --- a 200 that is no answer


@pytest.mark.parametrize("body", [b"", b"<html>Sign in</html>", PLAIN_WORDS])
def test_a_200_that_is_neither_json_nor_a_stream_accepts_nothing(body):
    seen = seen_of(ask_of(), attempt_of(200, body))

    assert (seen.accepted, seen.refused) == (False, False)


@pytest.mark.parametrize("body", [b'{"choices": {}}', b"data: {\n\n", b": ping\n\ndata: [DONE]\n\n"])
def test_json_and_streams_that_cannot_be_read_were_accepted_all_the_same(body):
    assert seen_of(ask_of(stream=b"data" in body), attempt_of(200, body)).accepted


def test_an_error_in_plain_words_inside_a_200_does_not_make_a_bound_broken():
    seen = found_of(
        parameters.FAMILY,
        "range.temperature",
        lambda ask: (200, PLAIN_WORDS) if not 0 <= ask.body.get("temperature", 1) <= 2 else reply_to(ask),
    )

    assert (seen.outcome, seen.error) == ("unknown", True)


def test_json_with_bytes_that_are_no_text_and_numbers_without_end_is_read_like_the_reply():
    body = b'{"choices": [{"message": {"content": "\xff"}}], "usage": {"prompt_tokens": ' + b"9" * 9000 + b"}}"

    seen = seen_of(ask_of(), attempt_of(200, body))

    assert len(seen.document["choices"]) == 1
    assert "no count" in next(
        each.words
        for each in USAGE.watch(Watched(lineup=CONTRACT, seen=(seen,)))
        if each.topic.name == "usage.prompt_tokens"
    )


# --- client errors that are answered with a 5xx


def test_a_crash_beyond_a_bound_neither_keeps_nor_breaks_the_bound():
    seen = found_of(
        parameters.FAMILY,
        "range.temperature",
        lambda ask: reply_to(ask) if 0 <= ask.body.get("temperature", 1) <= 2 else CRASH,
    )

    assert (seen.outcome, seen.flags) == ("unknown", ("server-error",))


def test_a_crash_at_a_documented_bound_breaks_it():
    seen = found_of(
        parameters.FAMILY,
        "range.temperature",
        lambda ask: CRASH if ask.body.get("temperature") == 2 else reply_to(ask)
        if 0 <= ask.body.get("temperature", 1) <= 2 else refusal("temperature"),
    )  # fmt: skip

    assert (seen.outcome, seen.flags) == ("broken", ("server-error",))


def test_a_crash_at_one_stop_sequence_too_many_neither_keeps_nor_breaks_the_bound():
    def answer(ask):
        stop = ask.body.get("stop", [])
        return CRASH if len(stop) > 4 else reply_to(ask, "eat a tart".partition(stop[-1])[0] if stop else "eat a tart")

    seen = found_of(choices.FAMILY, "count.stop.count", answer)

    assert (seen.outcome, seen.flags) == ("unknown", ("server-error",))


def answers_tools(*, crash=False, forced=True, parrot=None):
    """Calls a tool where it is asked for, and says what its result says; a wrong id crashes it, or nothing does."""

    def answer(ask):
        body = ask.body
        last = body["messages"][-1]
        if last["role"] == "tool":
            known = [each["id"] for turn in body["messages"] for each in turn.get("tool_calls") or ()]
            if crash and last["tool_call_id"] not in known:
                return CRASH
            return reply_to(ask, parrot or f"It is {json.loads(last['content'])['number']}.")
        wants = "urn" in str(last["content"]) and body.get("tools")
        if wants or (forced and isinstance(body.get("tool_choice"), dict)):
            return calling(ask, call("draw_lot", '{"urn":"red","draws":1}'))
        return reply_to(ask, "Fine, thank you.")

    return answer


def test_a_crash_for_an_id_that_no_call_has_is_no_fault_of_the_right_id():
    found, _ = asked_of(tools.FAMILY, "tools.results", answers_tools(crash=True), models=(PLAIN,))

    assert (found["tools.links"].outcome, found["tools.links"].flags) == ("unknown", ("server-error",))


# --- tools


def test_tools_are_used_where_only_the_forcing_of_one_is_ignored():
    found, _ = asked_of(tools.FAMILY, "tools.use", answers_tools(forced=False), models=(MODEL,))

    assert found["tools.use"].outcome == "effect"
    assert "forced by name: no tool is called" in found["tools.use"].words


def test_tools_that_are_called_and_whose_results_are_not_used_are_not_confirmed():
    found, _ = asked_of(tools.FAMILY, "tools.use", answers_tools(forced=False, parrot="Fine."), models=(MODEL,))

    assert found["tools.use"].outcome == "no-effect"


def test_a_call_that_is_sent_back_to_a_server_that_reads_nothing_is_only_accepted():
    found, _ = asked_of(tools.FAMILY, "tools.use", lambda ask: reply_to(ask, "Hello!"), models=(MODEL,))

    assert found["tools.echo"].outcome == "accepted"


# --- formats


def test_a_server_that_refuses_every_format_draws_no_line_between_them():
    found = observed(
        probe_of(formats.FAMILY, CONTRACT, "formats.set"),
        MadeUp(lambda ask: refusal("response_format?") if "response_format" in ask.body else reply_to(ask)),
    )

    assert found["response_format.closed-set"].outcome == "unknown"


# --- max_tokens


@pytest.mark.parametrize("usage", [None, [], {"completion_tokens": "16"}, {"completion_tokens": -16}])
def test_a_bound_that_holds_is_seen_to_without_a_count_of_tokens(usage):
    words = ["incomprehensibilities"] * 15

    def answer(ask):
        return reply_to(ask, " ".join(words if "max_tokens" in ask.body else words * 9), usage=usage)

    assert found_of(parameters.FAMILY, "parameter.max_tokens", answer).outcome == "effect"


def test_more_words_than_were_allowed_tokens_break_the_bound_without_a_count():
    def answer(ask):
        return reply_to(ask, "so " * (20 if "max_tokens" in ask.body else 200))

    assert found_of(parameters.FAMILY, "parameter.max_tokens", answer).outcome == "broken"


# --- seed


class Tales:
    """Every draw another tale; `cached`: the same for equal bodies; `seeded`: by the seed; `fixed`: one by default.

    `pinned`: one at every temperature but 0.
    """

    def __init__(self, *, cached=False, seeded=False, fixed=False, greedy=False, pinned=False):
        self._kept = {} if cached else None
        self._seeded, self._fixed, self._greedy, self._draws = seeded, fixed, greedy, 0
        self._pinned = pinned

    def __call__(self, ask):
        key = json.dumps(ask.body, sort_keys=True)
        if self._kept is not None and key in self._kept:
            return self._kept[key]
        self._draws += 1
        seed = ask.body.get("seed", 0 if self._fixed else None) if self._seeded else None
        drawn = 0 if self._greedy else self._draws if seed is None else seed
        drawn = (0 if ask.body.get("temperature") == 0 else 7) if self._pinned else drawn
        tale = " ".join(f"{Random(f'{drawn}').random()}".split("."))  # noqa: S311 - the same tale for the same draw
        answer = reply_to(
            ask, f"{tale} is where the island lies, and it is a green one."[: ask.body.get("max_tokens", 90)]
        )
        if self._kept is not None:
            self._kept[key] = answer
        return answer


@pytest.mark.parametrize(
    ("tales", "outcome"),
    [
        (Tales(seeded=True), "effect"),
        (Tales(seeded=True, fixed=True), "effect"),
        (Tales(seeded=True, cached=True), "effect"),
        (Tales(cached=True), "unknown"),
        (Tales(greedy=True), "unknown"),
        (Tales(pinned=True), "no-effect"),
        (Tales(), "no-effect"),
    ],
)
def test_a_seed_is_told_from_a_cache_and_from_a_server_that_leaves_nothing_to_chance(tales, outcome):
    assert found_of(parameters.FAMILY, "parameter.seed", tales).outcome == outcome


# --- a register that somebody wrote by hand


@pytest.mark.parametrize(
    ("kind", "subject", "value"),
    [
        ("request_schema", "temperature.range", {"min": "low", "max": None}),
        ("constraint", ANY, {"params": 5, "effect": "error"}),
        ("constraint", ANY, {"effect": "error"}),
        ("parameter", ANY, {"support": "supported"}),
    ],
)
def test_a_claim_whose_value_says_nothing_of_parameters_is_asked_about_by_no_probe(kind, subject, value):
    claim = claim_of(kind, subject, value, kind_of_subject="field" if "." in subject else "model")
    lineup = lineup_of(ANY, catalogue="openai-chat", claims=[claim])

    (ruled,) = (agenda := plan_verification(lineup, (claim,))).ruled

    assert agenda.probes == ()
    assert not isinstance(ruled.how, Rule) or ruled.how.topics[0].name == f"range.{subject.partition('.')[0]}"


# --- a limit that holds


class Silent:
    """A transport whose every request comes to nothing; the n-th of `answers` to a reply."""

    def __init__(self, *answers):
        self._answers, self.sent = answers, 0

    async def send(self, call):
        self.sent += 1
        attempt = attempt_of(200, b"{}") if self.sent in self._answers else Attempt(status=429)
        return Exchange(key="k", request=call.request, attempts=(attempt,))


def sends(transport, count):
    """How many of so many requests are sent."""
    sources = Sources(
        catalogues=load_catalogues(), base_url="http://127.0.0.1:1/v1", applies_to="openai-chat", environment={}
    )
    bench = Bench(
        provider=CONTRACT.provider,
        transport=transport,
        sources=sources,
        redactor=Redactor(()),
        dialect=load_dialect("openai-chat"),
        keep=lambda _: None,
    )
    desk = Desk(probe="p", model=ANY, sender=bench, wanted=frozenset(), family=1, random=Random(1))  # noqa: S311 - unused

    async def ask():
        for _ in range(count):
            await desk.one(ask_of())

    with suppress(Unasked):
        asyncio.run(ask())
    return transport.sent


def test_no_more_is_sent_when_a_limit_outlasts_every_try_of_sixteen_requests():
    assert sends(Silent(), 40) == 16


def test_an_answer_among_refusals_keeps_the_run_going():
    assert sends(Silent(10, 20, 30), 40) == 40
