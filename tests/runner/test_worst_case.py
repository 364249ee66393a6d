from dataclasses import replace
from decimal import Decimal

import pytest

from harness.core.catalogue import LongContext, Model, Provider, Tariff
from harness.core.chat import ChatRequest, Message, Part
from harness.core.plain import PlainRequest
from harness.runner.worst_case import HIDDEN_TOKENS, IMAGE_TOKENS, NOTHING, worst_case

TARIFF = Tariff(input=Decimal(1), cached_input=Decimal("0.1"), output=Decimal(2), reasoning=Decimal(3))
MODEL = Model(id="m", window_tokens=1000, tariffs=(TARIFF,))
MILLION = Decimal(1_000_000)


def most(request, length=0, **model):
    provider = Provider(name="p", base_url="http://h/v1", dialect="openai-chat", models=(replace(MODEL, **model),))
    return worst_case(request, length, provider, "m", "documented")


def chat(**params):
    tools = params.pop("tools", ())
    parts = params.pop("parts", ())
    return ChatRequest(model="m", messages=(Message(role="user", text="hi", parts=parts),), params=params, tools=tools)


def test_every_byte_may_be_a_token_and_every_token_the_dearest():
    found = most(chat(max_tokens=10), 200)

    assert (found.input_tokens, found.output_tokens) == (200 + HIDDEN_TOKENS, 10)
    assert found.usd == (200 + HIDDEN_TOKENS + 10 * 3) / MILLION


@pytest.mark.parametrize(
    ("params", "model", "output"),
    [
        ({}, {}, 1000),
        ({}, {"max_output_tokens": 70}, 70),
        ({}, {"window_tokens": None}, None),
        ({"max_tokens": 10, "n": 3}, {}, 30),
        ({"max_tokens": 10}, {"capabilities": ("reasoning",)}, 1000),
        ({"max_completion_tokens": 10}, {"capabilities": ("reasoning",)}, 10),
        ({"max_completion_tokens": 20, "max_tokens": 10}, {}, 20),
        ({"max_tokens": 5000}, {}, 1000),
        ({"max_tokens": 0}, {}, 1000),
        ({"max_tokens": True}, {}, 1000),
        ({"max_tokens": 10, "n": -1}, {}, 10),
    ],
)
def test_a_reply_is_bounded_by_what_bounds_its_thoughts_too(params, model, output):
    assert most(chat(**params), **model).output_tokens == output


def test_an_image_counts_whatever_its_address_is():
    picture = Part(kind="image", image="https://h/p.png")

    assert most(chat(parts=(picture, picture)), 9).input_tokens == 9 + HIDDEN_TOKENS + 2 * IMAGE_TOKENS


def test_a_long_prompt_is_bounded_by_the_rates_beyond_its_length():
    tier = LongContext(above_tokens=2000, input=Decimal(4), output=Decimal(5))
    tariffs = (replace(TARIFF, long_context=tier),)

    found = most(chat(max_tokens=10), 2000, tariffs=tariffs)

    assert found.usd == ((2000 + HIDDEN_TOKENS) * 4 + 10 * 5) / MILLION


def test_without_a_price_or_a_bound_nothing_bounds_the_cost():
    assert most(chat(max_tokens=1), tariffs=()).usd is None
    assert most(chat(), window_tokens=None).usd is None


def test_what_costs_nothing_a_token_costs_nothing_without_a_bound():
    free = (Tariff(input=Decimal(0), output=Decimal(0)),)

    assert most(chat(), window_tokens=None, tariffs=free).usd == 0


@pytest.mark.parametrize("params", [{"search_parameters": {}}, {"tools": ({"type": "web_search"},)}])
def test_nothing_bounds_what_the_vendors_own_tools_may_fetch(params):
    assert most(chat(max_tokens=1, **params)).usd is None


def test_an_image_model_is_paid_by_the_picture():
    request = PlainRequest(method="POST", path="/images/generations", body={"n": 4})

    assert most(request, makes="image", tariffs=(Tariff(image=Decimal("0.07")),)).usd == Decimal("0.28")


@pytest.mark.parametrize("how", [{"method": "GET"}, {"method": "POST", "domain": "management"}])
def test_what_asks_no_model_costs_nothing(how):
    assert most(PlainRequest(path="/models", **how)) == NOTHING
