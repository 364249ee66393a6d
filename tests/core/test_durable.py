"""Lines are durable when their writer goes on, and share their syncs."""

import asyncio
import errno
import threading

import pytest

from harness.core import durable
from harness.core.durable import GroupCommit


@pytest.fixture
def syncs(monkeypatch):
    """What was synced, by descriptor, in order."""
    found = []
    monkeypatch.setattr(durable, "sync", found.append)
    return found


def test_lines_that_come_together_are_synced_once_for_each_file(syncs):
    async def write():
        commit = GroupCommit()
        await asyncio.gather(*(commit.write(lambda file=n % 2: file) for n in range(20)))
        await commit.aclose()

    asyncio.run(write())

    assert sorted(syncs) == [0, 1]


def test_what_comes_while_a_group_is_synced_is_one_group(monkeypatch):
    begun, go_on, syncs = threading.Event(), threading.Event(), []

    def sync(descriptor):
        syncs.append(descriptor)
        begun.set()
        assert go_on.wait(10)

    monkeypatch.setattr(durable, "sync", sync)

    async def write():
        commit = GroupCommit()
        lines = [commit.begin(lambda: 1)]
        await asyncio.to_thread(begun.wait, 10)
        for _ in range(5):
            lines.append(commit.begin(lambda: 1))
            await asyncio.sleep(0.001)
        go_on.set()
        await asyncio.gather(*lines)
        await commit.aclose()

    asyncio.run(write())

    assert len(syncs) == 2


def test_a_line_is_synced_before_its_writer_goes_on(syncs):
    async def write():
        commit = GroupCommit()
        await commit.write(lambda: 7)
        synced = [*syncs]
        await commit.aclose()
        return synced

    assert asyncio.run(write()) == [7]


def test_a_line_whose_writer_was_cancelled_is_written_all_the_same(syncs):
    written = []

    async def write():
        commit = GroupCommit()
        writer = asyncio.create_task(commit.write(lambda: written.append("line")))
        await asyncio.sleep(0)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        await commit.aclose()

    asyncio.run(write())

    assert written == ["line"]


def test_a_line_that_the_disk_refuses_is_told_to_its_writer_alone(syncs):
    def refuse():
        raise OSError(errno.ENOSPC, "No space left on device")

    async def write():
        commit = GroupCommit()
        told = await asyncio.gather(commit.write(refuse), commit.write(lambda: 1), return_exceptions=True)
        await commit.aclose()
        return told

    refused, written = asyncio.run(write())

    assert isinstance(refused, OSError)
    assert written is None


def test_it_can_be_written_to_again_after_it_was_closed(syncs):
    async def write():
        commit = GroupCommit()
        for descriptor in (1, 2):
            await commit.write(lambda file=descriptor: file)
            await commit.aclose()

    asyncio.run(write())

    assert syncs == [1, 2]
