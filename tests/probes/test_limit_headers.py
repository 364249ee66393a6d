from dataclasses import replace

import pytest
from endpoint_runs import names, verify_simulator
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reply_runs import OPTIONAL, PLAIN, answer, lineup_alone, look, outcome, reply

from harness.core.verdict import TURNED
from harness.probes.family import Watched
from harness.probes.limits import FAMILY, is_moment, number_of

HEADER = "comp.rate_header.x-ratelimit-"
FALLS = "comp.rate_header.remaining-decrements"
RPM = f"comp.rate_limit.{PLAIN}.quick.rpm"
SOON, LATER = "2023-11-14T22:14:00Z", "2023-11-14T22:15:00Z"


def told(number=1, **headers):
    """An answer with these headers; `limit_requests` is X-RateLimit-Limit-Requests."""
    named = tuple((f"x-ratelimit-{name.replace('_', '-')}", value) for name, value in headers.items())
    return answer(reply(), number, headers=named)


def remaining(*pairs, limit="480"):
    """Answers in a row with these headers: what remains, and when the window ends."""
    return [
        told(
            number, limit_requests=limit, remaining_requests=left, **({} if ends is None else {"reset_requests": ends})
        )
        for number, (left, ends) in enumerate(pairs, start=1)
    ]


def turned(*deviations):
    verdicts = verify_simulator(FAMILY, *deviations, models=(PLAIN, OPTIONAL), limits=1.0)
    return {claim.removeprefix("comp.rate_") for claim in names(verdicts, *TURNED)}


# One of the two models has less than the API as a whole is said to have: a contradiction of the documents.
ALWAYS = {"limit.overview.tpm"}
REQUESTS = ("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests")
NAMES = (*REQUESTS, *(name.replace("requests", "tokens") for name in REQUESTS))


def test_each_broken_header_turns_the_claims_about_it_and_no_others():
    wrong = [f"limit-headers-wrong-requests@{OPTIONAL}", f"limit-headers-frozen@{PLAIN}"]
    written = [f"limit-headers-not-integers@{OPTIONAL}", f"limit-headers-reset-duration@{PLAIN}"]

    assert turned() == ALWAYS
    assert turned(*wrong) == ALWAYS | {"limit.overview.rpm", f"limit.{OPTIONAL}.rpm", "header.remaining-decrements"}
    assert turned(*written) == ALWAYS | {f"header.{name}" for name in NAMES}


def test_an_absent_header_is_refuted_in_so_many_words_and_leaves_the_limit_open():
    verdicts = verify_simulator(FAMILY, models=(PLAIN,))

    assert {verdicts[f"comp.rate_header.{name}"].verdict for name in NAMES} == {"refuted"}
    assert "is absent from" in verdicts[f"{HEADER}limit-tokens"].observed
    assert (verdicts[RPM].verdict, verdicts[FALLS].verdict) == ("inconclusive", "refuted")
    assert "none is provoked" in verdicts[RPM].observed


@pytest.mark.parametrize(
    ("value", "header", "limit"),
    [
        ("480", "holds", "holds"),
        ("480.0 per minute", "broken", "holds"),
        ("480;w=60", "broken", "holds"),
        ("240", "holds", "broken"),
        ("480.5", "broken", "unknown"),
        ("many", "broken", "unknown"),
        ("-480", "broken", "unknown"),
        ("٤٨٠", "broken", "unknown"),
        ("9" * 5_000, "broken", "unknown"),
        ("", "broken", "unknown"),
    ],
)
def test_a_header_must_be_an_integer_and_a_limit_the_number_that_it_begins_with(value, header, limit):
    seen = told(limit_requests=value)

    assert outcome(FAMILY, f"{HEADER}limit-requests", seen) == header
    assert outcome(FAMILY, RPM, seen) == limit


def test_a_header_that_one_reply_of_many_lacks_is_not_always_there():
    fine = [told(number, limit_requests="480") for number in range(1, 9)]

    found = look(FAMILY, f"{HEADER}limit-requests", *fine, told(9))

    assert (found.outcome, found.evidence[0].exchange) == ("broken", f"base@{PLAIN}#9")
    assert outcome(FAMILY, RPM, *fine, told(9)) == "holds"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-01-15T12:35:00Z", True),
        ("2025-01-15T12:35:00.123456789+00:00", True),
        ("2025-01-15T12:35:00+02:00", False),
        ("2025-01-15 12:35:00Z", False),
        ("2025-02-30T12:35:00Z", False),
        ("12.5s", False),
        ("1736944500", False),
    ],
)
def test_a_moment_is_a_date_and_time_of_rfc_3339_in_utc(value, expected):
    assert is_moment(value) is expected
    assert outcome(FAMILY, f"{HEADER}reset-requests", told(reset_requests=value)) == ("holds" if expected else "broken")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([("479", SOON), ("478", SOON), ("477", SOON)], "holds"),
        ([("479", SOON), ("470", SOON)], "holds"),
        ([("301", SOON), ("479", LATER), ("478", LATER)], "holds"),
        ([("301", SOON), ("479", LATER)], "unknown"),
        ([("479", SOON), ("479", LATER)], "unknown"),
        ([("470", SOON), ("479", SOON)], "unknown"),
        ([("480", SOON), ("480", SOON)], "broken"),
        ([("479", SOON), ("479", SOON), ("478", SOON)], "broken"),
        ([("480", None), ("480", None)], "broken"),
        ([("479", "12ms"), ("479", "9ms")], "unknown"),
        ([("479", None), ("478", None)], "holds"),
        ([("479", SOON)], "unknown"),
        ([("many", SOON), ("few", SOON)], "unknown"),
    ],
)
def test_what_remains_falls_from_one_request_to_the_next_of_a_window(row, expected):
    assert outcome(FAMILY, FALLS, *remaining(*row)) == expected


def test_only_requests_that_were_asked_one_after_the_other_tell_whether_anything_falls():
    first, second = remaining(("479", SOON), ("479", SOON))

    beside = replace(second, id=f"parameter.stop@{PLAIN}#1")

    assert outcome(FAMILY, FALLS, first, second) == "broken"
    assert outcome(FAMILY, FALLS, first, beside) == "unknown"


def test_a_range_of_limits_is_held_against_every_model():
    assert outcome(FAMILY, "comp.rate_limit.overview.rpm", told(limit_requests="600")) == "holds"
    assert outcome(FAMILY, "comp.rate_limit.overview.rpm", told(limit_requests="601")) == "broken"


@given(value=st.text(max_size=12))
@example("²")
def test_whatever_a_header_says_it_is_a_number_only_if_it_begins_with_digits(value):
    found = number_of(value)

    assert found is None or value.strip()[0] in "0123456789"


@settings(max_examples=50)
@given(headers=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=8)))
def test_no_header_whatever_it_says_breaks_those_who_look(headers):
    seen = (answer(reply(), 1, headers=tuple(headers.items())), answer(reply(), 2, headers=tuple(headers.items())))

    found = list(FAMILY.watch(Watched(lineup=lineup_alone(PLAIN), seen=seen)))

    assert {each.outcome for each in found} <= {"holds", "broken", "unknown"}
