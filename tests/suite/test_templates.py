"""Templates: strict, bounded, and unable to reach anything but their variables."""

import contextlib
import json
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from harness.suite.templates import TemplateProblem, fill, fill_value

ROW = {
    "customer": "Ada",
    "n": 5,
    "price": 2.5,
    "tags": ["b", "a", "B"],
    "order": {"items": 3, "id": "x-1"},
    "none": None,
}
LONG = {"text": "x" * 100_000, "many": list(range(100_000)), "deep": [[[0] * 100] * 100] * 100, "s": "abc"}


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


def test_fill_gives_text_even_for_one_expression():
    assert fill("{{ n }}", ROW) == "5"


def test_filling_leaves_the_given_value_as_it_was():
    value = {"a": ["{{ n }}"]}

    fill_value(value, ROW)

    assert value == {"a": ["{{ n }}"]}


@pytest.mark.parametrize(
    ("template", "message", "remedy"),
    [
        ("{{ custmer }}", "'custmer' is not defined", "did you mean 'customer'? known here: customer, n, none"),
        ("{{ order.itms }}", "'order' has no 'itms'", "did you mean 'items'? known here: items, id"),
        ("{{ order['zzz'] }}", "'order' has no 'zzz'", "known here: items, id"),
        ("{{ tags[7] }}", "'tags' has 3 entries, and none at 7", ""),
        ("{{ n.real }}", "'n' is a number and has no 'real'", ""),
        ("{{ none.x }}", "the value is none and has no 'x'", ""),
        ("{{ n | uper }}", "no filter 'uper'", "did you mean 'upper'?"),
        ("{{ n is strin }}", "no test 'strin'", "did you mean 'string'?"),
        ("{{ n | replace('a') }}", "filter 'replace' does not take these arguments", "it takes (old, new, count=None)"),
        ("{{ 1 + customer }}", "a number + text means nothing", "join texts with ~"),
        ("{{ n < customer }}", "a number and text cannot be compared so", "|int"),
        ("{{ 'abc' | int }}", "text 'abc' is not a number", "|int(0)"),
        ("{{ n / 0 }}", "5 / 0 cannot be computed", ""),
        ("{{ (-n) ** 0.5 }}", "-5 ** 0.5 is no finite number", ""),
        ("{{ [] | first }}", "'first' of something that is empty", "{% if"),
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


def test_a_fault_in_a_branch_not_taken_is_found_where_it_needs_no_values():
    assert "no filter" in problem_of("{% if false %}{{ n | nope }}{% endif %}").message


def test_default_and_defined_allow_the_last_step_alone_to_be_missing():
    assert fill("{{ nope | default('x') }}{{ order.nope | d(n) }}{{ nope is defined }}", ROW) == "x5False"
    assert fill("{{ '' | default('x', true) }}{{ order.id | default('y') }}", ROW) == "xx-1"
    assert "'nope' is not defined" in problem_of("{{ nope.more | default('x') }}").message


def test_tojson_is_plain_json_as_it_was_written():
    assert (
        fill("{{ x | tojson }}", {"x": {"b": "<é & 'q'>", "a": [True, None]}})
        == '{"b": "<é & \'q\'>", "a": [true, null]}'
    )


def test_tojson_refuses_what_json_cannot_hold():
    assert "tojson" in problem_of("{{ x | tojson }}", {"x": [float("inf")]}).message


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
        "{{ tags | map('upper') | list }}",
        "{{ range(*tags) }}",
        "{{ '%s' % n }}",
        "{% for x in tags %}{{ loop.cycle('a') }}{% endfor %}",
    ],
)
def test_nothing_beyond_the_allowed_part_of_jinja_works(template):
    assert problem_of(template).message


HOSTILE = {
    "repeated text": "{{ 'a' * 10 ** 9 }}",
    "repeated list": "{{ [1] * 10 ** 9 }}",
    "power": "{{ 10 ** 10 ** 10 ** 10 }}",
    "wide format": "{{ '%1000000000d' % 1 }}",
    "long range": "{% for x in range(10 ** 9) %}{% endfor %}",
    "endless range": "{{ range(10 ** 30) }}",
    "nested loops": "{% for x in many %}{% for y in many %}{% endfor %}{% endfor %}",
    "filtered loops": "{% for x in many %}{% for y in many if false %}{% endfor %}{% endfor %}",
    "output": "{% for x in many %}{{ text }}{% endfor %}",
    "joined text": "{{ " + "text ~ " * 5000 + "text }}",
    "comparing": "{% for x in many %}{% if text == text ~ '' %}{% endif %}{% endfor %}",
    "comparing deep": "{% for x in many %}{% if deep == deep[:] %}{% endif %}{% endfor %}",
    "searching": "{% for x in many %}{{ 'y' in text }}{% endfor %}",
    "slicing": "{% for x in many %}{{ many[1:] | length }}{% endfor %}",
    "sorting": "{% for x in many %}{{ many | sort | length }}{% endfor %}",
    "uniqueness": "{% for x in many %}{{ many | unique | length }}{% endfor %}",
    "titles": "{% for x in many %}{{ text | title | length }}{% endfor %}",
    "replacing": "{{ text | replace('x', text) }}",
    "indenting": "{{ text | replace('x', '\n') | indent(100) | indent(100) }}",
    "wide indent": "{{ s | indent(10 ** 12) }}",
    "long list": "{{ range(100_001) | length }}",
    "joining": "{{ many | join(text) }}",
    "printing": "{% for x in many %}{{ deep }}{% endfor %}",
    "json": "{% for x in many %}{{ deep | tojson | length }}{% endfor %}",
    "parentheses": "{{ " + "(" * 15_000 + "1" + ")" * 15_000 + " }}",
    "signs": "{{ " + "- " * 15_000 + "1 }}",
    "negations": "{{ " + "not " * 15_000 + "1 }}",
    "sums": "{{ " + "1 + " * 9_000 + "1 }}",
    "paths": "{{ s" + ".a" * 9_000 + " }}",
    "filters": "{{ s" + "|upper" * 9_000 + " }}",
    "choices": "{{ " + "1 if 0 else " * 4_000 + "1 }}",
    "nested ifs": "{% if 1 %}" * 5_000,
    "open braces": "{{ " * 100_000,
    "open comments": "{#" * 100_000,
    "open quote": "{{ '" + "\\a" * 200_000,
    "digits": "{{ " + "9" * 400_000 + " }}",
    "grouped digits": "{{ " + "1_" * 200_000 + "1 }}",
    "exponents": "{{ 1" + "e1" * 200_000 + " }}",
    "many expressions": "{{ s }}" * 60_000,
    "length": "{{ s }}" + "x" * 600_000,
}


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE)
def test_no_template_can_hang_or_fill_the_memory(template):
    started = time.process_time()

    problem_of(template, LONG)

    assert time.process_time() - started < 2


def test_the_bounds_hold_for_a_value_as_a_whole():
    value = ["{{ text * 10 }} and more"] * 3

    with pytest.raises(TemplateProblem, match="more than 2,000,000 characters"):
        fill_value(value, LONG)


def test_an_ordinary_large_prompt_is_within_the_bounds():
    rows = {"rows": [{"name": f"row {number}", "score": number} for number in range(5_000)]}

    text = fill(
        "{% for row in rows if row.score is even %}{{ loop.index }}. {{ row.name | title }}\n{% endfor %}", rows
    )

    assert text.count("\n") == 2500
    assert text.startswith("1. Row 0\n2. Row 2\n")


def test_a_value_nested_without_end_is_a_problem():
    value = []
    for _ in range(2000):
        value = [value]

    with pytest.raises(TemplateProblem):
        fill_value(value, {})
    assert problem_of("{{ x }}", {"x": value})
    assert problem_of("{{ x | tojson }}", {"x": value})
    assert problem_of("{{ x == [x] }}", {"x": value})


def test_a_number_too_long_for_python_to_write_is_a_problem():
    for template in [
        "{{ x }}",
        "{{ x | tojson }}",
        "{{ [x] }}",
        "{{ x * x }}",
        "{{ x ~ '' }}",
        "{{ x | float }}",
        "{{ x / 3 }}",
    ]:
        assert problem_of(template, {"x": 10**5000}).message


# What our evaluation and Jinja's own must agree on.
JINJA = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
AGREED = [
    "{{ tags | join(', ') }}",
    "{{ tags | sort | join }}",
    "{{ tags | sort(reverse=true, case_sensitive=true) | join }}",
    "{{ tags | unique | join }}",
    "{{ tags | unique(true) | join }}",
    "{{ tags | reverse | join }}",
    "{{ 'abc' | reverse }}",
    "{{ customer | lower }}",
    "{{ customer | upper }}",
    "{{ 'a b-c (d' | title }}",
    "{{ 'aBC' | capitalize }}",
    "{{ '  x ' | trim }}",
    "{{ price | round }}",
    "{{ price | round(0, 'ceil') }}",
    "{{ 2.345 | round(2) }}",
    "{{ n | round }}",
    "{{ '3.7' | int }}",
    "{{ '2' | float }}",
    "{{ 'ff' | int(base=16) }}",
    "{{ 'x' | int(4) }}",
    "{{ -3 | abs }}",
    "{{ 'one two three four' | truncate(9) }}",
    "{{ 'abcdefghijkl' | truncate(6, true, '…', 0) }}",
    "{{ 'a\n\nb' | indent }}",
    "{{ 'a\nb' | indent(2, true) }}",
    "{{ 'a\n\nb\n' | indent('> ', first=true, blank=true) }}",
    "{{ '' | indent }}",
    "{{ 'aaa' | replace('a', 'b', 2) }}",
    "{{ 'abc' | replace('', '-') }}",
    "{{ tags | first }}",
    "{{ tags | last }}",
    "{{ tags | length }}",
    "{{ order | count }}",
    "{{ 1 + 2 * 3 - 4 / 5 }}",
    "{{ 7 // 2 }}",
    "{{ 7 % 3 }}",
    "{{ 2 ** 10 }}",
    "{{ -n }}",
    "{{ +n }}",
    "{{ 'ab' * 3 }}",
    "{{ [1] + [2] }}",
    "{{ 'a' ~ 1 ~ none }}",
    "{{ 1 < 2 < 3 }}",
    "{{ 1 < 3 < 2 }}",
    "{{ 'a' in tags }}",
    "{{ 'z' not in tags }}",
    "{{ 'd' in 'Ada' }}",
    "{{ n == 5.0 }}",
    "{{ 'id' in order }}",
    "{{ n and 0 }}",
    "{{ 0 or 'x' }}",
    "{{ not n }}",
    "{{ true }}",
    "{{ none }}",
    "{{ [1, 'a', none] }}",
    "{{ {'k': [1.5]} }}",
    "{{ 'a' if n else 'b' }}",
    "{{ tags[0] }}",
    "{{ tags[-1] }}",
    "{{ tags[1:] }}",
    "{{ customer[::-1] }}",
    "{{ customer[1] }}",
    "{{ order['id'] }}",
    "{{ tags.0 }}",
    "{{ n is odd }}",
    "{{ n is even }}",
    "{{ n is divisibleby 5 }}",
    "{{ none is none }}",
    "{{ n is number }}",
    "{{ 'a' is string }}",
    "{{ order is mapping }}",
    "{{ n is integer }}",
    "{{ price is float }}",
    "{{ true is boolean }}",
    "{{ true is true }}",
    "{{ n is defined }}",
    "{{ zz is undefined }}",
    "{{ n is not none }}",
    "{{ range(3) | list }}",
    "{{ range(5, 0, -2) | join(' ') }}",
    "{{ [{'a': 2}, {'a': 1}] | map(attribute='a') | join }}",
    "{{ [{'a': 2}, {'a': 1}] | sort(attribute='a') | map(attribute='a') | join }}",
    "{{ [{'a': 2}] | join(attribute='a') }}",
    "{{ 5 | string ~ '!' }}",
    "{{ 'ab' | list }}",
    "{{ '%' }}",
    '{{ "it\'s" }}',
    "{{ 1e3 }}",
    "{{ 0x10 }}",
    "{{ 1_000 }}",
    "{{ order | items | list | length }}",
    "{% for k, v in order | items %}{{ k }}={{ v }}{{ ',' if not loop.last else '' }}{% endfor %}",
    "{% for t in tags %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ t }}{% endfor %}",
    "{% for t in tags %}{{ loop.revindex0 }}{{ loop.first }}{{ loop.length }}{% endfor %}",
    "{% for t in [] %}x{% else %}none{% endfor %}",
    "{% for t in tags if t == 'a' %}{{ loop.length }}{% endfor %}{% for k in order %}{{ k }}{% endfor %}",
    "{% for a in tags %}{% for b in tags %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}",
    "a  {%- if n %}  b{% elif 0 %}c{% endif -%}\n d {# note #}\n{% raw %}{{ x }}{% endraw %}\r\n",
]


@pytest.mark.parametrize("template", AGREED)
def test_the_allowed_part_of_jinja_means_what_jinja_means(template):
    assert fill(template, ROW) == JINJA.from_string(template).render(ROW)


leaves = st.sampled_from(
    ["n", "price", "customer", "tags", "order.id", "none", "1", "0", "-2", "2.5", "'a'", "''", "[1, 'b']", "true"]
)
operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", ">=", "and", "or", "in"])
filters = st.sampled_from(
    [
        "upper",
        "title",
        "trim",
        "string",
        "length",
        "first",
        "reverse | list",
        "join('-')",
        "abs",
        "default(1)",
        "capitalize",
    ]
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, operators, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, filters).map(lambda parts: f"({parts[0]} | {parts[1]})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(expression=expressions)
def test_what_we_fill_jinja_fills_alike(expression):
    template = f"<{{{{ {expression} }}}}>"

    try:
        ours = fill(template, ROW)
    except TemplateProblem:
        return  # stricter than Jinja, as the tests above list

    assert ours == JINJA.from_string(template).render(ROW)


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
