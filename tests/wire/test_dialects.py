import pytest

from harness.core.errors import UsageError
from harness.wire.dialects import Deferring, load_dialect
from harness.wire.dialects.anthropic_messages import DIALECT as MESSAGES
from harness.wire.dialects.openai_chat import DIALECT


def test_the_dialect_is_found_by_its_name():
    assert load_dialect("openai-chat") is DIALECT


def test_a_dialect_need_not_know_how_to_poll():
    assert isinstance(DIALECT, Deferring)
    assert not isinstance(MESSAGES, Deferring)


def test_an_unknown_dialect_is_a_usage_error_that_names_the_known_ones():
    with pytest.raises(UsageError, match="unknown dialect 'opneai'") as refused:
        load_dialect("opneai")

    assert "openai-chat" in refused.value.remedy


def plug_in(folder, monkeypatch, *targets):
    for number, target in enumerate(targets):
        about = folder / f"plugin{number}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plugin{number}\nVersion: 1\n")
        (about / "entry_points.txt").write_text(f"[harness.dialects]\n{folder.name} = {target}\n")
    monkeypatch.syspath_prepend(folder)
    return folder.name


def test_a_third_party_dialect_enters_by_the_same_door(tmp_path, monkeypatch):
    (tmp_path / "third_party_dialect.py").write_text("DIALECT = 'theirs'\n")

    name = plug_in(tmp_path, monkeypatch, "third_party_dialect:DIALECT")

    assert load_dialect(name) == "theirs"


@pytest.mark.parametrize(
    ("targets", "fault"),
    [(("no_such_module:X",), "cannot be loaded: No module"), (("json:a", "json:b"), "registered more than once")],
)
def test_a_dialect_that_is_broken_or_ambiguous_is_a_usage_error(tmp_path, monkeypatch, targets, fault):
    name = plug_in(tmp_path, monkeypatch, *targets)

    with pytest.raises(UsageError, match=fault):
        load_dialect(name)
