import pytest
from endpoint_runs import HOSTILE, MadeUp, lineup_of, names, observed, probe_of, reply_to, verify_simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.probes.context import FAMILY
from harness.probes.window import Documented, listed_window, stated_window

SMALL, DEAR, BOTH = "grok-2-vision-1212", "grok-4-1-fast-non-reasoning", "grok-4-0709"
SENT = 137_550


@pytest.mark.parametrize(
    "text",
    [
        "This model's maximum prompt length is 131072 but the request contains 136973 tokens.",
        "The maximum context length is 131,072 tokens. However, you requested 137600 (137550 in messages, 50 beside).",
        "prompt is too long: 137560 tokens > 131072 maximum",
        "The input token count (137560) exceeds the maximum number of tokens allowed (131072).",
        "Prompt contains 137560 tokens and 0 draft tokens, too large for model with 131072 maximum context length",
        "the request exceeds the available context size (131072 tokens), try increasing it",
        "context window exceeded: 137560 > 131072",
        "Requested 137,560 tokens, max 131,072.",
    ],
)
def test_the_maximum_is_found_in_the_words_of_many_servers(text):
    assert stated_window(text, SENT) == 131_072


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The prompt is too long.",
        "content must have at most 100000 characters",
        "maximum body size is 65536 bytes",
        "Rate limit: at most 131000 per minute",
        "error 400 at line 3",
        "limit 9999999999999999999999",
        "137560 tokens were sent",
    ],
)
def test_other_figures_are_not_taken_for_a_window(text):
    assert stated_window(text, SENT) is None


@pytest.mark.parametrize(
    ("tokens", "written", "stated", "how"),
    [
        (131_000, "131K", 131_000, "131K, read in thousands"),
        (131_000, "131K", 131_072, "131K, rounded"),
        (131_000, "131K", 134_144, "131K, K read as 1,024"),
        (32_000, "32K", 32_768, "32K, K read as 1,024"),
        (2_000_000, "2M", 2_097_152, "2M, M read as 1,048,576"),
        (256_000, "", 256_000, "exactly"),
        (256_000, "", 262_144, None),
        (32_000, "32K", 32_100, None),
        (2_000_000, "2M", 1_900_000, None),
        (131_000, "131K", 65_500, None),
    ],
)
def test_a_figure_agrees_with_what_is_written_in_the_ways_that_k_is_read(tokens, written, stated, how):
    assert Documented(tokens=tokens, as_written=written).agrees(stated) == how


@given(text=st.text(max_size=300), written=st.text(max_size=8), sent=st.integers(0, 10**7))
def test_no_text_makes_the_readers_fail(text, written, sent):
    stated = stated_window(text, sent)

    assert stated is None or stated < sent
    assert Documented(tokens=5, as_written=written).most >= 5


@given(document=HOSTILE)
def test_no_listing_makes_the_reader_fail(document):
    found = listed_window({"a": document, "b": {"context_length": document}, "c": {"n_ctx": 8192}})

    assert found is not None
    assert found == ("n_ctx", 8192) or isinstance(document, int)


def window(answer, model=SMALL, allowed=()):
    """What is observed of a model's documented windows, and how many requests it took."""
    sender = MadeUp(answer)
    return observed(probe_of(FAMILY, lineup_of(model, allowed=allowed), "context"), sender), sender.asks


def refusing(status, text):
    return lambda ask: (404, {}) if ask.method == "GET" else (status, {"error": text})


def test_a_window_that_is_listed_costs_nothing():
    found, asks = window(lambda _: (200, {"id": SMALL, "context_length": 32_768}))

    assert found["context.32K"].outcome == "holds"
    assert [ask.method for ask in asks] == ["GET"]


def test_a_refusal_that_states_the_maximum_decides():
    found, asks = window(refusing(400, "maximum prompt length is 16000 but the request contains 33600 tokens"))

    assert found["context.32K"].outcome == "broken"
    assert found["context.32K"].words == "the refusal of a longer prompt says 16,000, not 32K"
    assert len(asks[-1].body["messages"][0]["content"].split()) > 32_768


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [(400, "too long", False), (413, "", False), (429, "tokens per minute", True), (502, "", True)],
)
def test_a_refusal_without_a_figure_decides_nothing(status, text, error):
    found, _ = window(refusing(status, text))

    assert (found["context.32K"].outcome, found["context.32K"].error) == ("unknown", error)


@pytest.mark.parametrize(("counted", "outcome"), [(33_700, "broken"), (32_768, "unknown"), (None, "unknown")])
def test_a_longer_prompt_that_is_answered_refutes_only_if_all_of_it_was_counted(counted, outcome):
    usage = {} if counted is None else {"usage": {"prompt_tokens": counted}}

    found, _ = window(lambda ask: (404, {}) if ask.method == "GET" else reply_to(ask, **usage))

    assert found["context.32K"].outcome == outcome


def test_a_prompt_that_might_be_dear_is_not_sent_unless_it_is_opted_into():
    found, asks = window(refusing(400, "maximum prompt length is 2000000"), DEAR)
    allowed, more = window(refusing(400, "maximum prompt length is 2000000"), DEAR, allowed=("long-context",))

    assert (found["context.2M"].outcome, found["context.2M"].needs) == ("unasked", ("long-context",))
    assert "--allow long-context (a prompt of 2,100,000 tokens: $4.20 if it is answered)" in found["context.2M"].words
    assert allowed["context.2M"].outcome == "holds"
    assert [len(asks), len(more)] == [2, 4]  # with what is asked of a prompt that fits


def test_two_documents_are_judged_by_one_request_each_by_its_own_figure():
    found, _ = window(lambda _: (200, {"context_length": 262_144}), BOTH)

    assert {name: each.outcome for name, each in found.items()} == {
        "context.256K": "holds",
        "context.256000": "broken",
    }


@settings(max_examples=30)
@given(body=HOSTILE, status=st.sampled_from([200, 400]))
def test_no_server_makes_the_probe_raise(body, status):
    found, _ = window(lambda _: (status, body))

    assert found["context.32K"].outcome in ("unknown", "broken", "holds")


@pytest.mark.parametrize(
    ("deviation", "verdict"), [(None, "confirmed"), ("window-halved", "refuted"), ("window-unchecked", "refuted")]
)
def test_the_simulators_window_is_what_it_is(deviation, verdict):
    deviations = [f"{deviation}@{SMALL}"] if deviation else []

    verdicts = names(verify_simulator(FAMILY, *deviations, models=(SMALL,)))

    assert verdicts[f"comp.catalogue.{SMALL}.context"] == verdict
