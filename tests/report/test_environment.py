"""How text becomes markup in a template, that nothing else can make it, and what is kept of a template."""

import ast
import sys
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, UndefinedError

import harness.report
from harness.report.environment import compiled_templates, environment
from harness.report.untrusted import visible

FOLDER = Path(harness.report.__file__).parent
any_text = st.text(st.characters(exclude_categories=()))


def rendered(source, **values):
    return environment().from_string(source).render(**values)


@given(text=any_text)
def test_a_text_reads_back_as_it_is_with_its_unseen_characters_marked(text):
    printed = rendered("{{ text }}", text=text)

    assert unescape(printed) == visible(text)
    assert not set(printed) & set("<>\"'")


@given(text=any_text)
def test_the_content_of_a_text_says_the_same_with_its_marks_told_apart(text):
    printed = rendered("{{ text|content }}", text=text)

    plain = printed.replace('<span class="unseen">', "").replace("</span>", "")
    assert plain == rendered("{{ text }}", text=text)


@given(text=any_text)
def test_a_value_is_escaped_once_however_deep_it_goes(text):
    macros = "{% macro b(x) %}<b>{{ x }}</b>{% endmacro %}{% macro i(x) %}<i>{{ b(x) }}</i>{% endmacro %}"

    assert rendered(macros + "{{ i(text) }}", text=text) == f"<i><b>{rendered('{{ text }}', text=text)}</b></i>"


@pytest.mark.parametrize("source", ["{{ nothing }}", "{{ text.nothing }}", "{% if nothing %}{% endif %}"])
def test_a_value_that_is_not_there_is_an_error_and_not_an_empty_place(source):
    with pytest.raises(UndefinedError):
        rendered(source, text="x")


@pytest.mark.parametrize("template", sorted(FOLDER.glob("templates/*.html")), ids=lambda path: path.name)
def test_no_template_calls_a_text_safe(template):
    names = {token for _, kind, token in environment().lex(template.read_text("utf-8")) if kind == "name"}

    assert not names & {"safe", "autoescape", "Markup", "forceescape", "tojson", "xmlattr", "urlize"}


def test_only_two_modules_make_markup_and_both_escape():
    makers = {
        module.name
        for module in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Markup"
    }

    assert makers == {"environment.py", "exchange_views.py"}


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """A function that renders a template whose compiled form is kept in a folder, as pages do."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)

    def render(source="{{ 1 + 1 }}", folder=tmp_path / "kept"):
        environment = Environment(
            loader=DictLoader({"t": source}), bytecode_cache=compiled_templates(folder), autoescape=True
        )
        return environment.get_template("t").render()

    return render


def compiles(monkeypatch):
    """Names of the templates that are compiled from now on."""
    names, compile_one = [], Environment.compile
    monkeypatch.setattr(Environment, "compile", lambda *args: names.append(args[2]) or compile_one(*args))
    return names


def test_a_template_is_compiled_once_for_all_who_use_an_installation(kept, monkeypatch, tmp_path):
    kept()
    compiled = compiles(monkeypatch)

    assert kept() == "2"
    assert compiled == []
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "kept").iterdir()} == {0o644}


def test_a_template_that_was_changed_is_compiled_again(kept):
    kept()

    assert kept("{{ 1 + 2 }}") == "3"


def test_a_compiled_template_that_was_cut_off_is_written_anew(kept, monkeypatch, tmp_path):
    kept()
    (file,) = (tmp_path / "kept").iterdir()
    whole = file.read_bytes()
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        assert kept() == "2"
        assert file.read_bytes() == whole


def test_where_nothing_can_be_written_templates_are_compiled_each_time(kept, tmp_path):
    (tmp_path / "a file").touch()

    assert kept(folder=tmp_path / "a file") == "2"
    assert kept(folder=tmp_path / "not" / "there") == "2"


def test_who_forbids_python_to_keep_what_it_compiled_forbids_it_here(kept, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    assert kept() == "2"
    assert not (tmp_path / "kept").exists()
