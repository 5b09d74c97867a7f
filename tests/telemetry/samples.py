"""Attempts and results as the engine tells of them."""

from typing import Any

from batcher.accounting.verdicts import Verdict
from batcher.ports import AttemptMade
from batcher.records import Attempt, Error, Result
from batcher.target_identity import TargetIdentity

PLACE = TargetIdentity(region="eu-west-1", endpoint="https://profile.eu-west-1.amazonaws.com")
HOSTILE = "\udcff\u202e<script>\x1b[2J\x00"


def made(id: str = "row-1", verdict: Verdict = Verdict.ACCEPTED, **more: Any) -> AttemptMade:
    answer = {"http_status": 200} if verdict is Verdict.ACCEPTED else {"code": "Odd"}
    attempt = Attempt(reached="answered", seconds=0.25, request_id="r-1", **answer)
    members = {"target": "prod", "operation": "UpdateEventTrigger", "domain": "acme", "number": 1}
    return AttemptMade(id=id, verdict=verdict, attempt=attempt, **{**members, **more})


def result(id: str = "row-1", **more: Any) -> Result:
    members: dict[str, Any] = {
        "line": 7,
        "target": "prod",
        "domain": "acme",
        "trigger": "cart",
        "status": "succeeded",
        "started_at": "2026-01-01T00:00:00.000Z",
        "finished_at": "2026-01-01T00:00:01.000Z",
    }
    return Result(id=id, **{**members, **more})


FAILED = {"status": "failed", "error": Error(code="Odd", message="SECRET")}
