"""A run made from another run's books: its lines, its settings, and the directory it gets."""

import errno
from contextlib import suppress
from pathlib import Path

import pytest

from batcher.config import resolve
from batcher.errors import RunDirectoryError
from batcher.jobs.follow_up import FollowUp, open_follow_up
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_reader import RunReader
from batcher.storage.run_directory import RunDirectory
from batcher.wiring.line_readers import line_reader
from tests.conftest import change, trigger
from tests.jobs.conftest import RecordedRun, SettingsFor, seeded

UNDO = {**trigger(0), "id": "1"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("rollback", ["updates.run.rollback", "updates.run.rollback-2"]),
        ("retry", ["updates.run.retry-1", "updates.run.retry-2"]),
    ],
)
async def test_it_has_a_directory_of_its_own_and_goes_on_in_one_of_the_same_lines(
    settings_for: SettingsFor, tmp_path: Path, kind: str, names: list[str]
) -> None:
    path = RecordedRun(tmp_path, [change(0), change(1)]).write()
    first, second = (tmp_path / name for name in names)
    async with seeded() as url:

        async def begin(lines: list[dict[str, object]], *, finish: bool) -> tuple[Path, list[Path]]:
            with open_follow_up(path, kind) as follow_up:
                for line in lines:
                    follow_up.add(line)
                place, settings = follow_up.place(), settings_for(url)
                with follow_up.open_run(settings, place.directory, force=True) as opened:
                    checked = await opened.check()
                    assert isinstance(checked, CheckedRun)
                    async with checked.connect() as ready:
                        run = await ready.approve()
                        assert isinstance(run, ApprovedRun)
                        if not finish:
                            run.drain()
                        await run.execute()
            return place.directory, place.left_alone

        one, two = [UNDO], [UNDO, {**trigger(1), "id": "2"}]
        assert await begin(one, finish=False) == (first, [])
        assert await begin(one, finish=False) == (first, []), "it is resumed"
        assert await begin(two, finish=False) == (second, [first]), "of other lines"
        assert await begin(one, finish=True) == (first, [])
        assert await begin(two, finish=True) == (second, []), "the first one is finished by now"
    facts = RunDirectory(first).read_manifest()
    assert (facts.kind, facts.parent) == (kind, str(path.absolute()))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
@pytest.mark.parametrize("lines", [1, 1000], ids=["when they are read", "when they are made"])
def test_where_there_is_no_room_for_its_lines_the_directory_is_told(
    settings_for: SettingsFor, tmp_path: Path, lines: int
) -> None:
    path = RecordedRun(tmp_path, [change(0)]).write()
    settings = settings_for("http://127.0.0.1:1")
    file = Path("/dev/full").open("w+b")  # noqa: SIM115 # closed below, which fails
    run = RunReader(path, line_reader(settings, any_target=True))
    follow_up = FollowUp(run, settings, "rollback", file)

    def make() -> None:
        for _ in range(lines):
            follow_up.add(UNDO)
        with follow_up.open_run(settings, tmp_path / "out"):
            pass

    with pytest.raises(OSError, match="No space") as raised:
        make()
    with suppress(OSError):  # it can't be written now, either
        file.close()
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(path))


@pytest.mark.parametrize(("kind", "priority"), [("rollback", 9), ("retry", 3)])
def test_a_rollback_goes_ahead_whatever_the_priority_of_its_run(
    tmp_path: Path, kind: str, priority: int
) -> None:
    path = RecordedRun(tmp_path, [change(0)], settings={"priority": 3}).write()
    with open_follow_up(path, kind) as follow_up:
        assert follow_up.settings.priority == priority
        # what is given now counts
        assert resolve({"priority": 0}, base=follow_up.settings).priority == 0


def test_settings_are_the_old_ones_but_for_limits_of_its_start_and_what_made_its_lines(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    made = {"domain_map": "acme=other", "skip_invalid": True}
    start = {"canary": 2, "max_changes": "1", "deadline": "1h", "reason": "of the old one"}
    start |= {"hold_file": "hold", "timetable": "* pause"}
    old = resolve({"rate": 5, "label": "team=crm", **start, **made})
    recorded = RecordedRun(tmp_path, [change(0)], settings=old.as_json())
    with open_follow_up(recorded.write(), "retry") as follow_up:
        assert follow_up.settings == resolve({"rate": 5, "label": "team=crm", **made})
        with follow_up.open_run(follow_up.settings, tmp_path / "new.run") as opened:
            assert opened.order.settings == resolve({"rate": 5, "label": "team=crm"})


def test_the_old_run_is_held_meanwhile(tmp_path: Path, settings_for: SettingsFor) -> None:
    path = RecordedRun(tmp_path, [change(0)]).write()
    with (
        open_follow_up(path, "retry"),
        pytest.raises(RunDirectoryError, match="in use"),
        open_run(str(tmp_path / "updates.jsonl"), path, settings_for("http://h")),
    ):
        pass


@pytest.mark.parametrize(("named", "at"), [(".", "updates.run"), ("updates.run/", "")])
def test_its_place_is_beside_the_run_however_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, at: str
) -> None:
    RecordedRun(tmp_path, [change(0)]).write()
    monkeypatch.chdir(tmp_path / at)
    with open_follow_up(Path(named), "rollback") as follow_up:
        assert follow_up.place().directory.absolute() == tmp_path / "updates.run.rollback"
