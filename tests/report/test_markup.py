"""How text becomes markup, and that nothing else can make it."""

import ast
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness.report
from harness.report.markup import Html, escaped, fill, joined
from harness.report.untrusted import visible

MODULES = sorted(Path(harness.report.__file__).parent.glob("*.py"))
any_text = st.text(st.characters(exclude_categories=()))


def calls_of(name):
    """Every call of a function of this name in the package, with its module."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield module, node


@given(text=any_text)
def test_a_text_reads_back_as_it_is_with_its_unseen_characters_marked(text):
    assert unescape(escaped(text)) == visible(text)
    assert not set(escaped(text)) & set("<>\"'")


@given(text=any_text)
def test_a_value_is_escaped_once_however_deep_it_goes(text):
    inner = fill("<b>%s</b>", text)

    assert fill("<i>%s</i>", joined([inner])) == f"<i><b>{escaped(text)}</b></i>"


def test_markup_added_to_a_text_is_a_text_again():
    assert fill("%s", fill("<b>") + "<evil>") == "&lt;b&gt;&lt;evil&gt;"


def test_a_value_too_few_is_an_error_and_not_an_empty_place():
    with pytest.raises(TypeError):
        fill("<b>%s</b>")


def test_a_pattern_is_always_a_literal():
    patterns = {}
    for module, call in calls_of("fill"):
        patterns.setdefault(module, []).append(call.args[0])

    for module, used in patterns.items():
        assigned = literals_of(module)
        for each in used:
            names = [node.id for node in ast.walk(each) if isinstance(node, ast.Name)]
            assert not any(isinstance(node, (ast.JoinedStr, ast.Call)) for node in ast.walk(each))
            assert set(names) <= assigned, (module.name, names)


def literals_of(module):
    """Names of a module that only ever stand for a text written there."""
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    given_a_text = Counter(
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    )
    given_anything = Counter(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return {name for name, times in given_a_text.items() if times == given_anything[name]} - arguments


def test_only_one_module_makes_markup():
    assert {module.name for module, _ in calls_of(Html.__name__)} == {"markup.py"}
