import pytest
from chat_samples import MINI, NOW, PLAIN, profile, serve

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
def test_tokens_are_estimated_whatever_comes(service, body):
    assert service.estimate_tokens(body) in {0, 1}


def test_an_estimate_is_near_the_count_and_leaves_pictures_out(service):
    body = {"model": PLAIN, "messages": [{"role": "user", "content": "Every word here is a plain one. " * 100}]}
    seen = {"messages": [{"content": [{"image_url": {"url": "data:image/png;base64," + "A" * 10_000}}]}]}

    estimate = service.estimate_tokens(body)

    assert 0.6 < estimate / service.complete(body | {"max_tokens": 1}, caller="a", now=NOW).prompt_tokens < 1.6
    assert service.estimate_tokens(seen) == 0


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

    assert draw(service, prompt="x" * most)["data"]
    with pytest.raises(Refusal, match=str(most)) as refused:
        draw(service, prompt="x" * (most + 1))
    assert refused.value.status == 400


def test_as_observed_a_size_is_refused_by_name():
    with pytest.raises(Refusal, match="size"):
        draw(serve(name="observed"), size="64x64")
