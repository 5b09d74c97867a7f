"""The job from Python: what is found, in which order, and beside what is there already."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from batcher.config import Settings, resolve
from batcher.config.value_kinds import LintCodes
from batcher.errors import InputError, SettingsError
from batcher.jobs.line_linter import in_order
from batcher.jobs.lint import LintCounter, lint_updates
from batcher.jobs.run import CheckedRun, LintErrors, open_run
from batcher.jobs.run_order import Following, Unattended
from tests.conftest import trigger
from tests.jobs.conftest import RecordedRun, SettingsFor, seeded
from tests.jobs.test_line_linter import checked

Found = list[tuple[int, str]]


async def linted(
    folder: Path, *lines: dict[str, Any], settings: Settings | None = None, **more: Any
) -> tuple[Found, Any]:
    found: Found = []
    file = checked(folder, *lines, settings=settings or resolve({"lint_select": "BT1,BT060"}))
    counts = await lint_updates(
        file, lambda update, finding: found.append((update.line, finding.code.code)), **more
    )
    return found, counts


def export(folder: Path, *lines: dict[str, Any]) -> str:
    path = folder / "export.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return str(path)


def update(number: int, **more: Any) -> dict[str, Any]:
    return {"DomainName": "acme", "EventTriggerName": f"t{number}", **more}


async def test_findings_of_lines_come_in_order_and_are_counted(tmp_path: Path) -> None:
    lines = update(1, SegmentFilter="a"), update(2), update(1, SegmentFilter="b"), update(3)
    found, counts = await linted(tmp_path, *lines)
    assert found == [(2, "BT060"), (3, "BT101"), (4, "BT060")]
    assert (counts.total, counts.codes) == (4, {"BT060": 2, "BT101": 1})
    assert (counts.of("error"), counts.of("warning")) == (0, 3)


async def test_beside_an_export_lines_are_held_against_what_those_before_have_made(
    tmp_path: Path,
) -> None:
    current = export(tmp_path, trigger(1) | {"SegmentFilter": "vip"}, trigger(2))
    lines = [
        update(1, SegmentFilter="vip"),  # is so already
        update(1, SegmentFilter="all"),
        update(1, SegmentFilter="all"),  # line 2 has made it so
        update(9, SegmentFilter="vip"),  # is not there
        update(2),
    ]
    found, counts = await linted(tmp_path, *lines, current=current)
    assert found == [
        (1, "BT104"),
        (2, "BT101"),
        (3, "BT104"),
        (4, "BT105"),
        (5, "BT060"),
    ]
    assert counts.total == 5


async def test_a_line_that_drops_limits_is_told_also_after_one_that_has_set_them(
    tmp_path: Path,
) -> None:
    periods = [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 3}]
    late, often = {"EventExpiration": 300_000}, {"Periods": periods}
    current = export(tmp_path, trigger(1) | {"EventTriggerLimits": often}, trigger(2))
    lines = [
        update(1, SegmentFilter="vip"),
        update(1, EventTriggerLimits=late),
        update(1, EventTriggerLimits=late | often),
        update(1, EventTriggerLimits=often),
        update(2, EventTriggerLimits=late),
    ]
    settings = resolve({"lint_select": "BT106"})
    found, _ = await linted(tmp_path, *lines, settings=settings, current=current)
    assert found == [(2, "BT106"), (4, "BT106")]


async def test_what_updates_make_of_two_triggers_may_be_the_same(tmp_path: Path) -> None:
    current = export(tmp_path, trigger(1) | {"SegmentFilter": "vip"}, trigger(2))
    found, _ = await linted(
        tmp_path, update(1, Description="d"), update(2, SegmentFilter="vip"), current=current
    )
    assert (2, "BT103") in found


async def test_what_an_update_makes_of_a_trigger_may_be_what_another_of_the_export_is(
    tmp_path: Path,
) -> None:
    others = [trigger(7) | {"SegmentFilter": "vip", "Description": "x"}, trigger(8), trigger(2)]
    current = export(tmp_path, trigger(1), *others, trigger(9, domain="other"))
    found, counts = await linted(tmp_path, update(1, SegmentFilter="vip"), current=current)
    assert found == [(1, "BT103")]
    assert counts.codes == {"BT103": 1}


async def test_a_line_that_creates_its_trigger_is_no_line_of_a_missing_one(tmp_path: Path) -> None:
    settings = resolve({"create_missing": True, "lint_select": "BT1,BT060"})
    current = export(tmp_path, trigger(1) | {"SegmentFilter": "all"})
    lines = trigger(7), update(7, SegmentFilter="vip"), update(8, SegmentFilter="vip")
    found, _ = await linted(tmp_path, *lines, settings=settings, current=current)
    assert found == [(3, "BT105")]


async def test_live_triggers_that_no_integration_names_never_fire(
    tmp_path: Path, settings_for: SettingsFor
) -> None:
    emulator = seeded(3)
    emulator.seed(
        [{"DomainName": "acme", "Uri": "arn:aws:connect-campaigns:x", "EventTriggerNames": ["t1"]}]
    )
    async with emulator as url:
        settings = msgspec.structs.replace(settings_for(url), lint_select=None)
        lines = [update(n, SegmentFilter="vip") for n in (1, 2, 1)]
        found, counts = await linted(tmp_path, *lines, settings=settings, current="live")
    assert [each for each in found if each[1] == "BT150"] == [(2, "BT150")]
    assert counts.unread == 0
    calls = [call.operation for call in emulator.calls()]
    assert sorted(calls) == ["GetEventTrigger", "GetEventTrigger", "ListIntegrations"]


async def test_what_can_not_be_read_is_told_and_its_lines_are_looked_at_by_themselves(
    tmp_path: Path, settings_for: SettingsFor
) -> None:
    told: list[str] = []
    emulator = seeded(1)
    for operation in ("ListIntegrations", "GetEventTrigger"):
        emulator.script(operation, ["access-denied"])
    async with emulator as url:
        lines = [update(0), update(0, SegmentFilter="a")]
        found, counts = await linted(
            tmp_path,
            *lines,
            settings=settings_for(url),
            current="live",
            on_unread=lambda what, why: told.append(f"{what}: {why.code}"),
        )
    assert (1, "BT060") in found
    assert counts.unread == 2
    assert told == [
        "integrations of domain acme, target default: AccessDeniedException",
        "trigger acme/t0: AccessDeniedException",
    ]


async def test_a_code_that_there_is_not_is_refused_and_so_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no code of lint"):
        await linted(tmp_path, update(1), settings=resolve({"lint_ignore": "BT9"}))
    with pytest.raises(InputError, match="line 1"):
        await linted(tmp_path, update(1), current=export(tmp_path, {"a": 1}))


ERROR = trigger(1) | {"ObjectTypeName": "_order"}  # BT061: a standard object type
AGAIN = update(1, SegmentFilter="all")


async def checked_run(folder: Path, lines: list[dict[str, Any]], **more: Any) -> Any:
    path, settings = folder / "updates.jsonl", more.pop("settings", Settings())
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    with open_run(str(path), folder / "u.run", settings, **more) as opened:
        return await opened.check()


async def test_a_run_counts_all_findings_and_goes_no_further_where_one_is_an_error(
    tmp_path: Path,
) -> None:
    found = await checked_run(tmp_path, [ERROR, update(1, SegmentFilter="vip"), AGAIN])
    assert isinstance(found, LintErrors)
    assert (found.lint.codes["BT061"], found.lint.codes["BT101"]) == (1, 1)
    assert not (tmp_path / "u.run").exists()
    ignoring = resolve({"lint_ignore": "BT06"})
    found = await checked_run(tmp_path, [ERROR, AGAIN, ERROR | {"id": "c"}], settings=ignoring)
    assert isinstance(found, CheckedRun)
    assert found.lint is not None
    assert found.lint.of("error") == 0


@pytest.mark.parametrize(
    "more",
    [
        {"settings": Settings(lint=False)},
        {"following": Following(kind="retry")},
        {"following": Following(kind="rollback", complete=True)},
        {"unattended": Unattended(on_result=print, on_attempt=print)},
    ],
    ids=["no-lint", "retry", "rollback", "worker"],
)
async def test_what_nobody_wants_linted_is_not_and_no_undo_is_held_up(
    more: dict[str, Any], tmp_path: Path
) -> None:
    found = await checked_run(tmp_path, [ERROR], **more)
    assert isinstance(found, CheckedRun)
    assert found.lint is None


async def test_a_run_that_goes_on_is_not_linted_again(tmp_path: Path) -> None:
    RecordedRun(tmp_path, [ERROR], Settings().as_json()).write(summary=False)
    with open_run(str(tmp_path / "updates.jsonl"), tmp_path / "updates.run", Settings()) as opened:
        found = await opened.check()
    assert isinstance(found, CheckedRun)
    assert (found.state.begun, found.lint) == (True, None)


async def test_lines_that_are_left_out_for_their_ids_are_not_counted(tmp_path: Path) -> None:
    lines = [ERROR | {"id": "a"}, trigger(2) | {"id": "b"}, trigger(3) | {"id": "b"}]
    settings = Settings(skip_invalid=True, lint_ignore=LintCodes("BT061"))
    found = await checked_run(tmp_path, lines, settings=settings)
    assert isinstance(found, CheckedRun)
    assert found.lint is not None
    assert (found.lint.total, "BT103" in found.lint.codes) == (2, False)


@limits(max_examples=40)
@given(st.lists(st.sampled_from([ERROR, AGAIN, trigger(1), trigger(2), update(2)]), max_size=5))
def test_what_a_run_counts_is_what_lint_tells(lines: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        file = checked(Path(folder), *[{**line, "SegmentFilter": "a"} for line in lines], ERROR)
        counter = LintCounter(Settings())
        for each in in_order(file):
            counter.add(each)
        assert counter.counts(file) == asyncio.run(lint_updates(file))
