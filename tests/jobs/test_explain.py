"""One event held against one trigger: its conditions, and the limits that one event shows."""

from typing import Any

from batcher.jobs.explain import (
    NO_CONDITIONS,
    NO_PROFILE,
    NO_SEGMENTS,
    Explanation,
    explain_trigger,
)
from batcher.jobs.explained_inputs import ExplainedEvent, ExplainedTrigger
from batcher.triggers.semantics.firing_options import FiringOptions
from tests.triggers.semantics.samples import of_one, trigger


def _explained(
    definition: dict[str, Any],
    found: Any,
    segments: Any = NO_SEGMENTS,
    options: FiringOptions | None = None,
    **event: Any,
) -> Explanation:
    return explain_trigger(
        ExplainedTrigger(name="t", definition=definition, line=1),
        ExplainedEvent(id="e", object={"a": found}, object_type="Orders", **event),
        options or FiringOptions(),
        segments=segments,
    )


def test_it_fires_when_the_conditions_match_and_no_limit_is_in_the_way() -> None:
    found = _explained(of_one("INCLUSIVE", "x"), "x")
    assert (found.fires, found.limit, found.depends_on) == (True, "fired", ())
    assert not _explained(of_one("INCLUSIVE", "x"), "y").fires


def test_an_event_that_came_too_late_does_not_fire_and_nothing_else_decides_that() -> None:
    late = of_one("INCLUSIVE", "x") | {"EventTriggerLimits": {"EventExpiration": 1000}}
    found = _explained(late, "X", delay=2_000_000)
    assert (found.fires, found.limit, found.depends_on) == (False, "expired", ())
    in_time = _explained(late, "X", delay=500_000)
    assert (in_time.limit, in_time.depends_on) == ("fired", ("case_sensitive",))


def test_what_is_not_known_of_an_event_decides_only_where_the_conditions_match() -> None:
    limited = of_one("INCLUSIVE", "x") | {"SegmentFilter": "vip"}
    assert _explained(limited, "x").depends_on == ("unlisted",)
    assert _explained(limited, "y").depends_on == ()
    outside = FiringOptions(unlisted="outside")
    limited |= {"EventTriggerLimits": {"EventExpiration": 1000}}
    late = _explained(limited, "x", options=outside, delay=2_000_000)
    assert (late.limit, late.depends_on) == ("outside_segment", ())  # as a member it is too late
    in_time = _explained(limited, "x", options=outside, delay=500_000)
    assert (in_time.limit, in_time.depends_on) == ("outside_segment", ("unlisted",))
    assumed = [each.option for each in _explained(limited, "x").assumptions]
    assert assumed[-2:] == ["no_ingestion_time", "unlisted"]


def test_a_definition_without_conditions_says_that_the_trigger_may_have_some() -> None:
    assert NO_CONDITIONS in _explained(trigger(), "x").not_looked_at
    assert NO_CONDITIONS not in _explained(of_one("EQUAL", "5"), "x").not_looked_at


def test_a_profile_outside_of_the_segment_does_not_fire() -> None:
    limited = of_one("INCLUSIVE", "x") | {"SegmentFilter": "vip"}
    members = {"vip": {"p-1"}}
    assert _explained(limited, "x", members, profile="p-1").fires
    assert _explained(limited, "x", members, profile="p-2").limit == "outside_segment"
    unnamed = _explained(limited, "x", members)
    assert (unnamed.fires, unnamed.depends_on) == (True, ("unlisted",))
    assert NO_PROFILE in unnamed.not_looked_at
