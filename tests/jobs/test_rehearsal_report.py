"""The verdict of a rehearsal, in one sentence."""

from batcher.accounting.tally import Tally, summarize
from batcher.jobs.rehearsal_phases import RehearsedRollback, RehearsedRun
from batcher.jobs.rehearsal_report import BECOMES, RehearsedSteps, problems_of, verdict_of
from batcher.jobs.rehearsed_triggers import Unrestored
from batcher.jobs.run_audit import Discrepancies
from batcher.records import STATUSES, Summary


def summary(**counts: int) -> Summary:
    empty = summarize({"default": Tally()}, {"default": 0}, {}, wall_seconds=1.0, stopped=None)
    return Summary(**{name: getattr(empty, name) for name in empty.__struct_fields__} | counts)


def test_every_status_that_is_no_success_is_a_problem() -> None:
    bad = [status for status in (*STATUSES, "not_started") if status not in BECOMES]
    assert bad == ["succeeded", "unchanged"]
    for status in BECOMES:
        run = RehearsedRun(summary=summary(**{status: 2}))
        steps = RehearsedSteps(run=run, rollback=RehearsedRollback(why_not="no images"))
        found = list(problems_of(steps, Unrestored(), Discrepancies()))
        assert found[0] == f"2 updates {BECOMES[status]}"


def test_one_sentence_says_that_all_would_be_well_or_what_would_not() -> None:
    run = RehearsedRun(summary=summary(succeeded=3))
    assert verdict_of([], run, 4800.0, None) == (
        "Everything would be as asked, in about 1 h 20 min, and could be put back exactly, in an"
        " unknown time: 3 updates would change something."
    )
    assert verdict_of(["a", "b", "c"], run, 1.0, 1.0) == (
        "Not as asked, or not to be undone: a (2 more reasons)."
    )
