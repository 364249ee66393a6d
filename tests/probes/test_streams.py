import itertools
import json
from dataclasses import replace
from zlib import crc32

import pytest
from scripted_server import ScriptedServer, completion
from stream_samples import MODEL, chunk, chunks, is_about_streams, lineup_of, seen_of, sse, verify_streams

from harness.core.verdict import TURNED
from harness.probes.family import Rule, Watched
from harness.probes.observation import Observation, Topic
from harness.probes.stream_watch import watch_streams
from harness.probes.streams import FAMILY
from harness.simulator.http.server import running

PLAIN = "grok-2-vision-1212"
THINKING = "grok-4-0709"
WORKS = {"comp.stream.enable", f"comp.capability.{PLAIN}.streaming", "ref.doc_section.guides.stream-response"}


def verify(*models, profile="documented", **options):
    with running(profile, seed=1, limits=None, **options) as server:
        return verify_streams(server.url, *models, key=server.key)[0]


def turned(verdicts):
    return {claim.removeprefix("comp.stream.") for claim, each in verdicts.items() if each.verdict in TURNED}


def test_every_claim_is_confirmed_where_the_documents_are_true_and_three_requests_a_model_are_enough():
    with running(seed=1, limits=None) as server:
        verdicts, requests = verify_streams(server.url, PLAIN, THINKING, key=server.key)

    assert {each.verdict for each in verdicts.values()} == {"confirmed"}
    assert len(verdicts) == 23
    # Three of each model, two more of the one that stands for all; beside them the list and two gates of two.
    assert requests <= 2 * 3 + 2 + 1 + 2 * 2


@pytest.mark.parametrize(
    ("deviation", "claims"),
    [
        ("stream-no-done", {"done"}),
        ("stream-call-unnamed", {"tool-calls-in-delta"}),
        ("stream-content-type", {"enable"}),
    ],
)
def test_a_broken_promise_turns_its_claim_and_no_other(deviation, claims):
    assert turned(verify(PLAIN, deviations=[f"{deviation}@{PLAIN}"])) == claims


@pytest.mark.parametrize(
    ("deviation", "verdict"),
    [("stream-unsupported", "refuted"), ("stream-ignored", "ignored"), ("stream-words-lost", "partial")],
)
def test_a_stream_that_is_refused_or_ignored_or_loses_words_turns_the_claims_that_streaming_works(deviation, verdict):
    verdicts = verify(PLAIN, deviations=[f"{deviation}@{PLAIN}"])

    assert {verdicts[claim].verdict for claim in WORKS} == {verdict}
    assert {each.verdict for claim, each in verdicts.items() if claim.startswith("comp.stream.chunk")} <= {
        "inconclusive",
        "confirmed",
    }


def test_reasoning_that_is_counted_and_not_shown_turns_its_own_claim():
    assert turned(verify(THINKING, deviations=[f"reasoning-content-missing@{THINKING}"])) == {"reasoning.delta"}


def test_what_public_evidence_refutes_is_refuted_and_no_more():
    verdicts = verify(PLAIN, "grok-3-mini", profile="observed")

    assert turned(verdicts) == {"chunk.created", "middle.finish-null", "first.role"}
    assert "left out of" in verdicts["comp.stream.middle.finish-null"].observed


@pytest.mark.parametrize("fault", ["reset,p=0.5", "truncated,every=2", "stall:9,every=4"])
def test_a_faulty_network_is_never_a_verdict(fault):
    with running(seed=3, limits=None, faults=[fault]) as server:
        verdicts, _ = verify_streams(server.url, PLAIN, key=server.key, idle_s=0.4)

    assert turned(verdicts) == set()


# --- other servers, any vendor's


UNLISTED = {"GET /v1/models": (404, {"error": "no"})}
JOINED = {"deltas": "join to the unstreamed reply"}


def plain_reply(body):
    return completion("one two") | {"model": body["model"], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


def of_model(body, events):
    return [each | {"model": body["model"]} if isinstance(each, dict) else each for each in events]


def streaming(answer):
    """A server whose streams are what `answer(body)` gives, and whose other replies are plain."""
    return ScriptedServer(
        lambda body: (200, answer(body)) if body.get("stream") else plain_reply(body),
        routes=UNLISTED,
    )


def contract(server):
    """Claims of the contract of compatible servers about streams -> verdict."""
    verdicts = verify_streams(server.base_url, "m", catalogue="openai-chat")[0]
    return {claim: each.verdict for claim, each in verdicts.items()}


def by_value(*values):
    """Ids of the contract's stream claims that say this."""
    register = lineup_of("m", catalogue="openai-chat").register
    return {claim.id for claim in register.claims if claim.kind == "stream" and claim.value in values}


def turned_of(verdicts):
    return {claim for claim, verdict in verdicts.items() if verdict in TURNED}


def test_a_server_that_sends_usage_where_asked_keeps_the_whole_contract():
    def answer(body):
        asked = "stream_options" in body
        usage = [chunk(usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})] if asked else []
        return sse(of_model(body, [*chunks(), *usage]))

    with streaming(answer) as server:
        verdicts = contract(server)

    assert turned_of(verdicts) == set()
    assert sum(verdict == "confirmed" for verdict in verdicts.values()) >= len(verdicts) - 1


def test_usage_that_differs_from_that_of_the_unstreamed_reply_is_found():
    def answer(body):
        usage = [chunk(usage={"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6})]
        return sse(of_model(body, chunks() + (usage if "stream_options" in body else [])))

    with streaming(answer) as server:
        verdicts = contract(server)

    assert turned_of(verdicts) == by_value({"usage_in_stream": "where asked"})


def test_one_id_per_chunk_no_role_and_no_usage_are_three_findings():
    def answer(body):
        events = [each | {"id": f"c-{place}"} for place, each in enumerate(chunks())]
        events[0]["choices"][0]["delta"] = {"content": ""}
        return sse(of_model(body, events))

    with streaming(answer) as server:
        verdicts = contract(server)

    assert turned_of(verdicts) == by_value(
        {"field": "id", "same_across_chunks": True}, {"delta.role": "assistant"}, {"usage_in_stream": "where asked"}
    )


def test_streams_that_end_with_neither_mark_on_every_try_break_both_promises():
    with streaming(lambda body: sse(of_model(body, chunks()[:-1]), done=False)) as server:
        verdicts = contract(server)

    assert turned_of(verdicts) >= by_value({"terminator": "data: [DONE]"}, {"finish_reason": "once"})
    assert not turned_of(verdicts) & by_value({"field": "stream", "value": True}, {"const": 0})


@pytest.mark.parametrize("odd", [b"<html>busy</html>", b"", b"data: [DONE]\n\n", b": ping\n\n", b"data: {oops\n\n"])
def test_answers_that_hold_no_chunk_are_no_streams_and_no_crash(odd):
    with streaming(lambda _: odd) as server:
        verdicts = contract(server)

    assert "confirmed" not in verdicts.values()


def test_a_server_that_hashes_the_whole_body_is_not_said_to_lose_words():
    def text(body):
        return f"w{crc32(json.dumps(body, sort_keys=True).encode())}"

    server = ScriptedServer(
        lambda body: (200, sse(of_model(body, chunks(text(body))))) if body.get("stream") else completion(text(body)),
        routes=UNLISTED,
    )
    with server:
        verdicts = contract(server)

    assert not turned_of(verdicts) & by_value(JOINED)


def test_a_server_that_samples_is_not_said_to_lose_words():
    words = itertools.count()
    server = ScriptedServer(
        lambda body: (
            (200, sse(of_model(body, chunks(f"w{next(words)}"))))
            if body.get("stream")
            else completion(f"w{next(words)}")
        ),
        routes=UNLISTED,
    )
    with server:
        verdicts = contract(server)

    assert not turned_of(verdicts) & by_value(JOINED)


def test_stream_options_that_are_refused_cost_nothing_but_their_own_claim():
    def answer(body):
        if "stream_options" in body:
            return 400, {"error": {"message": "stream_options is not supported"}}
        return (200, sse(of_model(body, chunks()))) if body.get("stream") else plain_reply(body)

    with ScriptedServer(answer, routes=UNLISTED) as server:
        verdicts = contract(server)

    assert turned_of(verdicts) == by_value({"usage_in_stream": "where asked"})
    assert {verdicts[claim] for claim in by_value(JOINED)} == {"confirmed"}


def test_a_server_that_refuses_what_makes_replies_repeatable_is_asked_without_it():
    def answer(body):
        if "temperature" in body:
            return 400, {"error": {"message": "temperature is not supported"}}
        usage = [chunk(usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})]
        events = chunks() + (usage if "stream_options" in body else [])
        return (200, sse(of_model(body, events))) if body.get("stream") else plain_reply(body)

    with ScriptedServer(answer, routes=UNLISTED) as server:
        verdicts = contract(server)

    assert {verdicts[claim] for claim in by_value(JOINED, {"usage_in_stream": "where asked"})} == {"confirmed"}


def test_a_server_that_always_streams_refutes_that_false_is_the_default():
    with ScriptedServer(lambda body: (200, sse(of_model(body, chunks()))), routes=UNLISTED) as server:
        verdicts = contract(server)

    assert turned_of(verdicts) == {"contract.request_schema.stream"} | by_value({"usage_in_stream": "where asked"})


TOOL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}


def calling(body, streamed, *, plainly=True):
    """What a server says that calls a forced tool, and whose streams of that are `streamed`."""
    forced = isinstance(body.get("tool_choice"), dict)
    if body.get("stream"):
        return streamed(body) if forced else (200, sse(of_model(body, chunks())))
    reply = plain_reply(body)
    if forced and plainly:
        reply["choices"][0] |= {"message": {"role": "assistant", "content": None, "tool_calls": [TOOL]}}
    return reply


def call_verdict(streamed, **options):
    """The verdict of a call's name in a stream, and how many forced calls were asked unstreamed."""
    asked = []

    def answer(body):
        asked.append(body)
        return calling(body, streamed, **options)

    with ScriptedServer(answer, routes=UNLISTED) as server:
        verdict = verify_streams(server.base_url, "m", catalogue="openai-chat")[0][
            "contract.stream.tool-calls-in-delta"
        ]
    unstreamed = sum(isinstance(body.get("tool_choice"), dict) and "stream" not in body for body in asked)
    return verdict, unstreamed


def test_calls_that_come_unstreamed_and_in_no_stream_break_the_promise_of_calls_in_streams():
    verdict, unstreamed = call_verdict(lambda body: (200, sse(of_model(body, chunks(finish="tool_calls")))))

    assert (verdict.verdict, unstreamed) == ("refuted", 3)
    assert "has no call, in 3 of 3 streams" in verdict.observed


def test_a_json_body_with_the_call_instead_of_a_stream_breaks_the_promise_of_calls_in_streams():
    verdict, _ = call_verdict(lambda body: (200, calling({**body, "stream": False}, None)))

    assert verdict.verdict == "refuted"
    assert "one JSON body comes on 3 of 3 tries" in verdict.observed


def test_calls_that_come_neither_way_say_nothing_of_streams():
    verdict, unstreamed = call_verdict(lambda body: (200, sse(of_model(body, chunks()))), plainly=False)

    assert (verdict.verdict, unstreamed) == ("inconclusive", 1)


def test_a_call_that_comes_in_a_stream_is_not_asked_for_unstreamed():
    events = [chunk({"role": "assistant", "content": None}), chunk({"tool_calls": [TOOL]}), chunk({}, "tool_calls")]

    verdict, unstreamed = call_verdict(lambda body: (200, sse(of_model(body, events))))

    assert (verdict.verdict, unstreamed) == ("confirmed", 0)


# --- the watch


def watched(*seen):
    lineup = lineup_of(MODEL)
    return {each.topic.name: each for each in watch_streams(Watched(lineup=lineup, seen=seen))}


STREAM = {"stream": True}


def test_a_finding_in_one_stream_that_another_probe_paid_for_is_enough():
    odd = [each | {"object": "text"} for each in chunks()]

    found = watched(seen_of(STREAM, sse(chunks())), seen_of({**STREAM, "max_tokens": 4}, sse(odd), 2))

    assert found["stream.object"].outcome == "broken"
    assert "1 of 2 streams" in found["stream.object"].words
    assert found["stream.id"].outcome == "holds"


def test_two_streams_that_close_without_the_mark_leave_it_open_and_three_do_not():
    bare = sse(chunks(), done=False)
    streams = [seen_of(STREAM, bare, number) for number in range(3)]

    assert watched(*streams[:2])["stream.done"].outcome == "unknown"
    assert watched(*streams[:2])["stream.done"].error
    assert watched(*streams)["stream.done"].outcome == "broken"


def test_streams_that_were_cut_off_thrice_break_nothing_where_another_came_whole():
    cut = sse(chunks()[:2], done=False)
    streams = [seen_of(STREAM, cut, number) for number in range(3)]

    found = watched(*streams, seen_of({**STREAM, "seed": 1}, sse(chunks()), 4))

    assert {each.outcome for each in found.values()} <= {"holds", "unknown"}
    assert found["stream.done"].outcome == found["stream.finish"].outcome == "holds"


@pytest.mark.parametrize("fields", [{"error": "lost"}, {"error": "timeout"}, {"status": 503}, {"status": None}])
def test_a_connection_that_broke_is_an_error_and_never_a_finding(fields):
    found = watched(seen_of(STREAM, sse([{"id": 7}], done=False), **fields))

    assert {(each.outcome, each.error) for each in found.values()} == {("unknown", True)}


def test_streams_that_tell_of_an_error_are_an_error_and_never_a_finding():
    failing = sse([*chunks()[:2], {"error": {"message": "overloaded"}}], done=False)

    found = watched(*(seen_of(STREAM, failing, number) for number in range(3)))

    assert {(each.outcome, each.error) for each in found.values()} == {("unknown", True)}
    assert "overloaded" in found["stream.done"].words


def test_other_words_count_only_if_they_come_thrice_and_however_no_stream_is_asked_for():
    streams = [seen_of(STREAM, sse(chunks("a", "c")), number) for number in range(3)]
    left_out, said = (
        [seen_of(body, completion("abc"), number) for number in range(3)] for body in ({}, {"stream": False})
    )

    assert watched(*streams, *left_out)["stream.whole"].outcome == "unknown"
    assert watched(*streams[:2], *left_out, *said)["stream.whole"].outcome == "unknown"
    assert watched(*streams, left_out[0], *said[:2])["stream.whole"].outcome == "broken"
    assert watched(*streams, *said, seen_of({}, completion("ac")))["stream.whole"].outcome == "unknown"


def test_a_stream_of_several_choices_is_no_evidence_about_one():
    two = [each | {"choices": [{"index": 1, "delta": {}}]} for each in chunks()]

    assert watched(seen_of({**STREAM, "n": 2}, sse(two))) == {}


def test_every_stream_claim_of_both_registers_has_a_rule():
    for lineup in (lineup_of(MODEL), lineup_of("m", catalogue="openai-chat")):
        claims = [claim for claim in lineup.register.claims if claim.kind == "stream"]

        assert claims
        assert [claim for claim in claims if not is_about_streams(claim, lineup)] == []


def test_a_claim_that_says_something_else_or_is_about_another_endpoint_is_left_to_others():
    lineup = lineup_of(MODEL)
    claim = lineup.register.find("comp.stream.done")
    elsewhere = replace(claim.subject, id="POST /v1/messages (stream)")

    assert isinstance(FAMILY.rule(claim, lineup), Rule)
    assert FAMILY.rule(replace(claim, value={"terminator": "data: END"}), lineup) is None
    assert FAMILY.rule(replace(claim, subject=elsewhere), lineup) is None


def test_a_probe_that_was_not_asked_says_so_for_all_that_rides_on_it():
    lineup = lineup_of(MODEL)
    unasked = Observation(topic=Topic("streaming", MODEL), outcome="unasked", words="the budget is spent")

    found = list(watch_streams(Watched(lineup=lineup, seen=(), observations={unasked.topic: unasked})))

    assert {(each.outcome, each.words) for each in found} == {("unasked", "the budget is spent")}
