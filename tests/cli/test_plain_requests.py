import json

import pytest
from acme import CATALOGUE
from scripted_server import ScriptedServer, completion

KEYS = {"ACME_KEY": "inference-key-1", "ACME_MANAGEMENT_KEY": "management-key-1", "ACME_TEAM": "team-of-ours"}
CREATE_AND_REVOKE = """
  - id: key-cycle
    turns:
      - request: {path: "/auth/teams/{team}/api-keys", body: {name: probe}, domain: management}
        save: {key: made.id}
        expect: [{status: 200}]
      - request: {method: DELETE, path: "/auth/teams/{team}/api-keys/{key}", domain: management}
        expect: [{status: 204}]"""
ROUTES = {
    "POST /auth/teams/team-of-ours/api-keys": {"made": {"id": "k/7"}},
    "DELETE /auth/teams/team-of-ours/api-keys/k%2F7": (204, b""),
    "GET /v1/models": {"data": [{"id": "one"}]},
}


@pytest.fixture
def acme(tmp_path, monkeypatch, harness):
    """Run cases against a server that answers by routes, as acme with these keys in the environment."""
    (tmp_path / "acme.yaml").write_text(CATALOGUE)

    def run(cases, server, *options, keys=KEYS):
        for name in KEYS:
            monkeypatch.delenv(name, raising=False)
        for name, value in keys.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "s.yaml").write_text(f"suite: s\ntargets: [acme/one]\ncases:\n{cases}\n")
        return harness("run", "s.yaml", "--catalogue", "acme.yaml", "--base-url", server.base_url, *options)

    return run


def test_what_one_request_answered_fills_the_path_of_the_next(acme):
    with ScriptedServer(completion, ROUTES) as server:
        result = acme(CREATE_AND_REVOKE, server)

    assert result.code == 0, result.out
    assert server.lines == list(ROUTES)[:2]


def test_each_api_gets_its_own_key(acme):
    cases = CREATE_AND_REVOKE + "\n  - {id: list, request: {path: /models}, expect: [{status: 200}]}"

    with ScriptedServer(completion, ROUTES) as server:
        acme(cases, server, "--concurrency", "1", "--api-key-env", "ACME_KEY")

    keys = [headers["authorization"] for headers in server.headers]
    assert keys == ["Bearer management-key-1", "Bearer management-key-1", "Bearer inference-key-1"]


def test_the_other_apis_key_is_sent_where_a_case_asks_for_it(acme):
    cases = """
  - id: wrong-key
    request: {path: /auth/check, domain: management}
    credential: other
    expect: [{status: 403}]"""

    with ScriptedServer(completion, {"GET /auth/check": (403, {"error": "no"})}) as server:
        result = acme(cases, server, "--api-key-env", "ACME_KEY")

    assert result.code == 0, result.out
    assert server.headers[0]["authorization"] == "Bearer inference-key-1"


def test_without_a_management_key_such_a_case_is_skipped_and_says_so(acme, tmp_path):
    with ScriptedServer(completion, ROUTES) as server:
        result = acme(CREATE_AND_REVOKE, server, "--out", "run", keys={"ACME_TEAM": "team-of-ours"})

    record = json.loads((tmp_path / "run" / "records.jsonl").read_text().splitlines()[1])["trial"]
    assert (result.code, record["outcome"]) == (0, "skip")
    assert f"skipped: s/key-cycle: {record['reason']}" in result.out
    assert "NO QUESTION: There was no question" in result.out
    assert "ACME_MANAGEMENT_KEY is not set" in record["reason"]
    assert server.lines == []


def test_a_value_that_no_answer_held_is_an_error_and_nothing_is_sent_with_a_hole_in_it(acme):
    routes = {"POST /auth/teams/team-of-ours/api-keys": {"made": {}}}

    with ScriptedServer(completion, routes) as server:
        result = acme(CREATE_AND_REVOKE, server)

    assert result.code == 3
    assert "no earlier answer held key" in result.out
    assert len(server.lines) == 1


def test_a_team_id_reaches_neither_cassette_nor_record_and_a_replay_needs_none(acme, tmp_path):
    with ScriptedServer(completion, ROUTES) as server:
        recorded = acme(CREATE_AND_REVOKE, server, "--mode", "record", "--out", "run")
    replayed = acme(CREATE_AND_REVOKE, server, "--mode", "replay", keys={})

    assert (recorded.code, replayed.code) == (0, 0), replayed.out
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in written if b"team-of-ours" in path.read_bytes()]


def test_a_body_that_is_a_text_is_sent_as_it_is(acme):
    cases = "  - {id: broken, request: {path: /chat/completions, body: '{broken'}, expect: [{status: 400}]}"
    got = []

    with ScriptedServer(completion, {"POST /v1/chat/completions": (400, {"error": "no"})}, raw=got.append) as server:
        result = acme(cases, server)

    assert result.code == 0, result.out
    assert got == [b"{broken"]


def test_a_place_that_nothing_fills_is_a_problem_of_the_suite(acme):
    cases = "  - {id: a, request: {path: '/models/{modle}'}, expect: [{status: 200}]}"

    with ScriptedServer(completion) as server:
        result = acme(cases, server)

    assert result.code == 2
    assert "s.yaml:4:29: nothing fills the place {modle}" in result.err


def test_a_provider_without_a_management_api_is_not_asked_over_one(suite, harness):
    path = suite("  - {id: a, request: {path: /auth, domain: management}, expect: [{status: 200}]}")

    result = harness("run", path)

    assert result.code == 2
    assert "local has none by its catalogue" in result.err


@pytest.mark.parametrize("made", ["..", ".", "", "\ud800", "k" * 10_000])
def test_a_saved_value_never_turns_a_path_into_that_of_another_resource(acme, made):
    routes = {"POST /auth/teams/team-of-ours/api-keys": {"made": {"id": made}}}

    with ScriptedServer(completion, routes) as server:
        result = acme(CREATE_AND_REVOKE, server)

    assert result.code == 3
    assert "turn 2 was not asked" in result.out
    assert server.lines == list(routes)


@pytest.mark.parametrize("value", ["..", "%2E%2e", ".", "a b", "a#b", "a\\r\\nX-Y: 1", "k/../../teams"])
def test_a_path_that_would_lead_elsewhere_is_a_problem_of_the_suite(acme, value):
    cases = f"""
  - id: a
    vars: {{v: "{value}"}}
    request: {{path: "/keys/{{{{v}}}}"}}
    expect: [{{status: 200}}]"""

    with ScriptedServer(completion) as server:
        result = acme(cases, server)

    assert result.code == 2
    assert "cannot be sent" in result.err


@pytest.mark.parametrize(("status", "times"), [(429, 2), (503, 2), (500, 1), (504, 1)])
def test_a_key_is_made_once_where_the_first_request_may_have_made_it(acme, status, times):
    answers = iter([(status, {"error": "no"}), {"made": {"id": "k"}}])
    cases = """
  - id: make
    request: {path: /keys, body: {name: probe}, domain: management}
    expect: [{status: 200}]"""

    with ScriptedServer(completion, {"POST /keys": lambda _: next(answers)}) as server:
        acme(cases, server)

    assert server.lines == ["POST /keys"] * times


def test_a_turn_follows_one_whose_refusal_was_expected(acme):
    cases = """
  - id: a
    turns:
      - {request: {path: /none}, expect: [{status: 404}]}
      - {request: {path: /models}, expect: [{status: 200}]}"""

    with ScriptedServer(completion, {**ROUTES, "GET /v1/none": (404, {"error": "no"})}) as server:
        result = acme(cases, server)

    assert result.code == 0, result.out


def test_a_case_skipped_midway_for_want_of_a_key_is_graded_as_skipped(acme, harness, tmp_path):
    cases = """
  - id: a
    turns:
      - {request: {path: /models}, expect: [{status: 200}]}
      - {request: {path: /auth, domain: management}, expect: [{status: 200}]}"""

    with ScriptedServer(completion, ROUTES) as server:
        acme(cases, server, "--out", "run", keys={"ACME_KEY": "inference-key-1"})
    graded = harness("grade", "run", "--catalogue", "acme.yaml")

    assert graded.code == 0, graded.out


def test_the_key_of_another_api_is_wanted_from_a_provider_that_has_one(suite, harness):
    path = suite("  - {id: a, request: {path: /models}, credential: other, expect: [{status: 401}]}")

    result = harness("run", path)

    assert result.code == 2
    assert "local has one API" in result.err


def test_nothing_is_sent_where_a_management_api_is_not_to_be_found(acme, monkeypatch):
    cases = "  - {id: list, request: {path: /models}, expect: [{status: 200}]}" + CREATE_AND_REVOKE

    with ScriptedServer(completion, ROUTES) as server:
        # Another name of this machine that the harness cannot know for one.
        elsewhere = type("Elsewhere", (), {"base_url": server.base_url.replace("127.0.0.1", "localhost.")})
        monkeypatch.setattr("harness.runner.sources._is_near", lambda _: False)
        result = acme(cases, elsewhere)

    assert result.code == 2
    assert "--management-url" in result.err
    assert server.lines == []
