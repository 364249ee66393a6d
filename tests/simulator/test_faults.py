import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import UsageError
from harness.simulator import faults
from harness.simulator.behaviour import load_profile
from harness.simulator.faults import KINDS, Fault, FaultPlan

CHAT = "/v1/chat/completions"
PROFILE = load_profile("documented", ())


def parse_fault(spec):
    return faults.parse_fault(spec, PROFILE)


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("429", Fault(kind="429", argument=1)),
        ("429:2", Fault(kind="429", argument=2)),
        ("500", Fault(kind="500")),
        ("503:7@grok-3,x2", Fault(kind="503", argument=7, models=frozenset({"grok-3"}), first=2)),
        ("stall:0.5@/v1/messages", Fault(kind="stall", argument=0.5, path="/v1/messages")),
        ("500@grok-4", Fault(kind="500", models=frozenset({"grok-4-0709"}))),
        (
            "reset@grok-3*,every=5",
            Fault(kind="reset", argument=3, models=frozenset({"grok-3", "grok-3-mini"}), every=5),
        ),
        ("empty-body,p=0.1", Fault(kind="empty-body", share=0.1)),
    ],
)
def test_a_spec_reads_as_it_is_written(spec, fault):
    assert parse_fault(spec) == fault


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_may_stand_alone(kind):
    assert parse_fault(kind).kind == kind


@pytest.mark.parametrize(
    ("spec", "place", "says"),
    [
        ("", 1, "there is no fault"),
        ("tuncated", 1, "there is no fault 'tuncated'; did you mean 'truncated'?"),
        ("zzz", 1, "there is no fault 'zzz'\n"),
        ("500@grok-44", 5, "there is no model 'grok-44'; did you mean 'grok-4'?"),
        ("500@nomodel", 5, "there is no model 'nomodel'\n"),
        ("500@nomodel*", 5, "there is no model 'nomodel*'\n"),
        ("429:soon", 5, "a whole number"),
        ("429:1.5", 5, "a whole number"),
        ("stall:-1", 7, "seconds"),
        ("stall:nan", 7, "seconds"),
        ("slow:0", 6, "bytes a second"),
        ("slow:1e999", 6, "bytes a second"),
        ("empty-body:3", 12, "takes no argument"),
        ("429@", 5, "after '@' comes a model"),
        ("429,x0", 5, "x3"),
        ("429@grok-3,every=", 12, "every=3"),
        ("429,p=2", 5, "p=0.1"),
        ("429,sometimes", 5, "p=0.1"),
        ("429,x2,x3", 5, "x3"),
    ],
)
def test_a_mistake_in_a_spec_is_pointed_at(spec, place, says):
    with pytest.raises(UsageError) as caught:
        parse_fault(spec)

    assert f"character {place}:" in caught.value.message
    assert says in caught.value.message
    assert caught.value.exit_code == 2


@given(spec=st.text(max_size=40))
def test_any_text_is_a_fault_or_a_usage_error(spec):
    try:
        fault = parse_fault(spec)
    except UsageError:
        return
    assert fault.kind in KINDS


def meets(spec, count, seed=0):
    """Whether each of so many like requests meets the fault."""
    plan = FaultPlan(faults=[parse_fault(spec)], seed=seed)
    return [plan.next(CHAT, "grok-3") is not None for _ in range(count)]


def test_a_fault_may_be_for_the_first_so_many_for_every_so_manieth_or_for_all():
    assert meets("500,x2", 5) == [True, True, False, False, False]
    assert meets("500,every=2", 5) == [False, True, False, True, False]
    assert meets("500", 3) == [True, True, True]


def test_a_share_is_drawn_by_the_seed_and_comes_out_near_what_was_asked():
    drawn = meets("500,p=0.1", 2_000, seed=7)

    assert drawn == meets("500,p=0.1", 2_000, seed=7)
    assert drawn != meets("500,p=0.1", 2_000, seed=8)
    assert 140 < sum(drawn) < 260


@pytest.mark.parametrize(
    ("where", "path", "model", "matches"),
    [
        ("", CHAT, "grok-3", True),
        ("", "/v1/models", None, False),
        ("", "/auth/teams/t/api-keys", None, False),
        ("@grok-3", CHAT, "grok-3", True),
        ("@grok-3", CHAT, "grok-3-mini", False),
        ("@grok-3*", "/v1/messages", "grok-3-mini", True),
        ("@grok-3", CHAT, None, False),
        ("@/v1/models", "/v1/models", None, True),
        ("@/v1/*", CHAT, "grok-3", True),
        ("@/v1/models", CHAT, "grok-3", False),
    ],
)
def test_a_fault_is_for_what_its_place_names(where, path, model, matches):
    assert parse_fault("500" + where).matches(path, model) is matches


def test_a_request_meets_the_first_fault_whose_turn_it_is_and_others_do_not_count_it():
    plan = FaultPlan(faults=[parse_fault("429,x2"), parse_fault("500,x1")])

    met = [plan.next(CHAT, "grok-3") for _ in range(4)]

    assert [fault.kind if fault else None for fault in met] == ["429", "429", "500", None]
