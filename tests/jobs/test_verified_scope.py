"""Verify of a part: what is not selected is neither looked at nor held against the run."""

from pathlib import Path

import msgspec
import pytest

from batcher.config import Settings
from batcher.errors import InputError
from batcher.jobs.run_reader import RunReader
from batcher.jobs.verified_scope import part_of
from batcher.jobs.verify import verify_run
from batcher.records import SelectedPart
from batcher.updates.selection import Selection, Selector
from batcher.wiring.line_readers import line_reader
from tests.conftest import change, trigger
from tests.jobs.conftest import RecordedRun, SettingsFor, seeded

NARROW = Selection.of(only=["t[012]"])


async def test_only_what_is_selected_is_looked_at_and_decides(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(number) for number in range(6)])
    run.add(1, "succeeded")
    run.add(2, "in_doubt", "ReadTimeoutError")
    run.add(3, "succeeded")
    run.add(4, "in_doubt", "ReadTimeoutError")
    run.add(5, "succeeded")
    emulator = seeded(6)
    emulator.seed([{**trigger(n), "Description": f"after-{n}"} for n in range(3)])
    path = run.write()
    async with emulator as url:
        assert NARROW is not None
        found = await verify_run(path, settings_for(url), selector=Selector(NARROW))
        assert emulator.counts()["GetEventTrigger"] == {"ok": 3}
        whole = await verify_run(path, settings_for(url))
    assert (found.holds, found.amiss, found.settled) == (True, False, {"succeeded": 1})
    assert found.selection == SelectedPart(by="--only 't[012]'", left_out=3, of=6)
    assert (found.counts["in_doubt"], found.not_started) == (1, 1)  # of the books as a whole
    assert (whole.holds, whole.amiss, whole.selection) == (False, True, None)


async def test_a_selection_that_no_update_meets_is_refused(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    path = RecordedRun(tmp_path, [change(0)]).write()
    selection = Selection.of(domains=["acme"], exclude=["*"])
    assert selection is not None
    with pytest.raises(InputError, match="all 1 updates are left out by --exclude '\\*' --domain"):
        await verify_run(path, settings_for("http://127.0.0.1:9"), selector=Selector(selection))


def test_a_run_of_a_part_knows_it_whoever_reads_it(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(number) for number in range(6)])
    recorded.facts = msgspec.structs.replace(recorded.facts, selection=NARROW)
    recorded.add(2, "succeeded")
    run = RunReader(recorded.write(), line_reader(Settings(), any_target=True))
    assert part_of(run) == SelectedPart(by="--only 't[012]'", left_out=3, of=6)
    assert [line for line, _ in run.triggers()] == [1, 2, 3]
    assert [update.line for update in run.updates_but(run.lines.of_target["default"])] == []
    assert not run.lines.has_id("5")
