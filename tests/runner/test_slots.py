import asyncio
from dataclasses import replace

from limit_servers import asking
from wire_samples import call_to

from harness.core.clock import LoopClock, run_virtually
from harness.core.exchange import Attempt
from harness.runner.pacing import Pacing
from harness.wire.transport import Lease

OK = Attempt(status=200)


class Trials:
    """Trials that ask through one pacing in virtual time, and a log of (time, trial) for each request."""

    def __init__(self, slots, limits):
        self.pacing = Pacing(lambda call: limits[call.key.model], LoopClock())
        self.pacing.share_slots(slots)
        self.log = []
        self.most = self.now = 0

    async def one(self, name, model, *, requests=1, takes_s=1.0):
        self_began = False
        for _ in range(requests):
            call = replace(call_to(model=model), lease=Lease(holder=name))
            await self.pacing.admit(call)
            self.now += not self_began
            self_began = True
            self.most = max(self.most, self.now)
            self.log.append((asyncio.get_running_loop().time(), name))
            await asyncio.sleep(takes_s)
            self.pacing.ended(call, OK)
        # As a run does, which writes the record down first.
        await asyncio.sleep(0.01)
        self.now -= 1
        self.pacing.release(name)


def ask(slots, limits, trials):
    async def story():
        found = Trials(slots, limits)
        await asyncio.gather(*(found.one(name, model, **how) for name, model, how in trials))
        return found

    return run_virtually(story())


def test_no_more_trials_are_under_way_than_there_are_slots_whatever_models_they_ask():
    trials = [(f"{model}{number}", model, {}) for number in range(10) for model in "ab"]

    found = ask(3, {"a": asking(), "b": asking()}, trials)

    assert (found.most, len(found.log)) == (3, 20)


def test_a_trial_that_waits_for_its_models_limit_holds_up_no_other_model():
    slow = [(f"a{number}", "a", {}) for number in range(4)]
    quick = [(f"b{number}", "b", {}) for number in range(20)]

    found = ask(2, {"a": asking(requests=1), "b": asking()}, [*slow, *quick])

    assert max(at for at, name in found.log if name.startswith("b")) <= 11
    assert max(at for at, name in found.log if name.startswith("a")) >= 180


def test_models_take_slots_in_turn():
    trials = [(f"{model}{number}", model, {}) for model in "ab" for number in range(10)]

    found = ask(1, {"a": asking(), "b": asking()}, trials)

    first = [name[0] for _, name in found.log[:8]]
    assert 2 <= first.count("a") <= 6


def test_a_trial_keeps_its_slot_between_its_requests():
    trials = [(name, "a", {"requests": 3}) for name in "xyz"]

    found = ask(1, {"a": asking()}, trials)

    assert "".join(name for _, name in found.log) == "xxxyyyzzz"
