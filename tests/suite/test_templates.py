"""Templates: strict, bounded, and unable to reach anything but their variables."""

import contextlib
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.suite.templates import TemplateProblem, fill, fill_value

ROW = {
    "customer": "Ada",
    "n": 5,
    "price": 2.5,
    "tags": ["b", "a", "B"],
    "order": {"items": 3, "id": "x-1"},
    "none": None,
}


def problem_of(template, variables=ROW):
    with pytest.raises(TemplateProblem) as caught:
        fill(template, variables)
    return caught.value


def test_a_template_is_filled_from_its_variables():
    text = fill("Dear {{ customer }},\n{% if n > 3 %}{{ n }} items{% else %}few{% endif %}\n", ROW)

    assert text == "Dear Ada,\n5 items\n"


def test_text_without_a_template_is_the_very_same_text():
    text = "100 % of {braces} and # stay\n"

    assert fill(text, {}) is text


def test_text_without_a_template_does_not_import_jinja():
    script = "import sys, harness.suite.templates as t; t.fill_value(['plain'], {}); sys.exit('jinja2' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_what_a_variable_holds_is_never_rendered():
    hostile = {"message": "{{ customer }} {% for x in y %}", "customer": "secret"}

    assert fill("{{ message }}", hostile) == hostile["message"]
    assert fill_value(["{{ message }}"], hostile) == [hostile["message"]]


def test_a_text_that_is_one_expression_keeps_the_values_type():
    value = {
        "max": "{{ n }}",
        "{{ n }}": ["{{ tags }}", "{{ none }}", "{{ n > 3 }}", "n={{ n }}", "{{ n }}\n", 7, None],
    }

    filled = fill_value(value, ROW)

    assert filled == {"max": 5, "{{ n }}": [["b", "a", "B"], None, True, "n=5", "5\n", 7, None]}


def test_an_expressions_value_has_lists_and_no_tuples():
    assert fill_value("{{ (1, (2, 3)) }}", {}) == [1, [2, 3]]
    assert fill_value("{{ order | items }}", ROW) == [["items", 3], ["id", "x-1"]]


def test_fill_gives_text_even_for_one_expression():
    assert fill("{{ n }}", ROW) == "5"


def test_filling_leaves_the_given_value_as_it_was():
    value = {"a": ["{{ n }}"]}

    fill_value(value, ROW)

    assert value == {"a": ["{{ n }}"]}


@pytest.mark.parametrize(
    ("template", "message", "remedy"),
    [
        ("{{ custmer }}", "'custmer' is not defined", "did you mean 'customer'?"),
        ("{{ custmer | upper }}", "'custmer' is not defined", "did you mean 'customer'?"),
        ("{{ order.itms }}", "a mapping has no 'itms'", "did you mean 'items'?"),
        ("{{ order['zzz'] }}", "a mapping has no 'zzz'", "allowed here: 'id', 'items'"),
        ("{{ tags[7] }}", "a list has no entry 7", "default"),
        ("{{ n.real }}", "a number has no 'real'", "default"),
        ("{{ none.x }}", "none has no 'x'", "default"),
        ("{{ n | uper }}", "no filter 'uper'", "did you mean 'upper'?"),
        ("{{ tags | map('uper') }}", "'map' takes the name of a filter", "upper"),
        ("{{ n is strin }}", "no test 'strin'", "did you mean 'string'?"),
        ("{{ n | replace('a') }}", "filter 'replace' cannot do this with a number", "the filter's arguments"),
        ("{{ n | trim(1) }}", "filter 'trim' cannot do this with a number", "the filter's arguments"),
        ("{{ 1 + customer }}", "the values do not fit: unsupported operand type(s) for +", "|string"),
        ("{{ n < customer }}", "the values do not fit: '<' not supported", "|int"),
        ("{{ 'abc' | int }}", "filter 'int' cannot do this with text: it is no number", "arguments"),
        ("{{ n / 0 }}", "the values do not fit: division by zero", ""),
        ("{{ (-n) ** 0.5 }}", "a number is not finite", "correct"),
        ("{{ [] | first }}", "No first item, sequence was empty", "{% if"),
        ("{% for x in n %}{% endfor %}", "the values do not fit: a loop needs a list", ""),
        ("{% for x, y in tags %}{% endfor %}", "the values do not fit: not enough values to unpack", ""),
        ("{{ n if n }}", "an 'if' within an expression has no 'else'", "else"),
        ("{{ customer", "template syntax: ", "{% raw %}"),
        ("color: {#fff}", "template syntax: Missing end of comment tag", "{% raw %}"),
    ],
)  # fmt: skip
def test_a_fault_says_what_is_wrong_and_what_to_do(template, message, remedy):
    problem = problem_of(template)

    assert problem.message.startswith(message)
    assert remedy in problem.remedy


def test_a_fault_in_a_long_template_names_its_line():
    assert problem_of("one\ntwo {{ nope }}\n").message == "line 2 of the template: 'nope' is not defined"
    assert problem_of("one\ntwo\n{% if %}\n").message.startswith("line 3 of the template: template syntax")


@pytest.mark.parametrize(
    "expression",
    [
        *("nope", "[nope]", "{'a': nope}", "nope.a", "nope[0]", "nope[1:]", "order[nope]", "customer[nope:]", "-nope"),
        *("nope + 1", "1 * nope", "2 ** nope", "nope ~ ''", "nope == 1", "1 < nope", "nope in []", "1 in nope"),
        *("not nope", "nope and 1", "0 or nope", "1 if nope else 2", "nope if 1 else 2", "n is odd and nope"),
        *("nope is none", "nope is divisibleby 2", "4 is divisibleby nope", "range(nope)", "nope | length"),
        *("nope | list", "nope | items", "customer | replace('a', nope)", "customer | truncate(nope)"),
        *("tags | join(nope)", "tags | sort(reverse=nope)", "n | int(nope)", "n2 | default(nope)"),
        "[order] | map(attribute='nope') | list",
    ],
)  # fmt: skip
def test_what_is_not_defined_is_a_problem_wherever_it_stands(expression):
    for template in (f"{{{{ {expression} }}}}", f"{{{{ {expression} }}}}!"):
        with pytest.raises(TemplateProblem, match="nope"):
            fill_value(template, ROW)


def test_a_fault_in_a_branch_not_taken_is_found_where_it_needs_no_values():
    assert "no filter" in problem_of("{% if false %}{{ n | nope }}{% endif %}").message


def test_default_and_defined_allow_the_last_step_alone_to_be_missing():
    assert fill("{{ nope | default('x') }}{{ order.nope | d(n) }}{{ nope is defined }}", ROW) == "x5False"
    assert fill("{{ '' | default('x', true) }}{{ order.id | default('y') }}", ROW) == "xx-1"
    assert fill("{{ [] | first | default('x') }}", ROW) == "x"
    assert "'nope' is not defined" in problem_of("{{ nope.more | default('x') }}").message


def test_tojson_is_plain_json_as_it_was_written():
    assert (
        fill("{{ x | tojson }}", {"x": {"b": "<é & 'q'>", "a": [True, None]}})
        == '{"b": "<é & \'q\'>", "a": [true, null]}'
    )


def test_tojson_refuses_what_json_cannot_hold():
    assert "not finite" in problem_of("{{ x | tojson }}", {"x": [float("inf")]}).message


def test_a_mappings_key_is_never_a_method():
    assert fill("{{ order.items }}{{ order.id }}", ROW) == "3x-1"


@pytest.mark.parametrize(
    "template",
    [
        "{% set x = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% block b %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% call m() %}{% endcall %}",
        "{% with a = 1 %}{% endwith %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% for x in tags recursive %}{% endfor %}",
        "{{ customer.upper() }}",
        "{{ order.items() }}",
        "{{ range.__class__ }}",
        "{{ lipsum() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ customer.__class__.__mro__[1].__subclasses__() }}",
        "{{ customer | attr('upper') }}",
        "{{ ''.format }}",
        "{{ self._TemplateReference__context }}",
        "{{ tags | map(':turns', 1) | list }}",
        "{% for name in [':turns'] %}{{ tags | map(name, 1) | list }}{% endfor %}",
        "{{ tags | map(*[':turns', 1]) | list }}",
        "{{ tags | map(attribute='__class__') | list }}",
        "{{ customer['__class__'] }}",
        "{% for x in tags %}{{ loop }}{% endfor %}",
        "{% for x in tags %}{{ loop._iterable }}{% endfor %}",
        "{{ range(*tags) }}",
        "{{ '%s' % n }}",
        "{% for x in tags %}{{ loop.cycle('a') }}{% endfor %}",
    ],
)
def test_nothing_beyond_the_allowed_part_of_jinja_works(template):
    assert problem_of(template).message


template_like = st.lists(
    st.sampled_from(
        [
            *(
                "{{ ",
                " }}",
                "{% ",
                " %}",
                "{# ",
                " #}",
                "for x in ",
                "if ",
                "else",
                "elif ",
                "endfor",
                "endif",
                "raw",
                "endraw",
                "set ",
            ),
            *(
                "n",
                "tags",
                "customer",
                "order",
                ".",
                "[",
                "]",
                "(",
                ")",
                "|",
                "~",
                "+",
                "*",
                "**",
                "%",
                "'",
                '"',
                ",",
                ":",
                "-",
                "9",
                "\n",
            ),
            *("range(", "upper", "default", "replace", "loop", " is ", " in ", "not ", "{", "}", "=", "\\", "é", "\0"),
        ]
    ),
    max_size=40,
).map("".join)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(template=template_like | st.text() | template_like.map(lambda inner: "{{ " + inner + " }}"))
def test_any_template_is_filled_or_refused(template):
    with contextlib.suppress(TemplateProblem):
        assert isinstance(fill(template, ROW), str)


@given(
    value=json_values,
    path=st.sampled_from(
        [
            "x",
            "x.a",
            "x[0]",
            "x | tojson",
            "x | sort",
            "x | round",
            "x | int",
            "x | indent(x)",
            "x * x",
            "x | join(x)",
            "-x",
        ]
    ),
)
def test_any_variable_is_filled_in_or_refused(value, path):
    with contextlib.suppress(TemplateProblem):
        fill(f"{{{{ {path} }}}}{{% for y in x %}}{{{{ y }}}}{{% endfor %}}", {"x": value})


@given(value=json_values)
def test_a_value_without_templates_is_filled_with_itself(value):
    text = json.dumps(value)

    if not any(mark in text for mark in ("{{", "{%", "{#")):
        assert json.dumps(fill_value(value, {})) == text
