import asyncio
import os
from dataclasses import replace
from decimal import Decimal

import pytest
from run_samples import FOOTER, HEADER, RECORD

from harness.core.errors import InputError, Unanswerable, UsageError
from harness.core.exchange import Attempt, Exchange, Frame, HttpRequest
from harness.store import RunFolder, read_run_folder
from harness.store.journal import Journal
from harness.store.run_folder import write_run_folder

LIVE = replace(HEADER, mode="live", started_at="2026-01-01T00:00:00Z")
TWO = replace(LIVE, trials=2)
SECOND = replace(RECORD, trial="l", number=1)
NUMBERS = {"k": 0, "l": 1}
EXCHANGE = Exchange(
    key="x",
    request=HttpRequest(method="POST", path="/p", body=b"\xff{}"),
    attempts=(
        Attempt(error="connect", message="no"),
        Attempt(
            status=200,
            headers=(("server", "s"),),
            frames=(Frame(at_ms=1.5, content=b"\xfe"), Frame(at_ms=None, content="é".encode())),
            total_ms=2.0,
            waited_s=0.5,
        ),
    ),
    server="s",
)


def keep(folder, *records):
    async def put():
        await asyncio.gather(*(folder.keep(record.number, record) for record in records))
        await folder.flush()

    asyncio.run(put())


def finish(path, header):
    folder = RunFolder.open(path, header)
    keep(folder, RECORD)
    folder.close(FOOTER)


def cut_short(path, *records, header=TWO):
    folder = RunFolder.open(path, header)
    keep(folder, *records)
    folder.abandon()


def resume(path, header=TWO, is_answered=lambda _: True):
    return RunFolder.resume(path, header, NUMBERS, is_answered)


def test_a_closed_run_holds_its_records_and_no_journal(tmp_path):
    finish(tmp_path, HEADER)

    assert [path.name for path in tmp_path.iterdir()] == ["records.jsonl"]
    assert read_run_folder(tmp_path).records == (RECORD,)


def test_two_runs_never_write_one_folder(tmp_path):
    first = RunFolder.open(tmp_path, HEADER)

    with pytest.raises(UsageError, match="another run is writing"):
        RunFolder.open(tmp_path, HEADER)

    first.abandon()


def test_a_run_that_goes_on_is_not_resumed_by_another(tmp_path):
    first = RunFolder.open(tmp_path, TWO)

    with pytest.raises(UsageError, match="another run is writing"):
        resume(tmp_path)

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


def test_a_run_made_of_another_overwrites_nothing_that_was_paid_for(tmp_path):
    finish(tmp_path, LIVE)

    with pytest.raises(UsageError, match="may have been paid for"):
        write_run_folder(tmp_path, read_run_folder(tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == ["records.jsonl"]


def test_a_journal_with_paid_replies_is_not_overwritten(tmp_path):
    cut_short(tmp_path, RECORD)

    with pytest.raises(UsageError, match="cut short") as refusal:
        RunFolder.open(tmp_path, HEADER)

    assert "--resume" in refusal.value.remedy
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


def test_a_resumed_run_holds_what_was_answered_and_ends_in_plan_order(tmp_path):
    cut_short(tmp_path, SECOND)

    folder = resume(tmp_path)
    held = [folder.holds(0), folder.holds(1)]
    keep(folder, RECORD)
    folder.close(replace(FOOTER, trials=2))

    assert held == [False, True]
    assert read_run_folder(tmp_path).records == (RECORD, SECOND)


def test_a_run_that_was_cut_short_is_read_in_plan_order(tmp_path):
    cut_short(tmp_path, SECOND, RECORD)

    assert read_run_folder(tmp_path, unfinished=True).records == (RECORD, SECOND)


def test_what_nothing_answered_is_asked_again(tmp_path):
    cut_short(tmp_path, RECORD, SECOND)

    folder = resume(tmp_path, is_answered=lambda record: record.number == 0)

    assert (folder.holds(0), folder.holds(1)) == (True, False)
    folder.abandon()


def test_of_a_trial_that_was_asked_again_the_later_record_counts(tmp_path):
    cut_short(tmp_path, RECORD, SECOND)
    again = replace(SECOND, reason="again")

    folder = resume(tmp_path, is_answered=lambda record: record.number == 0)
    keep(folder, again)
    folder.close(replace(FOOTER, trials=2))

    assert read_run_folder(tmp_path).records == (RECORD, again)


@pytest.mark.parametrize("lost", [1, 20, 400])
def test_a_torn_last_line_is_dropped_with_a_note_and_its_trial_asked_again(tmp_path, lost):
    cut_short(tmp_path, RECORD, SECOND)
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-lost])

    folder = resume(tmp_path)

    assert (folder.holds(0), folder.holds(1)) == (True, False)
    assert "torn off by a crash" in folder.notes[0]
    keep(folder, SECOND)
    folder.close(replace(FOOTER, trials=2))
    assert read_run_folder(tmp_path).records == (RECORD, SECOND)


def test_a_tail_of_zeros_as_a_power_cut_leaves_it_is_dropped(tmp_path):
    cut_short(tmp_path, RECORD)
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(bytes(5000))

    folder = resume(tmp_path)

    assert (folder.holds(0), len(folder.notes)) == (True, 1)
    folder.abandon()


def test_a_broken_line_before_whole_ones_is_no_crash_and_is_refused(tmp_path):
    cut_short(tmp_path, RECORD, SECOND)
    journal = tmp_path / "journal.jsonl"
    header, first, second = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(header + first[:-9] + b"\n" + second)

    with pytest.raises(InputError, match=r"journal\.jsonl:2: cannot be read"):
        resume(tmp_path)

    assert journal.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize(
    ("now", "name"),
    [
        ({"plan": "q"}, "what is asked"),
        ({"version": "2"}, "version"),
        ({"mode": "refresh"}, "mode"),
        ({"shard": "1/2"}, "shard"),
    ],
)
def test_a_run_that_asks_something_else_does_not_go_on_with_this_one(tmp_path, now, name):
    cut_short(tmp_path, RECORD)

    with pytest.raises(UsageError, match=name):
        resume(tmp_path, replace(TWO, **now))

    assert (tmp_path / "journal.jsonl").exists()


def test_there_must_be_a_run_to_go_on_with(tmp_path):
    with pytest.raises(UsageError, match="no run to go on with"):
        resume(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_closed_run_is_opened_again_for_what_nothing_answered(tmp_path):
    folder = RunFolder.open(tmp_path, TWO)
    keep(folder, RECORD, SECOND)
    folder.close(replace(FOOTER, trials=2, charged_usd=Decimal("0.25")))

    folder = resume(tmp_path, is_answered=lambda record: record.number == 0)

    assert (folder.holds(0), folder.holds(1)) == (True, False)
    assert list(folder.left.spent()) == [(("the run",), Decimal("0.25"))]
    folder.abandon()


def test_a_crash_amid_the_opening_of_a_closed_run_loses_none_of_its_records(tmp_path):
    folder = RunFolder.open(tmp_path, TWO)
    keep(folder, RECORD, SECOND)
    folder.close(replace(FOOTER, trials=2, charged_usd=Decimal("0.25")))
    resume(tmp_path, is_answered=lambda record: record.number == 0).abandon()
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])

    folder = resume(tmp_path)

    assert (folder.holds(0), folder.holds(1)) == (True, True)
    assert list(folder.left.spent()) == [(("the run",), Decimal("0.25"))]
    folder.abandon()


def test_records_of_another_run_in_the_same_folder_are_not_taken_over(tmp_path):
    finish(tmp_path, replace(TWO, trials=1))
    folder = RunFolder.open(tmp_path, replace(TWO, started_at="2026-02-02T00:00:00Z"), replace=True)
    folder.abandon()

    folder = resume(tmp_path)

    assert (folder.holds(0), folder.holds(1)) == (False, False)
    folder.abandon()


def test_a_journal_whose_header_was_torn_holds_nothing_that_could_be_lost(tmp_path):
    cut_short(tmp_path, RECORD)
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:30])

    with pytest.raises(UsageError, match="no run to go on with"):
        resume(tmp_path)

    RunFolder.open(tmp_path, TWO).abandon()


def test_an_answer_of_a_trial_that_was_not_done_is_there_again_to_the_byte(tmp_path):
    folder = RunFolder.open(tmp_path, TWO)
    asyncio.run(folder.remember("t:x", EXCHANGE))
    folder.abandon()

    folder = resume(tmp_path)

    assert folder.left.answers == {"t:x": EXCHANGE}
    folder.abandon()


def test_a_request_whose_end_was_not_written_counts_at_its_worst_case(tmp_path):
    folder = RunFolder.open(tmp_path, TWO)

    async def spend():
        first = await folder.set_aside(("the run",), Decimal(3))
        await folder.set_aside(("the run", "suite 's'"), Decimal(5))
        folder.settled(first, Decimal(1))
        await folder.flush()

    asyncio.run(spend())
    folder.abandon()

    folder = resume(tmp_path)
    assert list(folder.left.spent()) == [(("the run",), Decimal(1)), (("the run", "suite 's'"), Decimal(5))]
    assert asyncio.run(folder.set_aside((), Decimal(0))) == 3
    folder.abandon()


def test_amounts_set_aside_at_once_are_settled_each_by_its_own_number(tmp_path):
    folder = RunFolder.open(tmp_path, TWO)

    async def spend():
        first, second = await asyncio.gather(*(folder.set_aside(("the run",), Decimal(usd)) for usd in (3, 5)))
        folder.settled(first, Decimal(1))
        folder.settled(second, Decimal(2))
        await folder.flush()

    asyncio.run(spend())
    folder.abandon()

    folder = resume(tmp_path)
    assert [usd for _, usd in folder.left.spent()] == [Decimal(1), Decimal(2)]
    folder.abandon()


def test_a_line_is_in_the_file_whole_or_not_at_all(tmp_path, monkeypatch):
    journal, real = Journal.open(tmp_path / "j"), os.pwrite
    journal.write(b"one\n")

    def full(descriptor, content, offset):
        if offset > 6:
            raise OSError(28, "No space left on device")
        return real(descriptor, content[:2], offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"):
        journal.write(b"another\n")

    monkeypatch.undo()
    assert (tmp_path / "j").read_bytes() == b"one\n"
    journal.write(b"two\n")
    assert [line for _, line in journal.lines()] == [b"one\n", b"two\n"]
    journal.close()


def test_a_full_disk_ends_the_run_and_says_how_to_go_on(tmp_path, monkeypatch):
    folder = RunFolder.open(tmp_path, TWO)
    keep(folder, RECORD)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(Unanswerable, match="No space left") as refusal:
        keep(folder, SECOND)

    monkeypatch.undo()
    folder.abandon()
    assert "--resume" in refusal.value.remedy
    assert resume(tmp_path).holds(0)
