from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from wire_samples import body_of, call_to, cassettes_in, record, replay, response

from harness.core.exchange import HttpRequest
from harness.wire import NONCE, Endpoint, Redactor, request_key
from harness.wire.transport import body_digest

HOSTS = {"api.x.ai": "xai", "api.other.example": "other"}


def vcr_file(path, *interactions):
    """A cassette as plain vcrpy writes it; each interaction is (uri, body, reply)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    items = [
        {
            "request": {"method": "POST", "uri": uri, "body": body, "headers": {}},
            "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": reply}},
        }
        for uri, body, reply in interactions
    ]
    path.write_text(yaml.safe_dump({"version": 1, "interactions": items}))
    return path


def own(tmp_path, source="local"):
    return tmp_path / source / "suite/m/case.yaml"


def replies(tmp_path, *calls, **options):
    return [exchange.last.body.decode() or exchange.last.error for exchange in replay(tmp_path, *calls, **options)]


def test_one_prompt_never_gets_anothers_answer(tmp_path):
    record(tmp_path, response, body_of("one"), body_of("two"))

    one, two = replay(tmp_path, call_to(body=body_of("one")), call_to(body=body_of("two")))

    assert (one.last.body, two.last.body) == (body_of("one"), body_of("two"))


def test_host_and_port_do_not_count(tmp_path):
    record(tmp_path, response, body_of())

    assert replay(tmp_path, call_to("https://elsewhere.example/v1"))[0].recorded


def test_every_other_part_of_the_key_does(tmp_path):
    record(tmp_path, response, body_of())
    others = [
        {"index": 1},
        {"exchange": 1},
        {"credential": "bad"},
        {"region": "us"},
        {"base_url": "http://127.0.0.1:9/v2"},
    ]

    exchanges = replay(tmp_path, *(call_to(**other) for other in others))

    assert {exchange.last.error for exchange in exchanges} == {"missing-recording"}


def test_the_order_and_spacing_of_json_do_not_count(tmp_path):
    record(tmp_path, response, b'{"a":1,"b":2}')

    assert replay(tmp_path, call_to(body=b'{ "b": 2, "a": 1 }'))[0].recorded


def test_a_request_that_was_edited_in_the_file_answers_what_it_now_says(tmp_path):
    record(tmp_path, response, body_of("before"))
    path = own(tmp_path)
    path.write_text(path.read_text().replace("before", "after"))

    before, after = replay(tmp_path, call_to(body=body_of("before")), call_to(body=body_of("after")))

    assert (before.recorded, after.recorded) == (False, True)


def test_the_number_of_an_identical_recording_of_vcrpy_is_its_index(tmp_path):
    vcr_file(own(tmp_path), *[("http://127.0.0.1:1/v1/chat", '{"a":1}', str(n)) for n in range(3)])

    assert replies(tmp_path, *(call_to(body=b'{"a": 1}', index=n) for n in (2, 0, 1, 3))) == [
        "2",
        "0",
        "1",
        "missing-recording",
    ]


def test_a_recording_of_vcrpy_answers_any_credential_region_and_exchange(tmp_path):
    vcr_file(own(tmp_path), ("http://127.0.0.1:1/v1/chat", '{"a":1}', "yes"))

    assert replies(tmp_path, call_to(body=b'{"a":1}', credential="bad", region="eu", exchange=4)) == ["yes"]


def test_our_own_recording_goes_before_vcrpys(tmp_path):
    record(tmp_path, lambda _: response(b"ours"), b'{"a":1}')
    path = own(tmp_path)
    document = yaml.safe_load(path.read_text())
    theirs = {
        **document["interactions"][0],
        "response": {"status": {"code": 200}, "headers": {}, "body": {"string": "theirs"}},
    }
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [theirs, *document["interactions"]]}))

    assert replies(tmp_path, call_to(body=b'{"a":1}'), call_to(body=b'{"a":1}', exchange=1)) == ["ours", "theirs"]


def test_a_recording_of_a_vendor_answers_for_that_vendor_alone(tmp_path):
    path = vcr_file(tmp_path / "given.yaml", ("https://API.x.ai/v1/chat", '{"a":1}', "real"))
    options = {"cassettes": [path], "hosts": HOSTS}

    assert replies(tmp_path, call_to(body=b'{"a":1}', source="xai"), **options) == ["real"]
    for source in ("local", "xai-sim", "other"):
        exchange = replay(tmp_path, call_to(body=b'{"a":1}', source=source), **options)[0]
        assert exchange.last.error == "wrong-source"
        assert all(part in exchange.last.message for part in (str(path), "'xai'", f"'{source}'", "--mode record"))


def test_a_recording_of_nobodys_host_answers_for_sources_without_a_host_of_their_own(tmp_path):
    path = vcr_file(tmp_path / "given.yaml", ("http://127.0.0.1:7/v1/chat", '{"a":1}', "local one"))
    calls = [call_to(body=b'{"a":1}', source=source) for source in ("local", "mine", "xai")]

    assert replies(tmp_path, *calls, cassettes=[path], hosts=HOSTS) == ["local one", "local one", "wrong-source"]


def test_identical_requests_to_two_vendors_are_counted_apart(tmp_path):
    uris = [("https://api.x.ai/v1/chat", "x"), ("https://api.other.example/v1/chat", "o")]
    path = vcr_file(tmp_path / "given.yaml", *[(uri, "{}", reply) for uri, reply in uris])

    calls = [call_to(body=b"{}", source=source) for source in ("xai", "other")]

    assert replies(tmp_path, *calls, cassettes=[path], hosts=HOSTS) == ["x", "o"]


@pytest.mark.parametrize(("made_by", "asked_of"), [("local", "xai"), ("xai-sim", "local"), ("xai", "xai-sim")])
def test_our_recording_of_one_source_does_not_answer_for_another(tmp_path, made_by, asked_of):
    record(tmp_path, response, body_of(), source=made_by)
    assert replay(tmp_path, call_to(source=made_by), hosts=HOSTS)[0].recorded
    own(tmp_path, asked_of).parent.mkdir(parents=True)
    own(tmp_path, made_by).rename(own(tmp_path, asked_of))

    exchange = replay(tmp_path, call_to(source=asked_of), hosts=HOSTS)[0]

    assert (exchange.last.error, exchange.recorded) == ("wrong-source", False)
    assert f"recorded from '{made_by}'; it cannot answer for '{asked_of}'" in exchange.last.message


def test_of_two_others_that_recorded_a_request_the_first_is_named(tmp_path):
    for source in ("one", "two"):
        record(tmp_path / source, response, body_of(), source=source)

    exchange = replay(tmp_path, call_to(), cassettes=[tmp_path / "one", tmp_path / "two"])[0]

    assert "recorded from 'one'" in exchange.last.message


def test_named_cassettes_answer_instead_of_the_cases_own(tmp_path):
    record(tmp_path / "own", lambda _: response(b"own"), body_of())
    record(tmp_path / "given", lambda _: response(b"given"), body_of())

    assert replies(tmp_path / "own", call_to(), cassettes=[tmp_path / "given"]) == ["given"]
    assert replies(tmp_path / "own", call_to(case="other"), cassettes=[tmp_path / "given"]) == ["given"]
    assert replies(tmp_path / "own", call_to(body=b"{}"), cassettes=[tmp_path / "given"]) == ["missing-recording"]


def test_of_several_named_cassettes_the_first_that_has_an_answer_gives_it(tmp_path):
    paths = [
        vcr_file(tmp_path / f"{n}.yaml", *[("http://h/v1/chat", "{}", f"{n}{i}") for i in range(n)]) for n in (1, 2)
    ]

    calls = [call_to(body=b"{}", index=n) for n in range(2)]

    assert replies(tmp_path, *calls, cassettes=paths) == ["10", "21"]


def test_a_cassette_of_another_case_does_not_answer(tmp_path):
    record(tmp_path, response, body_of())

    assert replies(tmp_path, call_to(case="another")) == ["missing-recording"]


def test_whether_there_is_a_recording_can_be_asked_without_sending(tmp_path):
    record(tmp_path, response, body_of())
    transport = cassettes_in(tmp_path)

    assert transport.has_recording(call_to())
    assert not transport.has_recording(call_to(index=1))


def test_a_key_is_made_of_the_request_as_a_cassette_holds_it():
    secret = "topsecret-key-0123456789"
    plain, masked = (
        request_key(
            request=HttpRequest(method="POST", path="/chat", body=b'{"a":"%s"}' % word.encode()),
            endpoint=Endpoint(source="local", base_url="http://h/v1"),
            model="m",
            redactor=redactor,
        )
        for word, redactor in ((secret, Redactor([secret])), ("*" * len(secret), Redactor()))
    )

    assert plain == masked


@given(body=st.binary() | st.text().map(str.encode))
def test_any_bytes_have_a_digest(body):
    assert body_digest(body) == body_digest(body)


def test_deep_or_strange_json_is_told_apart_by_its_bytes():
    odd = [b"[" * 100_000, b"[" * 100_001, b'{"a":NaN}', b'{"a":Infinity}', b"9" * 5000, b'"\\ud800"', b"", b"null"]

    assert len({body_digest(body) for body in odd}) == len(odd)


def test_a_fresh_value_is_masked_in_the_key_and_kept_in_the_file(tmp_path):
    body = f'{{"a":"{NONCE}","b":"{NONCE}"}}'.encode()
    fetched = record(tmp_path, response, body)[0]

    replayed = replay(tmp_path, call_to(body=body))[0]

    assert NONCE.encode() not in fetched.last.body
    assert (replayed.recorded, replayed.last.body, replayed.request) == (True, fetched.last.body, fetched.request)


def test_a_secret_in_a_recording_of_vcrpy_is_found_by_its_masked_form_and_masked_when_replayed(tmp_path):
    key = "topsecret-key-0123456789"
    body = f'{{"a":"{key}"}}'
    vcr_file(own(tmp_path), (f"http://h/v1/chat?key={key}", body, f"you sent {key}"))
    redactor = Redactor([key])
    call = call_to(body=body.encode(), redactor=redactor)
    call = replace(call, key=replace(call.key, path=f"/v1/chat?key={'*' * len(key)}"))

    exchange = replay(tmp_path, call, redactor=redactor)[0]

    assert exchange.last.body == b"you sent " + b"*" * len(key)
