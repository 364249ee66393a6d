from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_samples import call_to

from harness.core.clock import VirtualClock
from harness.core.errors import UnreadableCassette
from harness.core.exchange import Attempt, Frame
from harness.wire import Redactor
from harness.wire.cassette_emit import dump_yaml
from harness.wire.cassette_file import read_cassette, recording_of
from harness.wire.cassette_spelling import NotOurs, read_own
from harness.wire.cassette_text import read_text
from harness.wire.interaction import interaction_of

CASSETTES = Path(__file__).parents[2] / "cassettes"
ODD = list("ab \n\t\r\x00\x85\u2028\ufeff'\"#:-?[]{},&*!|>%@`\\0\U0001f600\u200dé")
texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from(ODD))
words = (
    st.sampled_from(["no", "Null", "true", "y", "a: b", "x:", "- a", "12", "1e3", "~", "llama.cpp", "a #b", ""]) | texts
)
bodies = texts.map(str.encode) | st.binary() | st.just(b"")
names = st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True) | st.sampled_from(["3d", "no", "a b", "x" * 300])
frames = st.lists(st.builds(Frame, at_ms=st.none() | st.floats(0, 1e11), content=bodies), max_size=3)


@st.composite
def interactions(draw):
    """An interaction as a recording would write it, of whatever a server may say."""
    key = {"index": draw(st.integers(0, 99)), "exchange": draw(st.integers(0, 9)), "model": draw(words)}
    call = call_to(body=draw(bodies), region=draw(st.none() | words), source=draw(words), **key)
    headers = tuple(draw(st.lists(st.tuples(names, words), max_size=3)))
    attempt = Attempt(status=draw(st.integers(100, 999)), headers=headers, frames=tuple(draw(frames)), total_ms=1.5)
    nonces = tuple(draw(st.lists(st.sampled_from(["ab12", "12", "no"]), max_size=1)))
    return interaction_of(call, attempt, nonces=nonces, recorded_at=VirtualClock().now(), redactor=Redactor())


PATH = Path("c.yaml")


def by_the_pattern(text):
    return list(read_own(text, text.encode(), PATH))


def by_yaml(text):
    interactions = read_text(text, PATH)["interactions"]
    return [recording_of(item, PATH, n, document=False) for n, item in enumerate(interactions)]


def spelled(*items):
    return dump_yaml({"version": 1, "interactions": list(items)})


def plain(text=b'{"a":1}', reply=b'{"b":"one\\ntwo"}', **key):
    attempt = Attempt(status=200, headers=(("server", "x"),), frames=(Frame(at_ms=1.25, content=reply),), total_ms=2.0)
    call = call_to(body=text, **key)
    return interaction_of(call, attempt, nonces=("n1",), recorded_at=VirtualClock().now(), redactor=Redactor())


@given(items=st.lists(interactions(), min_size=1, max_size=3))
def test_the_pattern_never_reads_anything_else_than_yaml_does(items):
    text = spelled(*items)

    try:
        found = by_the_pattern(text)
    except NotOurs:
        return

    assert repr(found) == repr(by_yaml(text))


edits = st.tuples(
    st.integers(0, 10_000), st.sampled_from(["", "\n", " ", "  ", "- ", ": ", "\n\n", *ODD]), st.integers(0, 3)
)
SAMPLES = [
    spelled(plain(), plain(b"one\n two\n\n", b"data: 1\n\ndata: 2\n\n", region="eu")),
    spelled(plain(b"\xff", "é\n".encode() * 3), plain(b"", b"it's \t\x85", index=3)),
    spelled(plain(b"null", b"no"), plain(b"x\n", b"\n")),
]


@settings(max_examples=300)
@given(text=st.sampled_from(SAMPLES), changes=st.lists(edits, min_size=1, max_size=3))
def test_an_edited_cassette_is_read_as_yaml_reads_it_or_left_to_yaml(text, changes):
    for place, inserted, removed in changes:
        at = place % len(text)
        text = text[:at] + inserted + text[at + removed :]

    try:
        found = by_the_pattern(text)
    except NotOurs:
        return

    assert repr(found) == repr(by_yaml(text))


def test_every_cassette_of_this_repository_is_read_by_the_pattern_and_as_yaml_reads_it():
    for path in sorted(CASSETTES.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert by_the_pattern(text) == by_yaml(text), path


@pytest.mark.parametrize(
    "word", ["no", "Null", "y", "TRUE", "12", "1.5", "~", "a: b", "a #b", "- a", "[a]", "x:", "'", '"', "|"]
)
def test_a_plain_word_that_yaml_takes_for_something_else_is_left_to_yaml(word):
    text = SAMPLES[0].replace("provider: local", f"provider: {word}", 1)

    with pytest.raises(NotOurs):
        by_the_pattern(text)


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_spelled_as_ours_needs_no_yaml_reader(sample):
    assert len(by_the_pattern(sample)) == 2


def test_a_cassette_that_only_yaml_can_read_is_read_all_the_same(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(SAMPLES[0].replace("    method: POST", "    method:   POST  # as ever"), encoding="utf-8")

    recordings = read_cassette(path).recordings

    assert [recording.method for recording in recordings] == ["POST", "POST"]


def test_a_value_of_the_wrong_shape_is_refused_in_the_same_words(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(SAMPLES[0].replace("uri: ", "uri: 'http://[::1' #", 1), encoding="utf-8")

    with pytest.raises(UnreadableCassette, match=r"interactions\[0\].request.uri must be a URL"):
        read_cassette(path)


def test_a_text_of_brackets_is_left_to_the_reader_that_counts_them():
    text = SAMPLES[0].replace("frames: [[1.25, ", "frames: [" + "[1.25, 1], " * 3_000_000 + "[1.25, ", 1)

    with pytest.raises(NotOurs):
        by_the_pattern(text)
