"""What a file of another tool holds: triggers, and counts of what is none."""

from batcher.updates.foreign_resources import ForeignResource, ForeignResources


def test_what_is_not_said_is_nothing() -> None:
    trigger = ForeignResource(value={})
    assert (trigger.name, trigger.place) == ("", "")
    found = ForeignResources(triggers=[trigger])
    assert (found.others, found.pending) == (0, 0)
