import pytest
from acme import CATALOGUE, listing
from scripted_server import ScriptedServer, completion

CASE = "  - {id: a, prompt: hi, expect: [{contains: ok}]}"


@pytest.fixture
def run(tmp_path, harness):
    """Ask the targets one case over a server of acme's."""
    (tmp_path / "acme.yaml").write_text(CATALOGUE)

    def run(server, *options, targets="acme/one"):
        (tmp_path / "s.yaml").write_text(f"suite: s\ntargets: [{targets}]\ncases:\n{CASE}\n")
        return harness("run", "s.yaml", "--catalogue", "acme.yaml", "--base-url", server.base_url, *options)

    return run


def answering_as(model):
    return lambda _: {**completion(), "model": model}


def test_a_model_that_is_not_listed_is_an_error_and_is_never_asked(run):
    with ScriptedServer(answering_as("one"), {"GET /v1/models": listing("one")}) as server:
        result = run(server, targets="acme/*")

    assert result.code == 3
    assert "absent: local lists no model 'two' now; it lists one" in result.out
    assert server.lines.count("POST /v1/chat/completions") == 1


def test_a_name_that_has_become_another_models_alias_is_not_asked_under_it(run):
    rows = listing({"id": "three", "aliases": ["one"]})

    with ScriptedServer(answering_as("three"), {"GET /v1/models": rows}) as server:
        result = run(server)

    assert result.code == 3
    assert "redirected: local lists 'one' as another name of 'three'" in result.out


def test_an_answer_of_another_model_is_an_error_and_is_not_recorded(run, tmp_path):
    with ScriptedServer(answering_as("three"), {"GET /v1/models": listing("one")}) as server:
        result = run(server, "--mode", "record")

    assert result.code == 3
    assert "'one' was asked and 'three' answered" in result.out
    assert "three" not in "".join(path.read_text() for path in tmp_path.rglob("cassettes/**/*.yaml"))


@pytest.mark.parametrize("name", ["one", "one-latest"])
def test_a_model_may_answer_by_any_of_its_own_names(run, name):
    with ScriptedServer(answering_as(name), {"GET /v1/models": listing("one")}) as server:
        assert run(server, targets="acme/one-latest").code == 0


@pytest.mark.parametrize("answer", [(404, {"error": "no"}), (200, b"[]"), (200, {"data": [1]}), (500, b"")])
def test_a_server_that_does_not_say_what_it_serves_is_asked_all_the_same(run, answer):
    with ScriptedServer(answering_as("one"), {"GET /v1/models": answer}) as server:
        assert run(server).code == 0


def test_the_list_is_asked_for_once_whatever_the_number_of_trials(run):
    with ScriptedServer(answering_as("one"), {"GET /v1/models": listing("one")}) as server:
        run(server, "--repeats", "8")

    assert server.lines.count("GET /v1/models") == 1


@pytest.mark.parametrize("more", [{"has_more": True}, {"next_page_token": "p2"}])
def test_a_first_page_of_several_proves_no_model_absent(run, more):
    with ScriptedServer(answering_as("one"), {"GET /v1/models": {**listing("three"), **more}}) as server:
        assert run(server).code == 0


def test_a_name_that_now_means_another_model_is_not_asked_although_its_model_is_there(run):
    rows = listing("one", {"id": "three", "aliases": ["one-latest"]})

    with ScriptedServer(answering_as("one"), {"GET /v1/models": rows}) as server:
        result = run(server, targets="acme/one-latest")

    assert "redirected: local lists 'one-latest' as another name of 'three'" in result.out
    assert server.lines == ["GET /v1/models"]
