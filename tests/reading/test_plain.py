"""The short way through a plain file: the tree's values and places, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reading import document, read_yaml, tree
from harness.reading.plain import read_plain
from harness.reading.source import Source
from harness.reading.tree import Tree

lines = st.sampled_from(
    [
        *(
            "a: 1",
            "b: [x, 'y', {c: d}]",
            "c:",
            "d: |",
            "  text",
            "  - e",
            "- f",
            "  g: {h: {}, i: []}",
            "j: 'k",
            "  l'",
        ),
        *(
            "m: &n o",
            "p: *n",
            "q: !!str 1",
            "<<: r",
            "a: again",
            "? s",
            "---",
            "# t",
            "'u v': \"w\\n\"",
            "x: no",
            "[y]: z",
        ),
        *("  - - 1", "    - 2", "'long", "  key': 3", "- {aa: 1,", "   bb: 2}", "- 'one", "  two'", "cc: é", "dd: 010"),
    ]
)
texts = st.lists(lines, max_size=8).map("\n".join) | st.lists(
    st.sampled_from([*"abc:-{}[],'\"\n #&*!|>?012", "- ", ": ", "\n  "]), max_size=30
).map("".join)


def places(node):
    """Every place that a plain reading knows, by its path."""
    found = {(): (node.line, node.column, node.length)}
    children = node.children.items() if isinstance(node.children, dict) else enumerate(node.children or ())
    for step, child in children:
        found |= {(step, *path): place for path, place in places(child).items()}
    return found


@given(texts)
def test_what_the_short_way_reads_the_tree_reads_alike(text):
    plain, whole = read_plain(Source(text, "s.yaml")), Tree(Source(text, "s.yaml"))

    if plain is not None:
        assert whole.problems == []
        assert repr(plain.value) == repr(whole.root.value)
        assert places(plain).items() <= places(whole.root).items()


@pytest.mark.parametrize("text", ["a: 1\n", "- a\n- {b: [c, 'd']}\n", "a:\n  b: |\n    c\n  d: é\n"])
def test_an_ordinary_file_is_read_the_short_way(text, monkeypatch):
    monkeypatch.setattr(document, "Tree", None)

    assert read_yaml(text, "s.yaml").value


@pytest.mark.parametrize("text", ["a: &b c\n", "a: !!str 1\n", "a: 1\na: 2\n", "a: no\n", "a", "- 'b\n  c'\n", ""])
def test_all_else_is_left_to_the_tree(text):
    assert read_plain(Source(text, "s.yaml")) is None


def test_a_place_that_the_short_way_passed_over_is_found_when_it_is_asked_for():
    plain = read_yaml("a:\n  - {b: 1, c: two}\n", "s.yaml")

    assert (plain.mark(("a", 0)).column, plain.mark(("a", 0, "c")).column) == (5, 15)
    assert plain.mark(("a", 0, "c"), key=True).column == 12
    assert plain.mark(("a", 0, "nowhere")).column == 5


def test_without_libyaml_every_file_is_left_to_the_tree(monkeypatch):
    monkeypatch.setattr(tree, "LOADER", tree.yaml.SafeLoader)

    assert read_plain(Source("a: 1\n", "s.yaml")) is None


def test_nesting_that_would_end_an_interpreter_is_left_to_the_tree():
    assert read_plain(Source("[" * 100_000, "s.yaml")) is None
    assert read_plain(Source("- " * 65 + "a\n", "s.yaml")) is None
    assert read_plain(Source("- " * 64 + "a\n", "s.yaml")) is not None
