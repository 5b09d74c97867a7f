"""The undo of one update: what it puts back, and of which states of its trigger."""

import msgspec
import pytest

from batcher.config import Settings
from batcher.jobs.undo_line import make_undo
from batcher.records import Result, Status, Update
from batcher.triggers.decision import ChangeOptions, Finish, Send, decide
from batcher.wiring.line_readers import installed_update_model, line_reader
from tests.conftest import trigger

LIMITS = {"EventTriggerLimits": {"EventExpiration": 5000}}
ASKED = {"DomainName": "acme", "EventTriggerName": "t0"} | LIMITS


def read(line: dict[str, object]) -> Update:
    update = line_reader(Settings()).read(msgspec.json.encode(line), 1)
    assert isinstance(update, Update)
    return update


def result(status: Status) -> Result:
    update, now = read(ASKED), "2026-01-01T00:00:00.000Z"
    return Result(
        id="1",
        line=1,
        target="default",
        domain=update.domain,
        trigger=update.trigger,
        status=status,
        attempts=1,
        throttles=0,
        error=None,
        started_at=now,
        finished_at=now,
    )


@pytest.mark.parametrize("status", [None, "in_doubt", "differs"])
def test_what_an_update_without_an_answer_has_cleared_is_put_back(status: Status | None) -> None:
    before = trigger(0) | {"SegmentFilter": "vip"}
    found = None if status is None else result(status)
    undo = make_undo(read(ASKED), found, before, {}, lambda member: True)
    options = ChangeOptions(writable=installed_update_model().writable, complete=True)
    gone = ("Description", "SegmentFilter")
    whole = before | LIMITS
    bare = {name: value for name, value in whole.items() if name not in gone}
    for made in (whole, bare):
        decision = decide(read(undo.line), made, kept=False, options=options)
        assert isinstance(decision, Send)
        assert decision.request["Description"] == "before-0"
    changed = bare | {"SegmentFilter": "a colleague's"}
    decision = decide(read(undo.line), changed, kept=False, options=options)
    assert isinstance(decision, Finish)
    assert decision.status == "stale"
