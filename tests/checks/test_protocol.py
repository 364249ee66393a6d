import pytest
from check_samples import faults_of, finding_of, status_of

from harness.core.reply import ApiError, Reply, StreamFacts


def failed(kind, status, message="No such parameter", code="bad_parameter"):
    return Reply(status=status, error=ApiError(kind=kind, message=message, code=code))


REFUSED = failed("refused", 400)


@pytest.mark.parametrize(
    ("argument", "reason", "status"),
    [
        ("stop", "stop", "pass"),
        (["stop", "length"], "length", "pass"),
        ("stop", "length", "fail"),
        ("stop", None, "fail"),
    ],
)
def test_the_finish_reason_is_one_of_those_named(argument, reason, status):
    assert status_of("finish_reason", argument, Reply(status=200, finish_reason=reason)) == status


@pytest.mark.parametrize(
    ("reply", "sign"),
    [
        (Reply(status=200, refusal="I may not."), "refusal field"),
        (Reply(status=200, finish_reason="content_filter"), "content_filter"),
        (Reply(status=200, content="  I\u2019m unable to help with that."), "begins like a refusal"),
    ],
)
def test_a_refusal_has_three_signs_and_the_finding_says_which_was_seen(reply, sign):
    finding = finding_of("refusal", {"expected": True}, reply)

    assert (finding.status, sign in finding.seen) == ("pass", True)
    assert status_of("refusal", {"expected": False}, reply) == "fail"


@pytest.mark.parametrize("opening", ["I'm sorry, I can't", "Sorry, but I won't", "Unfortunately, I am not going to"])
def test_an_apology_before_a_refusal_does_not_hide_it(opening):
    assert status_of("refusal", {"expected": True}, f"{opening} do that.") == "pass"


@pytest.mark.parametrize("content", ["Sure!", "You asked what I can't do", "", "Sorry, here it is: I can't swim."])
def test_an_ordinary_reply_is_no_refusal(content):
    assert status_of("refusal", {"expected": False}, content) == "pass"
    assert status_of("refusal", {"expected": True}, content) == "fail"


@pytest.mark.parametrize(
    ("argument", "violations", "status"),
    [
        (True, (), "pass"),
        (True, ("one-id: a, then b",), "fail"),
        (True, ("a-new-rule: seen",), "fail"),
        ({"rules": ["done-last"]}, ("one-id: a, then b",), "pass"),
        ({"rules": ["done-last", "one-id"]}, ("one-id: a, then b",), "fail"),
    ],
)
def test_a_stream_keeps_all_rules_or_those_named(argument, violations, status):
    streamed = Reply(status=200, stream=StreamFacts(events=3, violations=violations))

    assert status_of("stream", argument, streamed) == status


@pytest.mark.parametrize(("seen", "status"), [(True, "pass"), (False, "fail"), (None, "fail")])
def test_reasoning_must_come_and_come_first_where_that_is_asked(seen, status):
    streamed = Reply(status=200, stream=StreamFacts(events=3, reasoning_first=seen))

    assert status_of("stream", {"reasoning_first": True}, streamed) == status
    assert status_of("stream", {}, streamed) == "pass"


def test_every_reply_of_the_turn_must_be_streamed():
    finding = finding_of("stream", {}, Reply(status=200, stream=StreamFacts(events=1)), "not streamed")

    assert (finding.status, "reply 2 of 2 was not streamed" in finding.seen) == ("fail", True)


@pytest.mark.parametrize(
    ("argument", "reply", "status"),
    [
        (200, Reply(status=200), "pass"),
        ("200", Reply(status=200), "pass"),
        ("4xx", REFUSED, "pass"),
        ([401, 400], REFUSED, "pass"),
        (200, REFUSED, "fail"),
        (400, Reply(status=200), "fail"),
        (400, failed("auth", 401), "fail"),
        (429, failed("rate-limit", 429), "pass"),
        (400, failed("server", 503), "unknown"),
        (400, failed("timeout", None), "unknown"),
    ],
)
def test_a_status_is_judged_on_errors_too_but_an_outage_decides_nothing(argument, reply, status):
    assert status_of("status", argument, reply) == status


@pytest.mark.parametrize(
    ("argument", "reply", "status"),
    [
        ("refused", REFUSED, "pass"),
        ({"kind": "refused", "code": "bad_parameter", "message": "no such"}, REFUSED, "pass"),
        ({"message": "quota"}, REFUSED, "fail"),
        ({"code": "bad"}, REFUSED, "fail"),
        ("not-found", REFUSED, "fail"),
        ("refused", Reply(status=200), "fail"),
        ({"none": True}, Reply(status=200), "pass"),
        ({"none": True}, REFUSED, "fail"),
        ({"none": True}, failed("network", None), "unknown"),
        ("refused", failed("server", 500), "unknown"),
        ("server", failed("server", 500), "pass"),
    ],
)
def test_an_error_is_told_by_kind_code_and_message_but_an_outage_decides_nothing(argument, reply, status):
    assert status_of("error", argument, reply) == status


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        ("contains", "x"),
        ("json", True),
        ("tool_call", {"none": True}),
        ("refusal", False),
        ("stream", True),
        ("latency_ms", {"max": 1}),
    ],
)
def test_a_kind_that_needs_an_answer_finds_an_error_unknown(kind, argument):
    finding = finding_of(kind, argument, REFUSED)

    assert (finding.status, "no answer to judge: refused" in finding.seen) == ("unknown", True)


@pytest.mark.parametrize("argument", ["4x", 99, 600, "xxx", True, 200.5, [], [200, "no"], None, "2000"])
def test_what_is_no_http_status_is_a_problem(argument):
    assert len(faults_of("status", argument)) == 1


@pytest.mark.parametrize("argument", [{}, {"none": True, "code": "x"}, {"none": False}, "timeout", "missing-recording"])
def test_an_error_that_no_api_gives_or_that_asks_nothing_is_a_problem(argument):
    assert len(faults_of("error", argument)) == 1
