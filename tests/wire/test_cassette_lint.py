import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from wire_samples import body_of, record, response

from harness.wire.cassette_lint import Linter

KEY = "xai-" + "a1b2c3d4e5f6g7h8" * 3
REQUEST = {"method": "POST", "uri": "https://h.example/v1/chat", "body": '{"a":1}', "headers": {}}
RESPONSE = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "hi"}}


def problems(*places, max_age=None, secrets=()):
    linter = Linter(hosts={"api.x.ai": "xai"}, secrets=secrets, max_age=max_age, now=datetime(2026, 1, 11, tzinfo=UTC))
    return list(linter.problems(places))


def kinds(*places, **options):
    return [problem.kind for problem in problems(*places, **options)]


def foreign(root, request=None, response_=None, name="c.yaml"):
    """A cassette as plain vcrpy writes it."""
    item = {"request": {**REQUEST, **(request or {})}, "response": {**RESPONSE, **(response_ or {})}}
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [item]}))
    return path


def own(root, *bodies):
    record(root, lambda _: response(b"fine"), *(bodies or [body_of()]))
    return root / "local/suite/m/case.yaml"


def test_what_the_harness_recorded_has_no_problems(tmp_path):
    own(tmp_path, body_of("a"), body_of("b"))

    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("request_", "response_", "where"),
    [
        ({"headers": {"Authorization": [f"Bearer {KEY}"]}}, None, "request.headers.authorization"),
        ({"headers": {"x-api-key": ["short"]}}, None, "request.headers.x-api-key"),
        ({"headers": {"Cookie": "session=1234"}}, None, "request.headers.cookie"),
        ({"headers": {"X-Echo": [KEY]}}, None, "request.headers.x-echo"),
        ({"uri": "https://h.example/v1/chat?api_key=hunter22"}, None, "request.uri"),
        ({"body": json.dumps({"k": KEY})}, None, "request.body"),
        (None, {"body": {"string": f"you sent {KEY}"}}, "response.body"),
        (None, {"headers": {"X-You": ["Bearer abcdef0123456789abcdef"]}}, "response.headers.x-you"),
        (None, {"body": {"string": "my dog is called rosebud99"}}, "response.body"),
    ],
)
def test_a_key_is_found_wherever_it_is_and_never_shown(tmp_path, request_, response_, where):
    foreign(tmp_path, request_, response_)

    (problem,) = problems(tmp_path, secrets=["rosebud99"])

    assert (problem.kind, problem.message.split(":")[0]) == ("secret", where)
    assert "revoke it" in problem.remedy
    assert not any(secret in str(problem) for secret in (KEY, "hunter22", "rosebud99", "0123456789abcdef"))


@pytest.mark.parametrize("value", ["Bearer REDACTED", "DUMMY", "**********", "", "Bearer xxxx"])
def test_what_a_filter_put_in_a_keys_place_is_no_key(tmp_path, value):
    foreign(tmp_path, {"headers": {"Authorization": [value]}})

    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    "response_",
    [
        {"headers": {"Set-Cookie": ["__cf_bm=abc"]}},
        {"body": {"string": '{"team_id":"0e7f9f9a-1111-2222-3333-444455556666"}'}},
        {"body": {"string": "Incorrect API key: xai-*****Zk93mq"}},
    ],
)
def test_what_else_redaction_would_have_masked_is_a_leftover(tmp_path, response_):
    foreign(tmp_path, None, response_)

    assert kinds(tmp_path) == ["leftover"]


def test_two_recordings_of_one_key_are_told_apart_by_who_answers(tmp_path):
    path = own(tmp_path)
    document = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**document, "interactions": document["interactions"] * 2}))

    (problem,) = problems(tmp_path)

    assert (problem.kind, problem.position) == ("duplicate", 0)
    assert "interactions[1]" in problem.message


def test_a_copied_recording_is_a_duplicate_and_a_repeated_request_of_vcrpy_is_none(tmp_path):
    path = own(tmp_path)
    path.with_name("other.yaml").write_bytes(path.read_bytes())
    theirs = foreign(tmp_path, name="theirs.yaml")
    items = yaml.safe_load(theirs.read_text())["interactions"]
    theirs.write_text(yaml.safe_dump({"version": 1, "interactions": items * 2}))

    assert [(problem.kind, problem.path.name) for problem in problems(tmp_path)] == [("duplicate", "other.yaml")]


def test_a_case_with_both_forms_of_cassette_is_told_of(tmp_path):
    path = own(tmp_path)
    path.with_suffix(".json").write_text('{"version": 1, "interactions": []}')

    assert "case.json, too" in problems(tmp_path)[0].message


def test_a_recording_under_another_provider_than_the_one_who_answered_is_found(tmp_path):
    own(tmp_path)
    (tmp_path / "local").rename(tmp_path / "xai")
    foreign(tmp_path, name="xai/suite/m/theirs.yaml")
    foreign(tmp_path, {"uri": "https://api.x.ai/v1/chat"}, name="local/suite/m/theirs.yaml")
    foreign(tmp_path, {"uri": "https://api.x.ai/v1/chat"}, name="xai/suite/m/right.yaml")

    found = {str(problem.path.relative_to(tmp_path)): problem.kind for problem in problems(tmp_path)}

    assert found == dict.fromkeys(
        ["xai/suite/m/case.yaml", "xai/suite/m/theirs.yaml", "local/suite/m/theirs.yaml"], "wrong-provider"
    )


def test_a_recording_whose_host_belongs_to_another_provider_is_found_wherever_it_lies(tmp_path):
    path = own(tmp_path)
    path.write_text(path.read_text().replace("http://127.0.0.1", "http://api.x.ai"))
    path.rename(tmp_path / "elsewhere.yaml")

    assert "that of 'xai'" in problems(tmp_path)[0].message


@pytest.mark.parametrize(("days", "found"), [(11, []), (9, ["stale"])])
def test_a_recording_is_stale_when_it_is_older_than_asked(tmp_path, days, found):
    own(tmp_path)

    assert kinds(tmp_path, max_age=timedelta(days=days)) == found


def test_a_recording_that_does_not_say_how_old_it_is_is_stale_if_age_matters(tmp_path):
    foreign(tmp_path)

    assert kinds(tmp_path) == []
    assert kinds(tmp_path, max_age=timedelta(days=9_999)) == ["stale"]


def test_a_journal_that_waits_is_told_of_though_there_is_no_cassette(tmp_path):
    path = own(tmp_path)
    item = yaml.safe_load(path.read_text())["interactions"][0]
    path.with_name("new.yaml.journal").write_text(json.dumps(item) + "\n")

    (problem,) = problems(tmp_path)

    assert (problem.kind, problem.message.split()[0]) == ("waiting-journal", "1")


def test_an_edited_body_that_no_longer_fits_its_times_is_told_of(tmp_path):
    path = own(tmp_path)
    path.write_text(path.read_text().replace("string: fine", "string: better"))

    assert kinds(tmp_path) == ["edited-body"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"interactions: [{}]",
        b"a: &a [*a]",
        b"<<<<<<< HEAD\n",
        b"x: !!python/name:os.system",
    ],
)
def test_what_cannot_be_read_is_a_problem_and_no_end(tmp_path, content):
    own(tmp_path)
    (tmp_path / "bad.yaml").write_bytes(content)
    (tmp_path / "later.json").write_bytes(b'{"a":' * 100_000)
    (tmp_path / "z.yaml.journal").write_bytes(content or b"\xff\n")

    found = [(problem.kind, problem.path.name) for problem in problems(tmp_path)]

    assert found[:2] == [("unreadable", "bad.yaml"), ("unreadable", "later.json")]
    assert found[2][1] == "z.yaml.journal"


def test_a_body_in_another_encoding_than_its_headers_say_cannot_be_replayed(tmp_path):
    foreign(tmp_path, None, {"headers": {"Content-Encoding": ["gzip"]}, "body": {"string": b"\x1f\x8b nonsense"}})

    assert kinds(tmp_path) == ["unreadable"]


def test_a_text_of_asterisks_is_looked_through_at_once(tmp_path):
    foreign(tmp_path, None, {"body": {"string": "*" * 300_000 + "a"}})

    assert kinds(tmp_path) == []
