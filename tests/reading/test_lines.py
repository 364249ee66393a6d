"""A long file read line by line: always the same lines, or a problem."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reading import Folder, ReferenceProblem, lines
from harness.reading.lines import LinesFile


@pytest.fixture
def file(tmp_path):
    def write(content):
        (tmp_path / "rows.jsonl").write_bytes(content)
        return LinesFile(Folder(tmp_path), "rows.jsonl")

    return write


def write_later(path, content):
    """Write as an editor would a second on: the time of change is another."""
    before = path.stat().st_mtime_ns
    path.write_bytes(content)
    os.utime(path, ns=(before + 10**9, before + 10**9))


text = st.text(st.sampled_from("ab\n\r\ufeff\u2028é") | st.characters(exclude_categories=["Cs"]))


@given(text)
def test_the_lines_are_those_of_the_text_read_whole(tmp_path_factory, content):
    folder = Folder(tmp_path_factory.mktemp("d"))
    (folder.root / "r").write_bytes(content.encode())
    whole = folder.read_text("r")
    digests = folder.digests.copy()

    found = list(LinesFile(folder, "r").walk())

    assert "".join(found) == whole
    assert all(line.endswith("\n") for line in found[:-1])
    assert folder.digests == digests


def test_the_digest_is_noted_once_the_file_has_been_read_to_its_end(tmp_path):
    (tmp_path / "r").write_bytes(b"a\nb\n")
    folder = Folder(tmp_path)

    walk = LinesFile(folder, "r").walk()
    next(walk)

    assert folder.digests == {}
    assert list(walk) == ["b\n"]
    assert list(folder.digests) == ["r"]


def test_a_file_may_be_walked_twice_at_once(file):
    rows = file(b"1\n2\n")

    assert list(zip(rows.walk(), rows.walk(), strict=True)) == [("1\n", "1\n"), ("2\n", "2\n")]


@pytest.mark.parametrize("content", [b"1\n3\n", b"1\n2\n3\n", b"", b"1\n2\n"])
def test_a_file_that_was_written_anew_is_not_read_again(file, tmp_path, content):
    rows = file(b"1\n2\n")
    list(rows.walk())
    write_later(tmp_path / "rows.jsonl", content)

    with pytest.raises(ReferenceProblem, match="has changed") as problem:
        next(rows.walk())

    assert problem.value.remedy


def test_a_change_that_hides_behind_an_old_date_is_found_at_the_end(file, tmp_path):
    rows = file(b"1\n2\n")
    list(rows.walk())
    before = (tmp_path / "rows.jsonl").stat().st_mtime_ns
    (tmp_path / "rows.jsonl").write_bytes(b"1\n9\n")
    os.utime(tmp_path / "rows.jsonl", ns=(before, before))

    with pytest.raises(ReferenceProblem, match="has changed"):
        list(rows.walk())


def test_a_change_in_the_midst_of_a_walk_ends_it(file, tmp_path):
    rows = file(b"a long row\n" * 50_000)
    walk = rows.walk()
    next(walk)
    write_later(tmp_path / "rows.jsonl", b"another row\n" * 50_000)

    with pytest.raises(ReferenceProblem, match="has changed"):
        list(walk)


def test_a_file_that_is_gone_is_a_problem(file, tmp_path):
    rows = file(b"1\n")
    list(rows.walk())
    (tmp_path / "rows.jsonl").unlink()

    with pytest.raises(ReferenceProblem, match="there is no file"):
        next(rows.walk())


def test_what_is_not_utf8_is_told_with_its_line(file):
    with pytest.raises(ReferenceProblem, match="not UTF-8 on line 3"):
        list(file(b"a\nb\n\xff\n").walk())


def test_no_line_and_no_file_is_without_bounds(file, monkeypatch):
    monkeypatch.setattr(lines, "MAX_LINE", 10)
    with pytest.raises(ReferenceProblem, match="is longer than 10 characters"):
        list(file(b"short\n" + b"x" * 100_000).walk())

    monkeypatch.setattr(lines, "MAX_BYTES", 100)
    with pytest.raises(ReferenceProblem, match="larger than 100 bytes"):
        list(file(b"short\n" * 100).walk())
