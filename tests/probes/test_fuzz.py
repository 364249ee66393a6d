import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_runs import Api, attempt_of, documented, fault_of, fuzz, lineup_of, reply

from harness.core.errors import UnreadableCassette
from harness.core.exchange import Attempt
from harness.probes.fuzz import Fuzzed, Fuzzer

BOTH = "temperature with top_p"
PLAIN = [{"role": "user", "content": "Say OK."}]
OUTAGE = attempt_of(500, {"error": {"message": "internal error"}})
BUSY = attempt_of(429, {"error": {"message": "too many requests"}})


def digest(bodies):
    return hashlib.sha256(json.dumps(bodies, sort_keys=True).encode()).hexdigest()


@pytest.mark.parametrize("seed", range(2))
def test_a_server_that_does_as_documented_draws_no_finding(seed):
    found = fuzz(Api(), seed=seed, budget=160)

    assert (found.findings, found.stuck, found.discarded) == ([], False, 0)
    assert found.tried == {"m": (18, 18)}


@pytest.mark.parametrize(
    ("broken", "failure", "rest"),
    [
        ("temperature unchecked", "accepted-outside", {"temperature": 2.01}),
        ("temperature narrow", "refused-inside", {"temperature": 1.01}),
        ("top_p refused", "refused-inside", {"top_p": 0.0}),
        ("both refused", "refused-inside", {"temperature": 0.0, "top_p": 0.0}),
        ("stop accepted", "accepted-outside", {"stop": "zq"}),
    ],
)
def test_a_broken_promise_is_found_and_shrunk_to_what_breaks_it(broken, failure, rest):
    found = fuzz(Api(broken), budget=90)

    assert [(each.failure, each.confirmed) for each in found.findings] == [(failure, True)]
    assert found.findings[0].body == {"model": "m", "messages": PLAIN, **rest}


def test_a_role_that_is_not_documented_and_is_taken_is_found():
    (finding,) = fuzz(Api("roles unchecked"), budget=60).findings

    assert finding.words.startswith('validation missing: messages[].role "harness-no-such-value" is accepted')
    assert finding.documented == "one of system, user, assistant"


def test_a_body_that_is_no_json_and_draws_500_on_every_try_is_found():
    (finding,) = fuzz(Api("JSON unread"), budget=70).findings

    assert (finding.failure, finding.expects) == ("server-error", "refused")
    assert finding.body == json.dumps({"messages": PLAIN, "model": "m"}, sort_keys=True, separators=(",", ":"))[:-1]


@pytest.mark.parametrize(
    ("refusal", "complaint"),
    [
        ((400, "text/plain", {"error": {"message": "bad"}}), "the error has content type text/plain"),
        ((400, "application/json", b"bad"), "the error body has no known shape with a message"),
        ((400, "application/json", b"[" * 9_000), "the error body has no known shape with a message"),
        ((400, "application/json", {"error": {"message": "  "}}), "the error body has no known shape with a message"),
        ((400, "application/json", b"\xff\xfe"), "the error body has no known shape with a message"),
        ((401, "application/json", {"error": {"message": "bad"}}), "the refusal has status 401"),
        ((200, "application/json", {"error": {"message": "bad"}}), "the refusal has status 200"),
        ((400, "application/json", {"error": {"message": "key ******** may not"}}), "the error holds a secret"),
    ],
)
def test_a_refusal_that_no_client_could_read_is_told_once_however_many_fields_draw_it(refusal, complaint):
    (finding,) = fuzz(Api(refusal=refusal), budget=50).findings

    assert finding.failure == "malformed-error"
    assert finding.seen.startswith(complaint)


def test_a_mask_of_the_servers_own_is_no_secret():
    refusal = (400, "application/json", {"error": {"message": "key sk-ab******** may not"}})

    assert fuzz(Api(refusal=refusal), budget=60).findings == []


def test_several_failures_are_all_found_each_once():
    found = fuzz(Api("temperature unchecked", "top_p refused", "roles unchecked"), budget=120)

    assert sorted(each.about.split()[0] for each in found.findings) == ["messages[].role", "temperature", "top_p"]


def test_a_field_that_breaks_the_server_is_blamed_and_nothing_that_stood_beside_it():
    found = fuzz(
        Api(before=lambda _n, body: OUTAGE if isinstance(body, dict) and "top_p" in body else None), budget=120
    )

    assert [(each.failure, each.about) for each in found.findings] == [("server-error", "top_p 0.0")]


def test_a_finding_names_every_model_that_fails_alike_and_no_other():
    def fails_for_two(_number, body):
        broken = isinstance(body, dict) and body.get("model") in ("m", "o") and "top_p" in body
        return attempt_of(400, {"error": {"message": "no top_p"}}) if broken else None

    (finding,) = fuzz(Api(before=fails_for_two), models=("m", "n", "o"), budget=90).findings

    assert sorted(finding.models) == ["m", "o"]


def test_evidence_shows_the_request_three_times_with_plain_ones_in_between():
    (finding,) = fuzz(Api("top_p refused"), budget=50).findings

    assert [each.role for each in finding.evidence] == ["plain", "control", "treatment", "control", "treatment"]


def test_the_same_seed_draws_the_same_requests_and_another_seed_others():
    first, again, other = Api("both refused"), Api("both refused"), Api("both refused")

    fuzz(first, seed=5, budget=50)
    fuzz(again, seed=5, budget=50)
    fuzz(other, seed=6, budget=50)

    assert first.bodies == again.bodies != other.bodies


def test_another_process_with_other_code_of_ones_own_draws_the_same(tmp_path):
    api = Api("both refused")
    fuzz(api, budget=50)
    (tmp_path / "numbers_of_mine.py").write_text(f"HERE = {list(range(500))}\n")
    code = (
        "import sys, json, hashlib; sys.path[:0] = sys.argv[1:]; import numbers_of_mine;"
        "from fuzz_runs import Api, fuzz; api = Api('both refused'); fuzz(api, budget=50);"
        "print(hashlib.sha256(json.dumps(api.bodies, sort_keys=True).encode()).hexdigest())"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parents[1])],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )

    assert ran.stdout.strip() == digest(api.bodies)
    assert [each.name for each in tmp_path.iterdir() if each.name not in ("__pycache__", "numbers_of_mine.py")] == []


@pytest.mark.parametrize("budget", [1, 2, 7, 30])
def test_no_more_is_sent_than_the_budget_allows(budget):
    api = Api("temperature unchecked", "both refused")

    found = fuzz(api, budget=budget)

    assert len(api.bodies) == found.requests == budget
    assert found.notes == [f"the budget of {budget} requests is spent"]
    assert not found.stuck


def test_a_budget_that_ends_amid_shrinking_leaves_the_smallest_so_far():
    whole = Api("both refused")
    (smallest,) = fuzz(whole, seed=1, budget=60).findings
    first = next(n for n, body in enumerate(whole.bodies, 1) if fault_of(body, ["both refused"]) == BOTH)

    (early,) = fuzz(Api("both refused"), seed=1, budget=first).findings
    (later,) = fuzz(Api("both refused"), seed=1, budget=first + 4).findings

    assert (early.confirmed, later.confirmed, smallest.confirmed) == (False, False, True)
    assert len(str(early.body)) > len(str(later.body)) >= len(str(smallest.body))


def test_a_server_that_fails_now_and_then_draws_no_finding():
    found = fuzz(Api(before=lambda number, _body: OUTAGE if number % 5 == 0 else None), budget=90)

    assert (found.findings, found.stuck) == ([], False)


def test_an_outage_that_begins_amid_the_fuzz_is_no_finding():
    found = fuzz(Api(before=lambda number, _body: OUTAGE if number > 40 else None), budget=90)

    assert (found.findings, found.stuck) == ([], True)
    assert found.notes == ["an ordinary request to m fails now: HTTP 500: internal error"]


def test_a_refusal_that_does_not_come_again_is_no_finding():
    refused = []

    def refuses_once(_number, body):
        if fault_of(body) is None and "temperature" in body and not refused:
            refused.append(body)
            return attempt_of(400, {"error": {"message": "bad temperature"}})
        return None

    found = fuzz(Api(before=refuses_once), budget=90)

    assert found.findings == []
    assert found.notes[0].startswith("m: failed once and not again: inside: temperature")


def test_what_is_answered_with_429_is_asked_once_more_and_then_discarded():
    found = fuzz(
        Api(before=lambda _number, body: BUSY if isinstance(body, dict) and "top_p" in body else None), budget=90
    )

    assert (found.findings, found.stuck) == ([], False)
    assert found.discarded > 0


def test_what_is_lost_once_and_answered_then_is_not_discarded():
    found = fuzz(Api(before=lambda number, _body: BUSY if number % 7 == 0 else None), budget=60)

    assert (found.findings, found.discarded) == ([], 0)


def test_a_server_that_only_says_429_any_more_ends_the_fuzz():
    found = fuzz(Api(before=lambda number, _body: BUSY if number > 20 else None))

    assert found.stuck
    assert found.requests < 50
    assert found.notes == ["an ordinary request to m fails now: HTTP 429: too many requests"]


@pytest.mark.parametrize("error", ["missing-recording", "wrong-source", "connect", "no-key"])
def test_want_of_a_recording_a_server_or_a_key_ends_the_fuzz_and_says_so(error):
    lost = Attempt(error=error, message="this is why")

    found = fuzz(Api("top_p refused", before=lambda number, _body: lost if number > 60 else None))

    assert found.stuck
    assert "this is why" in found.notes[-1]
    assert found.requests == 61


def test_a_model_that_is_absent_is_left_out_and_the_others_are_fuzzed():
    absent = attempt_of(404, {"error": {"message": "no such model"}})

    def knows_one(_number, body):
        return absent if isinstance(body, dict) and body.get("model") == "absent" else None

    found = fuzz(Api("top_p refused", before=knows_one), models=("absent", "m"), budget=90)

    assert found.stuck
    assert found.notes[0].startswith("absent was not fuzzed: an ordinary request fails: HTTP 404")
    assert [each.models for each in found.findings] == [("m",)]


def test_a_server_that_accepts_everything_is_told_field_by_field():
    found = fuzz(Api(before=lambda _number, _body: attempt_of(200, reply())), budget=110)

    assert {each.failure for each in found.findings} == {"accepted-outside"}
    assert len(found.findings) == len({each.about.split()[0] for each in found.findings}) == 11


def test_a_server_that_refuses_everything_is_not_fuzzed():
    found = fuzz(Api(before=lambda _number, _body: attempt_of(400, {"error": {"message": "no"}})))

    assert (found.findings, found.stuck, found.requests) == ([], True, 1)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"', b"[" * 9_000, b"\xff\xfe", b'{"choices": [7]}'])
def test_whatever_a_server_answers_with_200_the_fuzz_ends_without_an_error_of_its_own(body):
    found = fuzz(Api(before=lambda number, _body: attempt_of(200, body) if number > 3 else None), budget=25)

    assert 3 < found.requests <= 25


def test_what_is_no_fault_of_the_server_is_raised_and_not_shrunk():
    def unreadable(number, _body):
        if number > 9:
            raise UnreadableCassette("torn")

    api = Api(before=unreadable)

    with pytest.raises(UnreadableCassette):
        fuzz(api)
    assert len(api.bodies) == 10


def test_an_interruption_ends_the_fuzz_at_once_and_keeps_what_was_found():
    api, found = Api("top_p refused"), Fuzzed(budget=300)
    answer, hangs = api.send, asyncio.Event()

    async def send(desk, asks, numbers):
        if found.findings:
            hangs.set()
            await asyncio.sleep(60)
        return await answer(desk, asks, numbers)

    async def interrupted():
        api.send = send
        running = asyncio.ensure_future(Fuzzer(api, lineup_of(*documented("m")), seed=0, found=found).run())
        await asyncio.wait_for(hangs.wait(), timeout=20)
        running.cancel()
        await asyncio.wait_for(asyncio.gather(running, return_exceptions=True), timeout=5)
        assert running.cancelled()

    asyncio.run(interrupted())

    assert [each.about for each in found.findings] == ["top_p 0.0"]
