import itertools
import re
from dataclasses import replace
from hashlib import sha256

import pytest
from endpoint_runs import MadeUp, lineup_of, observed, probe_of, reply_to

from harness.probes import parameters

MODEL = "grok-3"
LINEUP = lineup_of(MODEL)


def seen_of(parameter, answer):
    probe = probe_of(parameters.FAMILY, LINEUP, f"parameter.{parameter}")
    return observed(probe, MadeUp(answer))[f"parameter.{parameter}"]


class Model:
    """Answers as a model would: every draw is another text, and settings do what they should, save those ignored."""

    def __init__(self, *ignored, greedy=False):
        self._ignored = ignored
        self._greedy = greedy
        self._draws = 0

    def __call__(self, ask):
        body = {key: value for key, value in ask.body.items() if key not in self._ignored}
        self._draws += 1
        cold = body.get("temperature") == 0 or body.get("top_p") == 0.001 or self._greedy
        text = "the same tale" if cold else f"tale number {self._draws} of the sea and a ship"
        words = text.split()
        repeats = {2.0: 1, 0.5: 5, -2.0: 20}.get(body.get("frequency_penalty", body.get("presence_penalty")), 8)
        words += ["tree"] * (repeats + self._draws % 3) if "penalty" in str(sorted(body)) or "tree" in str(body) else []
        content = " ".join([*words, *(["water"] * 100 if "hundred" in str(body) else [])])
        stop = body.get("stop")
        for each in stop if isinstance(stop, list) else [stop] if stop else []:
            content = content.partition(each)[0]
        cap = body.get("max_tokens", 1000)
        shown = content.split()[:cap]
        effort = {"high": 400, "low": 100}.get(body.get("reasoning_effort"), 200) + self._draws % 7
        usage = {
            "prompt_tokens": 9,
            "completion_tokens": len(shown),
            "total_tokens": 9 + len(shown) + effort,
            "completion_tokens_details": {"reasoning_tokens": effort},
        }
        return reply_to(ask, content=" ".join(shown) if stop is None else content, usage=usage)


WORKING = ["temperature", "top_p", "stop", "max_tokens", "reasoning_effort", "frequency_penalty"]


@pytest.mark.parametrize("parameter", WORKING)
def test_what_does_what_it_should_is_seen_to(parameter):
    assert seen_of(parameter, Model()).outcome == "effect"


@pytest.mark.parametrize("parameter", [*WORKING, "presence_penalty"])
def test_what_is_taken_and_does_nothing_is_seen_to_do_nothing(parameter):
    assert seen_of(parameter, Model(parameter)).outcome == "no-effect"


def test_a_model_that_is_always_greedy_ignores_temperature():
    seen = seen_of("temperature", Model(greedy=True))

    assert seen.outcome == "no-effect"
    assert "1 different replies of 16 and 1 of 16" in seen.words


def test_where_nothing_is_left_to_chance_nothing_is_said_of_top_p():
    seen = seen_of("top_p", Model(greedy=True))

    assert seen.outcome == "unknown"
    assert "no chance to narrow" in seen.words


def test_a_bound_that_is_too_wide_is_broken_and_one_whose_counts_are_all_off_alike_is_not_known():
    def counting(*, factor=1, more=0, shown=None):
        def answer(ask):
            bound = ask.body.get("max_tokens", 150)
            count = bound * factor + more
            usage = {"prompt_tokens": 9, "completion_tokens": count, "total_tokens": 9 + count}
            status, reply = reply_to(
                ask, content=" ".join(["light"] * min(bound * (shown or factor), 150)), usage=usage
            )
            reply["choices"][0]["finish_reason"] = "length" if "max_tokens" in ask.body else "stop"
            return status, reply

        return seen_of("max_tokens", answer)

    assert counting().outcome == "effect"
    assert counting(factor=2).outcome == "broken"
    assert counting(factor=3, shown=1).outcome == "broken"
    assert counting(more=7).outcome == "unknown"
    assert "the longest has 16 words: whether the bound or the server's count is off" in counting(more=7).words


def test_thoughts_are_no_words_of_an_answer_that_a_bound_cut_off_before_its_first():
    def thinking(ask):
        bounded = "max_tokens" in ask.body
        usage = {"prompt_tokens": 9, "completion_tokens": 16 if bounded else 90, "reasoning_tokens": 16}
        status, reply = reply_to(ask, content="" if bounded else "light " * 74, usage=usage)
        reply["choices"][0]["message"]["reasoning_content"] = "word " * 30
        reply["choices"][0]["finish_reason"] = "length" if bounded else "stop"
        return status, reply

    assert seen_of("max_tokens", thinking).outcome == "effect"


def test_a_bound_of_the_servers_own_is_told_from_one_that_is_ignored_by_asking_for_more():
    def capped(*, heeds):
        def answer(ask):
            bound = ask.body.get("max_tokens", 24) if heeds else 24
            usage = {"prompt_tokens": 9, "completion_tokens": bound, "total_tokens": 9 + bound}
            status, reply = reply_to(ask, content=" ".join(["light"] * bound), usage=usage)
            reply["choices"][0]["finish_reason"] = "length"
            return status, reply

        return seen_of("max_tokens", answer).outcome

    assert capped(heeds=True) == "effect"
    assert capped(heeds=False) == "no-effect"


@pytest.mark.parametrize("parameter", ["temperature", "frequency_penalty", "presence_penalty"])
def test_what_works_the_other_way_round_is_broken_and_not_ignored(parameter):
    model, ends = Model(), {0: 2, 2: -2.0 if "penalty" in parameter else 0, -2.0: 2.0}

    def inverted(ask):
        value = ask.body.get(parameter)
        return model(replace(ask, body={**ask.body, parameter: ends.get(value, value)}) if value is not None else ask)

    seen = seen_of(parameter, inverted)

    assert seen.outcome == "broken"
    assert "the other way round" in seen.words


def test_a_temperature_that_is_refused_where_it_is_hot_is_measured_where_it_is_not():
    model = Model()

    for parameter in ("temperature", "top_p"):
        seen = seen_of(parameter, lambda ask: (400, "too hot") if ask.body.get("temperature", 0) > 1 else model(ask))
        assert seen.outcome == "effect"


def test_constant_replies_that_differ_between_settings_may_come_from_a_cache_and_decide_nothing():
    assert (
        seen_of("temperature", lambda ask: reply_to(ask, content=str(ask.body.get("temperature")))).outcome == "unknown"
    )


def test_thoughts_that_do_not_heed_a_setting_say_nothing_where_no_answer_is_shown():
    draws = iter(range(1000))

    def thinking(ask):
        status, reply = reply_to(ask, content="")
        reply["choices"][0]["message"]["reasoning_content"] = f"thought number {next(draws)}"
        return status, reply

    seen = seen_of("top_p", thinking)

    assert seen.outcome == "unknown"
    assert "thoughts alone are shown" in seen.words


def test_efforts_whose_thoughts_are_of_any_length_are_told_to_be_alike_by_more_pairs():
    lengths = itertools.cycle((50, 460, 210, 330, 120, 410, 170, 90, 380, 260, 300))

    def thinking(ask):
        return reply_to(ask, usage={"prompt_tokens": 9, "completion_tokens": 2, "reasoning_tokens": next(lengths)})

    seen = seen_of("reasoning_effort", thinking)

    assert seen.outcome == "no-effect"
    assert seen.n > 44


@pytest.mark.parametrize(("high", "outcome"), [(8, "unknown"), (40, "effect")])
def test_where_no_reasoning_tokens_are_counted_thoughts_of_one_length_say_nothing_of_effort(high, outcome):
    def thinking(ask):
        long = high if ask.body.get("reasoning_effort") == "high" else 8
        status, reply = reply_to(ask, usage={"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11})
        reply["choices"][0]["message"]["reasoning_content"] = "so " * long
        return status, reply

    seen = seen_of("reasoning_effort", thinking)

    assert seen.outcome == outcome
    assert "characters of reasoning" in seen.words


def test_a_reply_that_hashes_the_body_shows_no_effect_of_temperature():
    hashed = seen_of("temperature", lambda ask: reply_to(ask, content=sha256(str(ask.body).encode()).hexdigest()))

    assert hashed.outcome != "effect"


@pytest.mark.parametrize("parameter", WORKING)
def test_three_refusals_with_the_control_passing_in_between_are_a_rejection(parameter):
    sender = Model()
    seen = seen_of(parameter, lambda ask: (400, {"error": f"no {parameter}"}) if parameter in ask.body else sender(ask))

    assert seen.outcome == "rejected"
    assert [each.role for each in seen.evidence].count("treatment") == 3
    assert seen.by_name


def test_requests_that_fail_amid_the_samples_are_cited():
    answers = Model()
    calm = itertools.count()

    seen = seen_of("temperature", lambda ask: answers(ask) if next(calm) < 2 else (503, {"error": "down"}))

    assert (seen.outcome, seen.error) == ("unknown", True)
    assert len(seen.evidence) == 16


def test_a_refusal_while_the_control_fails_too_is_no_rejection():
    assert seen_of("stop", lambda _: (400, {"error": "bad day"})).outcome == "unknown"


def test_a_rate_limit_or_a_lone_crash_never_counts_as_a_rejection():
    sender = Model()
    for status in (401, 403, 404, 408, 429):
        seen = seen_of("stop", lambda ask, status=status: (status, "no") if "stop" in ask.body else sender(ask))
        assert (seen.outcome, seen.error) == ("unknown", True)


def test_crashes_on_every_try_and_never_without_are_told_apart_from_refusals():
    sender = Model()

    assert seen_of("stop", lambda ask: (500, "boom") if "stop" in ask.body else sender(ask)).outcome == "server-error"


def test_a_parameter_that_is_refused_at_times_is_flaky():
    sender, tries = Model(), iter([(400, {"error": "no stop"}), None, (400, {"error": "no stop"})])
    seen = seen_of("stop", lambda ask: (next(tries, None) if "stop" in ask.body else None) or sender(ask))

    assert (seen.outcome, seen.flags) == ("unknown", ("flaky",))


def test_twice_as_many_tokens_as_were_allowed_is_a_broken_bound():
    def doubled(ask):
        body = dict(ask.body)
        if "max_tokens" in body:
            body["max_tokens"] *= 2
        return Model()(type(ask)(about="", body=body))

    seen = seen_of("max_tokens", doubled)

    assert seen.outcome == "broken"
    assert re.search(r"32 and 32 tokens where 16 were allowed", seen.words)


def test_a_stop_that_is_shown_at_the_end_is_broken():
    def shown(ask):
        status, body = Model()(ask)
        stop = ask.body.get("stop")
        if stop:
            body["choices"][0]["message"]["content"] += stop[0]
        return status, body

    assert seen_of("stop", shown).outcome == "broken"


def test_a_recommended_bound_is_asked_about_alone():
    model = "grok-4-1-fast-reasoning"
    lineup = lineup_of(model)

    def without_top_p(ask):
        return (400, {"error": "top_p"}) if "top_p" in ask.body else reply_to(ask)

    how = parameters.FAMILY.rule(lineup.register.by_id["comp.guidance.token-budget"], lineup)
    seen = observed(probe_of(parameters.FAMILY, lineup, "set.recommended"), MadeUp(without_top_p))

    assert ([topic.name for topic in how.topics], how.stance) == (["set.recommended"], "accepted")
    assert seen["set.recommended"].outcome == "accepted"
    assert "max_tokens 4096" in seen["set.recommended"].evidence[-1].about
