from dataclasses import replace

import pytest
from chat_samples import MINI, profile, sources

from harness.core.catalogue import Limits
from harness.simulator.behaviour import build_profile
from harness.simulator.observed import CHAT, DIFFERENCES, changed

CHAT_MODELS = list(CHAT)


def model(name, *, of="documented"):
    return profile(of).models[name]


def test_the_nine_models_come_in_the_documented_order_and_the_one_that_draws_last():
    assert list(profile().models) == [*CHAT_MODELS, "grok-2-image-1212"]


@pytest.mark.parametrize(
    ("name", "window", "reasoning", "tools", "cached"),
    [
        ("grok-4-1-fast-reasoning", 2_000_000, "always", "full", True),
        ("grok-4-fast-non-reasoning", 2_000_000, "none", "full", True),
        ("grok-4-0709", 256_000, "always", "full", True),
        ("grok-code-fast-1", 256_000, "always", "enhanced", True),
        ("grok-3", 131_000, "optional", "standard", False),
        ("grok-2-vision-1212", 32_000, "none", "limited", False),
    ],
)
def test_a_model_behaves_as_its_row_says(name, window, reasoning, tools, cached):
    behaviour = model(name)

    found = (behaviour.window_tokens, behaviour.reasoning, behaviour.tools, behaviour.prompt_cache)

    assert found == (window, reasoning, tools, cached)


@pytest.mark.parametrize(
    ("name", "rejected"),
    [
        ("grok-4-0709", {"stop", "frequency_penalty", "presence_penalty", "reasoning_effort"}),
        ("grok-4-1-fast-non-reasoning", {"reasoning_effort"}),
        ("grok-4-fast-non-reasoning", {"stop", "frequency_penalty", "presence_penalty", "reasoning_effort"}),
        ("grok-3", set()),
        ("grok-2-vision-1212", {"reasoning_effort"}),
    ],
)
def test_the_row_of_the_matrix_decides_which_parameters_are_refused(name, rejected):
    assert model(name).rejects == rejected


def test_a_row_outranks_prose_and_prose_the_reference():
    register, provider = sources()
    row = "comp.rate_limit.grok-4-0709.rpm"
    bare = [claim for claim in register.claims if claim.id != row]
    barer = [claim for claim in bare if ".quick." not in claim.id]

    def allowed(claims):
        built = build_profile(replace(register, claims=tuple(claims)), provider)
        return built.models["grok-4-0709"].limits.requests_per_minute

    assert [allowed(register.claims), allowed(bare), allowed(barer)] == [480, 480, 120]


def test_the_order_in_which_claims_are_listed_decides_nothing():
    register, provider = sources()
    quick = register.find("comp.rate_limit.grok-4-0709.quick.rpm")
    altered = replace(quick, value={**quick.value, "rpm": 7})
    claims = (altered, *reversed([claim for claim in register.claims if claim.id != quick.id]))

    built = build_profile(replace(register, claims=claims), provider)

    assert built.models["grok-4-0709"] == model("grok-4-0709")


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("temperature.range", {"min": 0.5, "max": 1.5}, lambda built: built.ranges["temperature"] == (0.5, 1.5)),
        (
            "reasoning_effort.values",
            {"allowed": ["low", "mid"]},
            lambda built: built.find(MINI).efforts == ("low", "mid"),
        ),
        (
            "response_format.closed-set",
            {"allowed": ["text"]},
            lambda built: built.find(MINI).response_formats == {"text"},
        ),
    ],
)
def test_what_the_claims_name_for_a_field_is_what_is_accepted(field, value, read):
    register, provider = sources()
    claims = [replace(each, value=value) if each.subject.id == field else each for each in register.claims]

    assert read(build_profile(replace(register, claims=tuple(claims)), provider))
    assert not read(profile())


def test_only_models_that_reason_optionally_take_an_effort():
    assert {name for name in CHAT_MODELS if model(name).efforts} == {"grok-3", "grok-3-mini"}


def test_always_on_models_think_500_tokens_at_least_and_others_never():
    for name in CHAT_MODELS:
        least = model(name).reasoning_tokens[0]

        assert (least >= 500) == (model(name).reasoning == "always")


def test_models_are_found_by_alias_and_nothing_else_is_found():
    found = profile().find("grok-4-latest")

    assert found is not None
    assert found.id == "grok-4-0709"
    assert profile().find("grok-5") is None


def test_prices_are_those_of_the_profile():
    documented, observed = model("grok-3-mini").tariff, model("grok-3-mini", of="observed").tariff

    assert (documented.profile, observed.profile) == ("documented", "observed")
    assert documented.input != observed.input


def test_every_difference_names_its_source_and_known_models():
    for difference in DIFFERENCES:
        assert difference.source
        assert set(difference.models) <= set(CHAT_MODELS)
        assert difference.changes or difference.rejects


FAST_41 = ("grok-4-1-fast-reasoning", "grok-4-1-fast-non-reasoning")
FAST_4 = ("grok-4-fast-reasoning", "grok-4-fast-non-reasoning")
OBSERVED = [
    *((name, "vision", True) for name in (*FAST_41, *FAST_4)),
    *(
        (name, "shows_reasoning", False)
        for name in (FAST_41[0], FAST_4[0], "grok-4-0709", "grok-code-fast-1", "grok-3")
    ),
    *((name, "response_formats", {"text", "json_object", "json_schema"}) for name in CHAT_MODELS),
    ("grok-3", "reasoning", "none"),
    ("grok-3", "reasoning_tokens", (0, 0)),
    ("grok-3", "efforts", ()),
    ("grok-3", "rejects", {"presence_penalty", "reasoning_effort"}),
    ("grok-3", "window_tokens", 131_072),
    ("grok-3", "limits", Limits(requests_per_minute=600, concurrent_requests=50)),
    ("grok-3-mini", "prompt_cache", True),
    ("grok-3-mini", "rejects", {"stop", "presence_penalty"}),
    ("grok-3-mini", "window_tokens", 131_072),
    ("grok-3-mini", "limits", Limits(requests_per_minute=480, concurrent_requests=50)),
    ("grok-2-vision-1212", "window_tokens", 32_768),
    ("grok-2-vision-1212", "limits", Limits(requests_per_minute=600, concurrent_requests=50)),
    (
        "grok-code-fast-1",
        "limits",
        Limits(requests_per_minute=480, tokens_per_minute=2_000_000, concurrent_requests=100),
    ),
    (FAST_41[0], "limits", Limits(requests_per_minute=1_800, tokens_per_minute=10_000_000, concurrent_requests=100)),
    (FAST_41[1], "limits", Limits(requests_per_minute=1_800, tokens_per_minute=10_000_000, concurrent_requests=100)),
    (FAST_41[1], "rejects", {"presence_penalty", "reasoning_effort"}),
]
WIRE = {
    "id_prefix": "",
    "content_of_calls": "",
    "refusal_null": True,
    "finish_null": False,
    "created_constant": False,
    "role_alone": False,
    "reasoning_at_top": False,
    "managed_search": False,
    "live_search": False,
    "image_size": False,
}


@pytest.mark.parametrize(("name", "field", "value"), OBSERVED)
def test_a_model_behaves_as_was_observed(name, field, value):
    assert getattr(model(name, of="observed"), field) == value


@pytest.mark.parametrize(("field", "value"), WIRE.items())
def test_the_wire_is_as_was_observed(field, value):
    assert getattr(profile("observed").wire, field) == value


def test_the_table_of_what_was_observed_has_every_difference():
    told = {(name, field) for name, field, _ in OBSERVED} | set(WIRE)

    for difference in DIFFERENCES:
        fields = [*difference.changes, *(["rejects"] if difference.rejects else [])]
        assert {(name, field) for name in difference.models for field in fields} <= told
        assert difference.models or set(fields) <= told


def test_no_difference_repeats_what_is_documented_anyway():
    for difference in DIFFERENCES:
        for name in difference.models:
            assert changed(model(name), difference) != model(name), difference

        assert difference.models or replace(profile().wire, **difference.changes) != profile().wire


@pytest.mark.parametrize(
    ("name", "parameter"), [("grok-3-mini", "stop"), ("grok-3", "reasoning_effort"), ("grok-3", "presence_penalty")]
)
def test_what_was_seen_refused_is_refused_as_observed_only(name, parameter):
    assert parameter not in model(name).rejects
    assert parameter in model(name, of="observed").rejects


def test_what_nothing_shows_stays_as_documented():
    documented, observed = model("grok-4-fast-non-reasoning"), model("grok-4-fast-non-reasoning", of="observed")

    assert observed.rejects == documented.rejects
    assert model("grok-3", of="observed").limits.concurrent_requests == 50


def test_only_grok_3_mini_shows_its_reasoning_as_observed():
    assert [name for name in CHAT_MODELS if model(name, of="observed").shows_reasoning] == ["grok-3-mini"]
