"""A plan as told: JSON that is whole however it ends, and sentences where they say something."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batcher.accounting.limit import Limit
from batcher.cli.output.error_report import report_of
from batcher.cli.output.plan_report import PlanPrinter
from batcher.errors import InputError
from batcher.jobs.plan import Plan
from batcher.jobs.target_planner import EFFECTS, PlannedUpdate
from batcher.records import Update
from batcher.sources.inspection import Inspection
from batcher.storage.omission_records import Omission
from batcher.triggers.forecast import TriggerForecast
from batcher.wiring.omissions import KnownOmissions
from tests.updates.samples import MODEL

Capture = pytest.CaptureFixture[str]
NAMES = {"DomainName": "acme", "EventTriggerName": "t1"}


def printer(*, as_json: bool, **more: bool) -> PlanPrinter:
    file = Inspection(total=0, invalid=0, violations=0, targets={}, size=0, sha256="")
    return PlanPrinter(file, hidden=frozenset({"Description"}), as_json=as_json, **more)


def planned(line: int) -> PlannedUpdate:
    request = {**NAMES, "Description": "new"}
    update = Update(id=str(line), line=line, target="default", request=request)
    step = TriggerForecast({**NAMES, "Description": "old"}, MODEL.writable).step(update)
    return PlannedUpdate(update=update, effect="changed", step=step)


def plan(total: int, **more: Any) -> Plan:
    effects = {**dict.fromkeys(EFFECTS, 0), "changed": total} | more.pop("effects", {})
    members = {"irreversible": 0, "conflicts": 0, "max_changes": None} | more
    return Plan(effects=effects, **members)


def known_for(days: int) -> KnownOmissions:
    seen_at = (datetime.now(UTC) - timedelta(days=days, hours=1)).isoformat()
    place = {"account": "1", "region": "eu-west-1", "endpoint": "https://one"}
    shown = Omission(**place, member="SegmentFilter", effect="kept", seen_at=seen_at)
    return KnownOmissions(whole="auto", effects={"SegmentFilter": shown})


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_json_of_a_plan_is_whole_and_hides_what_is_sensitive(
    capsys: Capture, count: int
) -> None:
    printed = printer(as_json=True)
    for line in range(count):
        printed.add(planned(line))
    printed.finish(plan(count), None)
    found = json.loads(capsys.readouterr().out)
    assert [update["line"] for update in found["updates"]] == list(range(count))
    assert found["summary"] == {
        "total": count,
        "changed": count,
        **dict.fromkeys(EFFECTS[1:], 0),
        "irreversible": 0,
        "conflicts": 0,
        "undo_seconds": 0.0,
    }
    hidden = [{"path": "Description", "before": "[hidden]", "after": "[hidden]"}]
    assert all(update["changes"] == hidden for update in found["updates"])


@pytest.mark.parametrize("count", [0, 2])
def test_a_plan_that_is_broken_off_ends_its_json_where_it_was_begun(
    capsys: Capture, count: int
) -> None:
    printed = printer(as_json=True)
    for line in range(count):
        printed.add(planned(line))
    assert printed.break_off(report_of(InputError('no "connection"'))) is (count > 0)
    out = capsys.readouterr().out
    if count:
        found = json.loads(out)
        assert (found["code"], len(found["updates"])) == ("InputInvalid", 2)
        assert found["error"].startswith('no "connection". ')
    else:
        assert out == ""


@pytest.mark.parametrize(
    ("found", "out", "said"),
    [
        (plan(0), None, ["0 updates: nothing to do."]),
        (plan(2), None, ["2 updates: 2 changed."]),
        (
            plan(3, max_changes=Limit("1")),
            None,
            ["3 updates: 3 changed.", "That is more than --max-changes 1."],
        ),
        (
            plan(3, max_changes=Limit("1")),
            Path("p.jsonl"),
            ["3 updates: 3 changed.", "That is more than --max-changes 1; no plan was kept."],
        ),
        (
            plan(3, effects={"changed": 2, "unreadable": 1}),
            Path("p.jsonl"),
            [
                "3 updates: 2 changed, 1 unreadable.",
                "The plan leaves out the 1 update whose trigger can't be read.",
                "The plan is in p.jsonl; to do it: batcher run p.jsonl",
            ],
        ),
    ],
)
def test_sentences_say_what_it_came_to(
    capsys: Capture, found: Plan, out: Path | None, said: list[str]
) -> None:
    printer(as_json=False).finish(found, out)
    assert capsys.readouterr().err.splitlines() == said


def test_targets_that_the_same_is_known_of_are_told_together_with_the_age_of_the_oldest(
    capsys: Capture,
) -> None:
    known = {name: known_for(days) for name, days in (("a", 2), ("b", 3), ("c", 4))}
    staying = {name: {"SegmentFilter"} for name in known}
    found = plan(3, irreversible=3, omissions=known, staying=staying)
    printer(as_json=False).finish(found, None)
    sends, _, _, rests = capsys.readouterr().err.splitlines()[:4]
    for said in (sends, rests):
        assert "3 targets (a, b, c)" in said
        assert "(its answers showed it 4 days ago)" in said


def test_how_far_it_is_is_said_only_after_silence(capsys: Capture) -> None:
    printed = printer(as_json=False, full=True)
    printed.tick()
    assert capsys.readouterr().err == "Only reads: 0/0 updates compared\n"
    printed.add(planned(1))
    capsys.readouterr()
    printed.tick()
    assert capsys.readouterr().err == ""
    printed.tick()
    assert capsys.readouterr().err == "Only reads: 1/0 updates compared\n"
