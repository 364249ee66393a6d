import pytest
import yaml
from wire_samples import body_of, record, response

from harness.core.errors import InputError
from harness.wire import list_cassettes


def test_a_cassette_is_summed_up_in_a_line(tmp_path):
    record(tmp_path, response, body_of("a"), body_of("b"))
    path = tmp_path / "local/suite/m/case.yaml"

    (summary,) = list_cassettes([tmp_path])

    assert (summary.path, summary.providers, summary.models, summary.interactions) == (path, ("local",), ("m",), 2)
    assert summary.as_row()[1:5] == ("local", "m", "2", "2026-01-01")
    assert summary.as_json()["recorded_from"] == summary.recorded_to == "2026-01-01T00:00:00Z"
    assert summary.size_bytes == path.stat().st_size


def test_recordings_of_vcrpy_are_counted_and_their_hosts_named(tmp_path):
    request = {"method": "POST", "uri": "https://api.x.ai/v1/chat", "body": "", "headers": {}}
    item = {"request": request, "response": {"status": {"code": 200}, "headers": {}, "body": {"string": ""}}}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"version": 1, "interactions": [item, item]}))

    (summary,) = list_cassettes([tmp_path])

    assert (summary.foreign, summary.interactions, summary.providers) == (2, 2, ("api.x.ai",))


def test_an_unreadable_cassette_is_a_line_that_says_why(tmp_path):
    (tmp_path / "bad.yaml").write_text("[")

    (summary,) = list_cassettes([tmp_path])

    assert "bad.yaml" in summary.error
    assert "unreadable" in summary.as_row()


def test_what_a_crash_left_is_listed_though_there_is_no_cassette_yet(tmp_path):
    record(tmp_path, response, body_of())
    path = tmp_path / "local/suite/m/case.yaml"
    item = yaml.safe_load(path.read_text())["interactions"][0]
    path.with_name("case.yaml.journal").write_text(__import__("json").dumps(item) + "\n")
    path.unlink()

    (summary,) = list_cassettes([tmp_path])

    assert (summary.path, summary.interactions, summary.waiting) == (path, 0, 1)
    assert summary.as_row()[3] == "0 + 1 unmerged"


def test_a_folder_that_does_not_exist_is_the_users_mistake(tmp_path):
    with pytest.raises(InputError):
        list(list_cassettes([tmp_path / "nowhere"]))
