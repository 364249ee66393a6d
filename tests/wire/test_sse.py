import itertools
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.wire.sse import SseDecoder, SseEvent, SseTooLarge

REALISTIC = (
    b"\xef\xbb\xbf: keep-alive\n\nretry: 3000\nid: 7\r\nevent: chunk\r\n"
    b'data: {"choices":[{"delta":{"role":"assistant","content":"Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x98\x80"}}]}\r\n\r\n'
    b"data: two\rdata: lines\r\r: comment\rdata\n\ndata:no space\ndata:  two spaces\n\n"
    b"ignored: x\ndata: bad \xff\xe2\n\ndata: [DONE]\n\ndata: cut"
)


def decode(chunks):
    decoder = SseDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()


def texts(*chunks):
    return [event.text for event in decode(chunks)]


def test_the_realistic_stream_reads_as_the_standard_says():
    events = decode([REALISTIC])

    assert [event.text for event in events] == [
        '{"choices":[{"delta":{"role":"assistant","content":"Grüße 😀"}}]}',
        "two\nlines",
        "",
        "no space\n two spaces",
        "bad \ufffd\ufffd",
        "[DONE]",
        "cut",
    ]
    assert events[0] == SseEvent(text=events[0].text, type="chunk", last_id="7")


@pytest.mark.parametrize("cut", range(len(REALISTIC) + 1))
def test_a_stream_cut_at_any_byte_gives_the_same_events(cut):
    assert decode([REALISTIC[:cut], REALISTIC[cut:]]) == decode([REALISTIC])


def test_a_stream_of_single_bytes_gives_the_same_events():
    assert decode([bytes([byte]) for byte in REALISTIC]) == decode([REALISTIC])


pieces = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b"data", b":", b" ", b"data: x", b"id", b"event: e", b"\xff", "é".encode(), b"", b"\0"],
)


@given(stream=st.lists(pieces, max_size=30).map(b"".join), cuts=st.lists(st.integers(0, 100), max_size=8))
def test_where_the_network_cuts_any_stream_does_not_change_its_events(stream, cuts):
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]

    chunks = [stream[begin:end] for begin, end in itertools.pairwise(edges)]

    assert decode(chunks) == decode([stream])


MARKED = b"\xef\xbb\xbfdata: h"
EVENTS = [
    b"data: a",
    b"data: b\ndata: c",
    b"\ndata: d",
    b"id: 3\ndata: e",
    b": f",
    b"event: g",
    b"data:",
    b"\xff",
    MARKED,
]
OPENINGS = [b"", b"\xef\xbb\xbf", b"data: o\n\n", b": o\r", b"data: o", b": o\ndata: p", b"event: o\n"]
whole = st.lists(st.sampled_from(EVENTS), max_size=4).map(lambda events: b"".join(each + b"\n\n" for each in events))


@example(chunks=[b"data: a\n\n"], opening=b": o\ndata: p")
@given(chunks=st.lists(whole, max_size=4), opening=st.sampled_from(OPENINGS))
def test_events_that_arrive_whole_are_those_that_single_bytes_make(chunks, opening):
    stream = b"".join([opening, *chunks])

    assert decode([opening, *chunks]) == decode([bytes([byte]) for byte in stream])


@given(lines=st.lists(st.text().map(lambda text: text.replace("\r", "").replace("\n", "")), min_size=1))
def test_what_was_written_as_data_lines_is_read_back(lines):
    stream = "".join(f"data: {line}\n" for line in lines) + "\n"

    assert texts(stream.encode()) == ["\n".join(lines)]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_each_line_end_of_the_standard_ends_a_line(end):
    assert texts(b"data: a" + end + end + b"data: b" + end + end) == ["a", "b"]


def test_a_cr_lf_cut_in_two_is_one_line_end():
    assert texts(b"data: a\r", b"\ndata: b\r", b"", b"\n\r\n") == ["a\nb"]


def test_an_event_without_its_blank_line_is_kept_and_marked():
    assert decode([b"data: whole\n\ndata: half"]) == [
        SseEvent(text="whole"),
        SseEvent(text="half", complete=False),
    ]


def test_a_byte_order_mark_is_passed_over_at_the_start_and_nowhere_else():
    assert texts(b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n") == ["a"]


def test_an_event_without_data_is_dropped_with_its_type():
    assert decode([b"event: ping\n\ndata: x\n\n"]) == [SseEvent(text="x")]


def test_an_id_that_holds_a_nul_is_ignored_and_an_id_outlives_its_event():
    assert [event.last_id for event in decode([b"id: 1\nid: \0\ndata: a\n\ndata: b\n\n"])] == ["1", "1"]


@pytest.mark.parametrize(("value", "expected"), [(b"1500", 1500), (b"-1", None), (b"1.5", None), (b"9" * 5000, None)])
def test_only_a_plain_number_sets_the_reconnection_time(value, expected):
    decoder = SseDecoder()

    decoder.feed(b"retry: " + value + b"\n")

    assert decoder.retry_ms == expected


@pytest.mark.parametrize("chunk", [b"data: " + b"x" * 100, b"data: " + b"x" * 100 + b"\n\n", b"data: 12345\n" * 20])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_an_event_beyond_the_limit_is_refused_wherever_it_is_cut(chunk, size):
    stream, decoder, events = b"data: ok\n\n" + chunk, SseDecoder(max_event_bytes=64), []
    chunks = [stream[begin : begin + size] for begin in range(0, len(stream), size)]

    with pytest.raises(SseTooLarge, match="longer than 64 bytes") as refused:
        events.extend(event for chunk in chunks for event in decoder.feed(chunk))

    assert [event.text for event in refused.value.events] == (["ok"] if size > len(stream) else [])


def test_a_long_line_in_single_bytes_is_not_copied_at_every_byte():
    decoder, byte = SseDecoder(), b"x"
    decoder.feed(b"data: ")

    started = time.perf_counter()
    for _ in range(1_000_000):
        decoder.feed(byte)

    # Linear: about a second. Quadratic: half a terabyte of copying, a minute at best.
    assert time.perf_counter() - started < 30
    assert len(decoder.close()[0].text) == 1_000_000
