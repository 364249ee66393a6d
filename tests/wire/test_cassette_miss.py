import time
from pathlib import Path

import yaml
from wire_samples import body_of, call_to, record, replay, response

from harness.wire import Redactor
from harness.wire.cassette_file import recording_of
from harness.wire.cassette_index import CassetteIndex
from harness.wire.cassette_miss import explain_miss


def missed(root, *calls, **options):
    exchange = replay(root, *calls, **options)[-1]
    assert exchange.last.error == "missing-recording"
    return exchange.last.message


def test_a_case_without_a_cassette_is_told_the_file_and_the_command(tmp_path):
    message = missed(tmp_path, call_to())

    assert f"{tmp_path}/local/suite/m/case.yaml does not exist" in message
    assert "harness run … --mode record" in message


def test_recordings_of_the_case_by_another_provider_are_pointed_out(tmp_path):
    record(tmp_path, response, body_of())

    assert "recordings of local, which answer for nobody else" in missed(tmp_path, call_to(source="xai"))


def test_an_edited_prompt_is_shown_as_a_difference_from_the_nearest_recording(tmp_path):
    record(tmp_path, response, body_of("Is it raining in Oslo?"), body_of("What is 2 + 2?"))

    lines = missed(tmp_path, call_to(body=body_of("Is it snowing in Oslo?"))).splitlines()

    assert "interactions[0], recorded 2026-01-01T00:00:00Z; its body differs:" in lines[1]
    assert '-      "content": "Is it raining in Oslo?",' in lines
    assert '+      "content": "Is it snowing in Oslo?",' in lines


def test_the_nearest_recording_is_the_one_with_the_most_words_in_common(tmp_path):
    record(tmp_path, response, body_of("Is it raining in Oslo?"), body_of("What is 2 + 2?"))

    assert "the nearest is" in (message := missed(tmp_path, call_to(body=body_of("What is 2 + 3?"))))
    assert '-      "content": "What is 2 + 2?",' in message


def test_a_request_that_differs_beside_its_body_is_told_where(tmp_path):
    record(tmp_path, response, body_of())

    message = missed(tmp_path, call_to(index=2, credential="bad", region="eu"))

    assert (
        "its region is None, not eu; its credential is valid, not bad; its repeat is 0, not 2; its body is the same"
        in message
    )
    assert "+++" not in message


def test_a_recording_of_vcrpy_that_was_counted_already_is_explained(tmp_path):
    path = tmp_path / "local/suite/m/case.yaml"
    path.parent.mkdir(parents=True)
    request = {"method": "POST", "uri": "http://h/v1/chat", "body": body_of().decode(), "headers": {}}
    reply = {"status": {"code": 200}, "headers": {}, "body": {"string": ""}}
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [{"request": request, "response": reply}]}))

    assert "it has been counted for an earlier repeat" in missed(tmp_path, call_to(index=1))


def test_another_path_is_named(tmp_path):
    record(tmp_path, response, body_of())

    assert "it is of POST /v1/chat" in missed(tmp_path, call_to("http://127.0.0.1:9/v2"))


def test_a_difference_deep_in_a_long_line_is_shown_and_the_rest_cut(tmp_path):
    record(tmp_path, response, body_of("x " * 3000 + "left"))

    message = missed(tmp_path, call_to(body=body_of("x " * 3000 + "right")))

    assert "left" in message
    assert "right" in message
    assert max(map(len, message.splitlines()[2:-1])) < 200


def test_a_long_difference_is_cut(tmp_path):
    record(tmp_path, response, body_of("\n".join(f"old {n}" for n in range(300))))

    message = missed(tmp_path, call_to(body=body_of("\n".join(f"new {n}" for n in range(300)))))

    assert "more lines" in message
    assert len(message.splitlines()) < 30


def test_a_secret_is_not_shown_in_a_difference(tmp_path):
    key = "topsecret-key-0123456789"
    record(tmp_path, response, body_of())

    assert key not in missed(tmp_path, call_to(body=body_of(key), redactor=Redactor([key])), redactor=Redactor([key]))


def test_the_command_is_the_one_that_was_given(tmp_path):
    assert "run suites/x.yaml --mode record" in missed(
        tmp_path, call_to(), record_command="harness run suites/x.yaml --mode record"
    )


def test_bodies_that_are_no_json_are_compared_too(tmp_path):
    record(tmp_path, response, b"\xff\x00 one")

    assert "differs" in missed(tmp_path, call_to(body=b"[" * 100_000))


def index_of(*bodies):
    """An index of one recording a body, each of its own place."""
    index = CassetteIndex({}, Redactor())
    source = {"provider": "local", "model": "m"}
    reply = {"status": {"code": 200}, "headers": {}, "body": {"string": ""}, "harness": {"source": source}}
    requests = ({"method": "POST", "uri": "http://h/v1/chat", "body": body.decode()} for body in bodies)
    items = ({"request": request, "response": reply} for request in requests)
    index.add_file(recording_of(item, Path("c.yaml"), n) for n, item in enumerate(items))
    return index


def test_an_edited_system_prompt_still_finds_the_same_question_among_thousands():
    index = index_of(*(body_of(f"Be kind and brief. Question {n}: which town is it?") for n in range(3_000)))

    asked = [body_of(f"Be brief and kind at all times. Question {n}: which town is it?") for n in (0, 1_234, 2_999)]

    nearest = [index.nearest(call_to(body=body).key, body) for body in asked]
    assert [recording.position for recording in nearest] == [0, 1_234, 2_999]


def test_thousands_of_misses_of_a_large_cassette_are_explained_in_seconds():
    index = index_of(*(body_of(f"question {n} " * 20) for n in range(5_000)))
    bodies = [body_of(f"changed question {n} " * 20) for n in range(300)]

    began = time.process_time()
    for body in bodies:
        explain_miss(call_to(body=body).key, body, index, "somewhere")

    assert time.process_time() - began < 15


def test_a_prompt_that_shares_no_word_is_explained_by_some_recording():
    body = b'{"x":"y"}'

    assert "the nearest is c.yaml, interactions[0]" in explain_miss(
        call_to(body=body).key, body, index_of(b'{"a":"b"}'), "somewhere"
    )


def test_an_empty_cassette_has_no_nearest(tmp_path):
    message = explain_miss(call_to().key, b"{}", CassetteIndex({}, Redactor()), "somewhere")

    assert "nearest" not in message
