"""What hooks are told of a run: which run it is, where and why, how far it is, and what happened.

No sensitive member, no credentials, and no message that may quote one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from batcher.accounting.tally import WELL, added_up
from batcher.aws.client import AwsTarget
from batcher.config.hook_settings import HookEvent
from batcher.engine.breaker_gate import Away
from batcher.hooks.cloud_event import CloudEvent
from batcher.jobs.run_order import RunOrder
from batcher.jobs.run_state import RunState
from batcher.records import Result, Summary
from batcher.storage.stored_path import stored_name, text_of_path


class RunEvents:
    """Tells the hooks of a run. ``targets``: that are connected by now."""

    def __init__(
        self, order: RunOrder, state: RunState, targets: Mapping[str, AwsTarget] | None = None
    ) -> None:
        self._order = order
        self._state = state
        self._targets = targets or {}
        self._failed = False  # some update of this session
        self._run: dict[str, Any] = {}  # what is said of it each time, once there are hooks

    async def ask(self, on: HookEvent) -> None:
        """Have the before-hooks of an event called, then tell the others of it.

        Those are not told of a dry run, and none is asked or told of a run that is finished.
        Raises HookError.
        """
        if not self._order.hooks or (self._state.finished and not self._order.dry_run):
            return
        event = self._event(on, {})
        await self._order.hooks.ask(on, event)
        if not self._order.dry_run:
            self._order.hooks.tell(on, event)

    def tell(self, on: HookEvent, **facts: object) -> None:
        """Have hooks told of an event, with ``facts`` beside what is said of the run."""
        if self._order.hooks:
            self._order.hooks.tell(on, self._event(on, facts))

    def settled(self, result: Result) -> None:
        """Take note of a result; of the session's first one without success hooks are told."""
        if self._failed or result.status in WELL:
            return
        self._failed = True
        self.tell("first_failure", failure=failure_of(result))

    def ended(self, summary: Summary | None) -> None:
        """Tell of the end of a session; None: it wrote no summary."""
        if summary is None:
            self.tell("ended", stopped="stopped by an error")
            return
        names = ("stopped", "wall_seconds", "rate")
        self.tell("ended", **{name: getattr(summary, name) for name in names})

    def _event(self, on: HookEvent, facts: Mapping[str, Any]) -> CloudEvent:
        order, state = self._order, self._state
        self._run = self._run or self._about()
        counts = added_up(state.tallies.values()).counts(sum(state.totals.values()))
        return order.hooks.event(
            on,
            kind="run",
            source=f"/batcher/runs/{self._run['run']['id']}",
            subject=stored_name(self._run["run"]["directory"]),
            data={
                **self._run,
                "targets": [_of_target(each) for each in self._targets.values()],
                "counts": msgspec.to_builtins(counts),
                **facts,
            },
        )

    def _about(self) -> dict[str, Any]:
        """What stays the same, asked for once: a directory may go while a run is at work."""
        order, state = self._order, self._state
        return {
            "run": {
                "id": order.directory.read_manifest().run if state.begun else order.run_id,
                "session": order.run_id,
                "kind": order.following.kind,
                "parent": order.following.parent,
                "directory": text_of_path(order.directory.path.absolute()),
                "resumed": state.begun,
                "dry_run": order.dry_run,
            },
            "input": self._input(),
            "reason": order.settings.reason,
            "labels": order.settings.label.pairs if order.settings.label else {},
        }

    def _input(self) -> dict[str, Any]:
        origin, found = self._state.file.origin, self._state.inspection
        is_path = "://" not in origin
        path = text_of_path(Path(origin).absolute()) if is_path else origin
        return {"path": path, "sha256": found.sha256, "updates": found.total}


def failure_of(result: Result) -> dict[str, Any]:
    """Which update did not succeed, and the code of why; the message may quote it."""
    names = ("id", "line", "target", "domain", "trigger", "status")
    code = result.error.code if result.error else None
    return {**{name: getattr(result, name) for name in names}, "code": code}


def outage_of(away: Away) -> dict[str, Any]:
    """Which target is away; the words of why may quote what was sent."""
    return {"target": away.target, "code": away.code}


def _of_target(target: AwsTarget) -> dict[str, Any]:
    """Where a target is, and by whom it is changed."""
    return {
        "name": target.name,
        "account": target.account_id,
        "region": target.region,
        "endpoint": target.endpoint_url,
        "who": target.caller_arn,
    }
