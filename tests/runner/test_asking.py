from harness.core.exchange import Attempt
from harness.runner.asking import MAX_HEADERS, kept_headers


def attempt(*headers):
    return Attempt(status=200, headers=tuple(headers))


def test_the_first_header_of_a_name_is_kept_and_private_ones_are_not():
    kept = kept_headers(attempt(("retry-after", "1"), ("retry-after", "2"), ("set-cookie", "secret")))

    assert kept == {"retry-after": "1"}


def test_a_server_cannot_fill_the_records_with_headers():
    kept = kept_headers(attempt(*((f"x-ratelimit-{n}", "v" * 100_000) for n in range(MAX_HEADERS + 50))))

    assert len(kept) == MAX_HEADERS
    assert max(map(len, kept.values())) < 10_000
