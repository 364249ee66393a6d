"""What a digest must come to, however its records came."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.outcome import Outcome
from harness.report import RunDigest, decide_run, render_html, summarise
from harness.report.kept import WHOLE_TRIALS

# A case, a target, how many of its repeats must pass, and what they came to.
asked = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from("tuv"),
    st.none() | st.just(1),
    st.lists(st.sampled_from(Outcome), min_size=1),
)
runs = st.lists(asked, min_size=1, max_size=8, unique_by=lambda each: each[:2])


def records_of(trial, run):
    """The records of a run in a plan's order: by case, then by target, then by index."""
    return [
        trial(outcome, case=case, target=target, at_least=at_least, index=index)
        for case, target, at_least, outcomes in sorted(run, key=lambda each: each[:2])
        for index, outcome in enumerate(outcomes)
    ]


def figures(summary):
    """What a summary counts, whatever the order of its rows."""
    columns = {(each.suite, each.target.label): (each.rate, each.verdicts) for each in summary.figures}
    return summary.cases, summary.verdicts, summary.rate, summary.decision, columns


@given(run=runs, chance=st.randoms(use_true_random=False))
def test_the_order_of_the_records_changes_no_figure(trial, run_of, run, chance):
    records = records_of(trial, run)
    shuffled = chance.sample(records, len(records))

    assert figures(summarise(run_of(*shuffled))) == figures(summarise(run_of(*records)))


@given(run=runs)
def test_every_case_is_decided_by_all_of_its_trials(trial, run_of, run):
    verdicts = {}
    for case, target, at_least, outcomes in run:
        alone = [trial(outcome, index=i, at_least=at_least) for i, outcome in enumerate(outcomes)]
        verdicts.setdefault(case, {})[target] = summarise(run_of(*alone)).results[0].verdict

    cases = summarise(run_of(*records_of(trial, run))).cases

    told = [set(each.values()) for each in verdicts.values()]
    assert (cases.all, cases.passed) == (len(told), sum(each == {"pass"} for each in told))
    assert (cases.failed, cases.differing) == (sum("fail" in e for e in told), sum(len(e) > 1 for e in told))


@pytest.mark.parametrize("many", [5, WHOLE_TRIALS + 50])
def test_shards_that_hold_repeats_of_one_case_give_the_figures_of_the_whole(trial, run_of, many):
    records = [
        trial("fail" if i % 7 == 0 else "pass", case=str(i), index=k, at_least=2) for i in range(many) for k in range(3)
    ]

    sharded = [record for shard in range(3) for record in records if record.index == shard]

    assert figures(summarise(run_of(*sharded))) == figures(summarise(run_of(*records)))


def test_a_page_is_the_same_whether_its_records_were_read_or_came_one_by_one(trial, run_of):
    run = run_of(*(trial("fail" if i % 9 == 0 else "pass", case=str(i)) for i in range(WHOLE_TRIALS + 9)))
    digest = RunDigest()
    for record in run.records:
        digest.add(replace(record))

    streamed = digest.close(run.header, run.footer)

    assert render_html(streamed, title="t") == render_html(run, title="t")


def test_what_a_footer_needs_is_known_without_the_records(trial, exchange):
    records = [trial(case=str(i), exchanges=[exchange(cost="0.1")], judge_cost_usd=Decimal("0.02")) for i in range(3)]
    digest = RunDigest()

    for record in [*records, trial("skip", case="s")]:
        digest.add(record)

    assert (digest.trials, digest.spent_usd, digest.rate.passed) == (4, Decimal("0.36"), 3)
    assert digest.decide(0) == decide_run([*records, trial("skip", case="s")], 0)


def test_one_cost_that_is_not_known_leaves_the_spend_unknown(trial, exchange):
    digest = RunDigest()

    for cost in ("0.1", None, "0.1"):
        digest.add(trial(case=str(cost), exchanges=[exchange(cost=cost)]))

    assert digest.spent_usd is None


def test_a_run_that_was_decided_takes_no_further_record(trial):
    digest = RunDigest()
    digest.add(trial())
    digest.decide(0)

    with pytest.raises(ValueError, match="already decided"):
        digest.add(trial())


def test_servers_that_all_call_themselves_otherwise_are_not_listed_without_end(trial, exchange, run_of):
    replies = [exchange(recorded=True, server=f"server-{i}") for i in range(70)]

    recordings = summarise(run_of(trial(exchanges=replies))).recordings

    assert (len(recordings), recordings[-1].name, recordings[-1].replies) == (51, "further servers", 20)
