"""What a shell must make of a curl line, whoever wrote what stands in it."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from verification_samples import make_exchange

from harness.report.curl import curl_line
from harness.report.untrusted import visible

URL = "http://127.0.0.1:8080/v1"
SHELLS = [shell for shell in ("sh", "bash", "dash") if shutil.which(shell)]
# Stands for curl: says what it was given, one argument a line, and then what it was sent.
CURL = 'curl() { for each; do printf "%s\\n" "$each"; case $each in @-) cat;; esac; done; }\n'
any_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)


def run(line, shell="sh", **variables):
    """What a shell hands to curl for a line."""
    # In a folder of its own, should a line ever hold a redirection.
    with TemporaryDirectory() as folder:
        command = [shell, "-c", CURL + line]
        environment = {"PATH": "/bin:/usr/bin", **variables}
        found = subprocess.run(command, capture_output=True, check=True, cwd=folder, env=environment)
        assert not list(Path(folder).iterdir())
    assert not found.stderr
    return found.stdout


def test_it_asks_the_same_again():
    line = curl_line(make_exchange("a#1", body={"model": "grok-3", "stop": ["it's"]}), URL, "XAI_API_KEY")

    assert line == (
        "curl -sS -i --url 'http://127.0.0.1:8080/v1/chat/completions' -H \"Authorization: Bearer $XAI_API_KEY\" "
        '-H \'Content-Type: application/json\' --data-raw \'{"model": "grok-3", "stop": ["it\'\\\'\'s"]}\''
    )


@settings(max_examples=40, deadline=None)
@given(text=any_text)
def test_a_shell_hands_the_body_to_curl_unchanged(text):
    body = json.dumps([text], ensure_ascii=False).encode() + text.encode()

    given_to_curl = run(curl_line(make_exchange("a#1", body=body), URL, None))

    assert given_to_curl.rstrip(b"\n").endswith(body.rstrip(b"\n"))


@pytest.mark.parametrize("shell", SHELLS)
def test_bytes_that_are_no_text_arrive_whole(shell):
    body = bytes(range(256)) + b"%s%%\\n'"

    line = curl_line(make_exchange("a#1", body=body), URL, None)

    assert run(line, shell).endswith(b"@-\n" + body)
    assert line.isascii()


@settings(max_examples=40, deadline=None)
@example(text="-\x1f")
@given(text=st.text(st.characters(exclude_categories=()), max_size=40))
def test_nothing_that_others_wrote_is_run(text):
    evil = f"{text}'\"; echo ran >&2; $(echo ran >&2) `echo ran >&2` #"
    exchange = make_exchange("a#1", method=evil, path=evil, body=evil.encode("utf-8", "surrogatepass"))

    line = curl_line(exchange, evil, evil, auth=evil, team_variable=evil)

    run(line)
    assert visible(line) == line


def test_a_key_is_a_variable_and_only_a_name_can_be_one():
    asked = make_exchange("a#1")

    assert b"Authorization: Bearer sesame" in run(curl_line(asked, URL, "MY_KEY"), MY_KEY="sesame")
    assert '"Authorization: Bearer $API_KEY"' in curl_line(asked, URL, "X$(ls)")
    assert "-H" not in curl_line(make_exchange("a#1", method="GET", body=b""), URL, None)


@pytest.mark.parametrize(("credential", "shown"), [("bad", "invalid-key-sent-on-purpose"), ("none", None)])
def test_a_bad_key_and_no_key_are_asked_again_as_they_were(credential, shown):
    line = curl_line(make_exchange("a#1", credential=credential), URL, "XAI_API_KEY")

    assert "XAI_API_KEY" not in line
    assert ("Authorization" in line) is (shown is not None)
    assert shown is None or f"'Authorization: Bearer {shown}'" in line


def test_a_team_is_a_variable_in_the_path():
    asked = make_exchange("a#1", method="GET", path="/auth/teams/{team}/models", body=b"")

    line = curl_line(asked, "https://m.example", "KEY", team_variable="TEAM_ID")

    assert b"\nhttps://m.example/auth/teams/42/models\n" in run(line, TEAM_ID="42")


def test_a_path_with_patterns_and_a_method_are_said_to_curl():
    line = curl_line(make_exchange("a#1", method="DELETE", path="/keys/{id}[1]", body=b""), URL, None)

    assert line == f"curl -sS -i -X 'DELETE' -g --url '{URL}/keys/{{id}}[1]'"


def test_a_stream_is_shown_as_it_comes():
    assert curl_line(make_exchange("a#1", stream=True), URL, None).startswith("curl -sS -i -N ")


def test_a_body_beyond_a_shells_measure_is_left_to_a_file():
    line = curl_line(make_exchange("a#1", body=b"x" * 11), URL, None, longest=10)

    assert line.endswith("--data-binary @body.json")


def test_without_an_address_there_is_a_variable_for_it():
    (url,) = [word for word in shlex.split(curl_line(make_exchange("a#1"), "", None)) if "chat" in word]

    assert url == "$BASE_URL/chat/completions"
