"""Several things tried beside one control, which they share: refused means refused on three tries, as ever.

It stands apart from trying one thing because a control costs a request, and some models refuse much.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from harness.probes.desk import Ask, Desk, Seen
from harness.probes.refusal import TRIES, Tried, read_tries


async def try_together(desk: Desk, treatments: Mapping[str, Callable[[int], Ask]], control: Ask) -> Mapping[str, Tried]:
    """What came of each, by its name: once if it is accepted at the first try, three times otherwise.

    treatments  name -> the request of the n-th try, from 0
    """
    control = replace(control, role="control")
    controls: list[Seen] = []
    tries: dict[str, list[Seen]] = {name: [] for name in treatments}
    for number in range(TRIES):
        left = [name for name, seen in tries.items() if not (seen and seen[0].accepted and controls[0].accepted)]
        if not left or (controls and not (controls[-1].accepted or controls[-1].crashed)):
            break
        asks = [replace(treatments[name](number), role="treatment") for name in left]
        first, *others = await desk.ask(control, *asks)
        controls.append(first)
        for name, seen in zip(left, others, strict=True):
            tries[name].append(seen)
    return {name: read_tries(seen, controls[: len(seen)]) for name, seen in tries.items()}
