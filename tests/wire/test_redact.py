import json
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.core.exchange import Attempt, Frame, HttpRequest
from harness.wire import redact
from harness.wire.redact import Redactor

KEY = "xai-" + "aB3dE5fG7hJ9" * 6
UUID = "123e4567-e89b-12d3-a456-426614174000"
ANYONE = Redactor()

secrets = st.lists(st.text(min_size=6, max_size=12), min_size=1, max_size=3)
keyed = st.text(alphabet='sk-aB3*DE \\"nu', min_size=6, max_size=9)


def masked(text):
    """The secret part of a text, written between « and », as asterisks."""
    before, rest = text.split("«")
    secret, after = rest.split("»")
    return before + secret + after, before + "*" * len(secret) + after


@pytest.mark.parametrize(
    "text",
    [
        "use «sk-abcDEF123456ghiJKL789mnoPQR» please",
        "«sk-proj-A1b2C3d4E5f6G7h8_i9J0-kLmN» ",
        "key:\\n«sk-ant-api03-A1b2C3d4E5f6G7h8i9J0»",
        "(«xai-" + "a1B2c3D4" * 10 + "»)",
        "«gsk_a1B2c3D4e5F6g7H8i9J0k1L2m3N4»",
        "?k=«AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q»",
        "«hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh»",
        "«ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7»",
        "«AKIA1234567890ABCDEF» rest",
        "Authorization: Bearer «a1B2c3D4e5F6g7H8i9J0.k1L2»",
        "«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N»",
        f"your team «{UUID}» does not have access",
        f'"Too many tokens for team «{UUID}» and model grok"',
        f'{{"team": "«{UUID}»"}}',
        '{"team_id" : "«t-1»", "x": 1}',
        "in organization «org-AbCdEfGh1234IjKlMnOp5678» on tokens",
        '{"project":"«proj_AbCdEfGh1234IjKlMnOp»"}',
    ],
)
def test_what_is_shaped_like_a_key_or_an_id_is_masked_in_a_text_of_equal_length(text):
    given_text, expected = masked(text)

    assert ANYONE.text(given_text) == expected
    assert ANYONE.body(given_text.encode()) == expected.encode()


@pytest.mark.parametrize(
    "prose",
    [
        "install sk-learn-compatible-estimators-and-pipelines 0.24",
        "the risk-adjusted-return-on-capital-employed-2024-report",
        "xai-sim/grok-4-1-fast-non-reasoning, see xai-grok-4-comprehensive.md",
        "an org-wide-announcement-of-the-new-policy",
        "the bearer of unconditional-responsibilities",
        "proj_name hf_transformers_model_name ghp_ AKIA",
        'the team 7 and team_id; {"organization": "ACME Corporation of 1999"}',
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        f'{{"id":"{UUID}","object":"chat.completion.chunk"}}',
    ],
)
def test_ordinary_prose_survives(prose):
    assert ANYONE.text(prose) == prose


@given(secrets=secrets, around=st.lists(st.text(max_size=10), min_size=4, max_size=4))
def test_no_given_secret_survives_in_any_spelling(secrets, around):
    assume(all(set(secret.strip()) - {"*"} and len(secret.strip()) >= 6 for secret in secrets))
    secret = secrets[0]
    spelled = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe="")]
    spelled += [quote_plus(secret), quote(secret).lower() if "%" in quote(secret) and secret.islower() else secret]

    seen = Redactor(secrets).text(around[0].join([*spelled, *around, *secrets]))

    assert not [spelling for spelling in [*spelled, *secrets] if spelling in seen]


@given(secrets=st.one_of(secrets, st.lists(keyed, max_size=3)), texts=st.lists(st.text(max_size=8), max_size=4))
def test_masking_twice_changes_nothing_more_and_lengths_stay(secrets, texts):
    redactor, text = Redactor(secrets), "sk-".join([*secrets, *texts, *secrets, "?key=", *secrets, UUID, *texts])

    once, url = redactor.text(text), redactor.url(text)

    assert (redactor.text(once), redactor.url(url)) == (once, url)
    assert len(once.encode()) == len(url.encode()) == len(text.encode())


@given(
    parts=st.lists(
        st.sampled_from([*'«"\\:. \n=', "sk-", "Bearer ", "eyJ", "team", "org_id", "_id", UUID, "Id", "x" * 12])
        | st.text(alphabet="aZ09_-", max_size=25),
        max_size=8,
    )
)
def test_to_look_for_secrets_before_masking_them_hides_no_less(parts):
    body = "".join(parts).encode()

    masked = ANYONE.body(body)

    for shape in (*(shape for _, shape in (*redact._KEYS, *redact._OTHERS)), redact._TEAM):
        assert shape.sub(redact._mask_shape, masked) == masked


def test_what_holds_no_secret_is_returned_itself():
    attempt = Attempt(status=200, headers=(("server", "x"),), frames=(Frame(at_ms=1.0, content=b"{}"),))

    assert ANYONE.attempt(attempt) is attempt


def test_headers_that_differ_every_time_are_not_kept_for_ever():
    redactor = Redactor()

    redactor.headers((f"x-{n}", "/a?key=b") for n in range(5000))

    assert len(redactor._headers) <= 1000
    assert redactor.headers([("x-1", "/a?key=b")]) == (("x-1", "/a?key=*"),)


def test_a_secret_within_a_longer_one_leaves_nothing_of_it_standing():
    assert Redactor(["abcdef", "abcdefgh"]).text("abcdefgh") == "*" * 8


def test_a_secret_that_only_a_mask_completes_is_masked_too():
    assert Redactor(["***!bcd"]).text("sk-abcDEF123456ghiJKL789!bcd") == "*" * 28


def test_a_lone_surrogate_passes_through():
    assert Redactor([KEY]).text(f"\ud800 {KEY}") == "\ud800 " + "*" * len(KEY)


def test_a_secret_too_short_to_tell_from_a_word_is_passed_over():
    assert Redactor(["the", ""]).text("the thesis") == "the thesis"


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "Proxy-Authorization", "X-Api-Key", "api-key", "Cookie", "set-cookie", "x-goog-api-key"),
        *("x-auth-token", "X_SECRET", "my-apikey", "openai-organization", "OpenAI-Project", "x-team-id", "x-org-id"),
    ],
)
def test_the_value_of_a_secret_header_is_masked_whole(name):
    assert ANYONE.headers([(name, "Bearer möp")]) == ((name, "*" * 11),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-ratelimit-remaining-tokens", "1999"),
        ("anthropic-ratelimit-tokens-limit", "10"),
        ("x-amzn-input-token-count", "7"),
        ("x-request-id", UUID),
        ("content-type", "text/event-stream"),
        ("retry-after", "7"),
    ],
)
def test_a_header_that_counts_or_describes_is_kept(name, value):
    assert ANYONE.headers([(name, value)]) == ((name, value),)


def test_a_secret_within_an_ordinary_header_is_masked():
    assert Redactor(["s3cr3t!"]).headers([("location", "/a?token=x&b=s3cr3t!")]) == (
        ("location", "/a?token=*&b=*******"),
    )


@pytest.mark.parametrize("name", ["key", "api_key", "apikey", "token", "access_token", "signature", "X-Amz-Signature"])
def test_the_value_of_a_key_like_query_parameter_is_masked(name):
    url = f"https://host/v1/models?page=2&{name}=short&max_tokens=5#top"

    assert ANYONE.url(url) == url.replace("short", "*****")


@given(cuts=st.lists(st.integers(0, 140), max_size=5).map(sorted))
def test_a_secret_that_spans_frames_is_masked_and_the_frames_keep_their_lengths(cuts):
    body = f"data: the key is {KEY}, keep it\n\n".encode()
    edges = [0, *(min(cut, len(body)) for cut in cuts), len(body)]
    frames = [Frame(at_ms=float(n), content=body[a:b]) for n, (a, b) in enumerate(pairwise(edges))]

    attempt = Redactor([KEY]).attempt(Attempt(status=200, frames=tuple(frames), message=f"lost {KEY}"))

    assert attempt.body == body.replace(KEY.encode(), b"*" * len(KEY))
    assert [(f.at_ms, len(f.content)) for f in attempt.frames] == [(f.at_ms, len(f.content)) for f in frames]
    assert KEY not in attempt.message


json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(), st.sampled_from(["n12345", '","x","', "\nvapi-12345"])
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["team_id", "a", "n12345"]), inner),
    max_leaves=10,
)


@given(value=json_values, secret=st.sampled_from(["n12345", "123456", '","x","', "nvapi-12345", '":"***', "\\u00e9é"]))
def test_a_request_stays_json_and_masking_it_twice_changes_nothing_more(value, secret):
    request = HttpRequest(method="POST", path="/chat", body=json.dumps([value, secret, 123456, f"\n{secret}"]).encode())

    once = Redactor([secret]).request(request)

    assert secret not in [text for text in json.loads(once.body) if isinstance(text, str)]
    assert Redactor([secret]).request(once) == once


def test_team_and_organisation_fields_of_a_request_are_masked():
    request = HttpRequest(method="POST", path="/teams?key=abc", body=b'{"org_id":"small","team_id":7,"user":"u"}')

    seen = ANYONE.request(request)

    assert (seen.path, seen.body) == ("/teams?key=***", b'{"org_id":"*****","team_id":7,"user":"u"}')


def test_a_request_without_secrets_is_returned_to_the_byte():
    request = HttpRequest(method="POST", path="/chat/completions", body=b'{ "b": 1, "a": "org" }')

    assert ANYONE.request(request) is request


@pytest.mark.parametrize("piece", ["sk-", '"team_id":"', 'team "', "eyJaaaaaaaa.", "Bearer ", "AKIA0000000000000000"])
def test_a_hostile_body_is_read_in_one_go(piece):
    body = (piece * 100_000).encode()

    assert len(ANYONE.body(body)) == len(body)
