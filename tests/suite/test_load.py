import base64
from pathlib import Path

import pytest

from harness.checks import load_kinds
from harness.core.chat import Message
from harness.core.errors import InputError, UsageError
from harness.reading import ProblemsError
from harness.suite import load_suites, parse_suite

HEAD = "suite: s\ntargets: [local/*]\ncases:\n"


@pytest.fixture
def suite(tmp_path):
    def load(cases, head=HEAD):
        return parse_suite((head + cases).encode(), tmp_path / "s.yaml", load_kinds())

    return load


def problems_of(load, *arguments, **options):
    with pytest.raises(ProblemsError) as refusal:
        load(*arguments, **options)
    return refusal.value.problems


def test_a_case_has_the_defaults_that_it_does_not_set_itself(suite):
    head = "suite: s\ndefaults: {params: {temperature: 0, seed: 1}, repeats: 3, stream: true}\ncases:\n"

    case = suite("  - {id: a, prompt: hi, params: {seed: 2}, expect: [{contains: x}]}", head).cases[0]

    assert (dict(case.params), case.repeats, case.stream) == ({"temperature": 0, "seed": 2}, 3, True)


def test_every_kind_of_message_reaches_the_conversation(suite):
    cases = """
  - id: a
    messages:
      - system: be brief
      - user: [{text: what is this?}, {image: "https://x.example/a.png"}]
      - {tool_calls: [{name: look, arguments: {at: 1}, id: c1}]}
      - {tool: a cat, call: c1}
    expect: [{contains: cat}]
"""

    messages = suite(cases).cases[0].turns[0].messages

    assert [message.role for message in messages] == ["system", "user", "assistant", "tool"]
    assert messages[1].parts[1].image == "https://x.example/a.png"
    assert (messages[2].tool_calls[0].arguments, messages[3].tool_call_id) == ('{"at":1}', "c1")


def test_each_row_of_a_dataset_is_a_case_with_its_own_prompt_and_checks(suite, tmp_path):
    (tmp_path / "r.csv").write_text("id,q,answer\na,1+1,2\nb,2+2,4\n")

    cases = suite(
        "  - {id: sum, dataset: {file: r.csv}, prompt: '{{ q }}?', expect: [{contains: '{{ answer }}'}]}"
    ).cases

    assert [(case.row, case.turns[0].messages[0].text) for case in cases] == [("a", "1+1?"), ("b", "2+2?")]
    assert [case.turns[0].expect[0].argument for case in cases] == ["2", "4"]


def test_a_value_that_is_wholly_an_expression_keeps_its_type(suite):
    case = suite(
        "  - {id: a, vars: {limit: 5}, prompt: hi, params: {max_tokens: '{{ limit }}'}, expect: [{contains: x}]}"
    ).cases[0]

    assert case.params["max_tokens"] == 5


def test_a_data_value_is_never_a_template(suite):
    case = suite("  - {id: a, vars: {x: '{{ 7 * 7 }}'}, prompt: '{{ x }}', expect: [{contains: y}]}").cases[0]

    assert case.turns[0].messages == (Message(role="user", text="{{ 7 * 7 }}"),)


def test_a_conversation_keeps_each_turns_checks_and_the_cases_own_judge_the_last(suite):
    cases = "  - {id: a, turns: [{prompt: one, expect: [{contains: x}]}, {prompt: two}], expect: [{contains: y}]}"

    turns = suite(cases).cases[0].turns

    assert [[check.argument for check in turn.expect] for turn in turns] == [["x"], ["y"]]


def test_a_file_beside_the_suite_stands_in_the_place_that_names_it(suite, tmp_path):
    (tmp_path / "p.txt").write_text("Hello {{ name }}")
    (tmp_path / "tool.yaml").write_text("type: function\nfunction: {name: f}\n")
    (tmp_path / "a.png").write_bytes(b"\x89PNG")

    case = suite("""
  - id: a
    vars: {name: Ada}
    messages: [{user: {file: p.txt}}, {user: [{image: {file: a.png}}]}]
    tools: [{file: tool.yaml}]
    expect: [{contains: x}]
""").cases[0]

    assert case.turns[0].messages[0].text == "Hello Ada"
    assert case.turns[0].messages[1].parts[0].image == "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
    assert case.tools == ({"type": "function", "function": {"name": "f"}},)


@pytest.mark.parametrize("reference", ["../secret.txt", "/etc/passwd", "link.txt", "sub/../../secret.txt"])
def test_a_suite_never_reads_outside_its_folder(tmp_path, reference):
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "suites"
    folder.mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    content = f"{HEAD}  - {{id: a, prompt: {{file: {reference}}}, expect: [{{contains: x}}]}}\n"

    with pytest.raises(ProblemsError) as refusal:
        parse_suite(content.encode(), folder / "s.yaml", load_kinds())

    assert [problem.code for problem in refusal.value.problems] == ["suite-file"]


def test_a_change_in_a_file_that_a_suite_names_changes_the_suites_digest(suite, tmp_path):
    cases = "  - {id: a, prompt: {file: p.txt}, expect: [{contains: x}]}"
    (tmp_path / "p.txt").write_text("one")
    before = suite(cases).digest
    (tmp_path / "p.txt").write_text("two")

    assert suite(cases).digest != before


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("{id: a, prompt: hi}", "expects nothing"),
        ("{id: a, expect: [{contains: x}]}", "exactly one of prompt, messages, turns and request"),
        ("{id: a, promt: hi, prompt: x, expect: [{contains: x}]}", "unknown key 'promt'"),
        ("{id: a b, prompt: hi, expect: [{contains: x}]}", "pattern"),
        ("{id: a, prompt: 5, expect: [{contains: x}]}", "expected text"),
        ("{id: a, prompt: hi, expect: [{contain: x}]}", "unknown check 'contain'"),
        ("{id: a, prompt: hi, expect: [{contains: {txt: x}}]}", "txt"),
        ("{id: a, prompt: hi, expect: [contains]}", "mapping"),
        ("{id: a, prompt: hi, expect: [{not: {contain: x}}]}", "unknown check 'contain'"),
        ("{id: a, prompt: '{{ nme }}', vars: {name: x}, expect: [{contains: x}]}", "nme"),
        ("{id: a, prompt: hi, params: {model: m}, expect: [{contains: x}]}", "'model' is not a parameter"),
        ("{id: a, prompt: hi, params: {response_format: {}}, expect: [{contains: x}]}", "'response_format' is not a"),
        ("{id: a, prompt: hi, repeats: 2, pass: {at_least: 3}, expect: [{contains: x}]}", "can never pass"),
        ("{id: a, prompt: hi, stream: no, expect: [{contains: x}]}", "no"),
        ("{id: a, dataset: {file: nowhere.csv}, prompt: hi, expect: [{contains: x}]}", "nowhere.csv"),
        (
            "{id: a, prompt: hi, tools: [{function: {name: look}}], tool_results: {lok: 1}, expect: [{contains: x}]}",
            "no tool of this case is named 'lok'",
        ),
        ("{id: a, messages: [{user: hi, assistant: ho}], expect: [{contains: x}]}", "exactly one of the keys"),
    ],
)
def test_a_slip_is_a_problem_with_its_place(suite, case, words):
    problems = problems_of(suite, f"  - {case}\n")

    assert any(words in problem.message for problem in problems)
    assert {problem.line for problem in problems} == {4}


def test_all_problems_of_a_suite_are_told_at_once_whatever_their_kind(suite):
    cases = """
  - {id: a, promt: hi, expect: [{contains: x}]}
  - {id: b, prompt: "{{ y }}", expect: [{contain: x}]}
  - {id: c, prompt: hi, stream: no, expect: [{regex: "("}]}
  - {id: d, prompt: {file: nowhere.txt}, dataset: {file: nowhere.csv}, expect: [{contains: x}]}
"""

    found = [(problem.line, problem.code) for problem in problems_of(suite, cases)]

    assert found == [
        (5, "suite-unknown-key"),
        (6, "suite-template"),
        (6, "suite-unknown-check"),
        (7, "yaml-1.1"),
        (7, "suite-check"),
        (8, "suite-file"),
        (8, "suite-dataset"),
    ]


def test_a_folder_is_searched_for_suites_and_tolerates_the_files_beside_them(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "s.yaml").write_text(HEAD + "  - {id: a, prompt: hi, expect: [{contains: x}]}\n")
    (tmp_path / "deep" / "tool.yaml").write_text("type: function\n")

    assert [suite.name for suite in load_suites([tmp_path], load_kinds())] == ["s"]


def test_a_file_in_a_folder_that_was_meant_as_a_suite_is_not_passed_over(tmp_path):
    (tmp_path / "s.yaml").write_text(
        HEAD.replace("suite:", "siute:") + "  - {id: a, prompt: hi, expect: [{contains: x}]}\n"
    )

    problems = problems_of(load_suites, [tmp_path], load_kinds())

    assert any("siute" in problem.message for problem in problems)


def test_two_suites_never_share_a_name(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(HEAD + "  - {id: a, prompt: hi, expect: [{contains: x}]}\n")

    with pytest.raises(InputError, match="both name their suite 's'"):
        load_suites([tmp_path], load_kinds())


def test_a_path_that_does_not_exist_is_a_usage_error():
    with pytest.raises(UsageError, match="no such file"):
        load_suites([Path("nowhere.yaml")], load_kinds())


def test_parameter_rows_are_read_and_validated(suite):
    head = "suite: s\nparameters:\n"

    rows = suite("  - {parameter: stop, models: [xai/grok-4-*], expect: rejected}\n", head).parameters

    assert (rows[0].parameter, rows[0].expect, rows[0].models) == ("stop", "rejected", ("xai/grok-4-*",))
    assert problems_of(suite, "  - {parameter: stop, models: [m], expect: refused}\n", head)[0].line == 3


def test_templates_are_filled_in_defaults_and_in_scripted_calls(suite):
    head = "suite: s\nvars: {n: 5}\ndefaults: {params: {max_tokens: '{{ n }}'}}\ncases:\n"
    messages = "[{user: hi}, {tool_calls: [{name: f, arguments: {at: '{{ n }}'}}]}, {tool: x, call: call_1}]"

    case = suite(f"  - {{id: a, messages: {messages}, expect: [{{contains: x}}]}}", head).cases[0]

    assert case.params == {"max_tokens": 5}
    assert case.turns[0].messages[1].tool_calls[0].arguments == '{"at":5}'


def test_a_fault_in_the_defaults_is_reported_there(suite):
    head = "suite: s\ndefaults: {system: '{{ n }}'}\ncases:\n"

    problems = problems_of(suite, "  - {id: a, prompt: hi, expect: [{contains: x}]}", head)

    assert [problem.line for problem in problems] == [2]


def test_an_argument_that_is_called_file_is_data(suite):
    case = suite("  - {id: a, prompt: hi, expect: [{tool_call: {name: open, arguments: {file: notes.txt}}}]}").cases[0]

    assert case.turns[0].expect[0].argument["arguments"] == {"file": "notes.txt"}
