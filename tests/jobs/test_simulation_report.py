"""The sums of a report, and the gate that rests on them."""

import pytest

from batcher.accounting.limit import Limit
from batcher.jobs.simulation_report import EventCounts, SimulationReport, TriggerOutcome
from batcher.triggers.semantics.simulated_trigger import FiringCounts
from batcher.triggers.semantics.simulation import ProfileCounts


def report(before: int, started: int, evaluations: int = 1) -> SimulationReport:
    counts = dict.fromkeys(EventCounts.__struct_fields__, 0) | {"other_types": []}
    return SimulationReport(
        compares=True,
        triggers=[
            TriggerOutcome(
                target="default",
                domain="acme",
                trigger="t",
                lines=(1,),
                basis="current",
                simulated=True,
                before=FiringCounts(matched=before, fired=before),
                started=started,
                depends_on={"between": 2},
            )
        ]
        * 2,
        events=EventCounts(**counts),
        evaluations=evaluations,
        profiles=ProfileCounts(**dict.fromkeys(ProfileCounts.__struct_fields__, 0)),
        most_affected=[],
        assumptions=[],
    )


@pytest.mark.parametrize(
    ("before", "started", "limit", "exceeded"),
    [
        (0, 0, "0", False),
        (0, 1, "0", True),
        (0, 1, "100%", True),  # any part of nothing is more than all of it
        (50, 5, "10%", False),
        (50, 6, "10%", True),
        (50, 5, "10", False),
        (50, 6, "11", True),
    ],
)
def test_new_firings_of_all_triggers_are_held_against_a_number_or_a_part_of_those_before(
    before: int, started: int, limit: str, exceeded: bool
) -> None:
    assert report(before, started).exceeds(Limit(limit)) is exceeded


def test_outcomes_that_depend_on_an_unknown_are_summed() -> None:
    assert report(1, 1).depends_on == {"between": 4}


def test_a_report_of_no_evaluation_saw_nothing() -> None:
    assert report(0, 0, evaluations=0).saw_nothing
    assert not report(0, 0, evaluations=0).is_complete
