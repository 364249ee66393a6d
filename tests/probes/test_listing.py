import pytest
from endpoint_runs import (
    HOSTILE,
    IMAGE,
    OTHER,
    PLAIN,
    MadeUp,
    attempt_of,
    lineup_of,
    names,
    observed,
    probe_of,
    reply_to,
    seen_of,
    verify_simulator,
)
from hypothesis import given, settings

from harness.core.verdict import TURNED
from harness.probes.chat_bodies import chat
from harness.probes.desk import Ask
from harness.probes.family import Watched
from harness.probes.listing import FAMILY

LINEUP = lineup_of(PLAIN, OTHER, images=(IMAGE,))
EXISTS, RELEASED = f"comp.catalogue.{OTHER}.exists", f"comp.catalogue.{OTHER}.released"
DRAWS = f"comp.catalogue.{IMAGE}.exists"
MARCH = 1_741_000_000


def verify_listing(*deviations):
    return verify_simulator(FAMILY, *deviations, models=(PLAIN, OTHER), images=(IMAGE,))


def listing(*rows):
    ask = Ask(about="the list", method="GET", path="/models")
    return seen_of(ask, attempt_of(200, {"object": "list", "data": list(rows)}), name="list#1")


def row(model, created=MARCH, **fields):
    return {"id": model, "created": created, **fields}


def answered(model=OTHER, status=200, body=None, **fields):
    ask = Ask(about="a chat", body=chat(model, "hello"))
    return seen_of(ask, attempt_of(status, body if body is not None else reply_to(ask, **fields)[1]))


def watched(*seen, model=OTHER):
    """What is observed of a model's existence and of its release."""
    found = {
        each.topic.name: each for each in FAMILY.watch(Watched(lineup=LINEUP, seen=seen)) if each.topic.model == model
    }
    return found.get("listing.exists"), found.get("listing.released.2025-03")


def test_every_model_exists_and_came_out_when_it_is_said_where_the_documents_are_true():
    verdicts = verify_listing()

    selected = {
        claim: name for claim, name in names(verdicts).items() if verdicts[claim].model in (PLAIN, OTHER, IMAGE)
    }
    assert set(selected.values()) == {"confirmed"}
    assert len(selected) == 5


@pytest.mark.parametrize(
    ("deviation", "found"),
    [
        (f"model-absent@{OTHER}", {EXISTS: "refuted"}),
        (f"model-redirected@{OTHER}", {EXISTS: "refuted"}),
        (f"model-unlisted@{OTHER}", {EXISTS: "partial"}),
        ("models-absent", {}),
    ],
)
def test_a_model_that_is_not_there_turns_its_claim_and_no_other(deviation, found):
    assert names(verify_listing(deviation), *TURNED) == found


def test_of_a_model_that_is_not_there_or_is_another_it_is_not_said_when_it_came_out():
    for deviation in ("model-absent", "model-redirected"):
        assert verify_listing(f"{deviation}@{OTHER}")[RELEASED].verdict == "not-tested"


def test_a_model_that_is_listed_as_another_name_of_a_third_is_redirected():
    exists, _ = watched(listing(row("grok-9", aliases=[OTHER])))

    assert exists.outcome == "broken"
    assert "another name of grok-9" in exists.words


def test_without_a_list_an_answer_shows_that_a_model_exists():
    exists, released = watched(answered())

    assert exists.outcome == "holds"
    assert released is None


def test_a_model_that_is_listed_and_not_served_exists_in_part():
    exists, _ = watched(listing(row(OTHER)), answered(status=404, body={"error": "no such model"}))

    assert exists.outcome == "partly"


def test_a_server_that_fails_says_nothing_of_who_is_there():
    exists, _ = watched(answered(status=503, body={"error": "later"}))

    assert exists is None


@pytest.mark.parametrize(
    ("created", "outcome"),
    [
        (MARCH, "holds"),
        (1_700_000_000, "broken"),
        (0, "unknown"),
        (-5, "unknown"),
        (10**30, "unknown"),
        ("2025-03-03", "unknown"),
        (True, "unknown"),
        (None, "unknown"),
    ],
)
def test_when_a_model_came_out_is_told_by_the_list_or_by_nothing(created, outcome):
    _, released = watched(listing(row(OTHER, created), row(PLAIN, 1)))

    assert released.outcome == outcome


def test_one_moment_for_every_model_tells_of_none():
    _, released = watched(listing(row(OTHER), row(PLAIN)))

    assert released.outcome == "unknown"


def test_a_model_that_draws_is_listed_in_either_list():
    probe = probe_of(FAMILY, LINEUP, "listing.image")

    held = observed(probe, MadeUp(lambda _: (200, {"id": IMAGE, "image_price": 7})))["listing.image"]
    other = observed(probe, MadeUp(lambda _: (200, {"id": "another"})))["listing.image"]

    assert (held.outcome, other.outcome) == ("holds", "broken")


@settings(max_examples=60)
@given(body=HOSTILE)
def test_no_list_whatever_it_holds_makes_watching_raise(body):
    ask = Ask(about="the list", method="GET", path="/models")
    image = Ask(about="a list", method="GET", path=f"/image-generation-models/{IMAGE}")

    seen = [seen_of(each, attempt_of(200, body)) for each in (ask, image)]

    assert list(FAMILY.watch(Watched(lineup=LINEUP, seen=[*seen, answered(body=body)]))) is not None
