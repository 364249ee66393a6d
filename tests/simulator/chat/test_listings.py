import base64

import pytest
from chat_samples import MINI, NOW, PLAIN, SEER, WEATHER, png, profile, serve, with_picture

from harness.simulator.chat.refusal import Refusal

DRAWER = "grok-2-image-1212"


@pytest.fixture(scope="module")
def service():
    return serve()


def test_every_model_is_listed_and_can_be_looked_up_by_id(service):
    listed = service.models().models()

    assert [each["id"] for each in listed["data"]] == list(profile().models)
    assert all(service.models().model(each["id"]) == each for each in listed["data"])


def test_an_alias_is_looked_up_as_its_model(service):
    assert service.models().model("grok-4")["id"] == "grok-4-0709"
    assert "grok-4-latest" in service.models().language_model("grok-4-0709")["aliases"]


def test_prices_are_cents_for_a_hundred_million_tokens(service):
    listed = service.models().language_model("grok-4-0709")

    assert (listed["prompt_text_token_price"], listed["completion_text_token_price"]) == (50_000, 150_000)
    assert listed["cached_prompt_text_token_price"] == 7_500
    assert service.models().image_model(DRAWER)["image_price"] == 7


def test_a_model_without_a_cache_lists_no_price_for_cached_tokens(service):
    assert service.models().language_model(MINI)["cached_prompt_text_token_price"] == 0


def test_models_that_draw_are_no_language_models(service):
    assert DRAWER not in [each["id"] for each in service.models().language_models()["models"]]
    assert [each["id"] for each in service.models().image_models()["models"]] == [DRAWER]


def test_what_is_not_there_is_404(service):
    lists = service.models()
    for look_up in (lists.model, lists.language_model, lists.image_model):
        with pytest.raises(Refusal) as refused:
            look_up("grok-9")
        assert refused.value.status == 404
    with pytest.raises(Refusal):
        lists.language_model(DRAWER)


def test_tokens_of_a_text_join_to_the_text(service):
    tokens = service.tokenize({"model": MINI, "text": "Grüße aus Oslo!"})["token_ids"]

    assert "".join(token["string_token"] for token in tokens) == "Grüße aus Oslo!"
    assert bytes(byte for token in tokens for byte in token["token_bytes"]).decode() == "Grüße aus Oslo!"


@pytest.mark.parametrize(
    ("body", "status"), [({"text": "x"}, 422), ({"model": MINI}, 422), ({"model": "x", "text": "x"}, 404), (3, 422)]
)
def test_tokens_need_a_model_and_a_text(service, body, status):
    with pytest.raises(Refusal) as refused:
        service.tokenize(body)

    assert refused.value.status == status


@pytest.mark.parametrize("body", [None, [], {"messages": 3}, {"messages": [[[["deep"]]]]}, {"messages": None}])
def test_a_prompt_that_is_refused_has_no_tokens(service, body):
    assert service.count_prompt(body) == service.count_prompt(body, message=True) == 0


def test_what_is_counted_is_what_is_billed_tools_and_pictures_too(service):
    body = {"model": SEER, "messages": with_picture(png()), "tools": [WEATHER], "max_tokens": 1}

    billed = service.complete(body, caller="a", now=NOW).prompt_tokens

    assert billed > 256
    assert service.count_prompt(body) == billed


def test_a_picture_in_a_message_counts_as_one_and_not_as_its_text(service):
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(png() + bytes(100_000)).decode()}
    content = [{"type": "image", "source": source}]
    body = {"model": SEER, "max_tokens": 1, "messages": [{"role": "user", "content": content}]}

    billed = service.message(body, caller="a", now=NOW).prompt_tokens

    assert service.count_prompt(body, message=True) == billed < 1_000


def draw(service, **fields):
    return service.images({"model": DRAWER, "prompt": "a red circle", **fields}, now=NOW)


def test_as_many_pictures_come_as_asked_and_each_costs_seven_cents(service):
    one, three = draw(service), draw(service, n=3, size="64x64")

    assert (len(one["data"]), len(three["data"])) == (1, 3)
    assert (one["usage"]["cost_in_usd_ticks"], three["usage"]["cost_in_usd_ticks"]) == (700_000_000, 2_100_000_000)
    assert one["created"] == int(NOW)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"n": 0}, 400),
        ({"n": 11}, 400),
        ({"n": 1.5}, 422),
        ({"prompt": None}, 422),
        ({"prompt": " "}, 400),
        ({"size": "huge"}, 400),
        ({"size": "9999x64"}, 400),
        ({"size": 3}, 422),
        ({"response_format": "gif"}, 400),
        ({"model": PLAIN}, 400),
        ({"model": "grok-9"}, 404),
    ],
)
def test_a_picture_that_cannot_be_drawn_is_refused(service, fields, status):
    with pytest.raises(Refusal) as refused:
        draw(service, **fields)

    assert refused.value.status == status


def test_a_prompt_may_be_as_long_as_the_listing_says_and_no_longer(service):
    most = service.models().image_model(DRAWER)["max_prompt_length"]

    assert most == 1_024
    assert draw(service, prompt="x" * most)["data"]
    with pytest.raises(Refusal, match=str(most)) as refused:
        draw(service, prompt="x" * (most + 1))
    assert refused.value.status == 400


def test_as_observed_a_size_is_refused_by_name():
    with pytest.raises(Refusal, match="size"):
        draw(serve(name="observed"), size="64x64")
