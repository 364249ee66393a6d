"""YAML read with places: values, marks, bounds, and every problem at once."""

import contextlib
import json

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.reading import Mark, ProblemsError, read_yaml, tree
from harness.reading.scalars import ScalarFault, resolve


@pytest.fixture(params=["libyaml", "pure"])
def loader(request, monkeypatch):
    """Both parsers that an installation may have."""
    if request.param == "pure":
        monkeypatch.setattr(tree, "LOADER", yaml.SafeLoader)
    return request.param


def problems_in(text):
    with pytest.raises(ProblemsError) as caught:
        read_yaml(text, "s.yaml")
    return caught.value.problems


def codes_in(text):
    return [problem.code for problem in problems_in(text)]


def place_of(text):
    [problem] = problems_in(text)
    return (problem.line, problem.column, problem.length)


EXAMPLE = """\
suite: triage
cases:
  - id: one
    params: {temperature: 0, stop: [a, "b"]}
    prompt: |
      first
      second
  - id: two
"""


def test_values_are_what_json_would_hold(loader):
    document = read_yaml(EXAMPLE, "s.yaml")

    assert document.path == "s.yaml"
    assert document.value == {
        "suite": "triage",
        "cases": [
            {"id": "one", "params": {"temperature": 0, "stop": ["a", "b"]}, "prompt": "first\nsecond\n"},
            {"id": "two"},
        ],
    }


@pytest.mark.parametrize(
    ("where", "key", "mark"),
    [
        ((), False, Mark(1, 1, 5)),
        (("suite",), False, Mark(1, 8, 6)),
        (("suite",), True, Mark(1, 1, 5)),
        (("cases", 1), False, Mark(8, 5, 2)),
        (("cases", 0, "params"), False, Mark(4, 13, 32)),
        (("cases", 0, "params", "stop", 1), False, Mark(4, 40, 3)),
        (("cases", 0, "params", "stop"), True, Mark(4, 30, 4)),
        (("cases", 0, "prompt"), False, Mark(5, 13, 1)),
    ],
)
def test_every_key_and_value_has_its_place(loader, where, key, mark):
    assert read_yaml(EXAMPLE, "s.yaml").mark(where, key=key) == mark


def test_a_place_that_is_not_there_is_that_of_what_holds_it():
    document = read_yaml(EXAMPLE, "s.yaml")

    assert document.mark(("suite", "x", 3)) == document.mark(("suite",))
    assert document.mark(("cases", 7)) == document.mark(("cases",))
    assert document.mark(("cases", "id"), key=True) == Mark(2, 1, 5)


def test_a_loader_can_report_a_problem_at_a_key():
    problem = read_yaml(EXAMPLE, "s.yaml").problem(("suite",), "no", "suite-x", "try", key=True)

    assert (problem.location, problem.length, problem.source_line) == ("s.yaml:1:1", 5, "suite: triage")
    assert (problem.message, problem.code, problem.remedy) == ("no", "suite-x", "try")


def test_an_alias_stands_where_it_is_used_and_its_content_where_it_was_written():
    document = read_yaml("a: &x {k: 1}\nb: *x\n", "s.yaml")

    assert document.value == {"a": {"k": 1}, "b": {"k": 1}}
    assert document.mark(("b",)) == Mark(2, 4, 2)
    assert document.mark(("b", "k")) == Mark(1, 11, 1)


def test_dates_and_quoted_words_stay_text():
    document = read_yaml("a: 2026-01-31\nb: 'no'\nc: \"12:30\"\nd: !!str 0777\ne: ! 12\n", "s.yaml")

    assert document.value == {"a": "2026-01-31", "b": "no", "c": "12:30", "d": "0777", "e": "12"}


def test_core_tags_are_read_and_must_fit():
    assert read_yaml("[!!int '7', !!float 1, !!bool true, !!null ~, !!map {}, !!seq []]", "s").value == [
        7,
        1.0,
        True,
        None,
        {},
        [],
    ]
    assert codes_in("!!int x") == ["yaml-tag"]


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!mine", "!!binary", "!!set", "!!timestamp"])
@pytest.mark.parametrize("value", ["x", "[x]", "{x: y}"])
def test_any_other_tag_is_a_problem(tag, value):
    assert codes_in(f"a: {tag} {value}") == ["yaml-tag"]


def test_a_byte_order_mark_is_not_part_of_the_first_key():
    document = read_yaml("\ufeffa: b".encode(), "s.yaml")

    assert document.value == {"a": "b"}
    assert document.mark(("a",), key=True) == Mark(1, 1, 1)


def test_all_problems_are_reported_at_once_and_in_order():
    problems = problems_in("yes: 0777\nx: no\nx: 1\n? [a]\n: 1\n<<: {}\n7: !foo 12:30\nlist: [*nope, .inf]\n")

    assert [(problem.line, problem.code) for problem in problems] == [
        (1, "yaml-1.1"),
        (1, "yaml-1.1"),
        (2, "yaml-1.1"),
        (3, "yaml-duplicate-key"),
        (4, "yaml-key"),
        (6, "yaml-1.1"),
        (7, "yaml-key"),
        (7, "yaml-tag"),
        (8, "yaml-alias"),
        (8, "yaml-number"),
    ]


def test_problems_before_a_syntax_error_are_not_lost():
    assert codes_in("a: no\nb: [1,\n") == ["yaml-1.1", "yaml-syntax"]


def test_a_duplicate_key_names_the_line_of_the_first():
    [problem] = problems_in("a: 1\nb: 2\na: 3\n")

    assert problem.location == "s.yaml:3:1"
    assert problem.message == "duplicate key 'a', first on line 1"


@pytest.mark.parametrize("key", ["1", "null", "true", "1.5", "[a]", "{a: b}", "*x"])
def test_a_key_that_is_not_text_is_a_problem(key):
    assert codes_in(f"anchor: &x [1]\n? {key}\n: 1\n") == ["yaml-key"]


def test_an_unquoted_template_gets_the_remedy_to_quote_it():
    [problem] = problems_in("prompt: {{ message }}\n")

    assert "in quotes" in problem.remedy


@pytest.mark.parametrize(
    ("text", "code", "remedy"),
    [
        ("a:\n\t- b", "yaml-tab", "spaces"),
        ("a: 'b\nc: d\n", "yaml-syntax", "close it"),
        ('a: "b\n---\n', "yaml-syntax", "close it"),
        ("a: [1,\nb: 2\n", "yaml-syntax", "close it"),
        ("a: {b: 1", "yaml-syntax", "close it"),
        ("a: b: c\n", "yaml-syntax", "in quotes"),
        ("a: @x", "yaml-syntax", "in quotes"),
        ("a: *bold* text", "yaml-syntax", "in quotes"),
        ('a: "\\q"', "yaml-syntax", "backslash"),
        ("a: 'b' c\n", "yaml-syntax", "closing quote"),
        ("- a\nb: c\n", "yaml-syntax", "align"),
        ("a: b\nc\n", "yaml-syntax", "colon"),
    ],
)
def test_common_slips_of_syntax_are_said_in_plain_words(loader, text, code, remedy):
    [problem] = problems_in(text)

    assert problem.code == code
    assert remedy in problem.remedy


def test_an_unclosed_bracket_or_quote_is_shown_where_it_opens(loader):
    assert place_of("a: 1\nb: [1,\n  2\n") == (2, 4, 1)
    assert place_of("a: 1\nb: 'it\nc: d\n") == (2, 4, 1)


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_a_problem(text):
    assert codes_in(text) == ["yaml-empty"]


def test_a_second_document_is_a_problem_at_its_start():
    assert codes_in("a: 1\n---\nb: 2\n") == ["yaml-documents"]
    assert place_of("a: 1\n---\nb: 2\n")[0] == 2


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_a_problem_and_not_a_crash(loader, opening):
    assert codes_in(opening * 100_000) == ["yaml-too-deep"]


def test_depth_counts_through_aliases():
    rows = ["a0: &a0 " + "[" * 60 + "]" * 60]
    rows += [f"a{n}: &a{n} " + "[" * 60 + f"*a{n - 1}" + "]" * 60 for n in range(1, 20)]

    assert codes_in("\n".join(rows)) == ["yaml-too-deep"]


def test_an_alias_bomb_is_a_problem_and_costs_nothing():
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert codes_in("\n".join(rows)) == ["yaml-alias-bomb"]


def test_a_few_aliases_are_allowed_and_a_name_may_be_used_again():
    assert read_yaml("[&a 1, *a, &a 2, *a, &b [&b 3, *b]]", "s").value == [1, 1, 2, 2, [3, 3]]


def test_an_alias_within_what_it_names_is_a_problem():
    [problem] = problems_in("a: &a [1, *a]\n")

    assert problem.code == "yaml-alias"
    assert "within" in problem.message


def test_a_file_of_too_many_bytes_or_values_is_a_problem(monkeypatch):
    assert codes_in("a" * 10_000_001) == ["yaml-too-large"]

    monkeypatch.setattr(tree, "MAX_NODES", 100)

    assert codes_in("[" + "a," * 101 + "]") == ["yaml-too-large"]


def test_reading_stops_after_a_thousand_problems():
    problems = problems_in("\n".join(["- no"] * 5000))

    assert len(problems) == 1001
    assert problems[-1].code == "yaml-too-many"


def test_a_byte_that_is_not_utf_8_is_shown_where_it_stands():
    [problem] = problems_in(b"a: 1\nb: caf\xe9\n")

    assert (problem.code, problem.line, problem.column) == ("yaml-encoding", 2, 7)
    assert problem.source_line == "b: caf\ufffd"


def test_utf_16_is_named_as_such():
    [problem] = problems_in("a: 1".encode("utf-16"))

    assert problem.code == "yaml-encoding"
    assert "UTF-16" in problem.message


@pytest.mark.parametrize("character", ["\x07", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\ud800", "\ufffe"])
def test_a_character_that_may_not_stand_in_yaml_is_shown_where_it_stands(character):
    assert codes_in(f"a: 1\nb: x{character}y\n") == ["yaml-character"]
    assert place_of(f"a: 1\nb: x{character}y\n") == (2, 5, 1)


def test_an_escape_makes_any_character_in_double_quotes(loader):
    assert read_yaml(r'"\0\e\N\L\U0001F600"', "s").value == "\0\x1b\x85\u2028\U0001f600"


def test_an_escape_beyond_unicode_is_a_problem(loader):
    assert codes_in(r'a: "\U00110000"') == ["yaml-syntax"]


def test_half_a_surrogate_pair_is_refused_even_as_an_escape(loader):
    assert codes_in(r'a: "\ud800"')[0] in ("yaml-syntax", "yaml-character")


def test_windows_line_ends_do_not_move_a_place():
    document = read_yaml("a: 1\r\nb: 2\r\n", "s.yaml")

    assert document.mark(("b",)) == Mark(2, 4, 1)


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
json_values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def is_surprise(value):
    """A text that YAML 1.2 reads otherwise than the YAML 1.1 dumper thinks."""
    try:
        return resolve(value) != value
    except ScalarFault:
        return True


def texts_in(value):
    if isinstance(value, str):
        return [value]
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in parts for text in texts_in(part)]


@given(value=json_values, flow=st.booleans())
def test_what_a_dumper_writes_is_read_back(value, flow):
    assume(not any(is_surprise(text) for text in texts_in(value)))

    text = yaml.safe_dump(value, default_flow_style=flow, sort_keys=False)

    assert read_yaml(text, "s.yaml").value == value


@settings(max_examples=30)
@given(value=st.lists(scalars | st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))))
def test_json_is_yaml(value):
    text = json.dumps(value).replace("\x7f", "\\x7f")  # the one character that JSON prints and YAML refuses

    assert read_yaml(text, "s.yaml").value == value


def reads_or_refuses(content):
    with contextlib.suppress(ProblemsError):
        json.dumps(read_yaml(content, "s.yaml").value, allow_nan=False, ensure_ascii=False).encode()


yaml_like = st.lists(
    st.sampled_from(
        [
            *"\n\n  -:?,[]{}&*!|>'\"%@`#~\t\r\\<=.0123456789abx",
            "- ",
            ": ",
            "\n  ",
            "&a ",
            "*a",
            "<<: ",
            "no",
            "---\n",
            "!!int ",
        ]
    ),
    max_size=60,
).map("".join)


@given(st.text() | st.text(st.characters()) | yaml_like)
def test_any_text_is_read_or_refused_with_problems(text):
    reads_or_refuses(text)


@given(st.binary() | yaml_like.map(str.encode))
def test_any_bytes_are_read_or_refused_with_problems(content):
    reads_or_refuses(content)


@given(yaml_like)
def test_without_libyaml_any_text_is_read_or_refused_as_well(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "LOADER", yaml.SafeLoader)
        reads_or_refuses(text)
