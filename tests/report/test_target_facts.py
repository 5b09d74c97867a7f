"""Of many targets the page tells first in how many not all is well, and which are the worst."""

from batcher.jobs.report_facts import worst_first
from batcher.report.run_report import TargetReport
from batcher.report.target_facts import target_places, targets_amiss


def target(number: int, *, stopped: str | None = None, **outcomes: int) -> TargetReport:
    return TargetReport(
        name=f"shop{number}",
        account=f"{number:012}",
        region="eu-west-1",
        total=sum(outcomes.values()),
        outcomes=outcomes,
        attempts=0,
        throttles=0,
        wall_seconds=0.0,
        rate=0.0,
        stopped=stopped,
    )


def test_the_worst_targets_come_first_and_all_are_counted() -> None:
    well = [target(number, succeeded=2, unchanged=1) for number in range(990)]
    amiss = [target(number, failed=1, succeeded=9) for number in range(990, 997)]
    worst = [
        target(997, failed=3, in_doubt=1),
        target(998, not_started=9),
        target(999, succeeded=1, stopped="gone"),
    ]
    found = worst_first([*well, *amiss, *worst])
    assert targets_amiss(found) == (
        "not all is well in 10 of 1,000: shop998 (9 not started), shop997 (3 failed, 1 in doubt),"
        " shop990 (1 failed), shop991 (1 failed), shop992 (1 failed) and 5 more"
    )
    assert [each.name for each in found[9:11]] == ["shop999", "shop0"]
    assert targets_amiss([target(1, succeeded=0, failed=0, stopped="x"), *well]) == (
        "not all is well in 1 of 991: shop1 (stopped)"
    )
    assert targets_amiss(well) == "all is well in all 990"
    assert targets_amiss(worst[:1]) is None
    assert target_places(found).startswith("1,000 targets: 1,000 accounts (000000000000, ")
