"""The first step of a job on a file: its lines are checked, and what is no input is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.errors import InputError
from batcher.jobs.checked_file import check_file
from tests.conftest import change
from tests.jobs.conftest import SettingsFor

Write = Callable[..., Path]
NOWHERE = "http://127.0.0.1:1"


@pytest.mark.parametrize("skip_invalid", [True, False])
def test_a_file_with_invalid_lines_is_usable_where_they_are_left_out(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path, skip_invalid: bool
) -> None:
    violations: list[tuple[int, str]] = []
    path = write_lines([change(0), change(1, SegmentFilter=""), change(2)])
    file = check_file(
        str(path),
        settings_for(NOWHERE, skip_invalid=skip_invalid),
        tmp_path,
        lambda line, violation: violations.append((line, violation.path)),
    )
    assert (file.usable, file.path) == (skip_invalid, path)
    assert set(violations) == {(2, "SegmentFilter")}


async def test_the_updates_of_a_target_are_read_from_the_checked_lines(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    path = write_lines([change(0), change(1), change(2)])
    file = check_file(str(path), settings_for(NOWHERE), tmp_path)
    assert [update.trigger async for update in file.source("default")] == ["t0", "t1", "t2"]


def test_a_file_without_updates_is_no_input(
    settings_for: SettingsFor, write_lines: Write, tmp_path: Path
) -> None:
    with pytest.raises(
        InputError, match=r"updates\.jsonl: no updates in it; nothing to do: it is empty"
    ):
        check_file(str(write_lines([])), settings_for(NOWHERE), tmp_path)
