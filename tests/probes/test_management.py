import pytest
from endpoint_runs import (
    EVERYTHING,
    HOSTILE,
    PLAIN,
    STATUSES,
    MadeUp,
    claim_of,
    lineup_of,
    names,
    observed,
    probe_of,
    verify_simulator,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.exchange import Attempt
from harness.core.verdict import TURNED
from harness.probes.family import Rule
from harness.probes.management import FAMILY, find_key_id
from harness.probes.observation import Topic
from harness.probes.routes import OWN_HOSTS

LINEUP = lineup_of(PLAIN, lone=False)
CLAIMS = "comp.endpoint.mgmt."
CREATE, REVOKE = f"{CLAIMS}POST.api-keys.create", f"{CLAIMS}DELETE.id.revoke"


def turned(*deviations, **options):
    verdicts = verify_simulator(FAMILY, *deviations, allowed=EVERYTHING, **options)
    return names(verdicts, *TURNED)


def seen_by(name, answer):
    return observed(probe_of(FAMILY, LINEUP, name), MadeUp(answer))


def keys(revoke=(200, {}), *, listed=(200, {"apiKeys": [{"apiKeyId": "k-1"}]}), then=(200, {"apiKeys": []})):
    """A server that makes one key; what it lists before and after that is ended."""
    ended = []

    def answer(ask):
        if ask.method == "DELETE":
            ended.append(ask.path)
            return revoke(len(ended)) if callable(revoke) else revoke
        return (200, {"apiKeyId": "k-1", "apiKey": "secret"}) if ask.method == "POST" else then if ended else listed

    return answer


def test_every_endpoint_is_confirmed_where_the_documents_are_true():
    verdicts = verify_simulator(FAMILY, allowed=EVERYTHING)

    assert {name for claim, name in names(verdicts).items() if claim.startswith(CLAIMS)} == {"confirmed"}


def test_reading_needs_the_key_and_writing_a_word_more():
    verdicts = verify_simulator(FAMILY, allowed=("management-key",))

    assert verdicts[f"{CLAIMS}GET.validation"].verdict == "confirmed"
    assert {verdicts[claim].needs for claim in (CREATE, REVOKE)} == {("writes",)}


def test_endpoints_that_are_absent_turn_their_claims_and_no_others():
    absent = ("management-endpoints-absent", "management-models-absent", "management-validation-absent")

    found = turned(*absent, "management-create-absent")

    gets = {f"{CLAIMS}GET.{name}" for name in ("endpoints.list", "models.list", "validation")}
    assert found == dict.fromkeys([*gets, CREATE], "refuted")


@pytest.mark.parametrize(
    ("deviation", "verdict"), [("management-revoke-absent", "refuted"), ("management-revoke-ignored", "ignored")]
)
def test_a_key_that_cannot_be_ended_turns_that_claim_and_no_other(deviation, verdict):
    assert turned(deviation) == {REVOKE: verdict}


def test_by_public_evidence_a_key_is_ended_elsewhere_and_is_not_left_behind():
    found = verify_simulator(FAMILY, allowed=EVERYTHING, profile="observed")

    assert found[REVOKE].verdict == "refuted"
    assert "the key was ended at /auth/api-keys/{id}" in found[REVOKE].observed


def test_a_missing_key_is_said_and_counts_as_not_asked():
    answer = Attempt(error="no-key", message="set XAI_MANAGEMENT_KEY")

    observation = seen_by("management.validation", lambda _: answer)["management.validation"]

    assert (observation.outcome, observation.words) == ("unasked", "set XAI_MANAGEMENT_KEY")


def test_a_validation_that_finds_any_key_good_validates_nothing():
    observation = seen_by("management.validation", lambda _: (200, {"valid": True}))["management.validation"]

    assert observation.outcome == "broken"


def test_without_a_list_of_keys_a_second_end_that_finds_nothing_shows_that_the_first_worked():
    answer = keys(lambda number: (200, {}) if number == 1 else (404, {"error": "no"}), listed=(404, {"error": "no"}))

    assert seen_by("management.keys", answer)["management.revoke"].outcome == "holds"


def test_an_end_that_always_succeeds_and_that_no_list_shows_is_accepted_and_no_more():
    answer = keys(listed=(404, {"error": "no"}), then=(404, {"error": "no"}))

    assert seen_by("management.keys", answer)["management.revoke"].outcome == "accepted"


def test_making_a_key_is_not_tried_again_after_a_server_error():
    sender = MadeUp(lambda _: (500, "oops"))

    observed(probe_of(FAMILY, LINEUP, "management.keys"), sender)

    assert [ask.method for ask in sender.asks] == ["POST"]


def test_a_key_that_is_left_behind_is_named():
    answer = keys((404, {"error": "no"}))

    words = seen_by("management.keys", answer)["management.revoke"].words

    assert "'harness-probe' (k-1) is left: end it by hand" in words


@pytest.mark.parametrize("key", ["..", ".", "a/b", "", "x" * 201, 7, None, "*" * 36])
def test_an_id_that_would_lead_a_delete_elsewhere_is_none(key):
    assert find_key_id({"apiKeyId": key}) is None


def test_an_id_is_found_at_the_top_or_one_below():
    assert find_key_id({"api_key_id": "k-1"}) == find_key_id({"apiKey": {"id": "k-1"}}) == "k-1"


def test_at_its_own_address_the_host_answers_and_a_purpose_without_an_endpoint_stays_open():
    found = seen_by("host.management", lambda _: (200, {"endpoints": []}))

    assert found["host.management"].outcome == "holds"
    assert found["host.management.serves"].outcome == "unknown"
    assert "billing" in found["host.management.serves"].words


def test_at_one_address_the_host_is_not_asked_about():
    lineup = lineup_of(PLAIN)
    address = lineup.provider.management.base_url
    claim = claim_of("host", address, {"base_url": address}, kind_of_subject="host")

    assert FAMILY.rule(claim, lineup).needs == (OWN_HOSTS,)
    assert FAMILY.rule(claim, LINEUP) == Rule(topics=(Topic("host.management"),))


@settings(max_examples=30)
@given(status=st.sampled_from(STATUSES), body=HOSTILE)
def test_no_answer_whatever_it_holds_makes_a_probe_raise(status, body):
    for probe in FAMILY.probes(LINEUP):
        assert all(each.outcome for each in observed(probe, MadeUp(lambda _: (status, body))).values())
