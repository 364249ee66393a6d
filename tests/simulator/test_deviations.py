"""Every deviation breaks its promise, leaves a neighbour standing, and breaks nothing for the models beside."""

from contextlib import contextmanager

import pytest
from chat_samples import COUNT, PLAIN, SEER, THINKER, WEATHER, ask, profile, refusal, serve
from deviation_table import TABLE, WORKING
from simulator_client import Client, OverSocket

from harness.core.errors import UsageError
from harness.simulator.chat.refusal import Refusal
from harness.simulator.deviations import DEVIATIONS, apply_deviations, deviations_of, models_of
from harness.simulator.http.server import running

CHAT = [name for name, deviation in DEVIATIONS.items() if deviation.part == "chat"]
UNBROKEN = serve()


def of_model(name, probe):
    """The deviation for the probe's model; for all, where the promise is not of that model."""
    return f"{name}@{probe.model}" if probe.model in models_of(DEVIATIONS[name], profile()) else name


def break_for(name, probe):
    return serve(of_model(name, probe))


@contextmanager
def served(*deviations):
    with running(deviations=deviations, seed=7, limits=None) as server, Client(server) as client:
        yield OverSocket(client)


@pytest.fixture(scope="module")
def unbroken():
    """A simulator on a socket that keeps every promise."""
    with served() as service:
        yield service


def test_there_are_more_than_sixty_and_each_says_what_no_longer_holds():
    assert len(DEVIATIONS) > 60
    assert all(deviation.about and "\n" not in deviation.about for deviation in DEVIATIONS.values())


def test_each_that_the_chat_part_carries_out_has_a_line_in_the_table():
    assert sorted(TABLE) == sorted(CHAT)


@pytest.mark.parametrize("name", CHAT)
def test_a_broken_promise_shows_over_a_socket_and_only_where_it_is_broken(name, unbroken):
    probe = TABLE[name]

    with served(of_model(name, probe)) as broken:
        assert probe.shows(broken, probe.model)
    assert not probe.shows(unbroken, probe.model)


@pytest.mark.parametrize("name", CHAT)
def test_the_promise_beside_a_broken_one_still_holds(name):
    probe = TABLE[name]

    assert probe.holds(UNBROKEN, probe.model)
    assert probe.holds(break_for(name, probe), probe.model)


@pytest.mark.parametrize(("name", "model", "works"), [(name, *each) for name, each in WORKING.items()])
def test_a_parameter_that_is_accepted_works_and_one_that_is_tolerated_does_not(name, model, works):
    assert works(serve(name), model)
    assert not works(serve(name.replace("accepts", "tolerates")), model)


@pytest.mark.parametrize("name", CHAT)
@pytest.mark.parametrize("stream", [False, True])
def test_a_broken_promise_never_breaks_the_server(name, stream):
    broken = serve(name)
    rich = {"logprobs": True, "top_logprobs": 2, "tools": [WEATHER], "stop": ["7"], "n": 2, "stream": stream}

    for text in (COUNT, "What is the weather in Oslo? Use the tool."):
        try:
            answer = ask(broken, text, model=PLAIN, **rich)
            status = 200 if answer.chunks or answer.body else None
        except Refusal as refused:
            status = refused.status

        # A refusal is an answer; that some break a promise by a 500 of their own is in their names.
        assert status in {200, 400, 404, 422, 500 if name.startswith("fails-") else 200}


@pytest.mark.parametrize("name", ["canned", "hashes-body"])
def test_words_that_ignore_the_question_are_counted_all_the_same(name):
    usage = ask(serve(name), "What is 2+2?", logprobs=True).body
    said = usage["choices"][0]["logprobs"]["content"]

    assert usage["usage"]["completion_tokens"] == len(said) > 7


def test_a_deviation_of_one_model_leaves_the_others_alone():
    service = serve(f"rejects-stop@{PLAIN}")

    assert refusal(service, stop="x").status == 400
    assert ask(service, model=SEER, stop="x").body["choices"]


def test_a_deviation_of_all_models_breaks_those_that_made_the_promise():
    broken = apply_deviations(profile(), ["accepts-stop"])

    names = {name for name in broken.models if "accepts-stop" in broken.deviations_for(name)}

    assert names == {name for name, each in profile().models.items() if "stop" in each.rejects}
    assert "accepts-stop" not in broken.deviations_for(None)


def test_a_flag_of_http_is_in_force_with_and_without_a_model():
    broken = apply_deviations(profile(), ["limits-not-enforced"])

    assert "limits-not-enforced" in broken.deviations_for(None) & broken.deviations_for(PLAIN)


def test_a_flag_of_one_model_is_found_by_its_alias():
    broken = apply_deviations(profile(), ["deferred-never-ready@grok-4"])

    assert "deferred-never-ready" in broken.deviations_for("grok-4-latest")
    assert "deferred-never-ready" not in broken.deviations_for(PLAIN) | broken.deviations_for(None)


def test_several_deviations_hold_together():
    service = serve("total-off-by-seven", "stream-no-done", f"tolerates-stop@{THINKER}")

    answer = ask(service, model=THINKER, stop="x", stream=True)

    assert answer.chunks[-1] != "[DONE]"
    assert [each.name for each in deviations_of(service._profile, THINKER)] == [
        "total-off-by-seven",
        "stream-no-done",
        "tolerates-stop",
    ]


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ("ignores-stpo", "no deviation 'ignores-stpo'", "did you mean 'ignores-stop'?"),
        ("", "no deviation ''", "harness simulate --list"),
        ("@", "no deviation ''", "harness simulate --list"),
        ("ignores-stop@grok-3-mni", "no model 'grok-3-mni'", "did you mean 'grok-3-mini'?"),
        ("ignores-stop@zzz", "no model 'zzz'", "'grok-3-mini'"),
        ("auth-bad-key-accepted@grok-3", "before a model is known", "leave '@grok-3' out"),
        (f"ignores-stop@{THINKER}", f"{THINKER} makes no promise", f"it can be asked of {PLAIN}"),
    ],
)
def test_what_cannot_be_broken_is_a_usage_error_with_a_remedy(text, said, remedy):
    with pytest.raises(UsageError, match=f"--deviate {text}: .*{said}") as error:
        apply_deviations(profile(), [text])

    assert remedy in error.value.remedy


def test_the_unbroken_profile_is_left_as_it_was():
    before = profile().models[PLAIN]

    apply_deviations(profile(), ["rejects-stop", "window-halved"])

    assert (profile().models[PLAIN], profile().active) == (before, ())
