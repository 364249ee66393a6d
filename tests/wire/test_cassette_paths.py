from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.core.errors import InputError
from harness.wire import CassetteAddress
from harness.wire.cassette_paths import cassette_path, find_cassettes

ROOT = Path("/cassettes")


def path_of(provider="p", suite="s", model="m", case="c"):
    return cassette_path(ROOT, CassetteAddress(provider=provider, suite=suite, model=model, case=case))


def test_a_case_has_its_file_below_provider_suite_and_model():
    assert (
        path_of("xai-sim", "support-triage", "grok-3", "refund_window.1")
        == ROOT / "xai-sim/support-triage/grok-3/refund_window.1.yaml"
    )


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("org/model:free", "org%2Fmodel%3Afree"),
        ("..", "%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("", "%"),
        ("con", "%63on"),
        ("NUL.txt", "%4EUL.txt"),
        ("a\\b\0", "a%5Cb%00"),
        ("50%", "50%25"),
        ("é", "%C3%A9"),
    ],
)
def test_a_name_that_could_lead_elsewhere_is_encoded(name, segment):
    assert path_of(model=name).parts[-2] == segment


@given(names=st.lists(st.text(max_size=300), min_size=4, max_size=4))
def test_no_name_leads_out_of_the_folder_or_is_too_long_for_a_file_system(names):
    path = path_of(*names)

    assert len(PurePosixPath(path).relative_to(ROOT).parts) == 4
    assert ".." not in path.parts
    assert all(len(part.encode()) <= 200 for part in path.parts)


@example(one="a" * 300 + "b", other="a" * 300 + "c")
@given(one=st.text(max_size=400), other=st.text(max_size=400))
def test_different_names_have_different_files(one, other):
    assert (path_of(case=one) == path_of(case=other)) == (one == other)


def test_folders_are_searched_throughout_and_each_cassette_is_found_once(tmp_path):
    names = ["b/c.yaml", "a.yml", "b/d/e.json", "b/c.yaml.journal", "notes.txt"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = find_cassettes([tmp_path / "b/c.yaml", tmp_path])

    assert [str(path.relative_to(tmp_path)) for path in found] == ["b/c.yaml", "a.yml", "b/d/e.json"]


def test_a_file_that_is_no_cassette_is_the_users_mistake(tmp_path):
    (tmp_path / "README.md").touch()

    with pytest.raises(InputError, match=r"no cassette: it does not end in \.json or \.yaml or \.yml"):
        find_cassettes([tmp_path / "README.md"])


def test_a_place_that_does_not_exist_is_the_users_mistake(tmp_path):
    with pytest.raises(InputError, match="no such cassette"):
        find_cassettes([tmp_path / "nowhere"])
