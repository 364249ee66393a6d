from dataclasses import replace

import pytest
from run_samples import FOOTER, HEADER, RECORD

from harness.core.errors import InputError, UsageError
from harness.store import RunFolder, read_run_folder

LIVE = replace(HEADER, mode="live", started_at="2026-01-01T00:00:00Z")


def finish(path, header):
    folder = RunFolder.open(path, header)
    folder.append(RECORD)
    folder.close((RECORD,), FOOTER)


def test_a_closed_run_holds_its_records_and_no_journal(tmp_path):
    finish(tmp_path, HEADER)

    assert [path.name for path in tmp_path.iterdir()] == ["records.jsonl"]
    assert read_run_folder(tmp_path).records == (RECORD,)


def test_two_runs_never_write_one_folder(tmp_path):
    first = RunFolder.open(tmp_path, HEADER)

    with pytest.raises(UsageError, match="another run is writing"):
        RunFolder.open(tmp_path, HEADER)

    first.abandon()


def test_a_replay_may_be_made_again_in_its_folder(tmp_path):
    finish(tmp_path, HEADER)

    finish(tmp_path, HEADER)

    assert read_run_folder(tmp_path).header == HEADER


def test_a_run_that_was_paid_for_is_not_overwritten(tmp_path):
    finish(tmp_path, LIVE)

    with pytest.raises(UsageError, match="may have been paid for"):
        RunFolder.open(tmp_path, HEADER)

    assert read_run_folder(tmp_path).header == LIVE


def test_a_journal_with_paid_replies_is_not_overwritten(tmp_path):
    folder = RunFolder.open(tmp_path, LIVE)
    folder.append(RECORD)
    folder.abandon()

    with pytest.raises(UsageError, match="cut short"):
        RunFolder.open(tmp_path, HEADER)

    assert (tmp_path / "journal.jsonl").read_bytes().count(b"\n") == 2


def test_a_run_that_did_not_finish_is_not_read_as_one(tmp_path):
    RunFolder.open(tmp_path, HEADER).abandon()

    with pytest.raises(InputError, match="did not finish"):
        read_run_folder(tmp_path)


def test_a_file_without_its_footer_is_not_read_as_a_run(tmp_path):
    finish(tmp_path, HEADER)
    records = tmp_path / "records.jsonl"
    records.write_bytes(b"".join(records.read_bytes().splitlines(keepends=True)[:-1]))

    with pytest.raises(InputError, match="no footer"):
        read_run_folder(tmp_path)
