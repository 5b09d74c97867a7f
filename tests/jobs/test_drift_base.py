"""What a base knows: the lines of an export, and what a run has left its triggers in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.config import resolve
from batcher.errors import InputError
from batcher.jobs.drift import find_drift
from batcher.jobs.drift_base import read_base
from batcher.jobs.run_reader import settings_of
from batcher.jobs.trigger_keys import TriggerKey
from batcher.records import Status
from batcher.triggers.diff import based_on, same
from batcher.updates.selection import Selection, Selector
from tests.conftest import Command, change, trigger
from tests.jobs.conftest import RecordedRun, SettingsFor, seeded
from tests.jobs.killed_run import killed_run
from tests.updates.samples import MODEL

Write = Callable[..., Path]
SETTINGS = resolve({"endpoint_url": "http://127.0.0.1:1", "region": "eu-west-1"})


def key(number: int) -> TriggerKey:
    return TriggerKey("default", "acme", f"t{number}")


def test_an_export_is_read_as_whole_triggers_with_their_times(write_lines: Write) -> None:
    base = msgspec.to_builtins(based_on({**trigger(0), "LastUpdatedAt": 7.5}, MODEL.writable))
    path = write_lines([{**trigger(0), "based_on": base}, trigger(1), trigger(1)])
    found = read_base(str(path), SETTINGS)
    assert found.triggers.keys() == {key(0), key(1)}
    assert found.triggers[key(0)].last_updated_at == 7.5
    assert all(each.complete for each in found.triggers.values())


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([change(1)], "line 1: ObjectTypeName is missing, so it is a change of a trigger"),
        ([trigger(1), {**trigger(1), "SegmentFilter": "x"}], "line 2: a trigger is there twice"),
        ([{**trigger(1), "based_on": {"sha256": "0" * 64}}], "line 1: it says what is to become"),
        ([{**trigger(1), "Descripton": "SECRET"}], "line 1: Descripton: no such member"),
        ([{**trigger(1), "target": "mars"}], "line 1: target: no target mars"),
        ([], "no triggers in it"),
    ],
)
def test_what_is_no_base_is_refused_with_its_line(
    write_lines: Write, lines: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(InputError) as refused:
        read_base(str(write_lines(lines)), SETTINGS)
    assert said in str(refused.value)
    assert "SECRET" not in str(refused.value)


def test_a_selection_narrows_it_and_one_of_nothing_is_refused(write_lines: Write) -> None:
    path = str(write_lines([trigger(n) for n in range(3)]))
    found = read_base(path, SETTINGS, Selector(Selection.of(only=["t1"])))
    assert found.part is not None
    assert (set(found.triggers), found.part.left_out) == ({key(1)}, 2)
    with pytest.raises(InputError, match="all 3 triggers are left out by --only x"):
        read_base(path, SETTINGS, Selector(Selection.of(only=["x"])))


async def test_the_end_state_of_a_run_is_whole_where_its_images_tell_and_shows_what_came_after(
    batcher: Command, settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    emulator = seeded(4)
    write_lines([change(0), change(1, SegmentFilter="vip"), change(1, Description="last")])
    async with emulator as url:
        ended = await batcher("run", "updates.jsonl", "--endpoint-url", url, "--yes")
        assert ended.code == 0, ended.err
        run = tmp_path / "updates.run"
        files = {path: path.read_bytes() for path in run.iterdir() if path.is_file()}
        base = read_base(str(run), settings_of(run))
        assert files == {path: path.read_bytes() for path in run.iterdir() if path.is_file()}
        for number in (0, 1):
            live = emulator.trigger("acme", f"t{number}")
            assert same(base.triggers[key(number)].members, live)
            assert base.triggers[key(number)].complete
        other = {**trigger(1), "Description": "last", "SegmentFilter": "vip"}
        emulator.seed([{**other, "ObjectTypeName": "Visits"}])
        report = await find_drift(base, settings_for(url))
        rolled = await batcher("rollback", str(run), "--endpoint-url", url, "--yes")
        assert rolled.code == 1, "t1 is stale"
        (after,) = read_base(str(run), settings_of(run)).followed_by
    assert base.in_part == 0
    assert (set(base.triggers), base.whole_domains) == ({key(0), key(1)}, False)
    assert [(each.trigger, each.outcome) for each in report.drifted] == [("t1", "changed")]
    assert [each.path for each in report.drifted[0].changes] == ["ObjectTypeName"]
    assert after.name == "updates.run.rollback"


def test_a_trigger_is_as_the_last_update_left_it_whichever_name_of_its_place_that_used(
    tmp_path: Path,
) -> None:
    """An update of one's own under another name is no drift."""
    named = [("a", "x"), ("b", "y"), ("c", "z"), ("a", "w")]
    run = RecordedRun(
        tmp_path, [change(0, target=name, SegmentFilter=text) for name, text in named]
    )
    run.put_at(a="1" * 12, b="1" * 12, c="2" * 12)
    for line in (1, 2, 3):
        run.add(line, "succeeded")
    found = read_base(str(run.write()), SETTINGS)
    left = {key.target: each.members["SegmentFilter"] for key, each in found.triggers.items()}
    assert (left, found.unheld) == ({"a": "y", "c": "z"}, 0)


async def test_of_a_run_only_what_it_knows_is_held(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    of_first = [change(0, SegmentFilter="x"), change(0, SegmentFilter="y")]  # and one not sent
    run = RecordedRun(tmp_path, [change(n) for n in range(6)] + of_first)
    results: list[Status] = ["succeeded", "in_doubt", "failed", "stale", "differs"]
    for line, status in enumerate(results, 1):
        run.add(line, status)
    run.add(7, "failed")
    found = read_base(str(run.write()), SETTINGS)
    assert (set(found.triggers), found.unheld) == ({key(0)}, 3), "the others, and one not sent"
    assert (found.triggers[key(0)].members, found.in_part) == (change(0), 1)
    assert {each.trigger: error.code for each, error in found.untold.items()} == {
        "t1": "InDoubt",
        "t4": "NotAsAsked",
    }
    async with seeded(6) as url:
        report = await find_drift(found, settings_for(url))
    told = {each.trigger: each.outcome for each in report.drifted}
    assert told == {"t0": "changed", "t1": "unknown", "t4": "unknown"}


@pytest.mark.parametrize("statuses", [(), ("failed",), ("stale", "failed")])
def test_a_run_that_left_nothing_known_is_no_base(
    statuses: tuple[Status, ...], tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(n) for n in range(3)])
    for line, status in enumerate(statuses, 1):
        run.add(line, status)
    with pytest.raises(InputError, match="nothing to hold against: the run left no trigger"):
        read_base(str(run.write()), SETTINGS)


def test_what_was_in_flight_when_a_run_was_killed_is_unknown(tmp_path: Path) -> None:
    updates = [change(0), change(1), change(0, Description="later"), change(2)]
    run = killed_run(tmp_path, updates, done=[1, 2], begun=[3])
    base = read_base(str(run.path), resolve({"region": "eu-west-1"}), None)
    assert list(base.triggers) == [key(1)]
    assert [(each.trigger, why.code) for each, why in base.untold.items()] == [("t0", "InDoubt")]
