import json
import time

import pytest
import yaml
from wire_samples import body_of, record, response

from harness.core.errors import InputError
from harness.wire.cassette_bodies import read_reply
from harness.wire.cassette_diff import diff_cassettes


def reply(text, **fields):
    message = {"choices": [{"index": 0, "message": {"content": text}, "finish_reason": "stop"}], "usage": {"total": 3}}
    return json.dumps({"id": "x", "created": 1, **message, **fields}).encode()


def stream(*deltas, finish="stop"):
    choices = [{"index": 0, "delta": {"content": text}, "finish_reason": None} for text in deltas]
    choices[-1]["finish_reason"] = finish
    events = [json.dumps({"id": "random", "choices": [choice]}) for choice in choices]
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]).encode()


def recorded(root, *replies, **headers):
    """Each reply recorded, as that of a request of its own."""
    answers = iter(replies)
    for n in range(len(replies)):
        record(root, lambda _: response(next(answers), **headers), body_of(f"request {n}"))
    return root / "local/suite/m/case.yaml"


def differences(tmp_path, first, second):
    recorded(tmp_path / "1", first)
    recorded(tmp_path / "2", second)
    return list(diff_cassettes(tmp_path / "1", tmp_path / "2"))


def test_two_recordings_of_the_same_replies_are_alike_whatever_their_ids_and_dates(tmp_path):
    assert differences(tmp_path, reply("Oslo"), reply("Oslo", id="y", created=2, system_fingerprint="z")) == []


def test_what_a_reply_says_differently_is_told_by_its_path(tmp_path):
    (found,) = differences(tmp_path, reply("Oslo"), reply("Bergen", usage={"total": 4}))

    assert found.kind == "changed"
    assert found.changes == ("choices[0].message.content 'Oslo' → 'Bergen'", "usage.total 3 → 4")
    assert any(line.startswith("-") and "Oslo" in line for line in found.diff)


def test_a_stream_is_compared_by_what_it_says_and_not_by_where_it_was_cut(tmp_path):
    assert differences(tmp_path, stream("Os", "lo"), stream("O", "s", "lo")) == []


def test_a_stream_that_ended_otherwise_has_changed(tmp_path):
    (found,) = differences(tmp_path, stream("Os", "lo"), stream("Oslo!", finish="length"))

    assert found.changes == (
        "choices[0].delta.content 'Oslo' → 'Oslo!'",
        "choices[0].finish_reason 'stop' → 'length'",
    )


def test_status_and_headers_that_last_count_and_others_do_not(tmp_path):
    recorded(tmp_path / "1", b"x", Server="a", Date="now", X_Request_Id="1")
    path = recorded(tmp_path / "2", b"x", Server="b", Date="then", X_Request_Id="2")
    path.write_text(path.read_text().replace("code: 200", "code: 400"))

    (found,) = diff_cassettes(tmp_path / "1", tmp_path / "2")

    assert found.changes == ("status 200 → 400", "server 'a' → 'b'")


def test_requests_that_only_one_side_has_are_named(tmp_path):
    recorded(tmp_path / "1", b"a", b"b")
    recorded(tmp_path / "2", b"a")

    (gone,) = diff_cassettes(tmp_path / "1", tmp_path / "2")
    (new,) = diff_cassettes(tmp_path / "2", tmp_path / "1")

    assert (gone.kind, new.kind) == ("only-in-first", "only-in-second")
    assert "POST /v1/chat of m, repeat 0" in gone.message


def test_the_same_request_of_two_cases_is_not_mixed_up(tmp_path):
    for side in ("1", "2"):
        path = recorded(tmp_path / side, b"a")
        path.with_name("other.yaml").write_text(path.read_text().replace("string: a", f"string: b{side}"))

    (found,) = diff_cassettes(tmp_path / "1", tmp_path / "2")

    assert found.place.endswith("2/local/suite/m/other.yaml, interactions[0]")


def test_a_file_may_be_compared_with_one_of_another_name_and_form(tmp_path):
    first = recorded(tmp_path / "1", b"a")
    second = tmp_path / "again.json"
    second.write_text(json.dumps(yaml.safe_load(first.read_text()), indent=4))

    assert list(diff_cassettes(first, second)) == []


def test_a_cassette_that_cannot_be_read_is_a_difference_of_its_own(tmp_path):
    recorded(tmp_path / "1", b"a")
    recorded(tmp_path / "2", b"a")
    (tmp_path / "2/bad.yaml").write_text("[")

    assert [found.kind for found in diff_cassettes(tmp_path / "1", tmp_path / "2")] == ["unreadable"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000 + b"]" * 50_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b'{"n": ' + b"9" * 5000 + b"}",
        b"\xff\x00",
        b"data: {\n\n",
        b'{"a": "\\ud800"}',
        b"".join(b'data: {"choices":[{"index":%d,"delta":{"content":"x"}}]}\n\n' % n for n in range(5_000)),
    ],
)
def test_hostile_replies_are_compared_all_the_same(tmp_path, body):
    assert len(differences(tmp_path, b"{}", body)) == 1
    assert list(diff_cassettes(tmp_path / "2", tmp_path / "2")) == []


def test_a_reply_that_is_nested_too_deep_is_compared_by_its_bytes():
    assert read_reply(b"[" * 200 + b"]" * 200) is None
    assert read_reply(b"[" * 20 + b"]" * 20) is not None


def test_a_stream_of_very_many_events_is_joined_at_once(tmp_path):
    began = time.process_time()

    differences(tmp_path, stream(*["word "] * 5_000), stream(*["word "] * 5_001))

    assert time.process_time() - began < 5


def test_a_long_difference_is_cut(tmp_path):
    many = {f"k{n}": n for n in range(1_000)}

    (found,) = differences(tmp_path, b"{}", json.dumps(many).encode())

    assert (len(found.changes), len(found.diff)) == (13, 21)


def test_a_place_that_does_not_exist_is_the_users_mistake(tmp_path):
    with pytest.raises(InputError):
        list(diff_cassettes(tmp_path, tmp_path / "nowhere"))
