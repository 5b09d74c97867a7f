"""Triggers put into the emulators, and held against what they were."""

from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.jobs.rehearsal_emulators import RehearsalEmulators
from batcher.jobs.rehearsed_targets import OPERATIONS, RehearsedTarget
from batcher.jobs.rehearsed_triggers import RehearsedTriggers
from batcher.jobs.trigger_keys import TriggerKey
from batcher.records import Error
from tests.conftest import trigger
from tests.jobs.rehearsed import FAST


def test_what_is_not_as_it_was_is_named_by_its_members() -> None:
    target = RehearsedTarget(
        name="a", account=None, region="eu-west-1", quotas=dict.fromkeys(OPERATIONS, FAST)
    )
    emulators = RehearsalEmulators({"a": target}, speed=1, faults={}, clear_omitted=False)
    keys = [TriggerKey("a", "acme", f"t{number}") for number in range(6)]
    found = RehearsedTriggers({key: line for line, key in enumerate(keys, 1)}, emulators)
    found.seed(
        {
            keys[0]: trigger(0),
            keys[1]: trigger(1),
            keys[2]: Error(code=RESOURCE_NOT_FOUND, message="m"),
            keys[3]: Error(code="AccessDeniedException", message="m"),
            keys[4]: {"DomainName": "acme", "EventTriggerName": "t4"},  # not whole
            keys[5]: Error(code=RESOURCE_NOT_FOUND, message="m"),
        },
        {},
    )
    assert (len(found), found.missing) == (2, 2)
    assert [(each.line, each.what.split(":")[0]) for each in found.unread.first] == [
        (4, "acme/t3"),
        (5, "acme/t4"),
    ]
    assert found.unrestored().count == 0
    emulators.seed(keys[1], {**trigger(1), "SegmentFilter": "vip", "Description": "other"})
    emulators.seed(keys[2], trigger(2))
    left = found.unrestored()
    assert (left.count, left.created) == (2, 1)
    assert [(each.line, each.created, each.members) for each in left.first] == [
        (2, False, ["Description", "SegmentFilter"]),
        (3, True, []),
    ]
