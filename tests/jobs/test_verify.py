"""The job ``verify`` without a terminal: what was in doubt is settled, what differs is told."""

import json
from pathlib import Path

import msgspec
import pytest

from batcher.clock import SystemClock
from batcher.config import resolve
from batcher.emulator import account_of
from batcher.errors import AwsError, RunDirectoryError
from batcher.jobs.verify import verify_run
from batcher.operations import GET_TRIGGER
from batcher.records import Status
from batcher.storage.quota_file import QuotaFile
from batcher.storage.run_directory import RunDirectory
from tests.conftest import change, records, remember_quota, trigger
from tests.jobs.conftest import RecordedRun, SettingsFor, seeded


def live(number: int, **members: object) -> dict[str, object]:
    """A trigger as the update of that number leaves it."""
    return {**trigger(number), "Description": f"after-{number}", **members}


async def test_what_was_in_doubt_is_settled_by_what_the_live_trigger_shows(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1), change(2), change(9)])
    for line in (1, 2, 4):
        run.add(line, "in_doubt", "ReadTimeoutError")
    run.add(3, "succeeded")
    emulator = seeded(3)  # t0 and t1 as before, no t9
    emulator.seed([live(0), live(2)])
    began = SystemClock().wall()
    async with emulator as url:
        found = await verify_run(run.write(), settings_for(url))
        assert emulator.applied() == []
    assert (found.holds, found.settled) == (True, {"succeeded": 1, "failed": 2})
    (read,) = found.read.values()
    assert (read.triggers, read.region, read.endpoint) == (4, "eu-west-1", url)
    assert began <= str(read.first_at) <= str(read.last_at) <= SystemClock().wall()
    assert (found.counts, found.not_started) == ({"succeeded": 2, "failed": 2}, 0)
    assert (found.looked_at, found.as_asked, found.not_applied) == (4, 2, 2)
    results = {record["line"]: record for record in records(run.directory.results)}
    assert [results[line]["status"] for line in (1, 2, 3, 4)] == [
        "succeeded",
        "failed",
        "succeeded",
        "failed",
    ]
    assert results[2]["error"]["code"] == "NotAsAsked"
    assert results[4]["error"]["code"] == "ResourceNotFoundException"
    assert [record["EventTriggerName"] for record in records(run.directory.failed)] == ["t1", "t9"]


async def test_members_that_a_later_update_has_set_say_nothing_of_a_line_in_doubt(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(0, SegmentFilter="vip"), change(0, Description="later")])
    run.add(1, "in_doubt", "ReadTimeoutError")
    run.add(2, "succeeded")
    emulator = seeded(1)
    emulator.seed([live(0, Description="later", SegmentFilter="vip")])
    async with emulator as url:
        found = await verify_run(run.write(), settings_for(url))
    assert (found.settled, found.holds) == ({"succeeded": 1}, True)


@pytest.mark.parametrize("look", [True, False])
async def test_only_a_look_at_the_live_triggers_finds_what_somebody_changed(
    settings_for: SettingsFor, tmp_path: Path, look: bool
) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1), change(0, Description="last")])
    for line in (1, 2, 3):
        run.add(line, "succeeded")
    emulator = seeded(2)
    emulator.seed([live(0, Description="last"), live(1, Description="theirs")])
    async with emulator as url:
        found = await verify_run(run.write(), settings_for(url), live=look)
    assert (found.looked_at, found.as_asked, found.left_out) == ((2, 1, 0) if look else (0, 0, 2))
    assert (found.holds, found.amiss) == (False, look), "what was not looked at is no proof"
    told = [(each.line, each.what) for each in found.differs.first]
    wrong = (2, "acme/t1: NotAsAsked: the live trigger differs in Description")
    assert told == ([wrong] if look else [])


@pytest.mark.parametrize(
    ("statuses", "seen", "left_out", "holds"),
    [
        (("in_doubt", "in_doubt"), 2, 0, True),  # all that was changed was looked at
        (("in_doubt", "succeeded"), 1, 1, False),
        (("in_doubt", "unchanged"), 1, 1, False),
        (("in_doubt", "failed"), 1, 0, True),  # nothing was changed there
        (("succeeded", "succeeded"), 0, 2, False),
        (("failed", "stale"), 0, 0, True),
    ],
)
async def test_it_holds_only_if_nothing_was_left_out(
    settings_for: SettingsFor,
    tmp_path: Path,
    statuses: tuple[Status, Status],
    seen: int,
    left_out: int,
    holds: bool,
) -> None:
    run, emulator = RecordedRun(tmp_path, [change(0), change(1)]), seeded(2)
    for line, status in enumerate(statuses, 1):
        run.add(line, status)
    emulator.seed([live(0), live(1)])
    async with emulator as url:
        found = await verify_run(run.write(), settings_for(url), live=False)
    assert (found.looked_at, found.left_out, found.holds) == (seen, left_out, holds)
    assert not found.amiss


async def test_a_trigger_that_was_looked_at_for_a_later_line_is_not_left_out(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run, emulator = RecordedRun(tmp_path, [change(0, Description="first"), change(0)]), seeded(1)
    run.add(1, "succeeded")
    run.add(2, "in_doubt")
    emulator.seed([live(0)])
    async with emulator as url:
        found = await verify_run(run.write(), settings_for(url), live=False)
    assert (found.settled, found.left_out, found.holds) == ({"succeeded": 1}, 0, True)


async def test_what_can_not_be_read_does_not_hold(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1)])
    run.add(1, "succeeded")
    run.add(2, "in_doubt", "ReadTimeoutError")
    emulator = seeded(2)
    async with emulator as url:
        emulator.script("GetEventTrigger", ["internal"] * 2)
        found = await verify_run(run.write(), settings_for(url, max_attempts=1))
    assert (found.holds, found.unread.count, found.settled) == (False, 2, {})
    assert found.counts["in_doubt"] == 1


async def test_a_run_that_is_in_use_or_none_is_refused(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    settings = settings_for("http://127.0.0.1:1")
    with pytest.raises(RunDirectoryError):
        await verify_run(tmp_path / "none.run", settings)
    run = RecordedRun(tmp_path, [change(0)])
    run.add(1, "succeeded")
    path = run.write()
    with RunDirectory(path), pytest.raises(RunDirectoryError, match="in use by process"):
        await verify_run(path, settings)
    with pytest.raises(AwsError, match="no connection"):
        await verify_run(path, settings)


def keep_images(run: RecordedRun, *images: dict[str, object]) -> None:
    lines = [json.dumps(image) + "\n" for image in images]
    run.directory.before.write_text("".join(lines))


async def test_what_was_applied_and_changed_since_is_told_apart_from_what_never_happened(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(n, SegmentFilter="vip") for n in range(4)])
    for line in (1, 2, 3, 4):
        run.add(line, "in_doubt", "ReadTimeoutError")
    path = run.write()
    keep_images(run, *({"id": str(n + 1), **trigger(n)} for n in range(4)))
    emulator = seeded(4)  # t0 as it was
    emulator.seed(
        [
            live(1, SegmentFilter="vip"),
            live(2, Description="theirs", SegmentFilter="vip"),
            live(3, Description="theirs", SegmentFilter="theirs"),
        ]
    )
    async with emulator as url:
        found = await verify_run(path, settings_for(url))
    assert (found.holds, found.settled) == (False, {"failed": 1, "succeeded": 2})
    assert [each.line for each in found.differs.first] == [3, 4]
    applied, unknown = (each.what for each in found.differs.first)
    assert applied.endswith("it was applied, and somebody has changed Description since")
    assert unknown.endswith("since: whether it was applied can't be told")
    statuses = {record["line"]: record["status"] for record in records(run.directory.results)}
    assert statuses == {1: "failed", 2: "succeeded", 3: "succeeded", 4: "in_doubt"}


async def test_every_change_that_nobody_asked_for_is_named_and_those_in_doubt_are_no_success(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    count = 30
    run = RecordedRun(tmp_path, [change(n) for n in range(count)])
    for line in range(1, count):
        run.add(line, "differs", "MoreThanAsked")
    run.add(count, "in_doubt", "ReadTimeoutError")
    path = run.write()
    filtered = [{"id": str(n + 1), **trigger(n), "SegmentFilter": "vip"} for n in range(count)]
    keep_images(run, *filtered)
    emulator = seeded(count)
    # t0 was changed by somebody since, in what was asked as well
    emulator.seed([live(0, Description="theirs"), *(live(n) for n in range(1, count))])
    async with emulator as url:
        found = await verify_run(path, settings_for(url, concurrency=1))
        assert (found.differs.count, found.unseen, found.stopped) == (count, 0, {})
        assert (found.settled, found.counts["differs"]) == ({"differs": 1}, count)
        assert "Description; what nobody asked for is still so" in found.differs.first[0].what
        emulator.seed([live(n, SegmentFilter="vip") for n in range(count)])
        assert (await verify_run(path, settings_for(url))).holds, "put right by somebody"
    codes = {record["error"]["code"] for record in records(run.directory.results)}
    assert codes == {"MoreThanAsked"}


async def test_what_later_updates_have_set_all_of_is_superseded_and_nothing_is_claimed_of_it(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(0), change(0, Description="later"), change(1)])
    run.add(1, "in_doubt", "ReadTimeoutError")
    run.add(2, "succeeded")
    run.add(3, "succeeded")
    emulator = seeded(1)
    emulator.seed([live(0, Description="later"), live(1)])
    async with emulator as url:
        found = await verify_run(run.write(), settings_for(url))
    assert (found.holds, found.superseded, found.settled, found.looked_at) == (True, 1, {}, 2)
    assert records(run.directory.results)[0]["status"] == "in_doubt"


async def test_a_run_with_updates_that_have_no_result_does_not_hold(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1)])
    run.add(1, "succeeded")
    emulator = seeded(1)
    emulator.seed([live(0)])
    async with emulator as url:
        found = await verify_run(run.write(), settings_for(url))
    assert (found.holds, found.not_started, found.wrong.count) == (False, 1, 0)


@pytest.mark.parametrize("fault", ["access-denied", "expired-token"])
async def test_what_nobody_came_to_is_counted_and_it_does_not_hold(
    settings_for: SettingsFor, tmp_path: Path, fault: str
) -> None:
    run = RecordedRun(tmp_path, [change(n) for n in range(60)])
    for line in range(1, 61):
        run.add(line, "succeeded")
    emulator = seeded(60)
    emulator.seed([live(n) for n in range(60)])
    async with emulator as url:
        answered = [] if fault == "access-denied" else [None] * 3
        emulator.script("GetEventTrigger", [*answered, *[fault] * 500])
        found = await verify_run(run.write(), settings_for(url, concurrency=1))
    assert not found.holds
    assert found.unseen > 0
    assert found.looked_at + found.unseen == 60
    assert found.as_asked == found.read["default"].triggers == len(answered)
    assert list(found.stopped) == ["default"]


async def test_of_several_targets_one_that_can_not_be_reached_is_counted_as_not_seen(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(0), {**change(1), "target": "gone"}])
    run.add(1, "succeeded")
    of_gone = msgspec.structs.replace(run.add(2, "succeeded"), target="gone")
    run.results[1] = of_gone
    config = tmp_path / "batcher.toml"
    config.write_text('[targets.default]\n[targets.gone]\nendpoint_url = "http://127.0.0.1:1"\n')
    emulator = seeded(1)
    emulator.seed([live(0)])
    async with emulator as url:
        given = {"endpoint_url": url, "region": "eu-west-1", "remember": False, "read_rate": 1000}
        found = await verify_run(run.write(), resolve(given, file=config))
    assert (found.holds, found.as_asked, found.unseen) == (False, 1, 1)
    assert list(found.stopped) == ["gone"]


async def test_what_is_not_there_is_told_as_not_there_or_not_yours(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(9)])
    run.add(1, "succeeded")
    async with seeded(1) as url:
        found = await verify_run(run.write(), settings_for(url))
    (told,) = found.differs.first
    assert told.what.endswith("it is not there, or not yours to see")


@pytest.mark.parametrize("remembers", [True, False])
async def test_what_is_known_of_reading_is_used_and_kept(
    settings_for: SettingsFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembers: bool
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    account = account_of("AKIDEXAMPLE")
    remember_quota(tmp_path, GET_TRIGGER, 50, account=account)
    file = QuotaFile(tmp_path / "batcher", pytest.fail)
    (before,) = file.entries()
    run, emulator = RecordedRun(tmp_path, [change(n) for n in range(3)]), seeded(3)
    emulator.seed([live(n) for n in range(3)])
    for line in (1, 2, 3):
        run.add(line, "succeeded")
    async with emulator as url:
        settings = settings_for(url, read_rate="auto", remember=remembers)
        assert (await verify_run(run.write(), settings)).holds
    (after,) = file.entries()
    assert (after.operation, after.account) == (GET_TRIGGER, account)
    assert (after.used_at > before.used_at) is remembers


async def test_what_failed_and_may_have_been_applied_is_settled_like_what_is_in_doubt(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(n) for n in range(5)])
    for line, code in enumerate(("InternalServerException", "AccessDeniedException") * 2, 1):
        run.add(line, "failed", code)
    run.add(5, "failed", "BadRequestException")  # refused at once: no look is needed
    run.results = [
        msgspec.structs.replace(each, attempts=2, maybe_applied=each.line != 5)
        for each in run.results
    ]
    emulator = seeded(5)
    emulator.seed([live(0), live(1)])  # and t2 and t3 are as before
    async with emulator as url:
        first = await verify_run(run.write(), settings_for(url), live=False)
        again = await verify_run(run.path, settings_for(url))
    assert (first.settled, first.looked_at, first.as_asked, first.not_applied) == (
        {"succeeded": 2, "failed": 2},
        4,
        2,
        2,
    )
    assert first.left_out == 0
    assert first.holds
    assert (again.holds, again.settled, again.looked_at, again.as_asked) == (True, {}, 2, 2)
    found = {each["line"]: each for each in records(run.directory.results)}
    assert "maybe_applied" not in found[1]
    assert found[3]["error"]["code"] == "NotAsAsked"
    assert found[4]["error"]["code"] == "AccessDeniedException"  # which says what helps
    summary = run.directory.read_summary()
    assert summary is not None
    assert (summary.failed, summary.maybe_applied) == (3, 0)


async def test_of_a_doubt_settled_it_is_told_that_it_created_its_trigger_where_images_tell(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(n) for n in range(3)], {"create_missing": True})
    for line in (1, 2, 3):
        run.add(line, "in_doubt", "ReadTimeoutError")
    run.results[1] = msgspec.structs.replace(run.results[1], image=None)  # it had one: an update
    emulator = seeded(0)
    emulator.seed([live(0), live(1)])  # and t2 is not there
    async with emulator as url:
        run.write()
        run.directory.before.touch()
        await verify_run(run.path, settings_for(url))
    found = {each["line"]: each for each in records(run.directory.results)}
    assert [found[line]["status"] for line in (1, 2, 3)] == ["succeeded", "succeeded", "failed"]
    assert [found[line].get("created") for line in (1, 2, 3)] == ["without_integration", None, None]
    summary = run.directory.read_summary()
    assert summary is not None
    assert summary.created == {"without_integration": 1}


async def test_what_may_have_been_applied_and_can_not_be_read_does_not_hold(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(0)])
    failed = run.add(1, "failed", "InternalServerException")
    run.results = [msgspec.structs.replace(failed, attempts=1)]  # of an earlier version
    emulator = seeded(1)
    emulator.set_faults({"access-denied": 1.0})
    async with emulator as url:
        found = await verify_run(run.write(), settings_for(url))
    assert (found.holds, found.amiss, found.maybe_applied) == (False, True, 1)
    assert (found.looked_at, found.unread.count) == (1, 1)
