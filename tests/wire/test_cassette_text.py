import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import UnreadableCassette
from harness.wire.cassette_emit import dump_yaml
from harness.wire.cassette_text import MAX_DEPTH, read_text

ODD = list("ab \n\t\r\x00\x85\u2028\ufeff'\"#:-?[]{},&*!|>%@`\\\U0001f600\u200d")
texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from(ODD))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | st.binary()
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))


def read(text, name="cassette.yaml"):
    return read_text(text, Path(name))


@given(document=st.dictionaries(texts, values, min_size=1, max_size=5))
def test_what_is_written_is_read_back_by_us_and_by_any_yaml_reader(document):
    text = dump_yaml(document)

    assert read(text) == document
    assert yaml.load(text, Loader=yaml.CSafeLoader) == document
    assert yaml.load(text, Loader=yaml.SafeLoader) == document


@given(document=st.dictionaries(texts, scalars | st.lists(scalars | st.dictionaries(texts, scalars))))
def test_what_pyyaml_writes_is_read_as_pyyaml_reads_it(document):
    text = yaml.safe_dump(document, allow_unicode=True)

    assert read(text) == yaml.safe_load(text)


def test_a_text_of_several_lines_is_written_as_a_block_and_an_emoji_as_itself():
    text = dump_yaml({"body": {"string": 'data: {"a":"😀"}\n\ndata: [DONE]\n\n'}})

    assert text == 'body:\n  string: |+\n    data: {"a":"😀"}\n\n    data: [DONE]\n\n'


def test_frames_are_written_on_one_line():
    assert dump_yaml({"frames": [[1.25, 3], [None, 4]]}) == "frames: [[1.25, 3], [null, 4]]\n"


def test_what_turns_the_direction_of_text_around_is_written_as_an_escape():
    assert "\u202e" not in dump_yaml({"a": "x\u202ey"})


def test_a_lone_surrogate_is_written_as_bytes():
    assert read(dump_yaml({"a": "\ud800"})) == {"a": b"\xed\xa0\x80"}


def test_a_value_that_no_cassette_can_hold_is_refused_when_written():
    with pytest.raises(TypeError, match="cannot hold a set"):
        dump_yaml({"a": {1}})


@pytest.mark.parametrize(
    ("text", "place", "fault"),
    [
        ("[" * 100_000, f":1:{MAX_DEPTH + 1}", "deeper than"),
        ("{a: " * 100_000, ":1:", "deeper than"),
        ("- " * 100_000, ":1:", "deeper than"),
        ("a:\n" + "\n".join(" " * n + "a:" for n in range(1, 1000)), ":", "deeper than"),
        ("&a [*a]", ":1:5", "names nothing complete"),
        ("a: *b", ":1:4", "alias"),
        ("[1]: 2", ":1:1", "a key is not text"),
        ("? {a: b}\n: c", ":1:3", "a key is not text"),
        ("a: 1\n---\nb: 2", ":2:1", "more than one document"),
        ('a: "x', ":1:", "not YAML"),
        ("a: \x00", "", "not YAML"),
        ("a: !!binary '*'", ":1:4", "not base64"),
        ("a: !mine x", ":1:4", "tag '!mine'"),
        ("!!python/object/apply:os.system ['true']", ":1:1", "could run code"),
        ("!!python/object/new:os.system ['true']", ":1:1", "could run code"),
        ("!!python/name:os.system x", ":1:1", "could run code"),
        ("!!python/object/apply:builtins.iter {args: [3]}", "", "vcrpy cannot read it"),
    ],
)
def test_invalid_and_hostile_yaml_is_refused_with_its_place(text, place, fault):
    with pytest.raises(UnreadableCassette, match=fault) as refused:
        read(text)

    assert refused.value.message.startswith(f"cassette.yaml{place}")
    assert refused.value.remedy


def test_an_alias_bomb_is_refused_before_it_is_built():
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in zip("abcdefghij", "bcdefghijk", strict=True)
    ]

    with pytest.raises(UnreadableCassette, match="stands for more than"):
        read("\n".join(lines))


@pytest.mark.parametrize(
    "text", ['{"a":' * 100_000, "[" * 100_000, '{"a": 1', "", "nonsense", '{"a": ' + "9" * 5000 + "}"]
)
def test_invalid_and_hostile_json_is_refused(text):
    with pytest.raises(UnreadableCassette, match=r"nested too deep|not JSON"):
        read(text, "cassette.json")


def test_json_is_read_whatever_the_file_is_called():
    assert read('{"a": [1, "\\u00e9"]}') == {"a": [1, "é"]}
    assert read("{a: b}") == {"a": "b"}


def test_an_alias_that_is_used_honestly_is_followed():
    assert read("a: &x {k: [1]}\nb: *x\nc: &y text\nd: *y") == {
        "a": {"k": [1]},
        "b": {"k": [1]},
        "c": "text",
        "d": "text",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!python/unicode 'x'", "x"),
        ("!!python/str 'x'", "x"),
        ("!!python/tuple [1, 'b']", [1, "b"]),
        ("!!python/object/new:_io.BytesIO\nstate: !!python/tuple [!!binary aGk=, 0, null]", b"hi"),
        ("!!python/object/apply:builtins.iter\nargs: [[!!binary aGk=, !!binary aGk=]]", b"hihi"),
    ],
)
def test_the_python_tags_that_vcrpy_follows_are_followed(text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x1f", 31),
        ("1e3", "1e3"),
        ("1.5e+3", 1500.0),
        (".inf", math.inf),
        ("no", False),
        ("~", None),
        ("2026-01-01", "2026-01-01"),
        ("9" * 5000, "9" * 5000),
        ("!!int '3'", 3),
        ("!!str 3", "3"),
        ("<<", "<<"),
        ("1_000", 1000),
    ],
)
def test_plain_scalars_mean_what_vcrpy_means_by_them(text, value):
    assert read(f"a: {text}") == {"a": value}
