import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.simulator.skills import Call, Conversation, Tool, Turn, intend

LISTED = """
type properties required items enum const $ref anyOf allOf minItems maxItems minimum maximum multipleOf minLength
maxLength pattern format default uniqueItems prefixItems additionalProperties $defs description city
"""
KEYWORDS = st.sampled_from(LISTED.split())
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=4),
    max_leaves=12,
)
BITS = [
    "Count",
    "repeat",
    "say",
    '"x"',
    "5 times",
    "to 10",
    "JSON with keys a, b:",
    "\ud800",
    "İ",
    "the",
    "? ( ) *",
    "is",
]
TEXTS = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(BITS), max_size=14).map(" ".join))


@settings(max_examples=150)
@given(text=TEXTS, earlier=TEXTS, schema=JSON, role=st.sampled_from(["user", "assistant", "tool", "system", "?"]))
def test_nothing_that_is_sent_raises_and_all_that_is_said_can_be_encoded(text, earlier, schema, role):
    tools = (Tool(name=text[:10], parameters=schema if isinstance(schema, dict) else {}),)
    turns = (Turn(role=role, text=earlier, tool_calls=(Call(name="f"),)), Turn(role="user", text=text, images=(b"x",)))
    form = {"type": "json_schema", "json_schema": schema}

    for kept in ({"tools": tools, "tool_choice": "required"}, {"response_format": form}, {"sees_images": True}):
        intent = intend(Conversation(messages=turns, **kept), np.random.default_rng(0))

        assert (intent.draft or "").encode() + intent.thought.encode()
        assert json.dumps([dict(call.arguments) for call in intent.calls]).encode()


@pytest.mark.parametrize(
    "text",
    [
        "(" * 6000,
        "1 " * 3000,
        "say " * 1500,
        '"' * 5999,
        "a," * 3000,
        "twenty " * 900,
        ": " * 3000,
        "x" * 6000,
        "json with keys " + "k" * 6000,
        "repeat " + "'" * 3001,
        "What is " + "9" * 5000 + " * 2?",
        "I am " * 1500,
    ],
    ids=lambda text: text[:12],
)
def test_a_text_made_to_be_slow_is_answered_in_the_form_asked_for(ask, text):
    drafted = ask(text, response_format={"type": "json_object"}).draft

    assert isinstance(json.loads(drafted), dict)


def test_once_a_request_has_had_its_time_nothing_more_is_searched(ask, searches, clock):
    ask("Sort these by length and tell me which is the longest: pear, fig, apple.")

    # The first reading sets the deadline, a second and a half away, and each search reads the clock once.
    assert len(searches) == 1


def test_a_conversation_without_a_user_is_answered(ask):
    intent = intend(Conversation(messages=()), np.random.default_rng(0))

    assert intent.draft
