import pytest
from check_samples import faults_of, finding_of, status_of

from harness.core.reply import Reply

LIMITED = Reply(status=200, headers={"x-ratelimit-limit-requests": "480", "retry-after": "2"})


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ("X-RateLimit-Limit-Requests", "pass"),
        ({"name": "x-ratelimit-limit-requests", "equals": "480"}, "pass"),
        ({"name": "x-ratelimit-limit-requests", "equals": "48"}, "fail"),
        ({"name": "retry-after", "matches": "^[0-9]+$"}, "pass"),
        ({"name": "retry-after", "matches": "^[a-z]+$"}, "fail"),
        ({"name": "retry-after", "present": False}, "fail"),
        ("x-ratelimit-limit-tokens", "fail"),
        ({"name": "x-ratelimit-limit-tokens", "present": False}, "pass"),
    ],
)
def test_a_header_is_there_or_not_and_has_its_value(argument, status):
    assert status_of("header", argument, LIMITED) == status


def test_an_absent_header_is_called_absent():
    assert finding_of("header", {"name": "x-ratelimit-none", "equals": "1"}, LIMITED).seen == "absent"


def test_without_a_reply_a_header_is_undecided():
    assert status_of("header", "retry-after", Reply()) == "unknown"


def test_an_absent_header_has_no_value_to_expect():
    (fault,) = faults_of("header", {"name": "retry-after", "present": False, "equals": "1"})

    assert "stands alone" in fault.message


@pytest.mark.parametrize("argument", ["server", {"name": "X-Request-Id", "present": False}])
def test_a_header_that_no_reply_keeps_cannot_be_checked(argument):
    (fault,) = faults_of("header", argument)

    assert "do not keep this header" in fault.message
