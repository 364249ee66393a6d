import base64
import struct
from decimal import Decimal

import pytest
from endpoint_runs import (
    HOSTILE,
    IMAGE,
    PLAIN,
    STATUSES,
    MadeUp,
    about,
    claim_of,
    lineup_of,
    names,
    observed,
    probe_of,
    verify_simulator,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.verdict import TURNED
from harness.probes.family import Undecidable
from harness.probes.images import FAMILY, picture_size
from harness.simulator.pictures import draw

LINEUP = lineup_of(PLAIN, images=(IMAGE,), allowed=("money",))
FIELD, REPLY = "comp.request_schema.images.", "comp.response_schema.images."
PRICE = f"comp.pricing.{IMAGE}.per-image"
ENDPOINTS = {"comp.endpoint.images.generations", "ref.endpoint.image-generations"}


def verify_images(*deviations, allowed=("money",), **options):
    return verify_simulator(FAMILY, *deviations, images=(IMAGE,), allowed=allowed, **options)


def turned(*deviations):
    return names(verify_images(*deviations), *TURNED)


def drawn(ask, **item):
    """A reply with as many images as were asked for."""
    count = ask.body.get("n", 1)
    return 200, {"created": 1_700_000_000, "data": [{"url": "https://x.example/1.png", **item}] * count}


def seen_by(answer):
    return observed(probe_of(FAMILY, LINEUP, "images"), MadeUp(answer))


def test_every_claim_is_confirmed_where_the_documents_are_true():
    verdicts = verify_images()

    assert len(verdicts) == 9
    assert set(names(verdicts).values()) == {"confirmed"}


def test_without_money_only_what_is_listed_is_looked_at():
    verdicts = verify_images(allowed=())

    assert verdicts.pop(PRICE).verdict == "confirmed"
    assert {each.needs for each in verdicts.values()} == {("money",)}


@pytest.mark.parametrize(
    ("deviations", "claims"),
    [
        (["images-absent"], dict.fromkeys(ENDPOINTS, "refuted")),
        (
            ["images-created-missing", "images-size-refused"],
            {f"{REPLY}created": "refuted", f"{FIELD}size": "refuted"},
        ),
        (["images-n-ignored"], {f"{FIELD}n": "ignored", f"{REPLY}data.url": "refuted"}),
        (["images-dearer"], {PRICE: "partial"}),
    ],
)
def test_a_broken_promise_turns_its_claims_and_no_others(deviations, claims):
    assert turned(*deviations) == claims


def test_four_images_are_paid_for_and_no_more():
    sender = MadeUp(lambda ask: drawn(ask) if {"model", "prompt"} <= ask.body.keys() else (422, {"error": "prompt"}))

    observed(probe_of(FAMILY, LINEUP, "images"), sender)

    known = [ask for ask in sender.asks if "prompt" in ask.body and ask.body["model"] == IMAGE]
    assert sum(ask.body.get("n", 1) for ask in known) == 4


def test_a_model_that_is_missing_says_nothing_of_the_endpoint():
    found = seen_by(lambda _: (404, {"error": f"The model {IMAGE} does not exist"}))

    assert {each.outcome for each in found.values()} == {"unasked"}
    assert "model absent" in found["images.endpoint"].words


def test_a_size_that_cannot_be_seen_is_accepted_and_no_more():
    assert seen_by(drawn)["images.size"].outcome == "accepted"


def test_a_size_that_is_not_heeded_has_no_effect():
    small = base64.b64encode(draw("a circle", number=0, size=(64, 64))).decode()

    assert seen_by(lambda ask: drawn(ask, b64_json=small))["images.size"].outcome == "no-effect"


def test_a_server_that_cannot_send_contents_is_asked_for_the_size_alone():
    def answer(ask):
        refused = (400, {"error": "Argument not supported: response_format"})
        return refused if "response_format" in ask.body else drawn(ask)

    assert seen_by(answer)["images.size"].outcome == "accepted"


def test_an_image_without_an_address_is_not_as_documented():
    found = seen_by(lambda ask: (200, {"data": [{"b64_json": "AAAA"}] * ask.body.get("n", 1)}))

    assert found["images.url"].outcome == "broken"
    assert found["images.created"].outcome == "broken"


def test_an_answer_without_an_image_draws_nothing():
    assert seen_by(lambda _: (200, "<html>hi</html>"))["images.endpoint"].outcome == "broken"


@given(width=st.integers(1, 5000), height=st.integers(1, 5000))
def test_width_and_height_are_read_of_a_jpeg(width, height):
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + bytes(12)
    content = b"\xff\xd8\xff\xe0\x00\x04ab" + frame

    assert picture_size(base64.b64encode(content).decode()) == (width, height)


@given(st.binary(max_size=40) | st.none() | st.integers())
def test_what_is_no_picture_has_no_size(content):
    encoded = base64.b64encode(b"\xff\xd8" + content).decode() if isinstance(content, bytes) else content

    assert picture_size(encoded) is None or content.startswith(b"\xff")


def test_fields_of_other_requests_are_left_to_others():
    chat = claim_of("request_schema", "n", {"endpoint": "POST /v1/chat/completions", "field": "n"})
    reply = claim_of("response_schema", "created", {"type": "unix timestamp"})

    assert FAMILY.rule(chat, LINEUP) is None
    assert FAMILY.rule(reply, LINEUP) is None


def test_without_a_model_that_draws_nothing_is_asked():
    lineup = lineup_of(PLAIN)

    assert all(isinstance(FAMILY.rule(claim, lineup), Undecidable) for claim in about(FAMILY, lineup))
    assert list(FAMILY.probes(lineup)) == []


def test_the_outlay_says_what_the_images_cost():
    probe = probe_of(FAMILY, LINEUP, "images")

    assert Decimal(str(probe.outlay.usd)) == Decimal("0.28")
    assert probe.needs == ("money",)


@settings(max_examples=40)
@given(status=st.sampled_from(STATUSES), body=HOSTILE)
def test_no_answer_whatever_it_holds_makes_a_probe_raise(status, body):
    assert all(each.outcome for each in seen_by(lambda _: (status, body)).values())
