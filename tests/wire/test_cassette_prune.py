import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from wire_samples import body_of, call_to, record, replay, response

from harness.core.errors import Unanswerable, UnreadableCassette
from harness.wire.cassette_prune import PruneRules, Usage, apply_removal, plan_removals


def rules(**asked):
    return PruneRules(now=datetime(2026, 1, 11, tzinfo=UTC), hosts={"api.x.ai": "xai"}, **asked)


def prune(root, **asked):
    """What was removed: (file, places)."""
    removals = list(plan_removals([root], rules(**asked)))
    for removal in removals:
        apply_removal(removal)
    return [(removal.path.name, list(removal.reasons)) for removal in removals]


def case_file(root, name="case.yaml"):
    return root / "local/suite/m" / name


def usage(root, answered, **more):
    paths = {case_file(root, name).resolve(): places for name, places in answered.items()}
    return Usage(answered=paths, folders={(root / "local/suite").resolve()}, **more)


def recorded(root, *names):
    record(root, response, *(body_of(name) for name in names))
    return case_file(root)


def test_what_nothing_asked_for_goes_and_the_rest_replays(tmp_path):
    recorded(tmp_path, "a", "b", "c")

    assert prune(tmp_path, usage=usage(tmp_path, {"case.yaml": {0, 2}})) == [("case.yaml", [1])]

    exchanges = replay(tmp_path, *(call_to(body=body_of(name)) for name in "abc"))
    assert [exchange.recorded for exchange in exchanges] == [True, False, True]


def test_nothing_is_changed_by_looking(tmp_path):
    path = recorded(tmp_path, "a", "b")
    before = path.read_bytes()

    (removal,) = plan_removals([tmp_path], rules(usage=usage(tmp_path, {"case.yaml": {0}})))

    assert path.read_bytes() == before
    apply_removal(removal)
    assert len(before) - path.stat().st_size == removal.size_bytes


def test_a_file_of_which_nothing_is_left_goes(tmp_path):
    path = recorded(tmp_path, "a")

    prune(tmp_path, usage=usage(tmp_path, {}))

    assert list(path.parent.iterdir()) == []


def test_where_nobody_looked_nothing_counts_as_unused(tmp_path):
    recorded(tmp_path, "a")
    elsewhere = Usage(answered={}, folders={(tmp_path / "local/another").resolve()})

    assert prune(tmp_path, usage=elsewhere) == []


def test_recordings_of_a_case_that_is_skipped_stay(tmp_path):
    recorded(tmp_path, "a")

    assert prune(tmp_path, usage=usage(tmp_path, {}, kept={"case"})) == []


def test_another_spelling_of_a_folder_makes_nothing_unused(tmp_path, monkeypatch):
    recorded(tmp_path / "cassettes", "a")
    (tmp_path / "link").symlink_to(tmp_path / "cassettes")
    monkeypatch.chdir(tmp_path)

    assert prune(tmp_path / "link", usage=usage(tmp_path / "cassettes", {"case.yaml": {0}})) == []


def test_duplicates_stale_ones_and_those_of_another_go_only_if_asked(tmp_path):
    path = recorded(tmp_path, "a")
    document = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**document, "interactions": document["interactions"] * 2}))
    (tmp_path / "xai/suite/m").mkdir(parents=True)
    (tmp_path / "xai/suite/m/moved.yaml").write_bytes(path.read_bytes())

    assert prune(tmp_path) == []
    assert prune(tmp_path, wrong_provider=True) == [("moved.yaml", [0, 1])]
    assert prune(tmp_path, duplicates=True) == [("case.yaml", [0])]
    assert prune(tmp_path, max_age=timedelta(days=11)) == []
    assert prune(tmp_path, max_age=timedelta(days=9)) == [("case.yaml", [0])]


def test_what_does_not_say_how_old_it_is_is_never_too_old(tmp_path):
    path = recorded(tmp_path, "a", "b")
    path.write_text(path.read_text().replace("'2026-01-01T00:00:00Z'", "once", 1))

    assert prune(tmp_path, max_age=timedelta(days=1)) == [("case.yaml", [1])]


def test_a_file_that_cannot_be_read_goes_only_if_asked(tmp_path):
    (tmp_path / "bad.yaml").write_text("[")

    with pytest.raises(UnreadableCassette):
        prune(tmp_path, duplicates=True)

    assert prune(tmp_path, unreadable=True) == [("bad.yaml", [])]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changed_since_it_was_looked_at_is_left_alone(tmp_path):
    path = recorded(tmp_path, "a", "b")
    (removal,) = plan_removals([tmp_path], rules(usage=usage(tmp_path, {"case.yaml": {0}})))
    recorded(tmp_path, "c")
    before = path.read_bytes()

    with pytest.raises(Unanswerable, match="changed since"):
        apply_removal(removal)

    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["case.yaml"]


def test_recordings_that_wait_in_a_journal_survive(tmp_path):
    path = recorded(tmp_path, "a")
    item = yaml.safe_load(path.read_text())["interactions"][0]
    item["request"]["body"] = body_of("waits").decode()
    path.with_name("case.yaml.journal").write_text(json.dumps(item) + "\n")

    prune(tmp_path, usage=usage(tmp_path, {}))

    old, new = replay(tmp_path, call_to(body=body_of("a")), call_to(body=body_of("waits")))
    assert (old.recorded, new.recorded) == (False, True)


def test_a_cassette_of_vcrpys_json_serializer_stays_one(tmp_path):
    path = recorded(tmp_path, "a", "b")
    document = yaml.safe_load(path.read_text())
    path.unlink()
    path.with_suffix(".json").write_text(json.dumps(document))

    prune(tmp_path, usage=usage(tmp_path, {"case.json": {1}}))

    assert json.loads(path.with_suffix(".json").read_text())["interactions"] == document["interactions"][1:]
