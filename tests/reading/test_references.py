"""Files that a suite names: inside its folder tree, and nowhere else."""

import os
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.canonical import digest_bytes
from harness.reading import Folder, ReferenceProblem


@pytest.fixture
def folder(tmp_path):
    """A suite's folder with a file, a file below it, and a secret beside it."""
    root = tmp_path / "suites"
    (root / "tools").mkdir(parents=True)
    (root / "policy.txt").write_bytes("\ufeffBe kind.\r\nBe brief.\r\n".encode())
    (root / "tools" / "weather.yaml").write_text("name: get_weather\n")
    (tmp_path / "secret.txt").write_text("key")
    return Folder(root)


def problem_of(folder, reference, **options):
    with pytest.raises(ReferenceProblem) as caught:
        folder.read_bytes(reference, **options)
    return caught.value


def test_a_file_is_read_as_it_is_and_its_digest_remembered(folder):
    content = folder.read_bytes("tools/weather.yaml")

    assert content == b"name: get_weather\n"
    assert folder.digests == {"tools/weather.yaml": digest_bytes(content)}


def test_text_has_one_kind_of_line_end_and_no_byte_order_mark(folder):
    assert folder.read_text("policy.txt") == "Be kind.\nBe brief.\n"


def test_the_same_file_has_one_digest_however_it_is_written(folder):
    folder.read_bytes("./tools//weather.yaml")
    folder.read_bytes("weather.yaml", base=folder.root / "tools")

    assert list(folder.digests) == ["tools/weather.yaml"]


@pytest.mark.parametrize(
    "reference", ["../secret.txt", "tools/../../secret.txt", "tools/../policy.txt", "/etc/passwd", "~/x", "C:/x", "C:x"]
)
def test_a_path_that_could_lead_out_is_refused(folder, reference):
    problem = problem_of(folder, reference)

    assert "suite's own folder" in problem.remedy
    assert folder.digests == {}


@pytest.mark.parametrize("reference", ["", "a\0b", "a\nb", "x\ud800", "tools\\weather.yaml"])
def test_what_is_no_file_name_is_refused(folder, reference):
    assert problem_of(folder, reference).remedy


def test_a_symlink_that_leads_out_is_refused_and_one_that_stays_is_not(folder):
    (folder.root / "out").symlink_to(folder.root.parent)
    (folder.root / "in.txt").symlink_to("tools/weather.yaml")

    assert "leads out" in problem_of(folder, "out/secret.txt").message
    assert folder.read_bytes("in.txt") == b"name: get_weather\n"


def test_a_hint_never_lists_a_folder_outside(folder):
    (folder.root / "out").symlink_to(folder.root.parent)

    assert "secret" not in problem_of(folder, "out/secre.txt").remedy


def test_a_base_outside_the_root_is_refused(folder):
    (folder.root.parent / "back.txt").symlink_to(folder.root / "policy.txt")

    assert "leads out" in problem_of(folder, "back.txt", base=folder.root.parent).message
    assert "leads out" in problem_of(folder, "secret.txt", base=folder.root.parent).message


@pytest.mark.parametrize("kind", ["fifo", "socket", "folder", "device"])
def test_what_is_no_regular_file_is_refused_without_waiting(folder, kind, monkeypatch):
    monkeypatch.chdir(folder.root)
    if kind == "fifo":
        os.mkfifo("odd")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("odd")
    elif kind == "folder":
        (folder.root / "odd").mkdir()
    else:
        folder = Folder(folder.root.__class__("/dev"))

    problem = problem_of(folder, "zero" if kind == "device" else "odd")

    assert "not a regular file" in problem.message


def test_a_missing_file_is_refused_with_the_nearest_name(folder):
    assert problem_of(folder, "polcy.txt").remedy == "did you mean 'policy.txt'?"
    assert problem_of(folder, "tools/wether.yaml").remedy == "did you mean 'tools/weather.yaml'?"
    assert problem_of(folder, "tool/weather.yaml").remedy == "did you mean 'tools/weather.yaml'?"


def test_a_missing_file_like_no_other_is_refused_with_what_names_mean(folder):
    assert "relative to" in problem_of(folder, "zzzzzzzzzzzzzz").remedy


def test_a_file_used_as_a_folder_is_refused(folder):
    assert "cannot be read" in problem_of(folder, "policy.txt/more").message


def test_a_name_too_long_and_a_loop_of_symlinks_are_refused(folder):
    (folder.root / "loop").symlink_to("loop")

    assert "cannot be read" in problem_of(folder, "a" * 5000).message
    assert "cannot be read" in problem_of(folder, "loop").message


def test_a_file_larger_than_the_limit_is_refused(folder):
    assert folder.read_bytes("tools/weather.yaml", limit_bytes=18)
    assert "larger than 17 bytes" in problem_of(folder, "tools/weather.yaml", limit_bytes=17).message


def test_text_that_is_not_utf_8_is_refused_with_its_line(folder):
    (folder.root / "latin.txt").write_bytes(b"one\ncaf\xe9\n")

    with pytest.raises(ReferenceProblem, match="not UTF-8 on line 2"):
        folder.read_text("latin.txt")


@settings(max_examples=50)
@given(
    reference=st.text(max_size=30)
    | st.lists(st.sampled_from(["..", ".", "/", "tools", "\\", "\0", "é", "~"])).map("".join)
)
def test_any_reference_is_read_or_refused(tmp_path_factory, reference):
    root = tmp_path_factory.getbasetemp() / "any"
    root.mkdir(exist_ok=True)

    with pytest.raises(ReferenceProblem):
        Folder(root).read_text(reference)
