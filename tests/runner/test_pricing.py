from decimal import Decimal

from harness.core.catalogue import Provider, Tariff
from harness.core.record import ExchangeRecord
from harness.core.reply import ApiError, Reply, Usage
from harness.runner.pricing import price, total_cost

ACME = Provider(
    name="acme",
    base_url="https://acme.example/v1",
    dialect="openai-chat",
    open_models=True,
    tariffs=(Tariff(input=Decimal(1), output=Decimal(2), image=Decimal("0.07")),),
)


def cost_of(reply, **options):
    return price(reply, ACME, "big", "documented", **options)


def test_an_answer_that_counts_nothing_has_no_known_price():
    assert cost_of(Reply(status=200)) is None


def test_a_listing_is_free_and_says_so():
    cost = cost_of(Reply(status=200), asks_model=False)

    assert (cost.usd, cost.profile) == (0, "free")


def test_what_a_server_counts_is_paid_for_whatever_was_asked():
    reply = Reply(status=200, usage=Usage(images=2))

    assert cost_of(reply, asks_model=False).usd == Decimal("0.14")


def test_a_listing_that_failed_has_no_price():
    reply = Reply(status=500, error=ApiError(kind="server", message="down"))

    assert cost_of(reply, asks_model=False) is None


def test_a_deferred_reply_is_paid_for_once_when_it_is_fetched():
    fetched = Reply(status=200, usage=Usage(prompt=1_000_000, completion=0))
    exchanges = [
        ExchangeRecord(turn=0, key="a", reply=Reply(status=200, deferred_id="r-1")),
        ExchangeRecord(turn=0, key="b", reply=fetched, cost=cost_of(fetched)),
    ]

    assert total_cost(exchanges) == 1
    assert total_cost([exchanges[1], ExchangeRecord(turn=0, key="c", reply=Reply(status=200))]) is None
