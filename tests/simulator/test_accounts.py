import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.clock import VirtualClock
from harness.simulator.accounts import MOST_KEYS, Accounts, TooManyKeys, described, masked


@pytest.fixture
def accounts():
    return Accounts(clock=VirtualClock(), team="t", key="first-key", management_key="manager")


def test_a_key_works_from_its_creation_to_its_revocation(accounts):
    key = accounts.create(name="ci")

    assert accounts.find(key.secret) == key
    assert accounts.revoke(key.id)
    assert accounts.find(key.secret) is None
    assert not accounts.revoke(key.id)


def test_the_management_key_is_no_inference_key_and_the_other_way_round(accounts):
    assert accounts.find("manager") is None
    assert accounts.find("first-key")
    assert not accounts.is_management_key("first-key")
    assert accounts.is_management_key("manager")


@pytest.mark.parametrize("part", ["", "f", "first-ke", "first-key ", "first-key-and-more", "irst-key"])
def test_no_part_of_a_secret_and_nothing_longer_is_the_secret(accounts, part):
    assert accounts.find(part) is None


@pytest.mark.parametrize("part", ["", "m", "manage", "manager-and-more", "anager"])
def test_no_part_of_the_management_key_and_nothing_longer_is_the_key(accounts, part):
    assert not accounts.is_management_key(part)


@pytest.mark.parametrize(
    ("acl", "allowed"),
    [("grok-4", True), ("grok-4-0709", True), ("grok-4-*", True), ("grok-3", False), ("*-latest", False)],
)
def test_a_permission_may_name_a_model_by_an_alias_but_a_glob_means_ids(accounts, acl, allowed):
    key = accounts.create(name="k", acls=[f"api-key:model:{acl}"])

    assert key.allows_model("grok-4-0709", ("grok-4", "grok-4-latest")) is allowed


@pytest.mark.parametrize(
    ("acls", "kind", "name", "allowed"),
    [
        ((), "model", "grok-3", True),
        (("api-key:model:*",), "endpoint", "chat", False),
        (("api-key:model:grok-3", "api-key:endpoint:*"), "model", "grok-3", True),
        (("api-key:model:grok-3", "api-key:endpoint:*"), "model", "grok-3-mini", False),
        (("api-key:model:grok-3*",), "model", "grok-3-mini", True),
    ],
)
def test_a_key_may_do_what_its_permissions_name(accounts, acls, kind, name, allowed):
    assert accounts.create(name="k", acls=acls).allows(kind, name) is allowed


@given(secret=st.text(min_size=8, max_size=80))
def test_a_masked_secret_shows_two_characters_at_either_end(secret):
    assert masked(secret) == f"{secret[:2]}***{secret[-2:]}"


@given(secret=st.text(max_size=7))
def test_a_short_secret_shows_nothing(secret):
    assert masked(secret) == "***"


def test_a_key_as_it_is_listed_never_holds_its_secret(accounts):
    key = accounts.create(name="ci")

    shown = described(key, accounts)

    assert key.secret not in str(shown)
    assert shown["redacted_api_key"] == masked(key.secret)
    assert shown["team_id"] == "t"


def test_keys_are_bounded_in_number(accounts):
    for number in range(MOST_KEYS - 1):
        accounts.create(name=str(number))

    with pytest.raises(TooManyKeys):
        accounts.create(name="one too many")


def test_two_servers_with_the_same_options_name_their_first_key_alike(accounts):
    again = Accounts(clock=VirtualClock(), team="t", key="first-key", management_key="manager")

    assert [key.id for key in accounts.issued()] == [key.id for key in again.issued()]
