import json

import pytest
from verification_samples import make_exchange, make_verdict

from harness.core.errors import InputError, UsageError
from harness.core.verdict import Verification
from harness.store import VerificationFolder, is_verification, read_exchanges, read_verification
from harness.store.verdicts import decode_exchange, encode_exchange


def verification(mode="live", **more):
    return Verification(version="1", provider="xai", source="xai-sim", mode=mode, verdicts=(make_verdict(),), **more)


def write(path, *exchanges, mode="live"):
    folder = VerificationFolder.open(path)
    for exchange in exchanges:
        folder.keep(exchange)
    folder.close(verification(mode), [each.id for each in exchanges])
    return path


def test_what_is_written_is_read_again(tmp_path):
    path = write(tmp_path / "v", make_exchange(reply=b"caf\xc3\xa9"), make_exchange("p@grok-3#2", reply=b"\xff\x00"))

    assert read_verification(path).verdicts == verification().verdicts
    assert [each.exchange.last.body for each in read_exchanges(path)] == [b"caf\xc3\xa9", b"\xff\x00"]


def test_the_verdicts_have_every_key_of_the_contract(tmp_path):
    path = write(tmp_path / "v", make_exchange())
    written = json.loads((path / "verdicts.json").read_text())

    assert {"schema", "provider", "source", "verdicts", "counts"} <= set(written)
    assert {
        "claim", "model", "subject", "documented", "observed", "verdict", "grade", "flags", "n", "p", "requests",
        "cost_usd", "evidence", "provenance",
    } <= set(written["verdicts"][0])  # fmt: skip


def test_exchanges_are_on_disk_before_the_verification_ends(tmp_path):
    folder = VerificationFolder.open(tmp_path / "v")
    folder.keep(make_exchange())
    folder.abandon()

    assert len(read_exchanges(tmp_path / "v")) == 1


def test_a_line_that_a_crash_cut_short_is_left_out(tmp_path):
    path = write(tmp_path / "v", make_exchange(), make_exchange("p@grok-3#2"))
    file = path / "exchanges.jsonl"
    file.write_bytes(file.read_bytes()[:-20])

    assert [each.id for each in read_exchanges(path)] == ["p@grok-3#1"]


def test_an_exchange_survives_the_disk_as_it_was():
    kept = make_exchange(credential="bad", domain="management", region="us-east-1")
    again = decode_exchange(encode_exchange(kept))

    assert (again.id, again.credential, again.domain, again.region) == (kept.id, "bad", "management", "us-east-1")
    assert again.exchange.request.body == kept.exchange.request.body


def test_what_may_have_been_paid_for_is_not_overwritten_and_a_replay_is(tmp_path):
    write(tmp_path / "paid", make_exchange())
    write(tmp_path / "replayed", make_exchange(), mode="replay")

    with pytest.raises(UsageError, match="paid for"):
        VerificationFolder.open(tmp_path / "paid")
    VerificationFolder.open(tmp_path / "replayed").abandon()


def test_two_verifications_never_write_one_folder(tmp_path):
    first = VerificationFolder.open(tmp_path / "v")

    with pytest.raises(UsageError, match="another verification"):
        VerificationFolder.open(tmp_path / "v")
    first.abandon()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"schema": "model-harness/verdicts/9"}', b'{"schema": "model-harness/verdicts/1"}']
)
def test_a_file_that_holds_no_verdicts_of_this_version_is_refused_with_a_remedy(tmp_path, content):
    (tmp_path / "verdicts.json").write_bytes(content)

    with pytest.raises(InputError) as refused:
        read_verification(tmp_path)

    assert refused.value.remedy


@pytest.mark.parametrize("line", [b"{}\n", b"[]\n", b"null\n", b"\xff\n", b'{"id": 1, "request": 5}\n'])
def test_a_line_that_is_no_exchange_is_named_by_its_number(tmp_path, line):
    path = write(tmp_path / "v", make_exchange())
    with (path / "exchanges.jsonl").open("ab") as file:
        file.write(line)

    with pytest.raises(InputError, match=r"exchanges\.jsonl:2"):
        read_exchanges(path)


def test_a_run_of_suites_is_no_verification(tmp_path):
    (tmp_path / "records.jsonl").touch()

    assert not is_verification(tmp_path)
    assert is_verification(write(tmp_path / "v", make_exchange()))
