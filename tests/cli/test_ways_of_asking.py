import pytest
from acme import CATALOGUE
from scripted_server import ScriptedServer, completion

from harness.runner import execute

DEFERRED = "  - {id: a, prompt: hi, deferred: true, expect: [{contains: ok}, {status: 200}]}"
MESSAGES = "  - {id: a, prompt: hi, dialect: anthropic-messages, expect: [{equals: hello}, {finish_reason: stop}]}"
MESSAGE = {
    "id": "m1",
    "type": "message",
    "role": "assistant",
    "model": "one",
    "content": [{"type": "text", "text": "hello"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 1},
}


@pytest.fixture
def run(tmp_path, harness, monkeypatch):
    """Ask one case over a server of acme's, without waiting between polls."""
    (tmp_path / "acme.yaml").write_text(CATALOGUE.replace("model_list: /models\n", ""))
    monkeypatch.setattr(execute, "POLL_EVERY_S", 0.0)

    def run(case, server, *options):
        (tmp_path / "s.yaml").write_text(f"suite: s\ntargets: [acme/one]\ncases:\n{case}\n")
        return harness("run", "s.yaml", "--catalogue", "acme.yaml", "--base-url", server.base_url, *options)

    return run


def deferring(polls):
    """Routes of a server whose reply is ready at the given poll."""
    waiting = iter([(202, b"")] * (polls - 1) + [{**completion(), "model": "one"}])
    return {
        "POST /v1/chat/completions": lambda _: {"request_id": "r 1"},
        "GET /v1/chat/deferred-completion/r%201": lambda _: next(waiting),
    }


def test_a_deferred_answer_is_fetched_once_it_is_ready(run):
    with ScriptedServer(completion, deferring(polls=3)) as server:
        result = run(DEFERRED, server)

    assert result.code == 0, result.out
    assert server.requests[0]["deferred"] is True
    assert len(server.lines) == 4


def test_a_recorded_deferred_answer_is_replayed_without_polling(run):
    with ScriptedServer(completion, deferring(polls=3)) as server:
        run(DEFERRED, server, "--mode", "record")

    result = run(DEFERRED, server, "--mode", "replay")

    assert result.code == 0, result.out


def test_a_deferred_answer_that_never_comes_is_an_error(run, monkeypatch):
    monkeypatch.setattr(execute, "MAX_POLLS", 3)

    with ScriptedServer(completion, deferring(polls=9)) as server:
        result = run(DEFERRED, server)

    assert result.code == 3
    assert "was not ready" in result.out


def test_a_case_may_be_asked_in_another_dialect_that_the_provider_speaks(run):
    with ScriptedServer(completion, {"POST /v1/messages": MESSAGE}) as server:
        result = run(MESSAGES, server)

    assert result.code == 0, result.out


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (MESSAGES.replace("anthropic-messages", "openai-realtime"), "which acme does not speak"),
        (DEFERRED.replace("deferred: true", "deferred: true, dialect: anthropic-messages"), "cannot fetch it later"),
    ],
)
def test_a_way_of_asking_that_cannot_be_is_refused_before_anything_is_sent(run, case, words):
    with ScriptedServer(completion) as server:
        result = run(case, server)

    assert result.code == 2
    assert words in result.err
    assert server.lines == []


def test_a_recording_of_a_reply_that_was_not_ready_ends_the_waiting_at_once(run, tmp_path, monkeypatch):
    with ScriptedServer(completion, deferring(polls=1)) as server:
        run(DEFERRED, server, "--mode", "record")
    (cassette,) = tmp_path.rglob("cassettes/**/*.yaml")
    promise, fetched = cassette.read_text().rsplit("code: 200", 1)
    cassette.write_text(f"{promise}code: 202{fetched}")
    monkeypatch.setattr(execute, "POLL_EVERY_S", 60.0)

    result = run(DEFERRED, server, "--mode", "replay")

    assert result.code == 3
    assert "was not ready" in result.out


def test_a_slow_server_is_not_polled_beyond_the_time_that_a_deferred_reply_may_take(run, monkeypatch):
    monkeypatch.setattr(execute, "MAX_WAIT_S", 0.0)

    with ScriptedServer(completion, deferring(polls=9)) as server:
        result = run(DEFERRED, server)

    assert result.code == 3
    assert len(server.lines) == 2


def test_a_promise_in_place_of_the_promised_reply_is_the_same_error_when_it_is_graded_again(run, harness):
    routes = {**deferring(polls=1), "GET /v1/chat/deferred-completion/r%201": {"request_id": "r2"}}

    with ScriptedServer(completion, routes) as server:
        asked = run(DEFERRED, server, "--out", "run")
    graded = harness("grade", "run", "--catalogue", "acme.yaml")

    assert "an id to ask again with" in asked.out
    assert "an id to ask again with" in graded.out
