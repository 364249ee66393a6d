import pytest
from hypothesis import given
from hypothesis import strategies as st
from stream_samples import MODEL, attempt_of, chunk, chunks, findings, sse

from harness.probes.stream_rules import PROMISES

TOOL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
THOUGHT = chunk({"reasoning_content": "hm"})
NEEDS_MORE = {"usage-asked", "reasoning", "reasoning-first", "call-named"}


def broken(content, **stream):
    return {name for name, words in findings(content, **stream).items() if words}


def changed(place, **fields):
    """A stream whose chunk at this place has these fields."""
    events = chunks()
    events[place] = events[place] | fields
    return sse(events)


def with_choice(place, **fields):
    """A stream whose choice at this place has these fields; None leaves one out."""
    events = chunks()
    choice = {**events[place]["choices"][0], **fields}
    events[place]["choices"] = [{key: value for key, value in choice.items() if value is not ...}]
    return sse(events)


def with_deltas(*deltas, finish="stop"):
    """A stream of these deltas; the last one finishes."""
    *first, last = deltas
    return sse([*map(chunk, first), chunk(last, finish)])


def test_a_documented_stream_keeps_every_promise_that_it_can_show():
    found = findings(sse(chunks()))

    assert {name for name, words in found.items() if words == ""} == set(PROMISES) - NEEDS_MORE
    assert {name for name, words in found.items() if words is None} == NEEDS_MORE


@pytest.mark.parametrize(
    ("content", "promises"),
    [
        (sse(chunks(), prefix="data:"), {"data-prefix"}),
        (sse(chunks(), prefix=""), {"data-prefix"}),
        (sse(chunks(), between="\n"), {"blank-line"}),
        (sse([*chunks()[:2], "{oops", *chunks()[2:]]), {"json"}),
        (sse([*chunks()[:2], "[1]", *chunks()[2:]]), {"json"}),
        (changed(1, object="chat.completion"), {"object"}),
        (changed(1, object=None), {"object"}),
        (changed(1, id="c-2"), {"id"}),
        (changed(0, id=None), {"id"}),
        (changed(0, id=""), {"id"}),
        (changed(2, created=1_700_000_001), {"created"}),
        (changed(2, created="1700000000"), {"created"}),
        (changed(2, created=1_700_000_000.5), {"created"}),
        (changed(2, created=True), {"created"}),
        (changed(2, model="grok-3-fallback"), {"model", "one-model"}),
        (changed(2, model=7), {"model", "one-model"}),
        (with_choice(1, index=1), {"index"}),
        (with_choice(1, index=...), {"index"}),
        (with_choice(1, index=False), {"index"}),
        (with_choice(0, delta={"content": ""}), {"role-first", "first"}),
        (with_choice(0, delta={"role": "assistant"}), {"first"}),
        (with_choice(0, delta={"role": "assistant", "content": "one"}), {"first"}),
        (with_choice(1, delta={"role": "assistant", "content": "one"}), {"middle"}),
        (with_choice(1, delta={"content": "one", "audio": {}}), {"middle"}),
        (with_choice(1, finish_reason=...), {"finish-null"}),
        (with_choice(1, finish_reason=""), {"finish-null"}),
        (with_choice(-1, delta={"content": "end"}), {"last-empty"}),
        (with_choice(-1, delta={"content": ""}), {"last-empty"}),
        (with_choice(-1, finish_reason=None), {"finish"}),
        (with_choice(-1, finish_reason="end_turn"), {"finish"}),
        (with_choice(-1, finish_reason=["stop"]), {"finish"}),
        (sse([*chunks(), chunk({}, "stop")]), {"finish"}),
        (sse(chunks(), done=False), {"done"}),
        (sse(chunks()) + sse([chunk({}, "stop")], done=False), {"done"}),
        (sse([*chunks(), chunk(usage=USAGE)]), {"no-usage"}),
        (changed(1, usage=USAGE), {"no-usage"}),
        (with_choice(1, delta={"reasoning_content": "hm"}), {"no-reasoning"}),
    ],
)
def test_each_broken_promise_is_found_and_no_other(content, promises):
    assert broken(content) == promises


def test_a_wrong_content_type_is_named():
    found = findings(attempt_of(sse(chunks()), content_type="text/plain; charset=utf-8"))

    assert found["content-type"] == "content-type is 'text/plain'"
    assert findings(attempt_of(sse(chunks()), content_type=""))["content-type"] == "no content-type"


def test_to_leave_finish_reason_out_is_said_and_counts_against_null():
    words = findings(with_choice(1, finish_reason=...))["finish-null"]

    assert words == "finish_reason is left out of 1 of 3 chunks before the last"


def test_a_finish_reason_that_more_words_follow_stands_amid_the_stream():
    every = [each | {"choices": [{**each["choices"][0], "finish_reason": "stop"}]} for each in chunks()]

    words = findings(sse(every))["finish-null"]

    assert words == "finish_reason is 'stop' in 2 of 2 chunks that more words follow"
    assert broken(sse(every)) == {"finish-null", "finish"}


def test_an_end_that_is_told_twice_or_with_the_last_words_is_no_finish_reason_amid_the_stream():
    twice = sse([*chunks(), chunk({}, "stop")])
    with_words = sse([*chunks()[:2], chunk({"content": "two"}, "stop"), chunk({}, "stop")])

    assert findings(twice)["finish-null"] == findings(with_words)["finish-null"] == ""


def test_a_field_that_is_null_says_nothing():
    content = with_deltas(
        {"role": "assistant", "content": ""},
        {"content": "one", "role": None, "tool_calls": None},
        {"content": None},
    )

    assert broken(content) == set()


def test_the_model_may_answer_under_any_of_its_names_and_under_one_alone():
    alias = [event | {"model": "grok-3-latest"} for event in chunks()]

    assert broken(sse(alias), names=frozenset({MODEL, "grok-3-latest"})) == set()
    assert broken(sse([*chunks()[:2], *alias[2:]]), names=frozenset({MODEL, "grok-3-latest"})) == {"model", "one-model"}


def test_a_stream_that_may_have_been_cut_off_says_nothing_of_its_end():
    found = findings(sse(chunks()[:2], done=False), whole=False)

    assert {name: found[name] for name in ("finish", "last-empty", "done")} == dict.fromkeys(
        ("finish", "last-empty", "done")
    )
    assert found["first"] == found["id"] == ""


def test_where_usage_is_asked_for_it_must_come_as_counts():
    asked = {"asks_usage": True}

    assert findings(sse([*chunks(), chunk(usage=USAGE)]), **asked)["usage-asked"] == ""
    assert broken(sse(chunks()), **asked) == {"usage-asked"}
    assert broken(sse([*chunks(), chunk(usage={"total_tokens": -1})]), **asked) == {"usage-asked"}
    assert findings(sse(chunks(), done=False), whole=False, **asked)["usage-asked"] is None


def test_reasoning_that_is_counted_must_come_in_its_field():
    opening, *rest = chunks()

    assert findings(sse([opening, THOUGHT, *rest]))["reasoning"] == ""
    assert "delta.reasoning" in findings(sse([opening, chunk({"reasoning": "hm"}), *rest]), reasoned=9)["reasoning"]
    assert "9 tokens" in findings(sse(chunks()), reasoned=9)["reasoning"]
    assert findings(sse(chunks()), reasoned=0)["reasoning"] is None


def test_reasoning_after_the_first_words_is_late():
    opening, *words, end = chunks()

    assert findings(sse([opening, THOUGHT, *words, end]))["reasoning-first"] == ""
    assert "1 of 1" in findings(sse([opening, *words, THOUGHT, end]))["reasoning-first"]
    assert findings(sse([opening, THOUGHT, end]))["reasoning-first"] is None


def test_a_tool_call_has_its_name_in_its_first_fragment_alone():
    opening = {"role": "assistant", "content": None}
    more = {"index": 0, "function": {"arguments": "{}"}}

    named = with_deltas(opening, {"tool_calls": [TOOL]}, {"tool_calls": [more]}, {}, finish="tool_calls")
    unnamed = with_deltas(opening, {"tool_calls": [more]}, {"tool_calls": [{**TOOL, "index": 1}]}, {})

    assert broken(named) == set()
    assert broken(unnamed) == {"call-named"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
FIELDS = ("id", "object", "created", "model", "usage", "choices", "error")
CHOICE_FIELDS = ("index", "delta", "finish_reason")
DELTA_FIELDS = ("role", "content", "reasoning_content", "reasoning", "tool_calls")


@given(
    chunk_fields=st.dictionaries(st.sampled_from(FIELDS), json_values),
    choice_fields=st.dictionaries(st.sampled_from(CHOICE_FIELDS), json_values),
    delta_fields=st.dictionaries(st.sampled_from(DELTA_FIELDS), json_values | st.just([TOOL, None, {"function": 1}])),
)
def test_no_type_in_any_place_stops_the_judging(chunk_fields, choice_fields, delta_fields):
    odd = {"choices": [{"index": 0, "delta": delta_fields} | choice_fields]} | chunk_fields

    found = findings(sse([*chunks()[:1], odd, *chunks()[1:]]), asks_usage=True, reasoned=1)

    assert all(words is None or isinstance(words, str) for words in found.values())
    assert all((words or "").encode() is not None for words in found.values())
