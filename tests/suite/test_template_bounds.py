"""No template can hang the harness or fill its memory."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.suite.templates import TemplateProblem, fill, fill_value

LONG = {"text": "x" * 100_000, "many": list(range(100_000)), "deep": [[[0] * 100] * 100] * 100, "s": "abc"}
LONG |= {
    "few": list(range(1000)),
    "big": "y" * 1_900_000,
    "alike": [number * (2**61 - 1) for number in range(1, 100_001)],
    "huge": 10**4000,
}
MEMORY = 400_000_000


def problem_of(template, variables):
    with pytest.raises(TemplateProblem) as caught:
        fill(template, variables)
    return caught.value


HOSTILE = {
    "repeated text": "{{ 'a' * 10 ** 9 }}",
    "repeated list": "{{ [1] * 10 ** 9 }}",
    "power": "{{ 10 ** 10 ** 10 ** 10 }}",
    "wide format": "{{ '%1000000000d' % 1 }}",
    "long range": "{% for x in range(10 ** 9) %}{% endfor %}",
    "endless range": "{{ range(10 ** 30) }}",
    "nested loops": "{% for x in many %}{% for y in many %}{% endfor %}{% endfor %}",
    "filtered loops": "{% for x in many %}{% for y in many if false %}{% endfor %}{% endfor %}",
    "output": "{% for x in few %}{{ text }}{% endfor %}",
    "joined text": "{{ " + "text ~ " * 2000 + "text }}",
    "comparing": "{% for x in few %}{% if text == text ~ '' %}{% endif %}{% endfor %}",
    "comparing deep": "{% for x in few %}{% if deep == deep[:] %}{% endif %}{% endfor %}",
    "searching": "{% for x in few %}{{ 'y' in text }}{% endfor %}",
    "slicing": "{% for x in few %}{{ many[1:] | length }}{% endfor %}",
    "sorting": "{% for x in few %}{{ many | sort | length }}{% endfor %}",
    "uniqueness": "{% for x in few %}{{ many | unique | length }}{% endfor %}",
    "titles": "{% for x in few %}{{ text | title | length }}{% endfor %}",
    "replacing": "{{ text | replace('x', text) }}",
    "indenting": "{{ text | replace('x', '\n') | indent(100) | indent(100) }}",
    "wide indent": "{{ s | indent(10 ** 12) }}",
    "long list": "{{ range(100_001) | length }}",
    "joining": "{{ many | join(text) }}",
    "printing": "{% for x in few %}{{ deep }}{% endfor %}",
    "json": "{% for x in few %}{{ deep | tojson | length }}{% endfor %}",
    "parentheses": "{{ " + "(" * 4_000 + "1" + ")" * 4_000 + " }}",
    "signs": "{{ " + "- " * 4_000 + "1 }}",
    "negations": "{{ " + "not " * 4_000 + "1 }}",
    "sums": "{{ " + "1 + " * 2_000 + "1 }}",
    "paths": "{{ s" + ".a" * 2_000 + " }}",
    "filters": "{{ s" + "|upper" * 2_000 + " }}",
    "choices": "{{ " + "1 if 0 else " * 1_000 + "1 }}",
    "nested ifs": "{% if 1 %}" * 1_000,
    "open braces": "{{ " * 100_000,
    "open comments": "{#" * 100_000,
    "open quote": "{{ '" + "\\a" * 200_000,
    "digits": "{{ " + "9" * 400_000 + " }}",
    "grouped digits": "{{ " + "1_" * 200_000 + "1 }}",
    "exponents": "{{ 1" + "e1" * 200_000 + " }}",
    "many expressions": "{{ s }}" * 60_000,
    "text of a loop": "{% for x in many %}" + "y" * 400_000 + "{% endfor %}",
    "negative repeats": "{% for x in few %}{{ big * -1000000 }}{{ (big ~ s) | length }}{% endfor %}",
    "wide bodies": "{% for x in many %}" + "{% if x %}{% endif %}" * 500 + "{% endfor %}",
    "joined long text": "{{ " + "big ~ " * 2000 + "s }}",
    "listing": "{% for x in few %}{{ many | list | length }}{{ text | reverse | length }}{% endfor %}",
    "titles of short words": "{% for x in few %}{{ ('a ' * 900000) | title | length }}{% endfor %}",
    "deep json": "{{ " + "[" * 60 + "many, many, many, many" + "]" * 60 + " | tojson(8) }}",
    "texts in power": "{{ huge ** big }}",
    "formatting test": "{{ '%1000000000d' is even or '%1000000000d' is divisibleby 1 }}",
    "formatting by two": "{{ '%1000000000d' is odd }}",
    "constants in a test": "{% if 'a' * 10 ** 10 %}{% endif %}",
    "constant filter": "{{ ('x' * 1000000) | indent(1000000) }}",
    "long list of lists": "{{ [[[[0] * 100] * 100] * 100] * 100 }}",
    "hashes alike": "{{ alike | unique | list }}",
    "many keys to sort by": "{{ [many] | sort(attribute='" + "a," * 200_000 + "a') }}",
    "trimming": "{{ big | trim(big[1:] ~ 'q') }}",
    "mapped replacing": "{{ many | map('replace', '', big) | list }}",
    "mapped text": "{{ many | map('string') | map('upper') | map('lower') | map('trim') | list }}",
    "rounding": "{{ 5 | round(-1000000000) }}",
    "wide json": "{{ [s] | tojson(1000000000) }}",
    "deep loops": "{% for x in many %}" * 30 + "{% endfor %}" * 30,
    "deep ifs": "{% if 1 %}" * 200 + "{% endif %}" * 200,
    "deep lists": "{{ " + "[" * 200 + "]" * 200 + " }}",
    "many names": "".join(f"{{{{ name{number} | d(1) }}}}" for number in range(800)) + "{{ name }}",
    "many comparisons": "{{ " + "many == " * 2000 + "many }}",
    "length": "{{ s }}" + "x" * 600_000,
}


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE)
def test_no_template_can_hang_or_fill_the_memory(template):
    started = time.process_time()

    problem_of(template, LONG)

    # Without its bounds, each of these takes hours or all memory; a busy machine is no reason to fail.
    assert time.process_time() - started < 30


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
def test_the_hostile_templates_together_need_little_memory():
    script = f"""
import resource
from tests.suite.test_template_bounds import HOSTILE, LONG, fill, problem_of
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
for template in HOSTILE.values():
    assert "MemoryError" not in repr(problem_of(template, LONG).__cause__)
"""

    ended = subprocess.run([sys.executable, "-c", script], check=False, cwd=Path(__file__).parents[2])

    assert ended.returncode == 0


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
        "{{ 2 ** 500 * 2 ** 500 * 2 ** 500 }}",
        "{{ 1e999 }}",
    ]:
        assert problem_of(template, {"x": 10**5000}).message
