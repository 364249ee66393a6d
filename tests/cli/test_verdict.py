from scripted_server import ScriptedServer, completion

BOTH = ("local/n", "local/o")
TWO = (
    "  - {id: a, prompt: Say ok., expect: [{contains: ok}]}\n  - {id: b, prompt: Say ok too., expect: [{contains: ok}]}"
)


def run(harness, suite, answer, *targets):
    chosen = [option for target in targets for option in ("--target", target)]
    with ScriptedServer(answer) as server:
        return harness("run", suite(TWO), "--base-url", server.base_url, *chosen).out


def test_a_case_that_fails_alike_on_several_targets_is_told_once(harness, suite):
    out = run(harness, suite, lambda _: completion("no"), *BOTH)

    assert [line for line in out.splitlines() if line.startswith("fail:")] == [
        "fail: s/a of local/n, local/o",
        "fail: s/b of local/n, local/o",
    ]


def test_failures_that_differ_are_told_apart(harness, suite):
    out = run(harness, suite, lambda body: completion(f"no {body['model']}"), *BOTH)

    assert len([line for line in out.splitlines() if line.startswith("fail:")]) == 4


def test_one_error_that_every_case_has_is_told_once(harness, suite):
    out = run(harness, suite, lambda _: (401, {"error": "who are you"}))

    assert [line for line in out.splitlines() if line.startswith("undecided:")] == [
        "undecided: s/a and 1 more of local/m"
    ]
