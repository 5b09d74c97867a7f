"""The sums of a report, and the gate that rests on them."""

import pytest

from batcher.accounting.limit import Limit
from batcher.jobs.simulation_report import EventCounts, SimulationReport, TriggerOutcome
from batcher.triggers.semantics.simulated_trigger import FiringCounts
from batcher.triggers.semantics.simulation import ProfileCounts


def report(before: int, started: int, **more: int) -> SimulationReport:
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
                **({"events": 1, "events_after": 1} | more),
            )
        ]
        * 2,
        events=EventCounts(**counts),
        evaluations=1,
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


@pytest.mark.parametrize(
    ("more", "saw_nothing"),
    [
        ({"events": 0, "events_after": 0}, True),
        ({"events": 5, "events_after": 0}, True),
        ({"events": 5, "attributes": 3, "unseen": 3}, True),
        ({"events": 5, "attributes": 3, "unseen": 2}, False),
        ({"events": 5, "attributes": 3, "unreadable": 1}, True),
        ({"events": 5}, False),
    ],
)
def test_without_events_or_anything_that_triggers_look_at_it_saw_nothing(
    more: dict[str, int], saw_nothing: bool
) -> None:
    found = report(0, 0, **more)
    assert (found.saw_nothing, found.is_complete) == (saw_nothing, not saw_nothing)
