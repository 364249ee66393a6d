import asyncio
import errno
import threading

import pytest
from wire_samples import answering, body_of, call_to, cassettes_in, echo, record, replay, response, serving

from harness.core import durable
from harness.core.errors import Unanswerable
from harness.wire import cassette_commit
from harness.wire.cassette_commit import Journals


def case_file(root):
    return root / "local/suite/m/case.yaml"


@pytest.fixture
def slow_disk(monkeypatch):
    """Every write to a journal takes a fifth of a second; the event is set when one begins."""
    append, begun = cassette_commit.append_line, threading.Event()

    def slowly(*arguments):
        begun.set()
        threading.Event().wait(0.2)
        append(*arguments)

    monkeypatch.setattr(cassette_commit, "append_line", slowly)
    return begun


def test_a_reply_is_on_disk_before_anyone_is_told_of_it(tmp_path, slow_disk):
    async def run():
        async with serving(answering(echo)) as base_url:
            transport = cassettes_in(tmp_path, "record")
            await transport.send(call_to(base_url))
            written = (case_file(tmp_path).parent / "case.yaml.journal").read_bytes()
            await transport.aclose()
            return written

    assert b"hello" in asyncio.run(run())


def test_writing_does_not_hold_up_replies_that_are_being_timed(tmp_path, monkeypatch):
    threads = set()
    for sync in ("os.fsync", "os.fdatasync"):
        monkeypatch.setattr(sync, lambda _: threads.add(threading.current_thread()))

    record(tmp_path, response, body_of())

    assert threads
    assert threading.main_thread() not in threads


def test_recordings_of_many_cassettes_share_their_syncs(tmp_path, monkeypatch):
    synced, sync = [], durable.sync

    def count(descriptor):
        synced.append(descriptor)
        sync(descriptor)

    monkeypatch.setattr(durable, "sync", count)
    journals = Journals()
    interaction = {"request": {}, "response": {}}

    async def write():
        paths = [tmp_path / f"{n % 4}.yaml" for n in range(40)]
        await asyncio.gather(*(journals.write(path, interaction) for path in paths))
        await journals.aclose()

    asyncio.run(write())

    assert len(synced) == 4
    assert [len(path.read_text().splitlines()) for path in sorted(tmp_path.iterdir())] == [10] * 4


def test_no_file_stays_open_once_its_lines_are_durable(tmp_path):
    journals = Journals()

    async def write():
        for n in range(20):
            await journals.write(tmp_path / f"{n}.yaml", {"n": n})
        await asyncio.sleep(0)
        return journals._open

    assert asyncio.run(write()) == {}


def test_a_disk_that_refuses_a_sync_is_told_and_the_next_line_is_whole(tmp_path, monkeypatch):
    def refuse(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(durable, "sync", refuse)
        with pytest.raises(Unanswerable, match="No space left"):
            record(tmp_path, response, body_of("a"))

    record(tmp_path, response, body_of("b"))

    assert replay(tmp_path, call_to(body=body_of("b")))[0].recorded


def test_a_cancelled_trial_has_its_paid_reply_kept(tmp_path, slow_disk):
    async def run():
        async with serving(answering(echo)) as base_url:
            transport = cassettes_in(tmp_path, "record")
            trial = asyncio.create_task(transport.send(call_to(base_url)))
            await asyncio.to_thread(slow_disk.wait)
            trial.cancel()
            await asyncio.gather(trial, return_exceptions=True)
            await transport.aclose()

    asyncio.run(run())

    assert b"hello" in case_file(tmp_path).read_bytes()
