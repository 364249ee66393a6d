import pytest
from endpoint_runs import HOSTILE, MadeUp, lineup_of, names, observed, probe_of, reply_to, verify_simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.probes.aliases import FAMILY
from harness.probes.family import unselected

MODEL, ALIAS = "grok-4-0709", "grok-4"
MISSING = (404, {"code": "not-found", "error": "The model does not exist"})


def alias(chat, page=MISSING):
    """What is observed of the alias where a chat draws this and its page that, and how many requests it took."""
    sender = MadeUp(lambda ask: page if ask.method == "GET" else chat(ask))
    return observed(probe_of(FAMILY, lineup_of(MODEL), f"alias.{ALIAS}"), sender), sender.asks


def answered_by(model):
    return lambda ask: reply_to(ask, model=model)


@pytest.mark.parametrize(
    ("model", "page", "meant", "served"),
    [
        (MODEL, MISSING, "holds", "holds"),
        ("grok-3", MISSING, "broken", "broken"),
        (ALIAS, (200, {"id": MODEL}), "holds", "holds"),
        (ALIAS, (200, {"id": ALIAS}), "accepted", "holds"),
        (None, (200, []), "accepted", "holds"),
    ],
)
def test_who_answers_to_a_name_decides_whose_alias_it_is(model, page, meant, served):
    found, asks = alias(answered_by(model), page)

    assert (found[f"alias.{ALIAS}"].outcome, found[f"served.{ALIAS}"].outcome) == (meant, served)
    assert len(asks) == 2


def test_a_name_is_unknown_only_after_three_tries():
    found, asks = alias(lambda _: MISSING)

    assert found[f"alias.{ALIAS}"].outcome == "broken"
    assert [ask.method for ask in asks].count("POST") == 3


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_an_outage_is_no_missing_alias(status):
    found, _ = alias(lambda _: (status, {"error": "no"}))

    assert (found[f"alias.{ALIAS}"].outcome, found[f"alias.{ALIAS}"].error) == ("unknown", True)


def test_a_name_that_answers_at_the_third_try_is_known():
    tries = iter([MISSING, MISSING, None])

    found, _ = alias(lambda ask: next(tries) or reply_to(ask, model=MODEL))

    assert found[f"alias.{ALIAS}"].outcome == "holds"


@settings(max_examples=40)
@given(body=HOSTILE, status=st.sampled_from([200, 404, 500]))
def test_no_server_makes_the_probe_raise(body, status):
    found, _ = alias(lambda _: (status, body), (200, body))

    assert found[f"alias.{ALIAS}"].outcome in ("unknown", "broken", "accepted", "holds")


def test_an_alias_of_a_model_that_is_not_asked_is_not_asked_about():
    lineup = lineup_of("grok-3")
    claim = lineup.register.find("ref.alias.grok-4")

    assert FAMILY.rule(claim, lineup) == unselected("the model was not selected")
    assert not list(FAMILY.probes(lineup))


@pytest.mark.parametrize(("deviations", "verdict"), [((), "confirmed"), ((f"alias-unknown@{MODEL}",), "refuted")])
def test_the_simulators_aliases_are_as_they_are(deviations, verdict):
    verdicts = names(verify_simulator(FAMILY, *deviations, models=(MODEL,)))

    assert {verdicts[f"ref.alias.{name}"] for name in (ALIAS, f"{ALIAS}-latest")} == {verdict}
