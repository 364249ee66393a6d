import base64
import io
import wave
from itertools import permutations
from random import Random

import pytest
from endpoint_runs import HOSTILE, MadeUp, lineup_of, names, observed, probe_of, reply_to, verify_simulator
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.probes.family import unselected
from harness.probes.image_forms import DETAILS
from harness.probes.picture import ADDRESS, data_url, digits_png, draw_digits, reads
from harness.probes.sound import COUNTS, beeps_wav, counts
from harness.probes.vision import FAMILY

BLIND, SEEING = "grok-3", "grok-2-vision-1212"
LINEUP = lineup_of(SEEING, BLIND)
REFUSED = (400, {"code": "bad", "error": "this model does not support image input"})
SHOWN = {data_url(digits_png("".join(three))): "".join(three) for three in permutations("23456789", 3)}
PLAYED = {base64.b64encode(beeps_wav(count)).decode(): count for count in COUNTS}


def parts_of(ask):
    """The parts of an ask's message, by their type; none of a plain text."""
    content = ask.body["messages"][0]["content"]
    return {part["type"]: part for part in content} if isinstance(content, list) else {}


def url_of(ask):
    return parts_of(ask).get("image_url", {}).get("image_url", {}).get("url")


def counted(prompt):
    return {"usage": {"prompt_tokens": prompt, "completion_tokens": 1, "total_tokens": prompt + 1}}


def senses(answer, model=BLIND):
    """What the probe of the senses observes, and what it sent."""
    sender = MadeUp(answer)
    return observed(probe_of(FAMILY, lineup_of(model), "senses"), sender), sender.asks


def sees(ask):
    """A server that reads every picture's digits, and hears nothing."""
    digits = SHOWN.get(url_of(ask))
    return reply_to(ask, f"It shows {digits}." if digits else "I see none.", **counted(20))


@pytest.mark.parametrize("digits", ["234", "567", "892"])
def test_a_picture_is_a_png_in_which_dark_squares_stand_on_white(digits):
    image = Image.open(io.BytesIO(digits_png(digits))).convert("L")

    assert image.size == (200, 104)
    assert image.getpixel((0, 0)) == 255
    assert {value for _, value in image.getcolors()} == {0, 255}


def test_a_recording_is_a_wav_that_grows_with_its_beeps():
    lengths = []
    for count in COUNTS:
        with wave.open(io.BytesIO(beeps_wav(count))) as sound:
            lengths.append(sound.getnframes() / sound.getframerate())

    assert lengths == [pytest.approx(0.15 + count * 0.25) for count in COUNTS]


@pytest.mark.parametrize("answer", ["472", "The digits are 4, 7, and 2.", "**4 7 2**", "It says: 4-7-2."])
def test_digits_are_read_in_whatever_way_they_are_said(answer):
    assert reads(answer, "472")


@pytest.mark.parametrize("answer", ["", "4721", "1472", "427", "x472y", "4 seven 2", "iVBORw0KGgo472AAAA"])
def test_other_digits_are_not_those_of_the_picture(answer):
    assert not reads(answer, "472")


def test_beeps_are_counted_in_figures_or_words_and_by_one_number_only():
    assert counts("Three beeps.", 3)
    assert counts("3", 3)
    assert not counts("3 or 4", 3)
    assert not counts("None that I hear.", 3)


def test_what_is_refused_three_times_is_refused_by_content_and_by_address():
    found, asks = senses(lambda ask: REFUSED if parts_of(ask) else reply_to(ask))

    assert [found[name].outcome for name in ("vision", "audio")] == ["rejected", "rejected"]
    assert len(asks) == 9
    assert [url_of(ask) == ADDRESS for ask in asks if url_of(ask)] == [False, False, True]


def test_digits_that_are_read_are_an_effect_whatever_the_documents_say():
    found, asks = senses(sees)

    assert (found["vision"].outcome, found["vision"].grade) == ("effect", "E4")
    assert len({url_of(ask) for ask in asks if url_of(ask)}) == 3


def test_two_pictures_of_three_that_are_read_are_enough():
    misread = ["none"]

    found, _ = senses(lambda ask: reply_to(ask, misread.pop()) if url_of(ask) and misread else sees(ask))

    assert found["vision"].outcome == "effect"


def test_fluent_answers_without_the_digits_are_no_effect():
    found, _ = senses(lambda ask: reply_to(ask, "A fine picture of the sea."))

    assert found["vision"].outcome == "no-effect"
    assert "'A fine picture of the sea.'" in found["vision"].words


def test_digits_that_are_nearly_read_are_no_proof_of_blindness():
    def nearly(ask):
        digits = SHOWN.get(url_of(ask), "")
        return reply_to(ask, digits[:2] + "0" if digits else "none")

    found, _ = senses(nearly)

    assert (found["vision"].outcome, found["vision"].more) == ("unknown", 3)


def test_empty_answers_to_pictures_are_an_error_and_no_verdict():
    found, _ = senses(lambda ask: reply_to(ask, "" if parts_of(ask) else "ok"))

    assert found["vision"].outcome == "unknown"


def test_pictures_that_are_taken_by_address_alone_are_not_called_refused():
    found, _ = senses(lambda ask: REFUSED if parts_of(ask) and url_of(ask) != ADDRESS else reply_to(ask), SEEING)

    assert found["vision"].outcome == "unknown"
    assert "by its address only" in found["vision"].words


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_an_outage_is_no_refusal_of_pictures(status):
    found, _ = senses(lambda _: (status, {"error": "no"}))

    assert {each.outcome for each in found.values()} == {"unknown"}
    assert all(each.error for each in found.values())


def test_a_key_that_is_not_valid_is_not_tried_three_times():
    _, asks = senses(lambda _: (401, {"error": "no"}))

    assert len(asks) == 3


def test_a_control_that_fails_in_between_spoils_the_refusals():
    tries = iter(range(99))

    found, _ = senses(lambda ask: REFUSED if parts_of(ask) or next(tries) == 1 else reply_to(ask))

    assert found["vision"].outcome == "unknown"


def test_a_recording_that_no_tokens_are_counted_for_has_no_effect():
    found, _ = senses(lambda ask: reply_to(ask, "I hear nothing.", **counted(20)))

    assert found["audio"].outcome == "no-effect"


def test_a_recording_that_is_counted_and_miscounted_is_merely_accepted():
    def deaf(ask):
        return reply_to(ask, "ten", **counted(90 if "input_audio" in parts_of(ask) else 20))

    assert senses(deaf)[0]["audio"].outcome == "accepted"


def test_beeps_that_are_counted_right_by_luck_are_not_heard():
    found, _ = senses(lambda ask: reply_to(ask, "3", **counted(90 if "input_audio" in parts_of(ask) else 20)))

    assert "in 1 of 3 recordings" in found["audio"].words
    assert found["audio"].outcome == "accepted"


def test_beeps_that_are_counted_right_each_time_are_heard():
    def hears(ask):
        count = PLAYED.get(parts_of(ask).get("input_audio", {}).get("input_audio", {}).get("data"))
        return reply_to(ask, str(count), **counted(90))

    assert senses(hears)[0]["audio"].outcome == "effect"


def forms(answer):
    """What the probe of the forms observes."""
    return observed(probe_of(FAMILY, LINEUP, "images"), MadeUp(answer))


def read_forms(ask):
    """A server that reads pictures, counts them by detail, and knows three values of detail."""
    image = parts_of(ask).get("image_url", {}).get("image_url", {})
    detail = image.get("detail", "auto")
    if detail not in DETAILS:
        return 400, {"error": "Invalid value for image_url.detail"}
    size = 20 if not image else 105 if detail == "low" else 500
    digits = SHOWN.get(image.get("url"))
    return reply_to(ask, digits or "a logo", **counted(size))


def test_each_form_is_read_by_its_answer_or_by_what_is_counted_for_it():
    found = forms(read_forms)

    assert {name: each.outcome for name, each in found.items()} == {
        "image.content": "effect",
        "image.address": "holds",
        "image.part": "effect",
        "image.example": "accepted",
        **{f"image.detail.{detail}": "holds" for detail in DETAILS},
    }
    assert found["image.detail.auto"].by_name


def test_a_server_that_takes_anything_shows_no_effect_of_any_form():
    found = forms(lambda ask: reply_to(ask, "hello", **counted(20)))

    assert {each.outcome for each in found.values()} == {"accepted"}
    assert not any(each.by_name for each in found.values())


def test_an_address_that_is_counted_as_text_is_not_looked_at():
    found = forms(lambda ask: reply_to(ask, "hello", **counted(20 + (40 if url_of(ask) else 0))))

    assert found["image.address"].outcome == "accepted"


def test_a_picture_that_the_server_cannot_fetch_says_nothing_of_addresses():
    def offline(ask):
        return (400, {"error": "Failed to download the image"}) if url_of(ask) == ADDRESS else read_forms(ask)

    assert forms(offline)["image.address"].outcome == "unknown"


def test_a_part_is_taken_if_either_form_of_it_is():
    found = forms(lambda ask: REFUSED if url_of(ask) == ADDRESS else read_forms(ask))

    assert (found["image.address"].outcome, found["image.content"].outcome) == ("rejected", "effect")
    assert found["image.part"].outcome == "effect"


@settings(max_examples=40)
@given(body=HOSTILE, status=st.sampled_from([200, 200, 400, 500]))
def test_no_server_makes_the_probes_raise(body, status):
    for name in ("senses", "images"):
        found = observed(probe_of(FAMILY, LINEUP, name), MadeUp(lambda _: (status, body)))

        assert {each.outcome for each in found.values()} <= {"unknown", "server-error", "rejected", "accepted"}


def test_without_a_model_that_is_said_to_see_the_forms_are_not_asked_about():
    claim = LINEUP.register.find("comp.request_schema.message.part.image.http")

    how = FAMILY.rule(claim, lineup_of(BLIND))

    assert how == unselected("none of the models asked is documented to take images")


def test_the_drawn_digits_are_the_same_for_the_same_seed():
    assert draw_digits(Random(1)) == draw_digits(Random(1))  # noqa: S311 - repeatable on purpose


def test_the_unbroken_simulator_confirms_every_claim_about_pictures_and_sound():
    verdicts = names(verify_simulator(FAMILY, models=(SEEING,)))

    asked = [name for name in verdicts.values() if name != "not-tested"]
    assert asked == ["confirmed"] * 12


def test_a_model_that_answers_blindly_is_found_out_and_its_forms_are_not_blamed():
    verdicts = names(verify_simulator(FAMILY, f"vision-blind@{SEEING}", models=(SEEING,)), "ignored", "refuted")

    assert set(verdicts) == {"comp.capability.grok-2-vision-1212.vision", "ref.doc_section.guides.image-understanding"}


@pytest.mark.parametrize(
    ("deviation", "turned"),
    [
        ("image-addresses-refused", {"part.image.http", "vision.request", "code-4"}),
        ("image-contents-refused", {"part.image.base64"}),
    ],
)
def test_a_form_that_is_refused_turns_what_is_said_of_that_form(deviation, turned):
    verdicts = names(verify_simulator(FAMILY, f"{deviation}@{SEEING}", models=(SEEING,)), "refuted", "ignored")

    assert {claim for claim in verdicts if claim.endswith(tuple(turned))} == set(verdicts)
    assert len(verdicts) == len(turned)
