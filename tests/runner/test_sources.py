from dataclasses import replace

import pytest

from harness.catalogue import Catalogues
from harness.core.catalogue import Management, Provider
from harness.core.errors import UsageError
from harness.runner.sources import Sources, choose_mode

ACME = Provider(
    name="acme",
    base_url="https://api.acme.example/v1",
    dialect="openai-chat",
    hosts=("api.acme.example",),
    key_variable="ACME_KEY",
)
LOCAL = Provider(name="local", base_url="http://127.0.0.1:8080/v1", dialect="openai-chat")


def sources(**options):
    return Sources(
        catalogues=Catalogues(providers=(ACME, LOCAL)), environment={"ACME_KEY": "k1", "OTHER": "k2"}, **options
    )


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ({}, "acme"),
        ({"base_url": "https://api.acme.example/v2"}, "acme"),
        ({"base_url": "http://127.0.0.1:9000/v1"}, "local"),
        ({"base_url": "http://127.0.0.1:9000/v1", "rename": "acme-sim"}, "acme-sim"),
        ({"rename": "acme-sim"}, "acme-sim"),
    ],
)
def test_what_answers_elsewhere_is_never_filed_under_the_vendors_name(options, source):
    assert sources(**options).source_of(ACME) == source


def test_an_endpoint_is_found_once_for_each_provider_region_and_domain():
    known = sources()

    assert known.endpoint_of(ACME, None) is known.endpoint_of(ACME, None)
    assert replace(known, api_key_env="OTHER").endpoint_of(ACME, None).api_key == "k2"


def test_nobody_elses_host_takes_a_vendors_name():
    with pytest.raises(UsageError, match="is not a host of acme"):
        sources(base_url="http://127.0.0.1:9000/v1", rename="acme")


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:80",
        "ftp://x/v1",
        "http://x/v1?a=1",
        "http://u:p@x/v1",
        "http://[::1",
        "http://x:abc/v1",
        "http://x:99999/v1",
    ],
)
def test_a_base_url_that_is_none_is_refused(url):
    with pytest.raises(UsageError, match="--base-url"):
        sources(base_url=url)


def test_the_key_comes_from_the_variable_that_was_named():
    assert sources().endpoint_of(ACME, None).api_key == "k1"
    assert sources(api_key_env="OTHER").endpoint_of(ACME, None).api_key == "k2"


def test_a_key_is_never_shown():
    assert "k1" not in repr(sources().endpoint_of(ACME, None))


def test_a_base_url_alone_means_live_and_nothing_means_replay():
    assert choose_mode(None, "http://x/v1") == "live"
    assert choose_mode(None, None) == "replay"
    assert choose_mode("record", "http://x/v1") == "record"


def test_a_key_never_goes_to_another_vendors_host():
    other = Provider(
        name="other",
        base_url="https://other.example/v1",
        dialect="openai-chat",
        hosts=("other.example",),
        key_variable="OTHER",
    )
    known = Sources(
        catalogues=Catalogues(providers=(ACME, other)), rename="other", environment={"ACME_KEY": "k1", "OTHER": "k2"}
    )

    with pytest.raises(UsageError, match="does not answer for models of acme"):
        known.endpoint_of(ACME, None)


def test_what_is_overridden_for_the_targets_provider_leaves_a_judges_alone():
    overridden = sources(base_url="http://127.0.0.1:9000/v1", api_key_env="OTHER", applies_to="local")

    judge = overridden.endpoint_of(ACME, None)

    assert (judge.base_url, judge.api_key, judge.source) == ("https://api.acme.example/v1", "k1", "acme")


def test_a_stand_in_of_the_catalogue_is_reached_at_its_own_address_with_its_own_key():
    stand_in = Provider(name="acme-sim", base_url="http://127.0.0.1:7/v1", dialect="openai-chat", simulated=True)
    known = Sources(
        catalogues=Catalogues(providers=(ACME, stand_in)), rename="acme-sim", environment={"ACME_KEY": "k1"}
    )

    endpoint = known.endpoint_of(ACME, None)

    assert (endpoint.base_url, endpoint.api_key) == ("http://127.0.0.1:7/v1", None)


STAND_IN = Provider(
    name="acme-sim",
    base_url="http://127.0.0.1:7/v1",
    dialect="openai-chat",
    key_variable="SIM_KEY",
    url_variable="SIM_URL",
    management=Management(base_url="http://127.0.0.1:7", key_variable="SIM_MANAGEMENT_KEY"),
)


def standing_in(url=None, **options):
    environment = {"ACME_KEY": "k1", "SIM_KEY": "s1", **({"SIM_URL": url} if url else {})}
    return Sources(
        catalogues=Catalogues(providers=(ACME, STAND_IN)), rename="acme-sim", environment=environment, **options
    )


def test_a_stand_in_is_found_where_its_variable_says():
    known = standing_in("http://127.0.0.1:4321/v1")

    endpoint, management = (known.endpoint_of(ACME, None, domain) for domain in ("inference", "management"))

    assert (endpoint.base_url, endpoint.api_key) == ("http://127.0.0.1:4321/v1", "s1")
    assert management.base_url == "http://127.0.0.1:4321"


def test_a_stand_in_that_is_named_has_its_own_key_wherever_on_this_machine_it_is():
    endpoint = standing_in(base_url="http://127.0.0.1:5/v1").endpoint_of(ACME, None)

    assert (endpoint.base_url, endpoint.api_key, endpoint.key_variable) == ("http://127.0.0.1:5/v1", "s1", "SIM_KEY")


def test_a_variable_cannot_send_a_stand_ins_requests_to_another_machine():
    with pytest.raises(UsageError, match=r"\$SIM_URL: elsewhere\.example is not this machine"):
        standing_in("https://elsewhere.example/v1").endpoint_of(ACME, None)


def test_requests_to_a_vendor_itself_are_never_filed_under_a_made_up_name():
    with pytest.raises(UsageError, match="would go to acme itself"):
        sources(rename="my-proxy").refuse_misnaming(ACME)

    sources(rename="my-proxy", base_url="http://127.0.0.1:9000/v1").refuse_misnaming(ACME)


OTHER = Provider(
    name="other", base_url="https://other.example/v1", dialect="openai-chat", hosts=("other.example", "m.other.example")
)
TWO_APIS = replace(
    ACME,
    hosts=("api.acme.example", "manage.acme.example"),
    management=Management(base_url="https://manage.acme.example", key_variable="ACME_MANAGEMENT_KEY"),
)
KEYS = {"ACME_KEY": "k1", "ACME_MANAGEMENT_KEY": "m1"}


def two_apis(**options):
    return Sources(catalogues=Catalogues(providers=(TWO_APIS, OTHER)), environment=KEYS, applies_to="acme", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "https://other.example/v1"},
        {"base_url": "https://OTHER.example./v1"},
        {"management_url": "https://m.other.example"},
    ],
)
def test_a_vendors_key_is_not_sent_to_a_host_that_is_known_for_anothers(options):
    with pytest.raises(UsageError, match="would go to a host of other"):
        two_apis(**options).refuse_misnaming(TWO_APIS)


def test_a_key_that_was_named_for_it_goes_to_anothers_host():
    two_apis(base_url="https://other.example/v1", api_key_env="OTHER").refuse_misnaming(TWO_APIS)


@pytest.mark.parametrize(
    ("base_url", "key"),
    [
        (None, "m1"),
        ("https://api.acme.example/v2", "m1"),
        ("http://127.0.0.1:9/v1", "m1"),
        ("https://gateway.example/v1", None),
    ],
)
def test_the_other_apis_key_goes_to_the_vendor_or_a_stand_in_on_this_machine_alone(base_url, key):
    assert two_apis(base_url=base_url).endpoint_of(TWO_APIS, None).other_key == key


def test_the_inference_key_does_not_follow_the_management_api_to_a_gateway():
    endpoint = two_apis(management_url="https://gateway.example").endpoint_of(TWO_APIS, None, "management")

    assert (endpoint.api_key, endpoint.other_key) == ("m1", None)


def test_a_dot_at_the_end_of_a_host_does_not_make_it_anothers():
    assert sources(base_url="https://api.acme.example./v1").source_of(ACME) == "acme"


def test_at_another_host_of_the_vendor_its_management_api_is_where_it_always_is():
    endpoint = two_apis(base_url="https://api.acme.example/v2").endpoint_of(TWO_APIS, None, "management")

    assert endpoint.base_url == "https://manage.acme.example"
