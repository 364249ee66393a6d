"""The guards of the sandbox change nothing that Jinja means."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from harness.suite.template_limits import Limits
from harness.suite.templates import Template, TemplateProblem, fill

ROW = {
    "customer": "Ada",
    "n": 5,
    "price": 2.5,
    "tags": ["b", "a", "B"],
    "order": {"items": 3, "id": "x-1"},
    "none": None,
}


# What must be the same with our guards and without.
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
    "{{ tags | map('upper') | join }}",
    "{{ tags | map('replace', 'a', 'x') | join }}",
    "{{ [order, {}] | map(attribute='id', default='none') | join(' ') }}",
    "{{ nope | default(tags) | last }}",
    "{{ [] | first | default('x') }}",
    "{{ tags[0:2][1][0] ~ tags[::-1] }}",
    "{% for t in tags %}{{ loop.previtem | default('-') }}{{ loop.nextitem | default('-') }}{% endfor %}",
    "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
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
def test_what_is_allowed_means_what_jinja_means(template):
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
        return  # bounded, or a type that we refuse

    assert ours == JINJA.from_string(template).render(ROW)


pieces = st.sampled_from(
    [
        *(
            "{{ n }}",
            "{{n}}",
            "{{ customer }}",
            "{{ zz }}",
            "{{ price }}",
            "{{ tags }}",
            "{{ none }}",
            "{{ yes }}",
            "{{ huge }}",
        ),
        *(
            "{{ not }}",
            "{{ loop }}",
            "{{ self }}",
            "{{ true }}",
            "{{ for }}",
            "{{ _n }}",
            "{{ é }}",
            "{{- n }}",
            "{{ n -}}",
        ),
        *(
            "{{ n | upper }}",
            "{{{ n }}}",
            "{{ n",
            "}}",
            "{",
            "{ {",
            "%}",
            "#}",
            "{#",
            "text ",
            " & <b>",
            "\n",
            "\r\n",
            "\u2028",
            "🙂",
        ),
        *(
            "{{ infinite }}",
            "{{ order.id }}",
            "{{\tn }}",
            "{{ n\n}}",
            "{{ long }}",
            "{{ marked }}",
            "{{ empty }}",
            "{{ 1 }}",
        ),
    ]
)
VARIABLES = ROW | {
    "yes": True,
    "huge": 10**400,
    "infinite": float("inf"),
    "long": "x" * 20_000,
    "marked": "{{ n }}",
    "empty": "",
    "é": "e",
    "_n": 1,
    "for": 2,
    "loop": 3,
    "self": 4,
}


def outcome_of(made):
    """What came of it: a value with its type, or a problem with its words."""
    try:
        value = made()
    except TemplateProblem as problem:
        return problem.message, problem.remedy
    return type(value), repr(value)


@settings(max_examples=300)
@example(template="a\r\n{{ n }}", native=False)
@given(template=st.lists(pieces, max_size=5).map("".join), native=st.booleans())
def test_names_alone_are_filled_without_the_sandbox_as_the_sandbox_fills_them(template, native):
    looked_at = Template(template)

    ours = outcome_of(lambda: looked_at.value(VARIABLES) if native else looked_at.text(VARIABLES))

    sandboxed = Template(template)
    theirs = outcome_of(lambda: sandboxed.render(VARIABLES, Limits(), native=native))
    assert ours == (outcome_of(lambda: template) if sandboxed.fixed else theirs)


@pytest.mark.parametrize("value", ["x", "x" * 10_000, 5, 2**64 - 1, 2.5, 1e300, True, "{{ n }}"])
def test_a_short_text_or_a_number_needs_no_sandbox(value, monkeypatch):
    monkeypatch.setattr(Template, "render", None)

    assert Template("a {{ b }} {{b}} c").text({"b": value}) == f"a {value} {value} c"
    assert Template("{{ b }}").value({"b": value}) is value


@pytest.mark.parametrize("count", [64, 65])
def test_the_bounds_hold_for_names_alone(count):
    assert len(Template("{{ b }}" * count).text({"b": "x" * 10_000})) == 10_000 * count
    with pytest.raises(TemplateProblem, match="more than 2,000,000 characters"):
        Template("{{ b }}" * count).text({"b": "x" * 40_000})
