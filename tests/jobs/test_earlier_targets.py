"""A run that goes on has the targets that it began with, and says so where a list has others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from batcher.config import Settings, resolve
from batcher.config.account_list import AccountRow
from batcher.errors import RunDirectoryError
from batcher.jobs.earlier_targets import with_earlier_targets
from batcher.jobs.run import CheckedRun, open_run
from batcher.storage.run_directory import RunDirectory
from tests.conftest import change
from tests.jobs.conftest import RecordedRun

Write = Callable[..., Path]
ONE, TWO, NEW = "1" * 12, "2" * 12, "3" * 12
UNIT = "ou-ab12-11111111"


def of_accounts(*accounts: str, listed: bool = False, region: str = "eu-west-1") -> Settings:
    """Settings of a pattern that has these accounts, in a list or listed by an organization."""
    table: dict[str, Any] = {"regions": [region]} | ({} if listed else {"accounts": list(accounts)})
    rows = [AccountRow(account=each, origin="a test") for each in accounts]
    return resolve(
        {"targets": {"x-{account}": table}} | ({"organization": UNIT} if listed else {}),
        list_accounts=lambda *_: rows,
    )


def begun_with(folder: Path, settings: Settings) -> RunDirectory:
    line = change(0, target=ONE)
    path = RecordedRun(folder, [line], settings.as_json()).write()
    return RunDirectory(path)


@pytest.mark.parametrize("listed", [True, False])
def test_an_account_that_is_new_is_no_part_of_the_run_and_that_is_said(
    tmp_path: Path, *, listed: bool
) -> None:
    directory = begun_with(tmp_path, of_accounts(ONE, listed=listed))
    settings, notes = with_earlier_targets(of_accounts(ONE, NEW, listed=listed), directory)
    assert list(settings.targets) == [f"x-{ONE}"]
    assert notes == [f"Target x-{NEW}: new since the run began, and no part of it."]


def test_a_line_means_what_it_meant_also_where_its_account_has_two_targets_by_now(
    tmp_path: Path,
) -> None:
    before = of_accounts(ONE)
    directory = begun_with(tmp_path, before)
    both = of_accounts(ONE).targets | {"another": of_accounts(ONE, region="x").targets[f"x-{ONE}"]}
    settings, _ = with_earlier_targets(replace(before, targets=both), directory)
    assert settings.target_names.find(ONE) == f"x-{ONE}"


def test_an_account_that_has_left_an_organization_is_still_part_of_the_run(tmp_path: Path) -> None:
    directory = begun_with(tmp_path, of_accounts(ONE, TWO, listed=True))
    settings, notes = with_earlier_targets(of_accounts(ONE, listed=True), directory)
    assert list(settings.targets) == [f"x-{ONE}", f"x-{TWO}"]
    (note,) = notes
    assert note.startswith(f"Target x-{TWO}: not listed by the organization any more")


async def test_one_that_has_left_a_file_is_refused(tmp_path: Path) -> None:
    directory = begun_with(tmp_path, of_accounts(ONE, TWO))
    file, said = str(tmp_path / "updates.jsonl"), rf"it had \[targets.x-{TWO}\], and it is missing"
    with (
        open_run(file, directory.path, of_accounts(ONE)) as opened,
        pytest.raises(RunDirectoryError, match=said),
    ):
        await opened.check()


async def test_a_run_goes_on_with_what_an_organization_had(tmp_path: Path) -> None:
    directory = begun_with(tmp_path, of_accounts(ONE, TWO, listed=True))
    now = of_accounts(TWO, NEW, listed=True)
    with open_run(str(tmp_path / "updates.jsonl"), directory.path, now) as opened:
        checked = await opened.check()
        assert isinstance(checked, CheckedRun)
        assert list(checked.inspection.targets) == [f"x-{ONE}"], "the account of its line"
        assert len(opened.order.notes) == 2


@pytest.mark.parametrize(
    "setting", [{"newer": "setting"}, {"targets": {"x": {"newer": 1}}}, {"rate": "soon"}]
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_run_does_not_go_on_over_settings_that_it_does_not_know(
    tmp_path: Path, setting: dict[str, Any], *, dry_run: bool
) -> None:
    run = RecordedRun(tmp_path, [change(0)], Settings().as_json() | setting)
    run.facts = replace(run.facts, versions={"batcher": "99.0.0"})
    before = {path: path.read_bytes() for path in run.write().iterdir()}
    said = r"settings can't be read .* batcher 99\.0\.0 began the run, .* with that version\."
    with (
        pytest.raises(RunDirectoryError, match=said),
        open_run(str(tmp_path / "updates.jsonl"), run.path, Settings(), dry_run=dry_run),
    ):
        pass
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before


def test_settings_of_a_new_run_stay_as_they_are(tmp_path: Path) -> None:
    given = of_accounts(ONE)
    assert with_earlier_targets(given, RunDirectory(tmp_path / "new.run")) == (given, [])
