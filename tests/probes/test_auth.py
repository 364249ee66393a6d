from dataclasses import replace

import pytest
from endpoint_runs import (
    HOSTILE,
    OTHER,
    PLAIN,
    STATUSES,
    MadeUp,
    about,
    claim_of,
    lineup_of,
    names,
    observed,
    probe_of,
    reply_to,
    verify,
    verify_simulator,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_server import ScriptedServer

from harness.catalogue import load_catalogues
from harness.core.verdict import TURNED
from harness.probes.auth import FAMILY
from harness.probes.desk import Ask
from harness.probes.family import Rule, Undecidable
from harness.probes.routes import OWN_HOSTS

LINEUP = lineup_of(PLAIN)
BEARER, SEPARATE = "comp.auth.inference-bearer", "comp.auth.management-key-separate"
VISION = "grok-2-vision-1212"


def seen_by(name, answer, lineup=LINEUP):
    probe = probe_of(FAMILY, lineup, name)
    return observed(probe, MadeUp(answer))[name]


def all_seen_by(answer):
    return observed(probe_of(FAMILY, LINEUP, "auth.required"), MadeUp(answer))


def turned(*deviations, allowed=()):
    return set(names(verify_simulator(FAMILY, *deviations, allowed=allowed), *TURNED))


def keyed(none=(401, {"error": "no key"}), bad=(401, {"error": "wrong key"})):
    """A server that takes one key."""
    return lambda ask: {"none": none, "bad": bad}.get(ask.credential) or reply_to(ask)


def test_claims_about_keys_are_confirmed_where_the_documents_are_true():
    verdicts = verify_simulator(FAMILY, allowed=("management-key",))

    assert {verdicts[claim].verdict for claim in (BEARER, SEPARATE)} == {"confirmed"}


@pytest.mark.parametrize("deviation", ["auth-bad-key-accepted", "auth-missing-key-accepted"])
def test_a_key_that_is_not_needed_refutes_the_claim_and_no_other(deviation):
    assert turned(deviation, allowed=("management-key",)) == {BEARER}


@pytest.mark.parametrize("credential", ["none", "bad"])
def test_a_server_error_without_the_key_neither_confirms_nor_refutes_that_one_is_needed(credential):
    seen = all_seen_by(keyed(**{credential: (500, "oops")}))

    assert {each.outcome for each in seen.values()} == {"unknown"}
    assert {each.flags for each in seen.values()} == {("server-error",)}


@pytest.mark.parametrize(
    ("strangers", "required", "way"),
    [
        ({}, "holds", "holds"),
        ({"bad": (200, {"choices": []})}, "broken", "holds"),
        ({"none": (200, {"choices": []})}, "broken", "holds"),
        ({"none": (200, {"choices": []}), "bad": (200, {"choices": []})}, "broken", "unknown"),
        ({"none": (500, "oops"), "bad": (200, {"choices": []})}, "broken", "unknown"),
    ],
)
def test_that_a_stranger_is_let_in_does_not_deny_the_way_of_a_key_that_another_is_refused_without(
    strangers, required, way
):
    seen = all_seen_by(keyed(**strangers))

    assert (seen["auth.required"].outcome, seen["auth.way"].outcome) == (required, way)


def test_a_claim_about_keys_is_about_their_way_alone_where_the_register_tells_how_strangers_are_answered():
    claim = claim_of("auth", "*", {"header": "Authorization", "scheme": "Bearer"}, kind_of_subject="host")
    errors = [claim_of("error", name, {}, kind_of_subject="error", name=name) for name in ("bad-key", "missing-key")]

    rules = [FAMILY.rule(claim, lineup_of(PLAIN, claims=[claim, *told])) for told in ([], errors[:1], errors)]

    assert [rule.topics[0].name for rule in rules] == ["auth.required", "auth.required", "auth.way"]


@pytest.mark.parametrize("deviation", ["inference-accepts-management-key", "management-accepts-inference-key"])
def test_a_key_that_opens_the_other_api_refutes_that_keys_are_separate(deviation):
    assert turned(deviation, allowed=("management-key",)) == {SEPARATE}


@pytest.mark.parametrize("deviation", ["errors-inside-200", "errors-as-text"])
def test_how_a_refusal_is_worded_does_not_matter_to_keys(deviation):
    assert turned(deviation, allowed=("management-key",)) == set()


def test_a_management_key_must_be_opted_into():
    verdict = verify_simulator(FAMILY)[SEPARATE]

    assert (verdict.verdict, verdict.needs) == ("not-tested", ("management-key",))


def test_a_lone_server_error_for_a_bad_key_is_an_outage():
    answers = iter([(500, "oops"), (401, {"error": "no"})])

    def answer(ask):
        return next(answers) if ask.credential == "bad" else keyed()(ask)

    assert seen_by("auth.required", answer).outcome == "holds"


@pytest.mark.parametrize("status", [408, 429])
def test_too_many_requests_are_no_answer_about_a_key(status):
    observation = seen_by("auth.required", keyed(bad=(status, {"error": "later"})))

    assert (observation.outcome, observation.error) == ("unknown", True)


def test_a_server_that_refuses_the_good_key_too_decides_nothing():
    observation = seen_by("auth.required", lambda _: (401, {"error": "no"}))

    assert (observation.outcome, observation.error) == ("unknown", True)


def test_a_header_that_is_not_ours_is_not_asked_about():
    claim = claim_of("auth", "https://x", {"header": "X-Api-Key", "scheme": ""}, kind_of_subject="host")

    assert isinstance(FAMILY.rule(claim, LINEUP), Undecidable)


def test_a_host_that_is_said_to_serve_tools_is_held_to_a_model_that_uses_them():
    rule = FAMILY.rule(LINEUP.register.by_id["comp.host.inference-purpose"], LINEUP)

    assert [topic.name for topic in rule.topics] == ["host.inference", "tools.use"]


def test_at_one_address_hosts_and_regions_are_not_asked_about():
    rules = [FAMILY.rule(claim, LINEUP) for claim in about(FAMILY, LINEUP) if "region" in claim.id]

    assert {rule.needs for rule in rules} == {(OWN_HOSTS,)}


def regional(general, region):
    """A provider whose region has an address of its own."""
    provider = load_catalogues().provider("xai")
    return replace(
        provider, base_url=general.base_url, regions={"us-east-1": region.base_url}, hosts=(), model_list=None
    )


def regional_verdicts(serves):
    """What comes of the claims about a region that answers so."""
    with (
        ScriptedServer(lambda body: {**reply(body), "model": body["model"]}) as general,
        ScriptedServer(serves) as east,
    ):
        provider = regional(general, east)
        value = {"base_url": east.base_url, "scope": "vision-specific"}
        claims = [
            claim_of("host", east.base_url, value, kind_of_subject="host", name="region"),
            claim_of("host", OTHER, {"region": "us-east-1"}, kind_of_subject="model", name="model"),
            claim_of("doc_section", "ref", {"title": "Regional Endpoints"}, kind_of_subject="document", name="section"),
        ]
        known = [claim for claim in lineup_of(VISION, OTHER).register.claims if claim.kind == "capability"]
        lineup = lineup_of(VISION, OTHER, provider=provider, lone=False, claims=[*claims, *known])
        return names(verify(lineup, claims, environment={"XAI_API_KEY": "sim-key"})[0])


def reply(body):
    return reply_to(Ask(about="a chat", body=body))[1]


def test_a_region_that_serves_every_model_is_not_for_vision_alone():
    verdicts = regional_verdicts(reply)

    assert verdicts == {"region": "partial", "model": "confirmed", "section": "confirmed"}


def test_a_region_that_serves_vision_alone_is_as_one_document_says_and_not_as_the_other():
    verdicts = regional_verdicts(lambda body: reply(body) if body["model"] == VISION else (404, {"error": "not here"}))

    assert verdicts == {"region": "confirmed", "model": "refuted", "section": "confirmed"}


def test_an_address_that_the_catalogue_does_not_know_is_not_asked():
    claim = claim_of("host", "https://elsewhere.example/v1", {"base_url": "https://elsewhere.example/v1"})

    assert isinstance(FAMILY.rule(claim, lineup_of(PLAIN, lone=False)), Undecidable)


def test_a_stand_in_whose_addresses_are_its_own_is_asked_what_the_vendor_promises_of_his():
    lineup = lineup_of(PLAIN, catalogue="xai-sim")
    rules = {claim.id: FAMILY.rule(claim, lineup) for claim in about(FAMILY, lineup) if claim.kind == "host"}

    decided = {claim for claim, rule in rules.items() if isinstance(rule, Rule)}
    assert decided == {"comp.host.inference-purpose"}
    assert {rule.needs for claim, rule in rules.items() if claim not in decided} == {(OWN_HOSTS,)}


def test_a_purpose_that_no_endpoint_shows_is_not_claimed_to_be_seen():
    base = LINEUP.provider.base_url
    known = claim_of("host", base, {"serves": ["chat completions", "tool calling"]}, kind_of_subject="host")
    strange = claim_of("host", base, {"serves": ["coffee"]}, kind_of_subject="host")

    assert isinstance(FAMILY.rule(known, LINEUP), Rule)
    assert isinstance(FAMILY.rule(strange, LINEUP), Undecidable)


@settings(max_examples=40)
@given(status=st.sampled_from(STATUSES), body=HOSTILE)
def test_no_answer_whatever_it_holds_makes_a_probe_raise(status, body):
    for name in ("auth.required", "auth.separate"):
        assert seen_by(name, lambda _: (status, body)).outcome
