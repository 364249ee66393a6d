import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stream_samples import attempt_of, chunk, chunks, findings, sse

from harness.probes.stream_bytes import read_stream_bytes


def read(content, **fields):
    return read_stream_bytes(attempt_of(content, **fields))


def test_a_stream_is_its_chunks_and_its_end():
    events = chunks("a", "b")

    reading = read(sse(events))

    assert reading.shape == "events"
    assert list(reading.chunks) == events
    assert reading.done
    assert not reading.cut
    assert reading.content_type == "text/event-stream"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_line_end_of_the_standard_ends_a_line(line_end):
    content = sse(chunks(), between=line_end * 2)

    assert findings(content) == findings(sse(chunks()))


@pytest.mark.parametrize(
    "around",
    [
        "\ufeffdata: %s\n\n",
        ": a comment\n\ndata: %s\n\n",
        "event: message\ndata: %s\n\n",
        "id: 7\nretry: 100\ndata: %s\n: ping\n\n",
        "\n\n\ndata: %s\n\n\n\n",
    ],
)
def test_what_the_standard_allows_beside_data_is_no_event_and_no_fault(around):
    first, *rest = chunks()

    reading = read((around % json.dumps(first)).encode() + sse(rest))

    assert list(reading.chunks) == [first, *rest]
    assert all(event.label == "data: " and event.parted for event in reading.events)


def test_data_in_several_lines_is_one_event():
    first, *rest = chunks()
    lines = json.dumps(first, indent=1).split("\n")

    reading = read("".join(f"data: {line}\n" for line in lines).encode() + b"\n" + sse(rest))

    assert list(reading.chunks) == [first, *rest]
    assert all(event.parted for event in reading.events)


def test_events_that_no_blank_line_parts_are_told_apart_all_the_same():
    reading = read(sse(chunks(), between="\n"))

    assert list(reading.chunks) == chunks()
    assert [event.parted for event in reading.events] == [True, False, False, False, False]
    assert reading.done


def test_events_without_their_label_are_read_all_the_same():
    reading = read(sse(chunks(), prefix=""))

    assert list(reading.chunks) == chunks()
    assert {event.label for event in reading.events} == {""}
    assert reading.done


def test_one_json_body_is_no_stream():
    body = {"object": "chat.completion", "choices": [{"message": {"content": "hi"}}]}

    assert read(json.dumps(body, indent=2).encode()).shape == "body"
    assert read(json.dumps(body).encode(), content_type="text/event-stream").shape == "body"


@pytest.mark.parametrize("content", [b"<html>\n<body>500: oops</body>\n</html>", b"upstream timed out", b"\xff\xfe"])
def test_a_page_or_a_text_is_no_stream(content):
    assert read(content).shape == "text"


@pytest.mark.parametrize("content", [b"", b"\n\n", b": only a comment\n\n", b"\xef\xbb\xbf", b"event: ping\n\n"])
def test_nothing_is_nothing(content):
    assert read(content).shape == "nothing"


def test_a_stream_that_ends_within_an_event_is_cut_and_the_half_event_left_out():
    whole = sse(chunks(), done=False)

    reading = read(whole[:-20])

    assert reading.cut
    assert list(reading.chunks) == [event.value for event in reading.events] == chunks()[:-1]
    assert not reading.done


def test_an_error_amid_a_stream_is_found_and_is_no_chunk():
    reading = read(sse([*chunks()[:2], {"error": {"message": "overloaded"}}], done=False))

    assert "overloaded" in reading.error
    assert list(reading.chunks) == chunks()[:2]


def test_an_event_named_error_is_an_error_whatever_it_holds():
    assert read(b'event: error\ndata: {"message": "no"}\n\n').error


@pytest.mark.parametrize("value", [None, "", {}, []])
def test_an_error_field_that_says_nothing_is_no_error(value):
    assert read(sse([chunk({"content": "x"}, error=value)])).error == ""


def test_what_follows_the_end_is_kept_apart():
    reading = read(sse(chunks()) + sse([chunk({"content": "late"})], done=False))

    assert len(reading.after_end) == 1
    assert len(reading.chunks) == len(chunks())


@given(
    content=st.binary(max_size=400) | st.text(alphabet='data: {}[]"\n\r,:event1.eDONE', max_size=300).map(str.encode)
)
@example(content=b"data: " + b"[" * 20_000)
@example(content=b"data: 1" + b"0" * 5_000 + b"\n\n")
@example(content=b'data: {"choices":[null,1,{"delta":[]}],"error":NaN,"id":"\\ud800"}\n\n')
@example(content=b'{"choices":{"a":1}}\n\n{"choices":"x"}\n\ndata\n\n[DONE]')
def test_no_bytes_are_too_odd_to_be_read_and_judged(content):
    findings(content)
    assert read(content).shape in ("events", "body", "text", "nothing")


def cut(content, places):
    """Bytes cut at these places, which wrap around."""
    edges = sorted({0, len(content), *(place % (len(content) + 1) for place in places)})
    return [content[start:end] for start, end in pairwise(edges)]


@given(
    words=st.lists(st.text(max_size=5), max_size=4),
    between=st.sampled_from(["\n\n", "\r\n\r\n", "\r\r", "\n"]),
    prefix=st.sampled_from(["data: ", "data:", ""]),
    done=st.booleans(),
    places=st.lists(st.integers(min_value=0), max_size=12),
)
def test_where_the_network_cuts_the_bytes_changes_no_finding(words, between, prefix, done, places):
    content = sse(chunks(*words), between=between, prefix=prefix, done=done)

    frames = cut(content, places)

    assert findings(attempt_of(*frames)) == findings(attempt_of(content))
