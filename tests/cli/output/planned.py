"""Planned updates, as the printers of a plan take them."""

from batcher.jobs.target_planner import PlannedUpdate
from batcher.records import Update
from batcher.triggers.diff import Change
from batcher.triggers.forecast import TriggerForecast
from batcher.triggers.masking import masked
from tests.updates.samples import MODEL


def planned(
    line: int, before: str, after: str, member: str = "SegmentFilter"
) -> tuple[PlannedUpdate, list[Change]]:
    """The update of trigger t with the line's number, and its changes as they may be shown."""
    names = {"DomainName": "acme", "EventTriggerName": f"t{line}"}
    update = Update(id=str(line), line=line, target="eu", request={**names, member: after})
    step = TriggerForecast({**names, member: before}, MODEL.writable).step(update)
    found = PlannedUpdate(update=update, effect="changed", step=step)
    return found, masked(step.changes, MODEL.sensitive)
