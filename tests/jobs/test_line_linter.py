"""Lines beside each other: repeated triggers, twins, and that no value is told."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.config import Settings, resolve
from batcher.jobs.checked_file import CheckedFile, check_file
from batcher.jobs.line_linter import (
    LineLinter,
    beside_earlier,
    code_selection,
    in_order,
    repeated_members,
    trigger_repetitions,
)
from batcher.triggers.lint.line_rules import CODES
from tests.conftest import trigger


def checked(folder: Path, *lines: dict[str, Any], settings: Settings | None = None) -> CheckedFile:
    path = folder / "updates.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return check_file(str(path), settings or Settings(), folder)


def test_updates_of_several_targets_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    settings = resolve({"targets": {"eu": {}, "us": {}}, "target": "eu"})
    lines = [trigger(n) | {"target": ["eu", "us"][n % 3 == 0], "priority": n} for n in range(7)]
    file = checked(tmp_path, *lines, settings=settings)
    assert [update.line for update in in_order(file)] == [1, 2, 3, 4, 5, 6, 7]


def test_twins_are_of_one_target_and_domain_and_not_two_lines_of_one_trigger(
    tmp_path: Path,
) -> None:
    settings = resolve({"targets": {"eu": {}, "us": {}}, "target": "eu"})
    lines = [
        trigger(1),
        trigger(1) | {"id": "again"},
        trigger(2) | {"target": "us"},
        trigger(3, domain="other"),
        trigger(4) | {"Description": "of another"},
    ]
    file, found = checked(tmp_path, *lines, settings=settings), []
    linter = LineLinter(settings, lambda update, finding: found.append((update.line, finding)))
    for update in in_order(file):
        linter.add(update)
    linter.conclude(file)
    twins = [(line, each.text(frozenset())) for line, each in found if each.code.code == "BT103"]
    assert twins == [(5, 'does the same as the trigger "t1" as line 1 sets it')]


def test_a_file_in_which_no_trigger_comes_twice_is_not_read_for_that(tmp_path: Path) -> None:
    file = checked(tmp_path, trigger(1), trigger(2))
    file.path.unlink()
    assert not trigger_repetitions(file)
    assert not repeated_members(file, {})


def test_codes_of_the_settings_are_wanted(tmp_path: Path) -> None:
    settings = resolve({"lint_select": "BT1", "lint_ignore": "BT101, twins"})
    wanted = code_selection(settings)
    beside = ["BT102", "BT104", "BT105", "BT106"]
    assert [each.code for each in CODES if each in wanted] == beside


@pytest.mark.parametrize(
    "code", [each for each in CODES if each.mended], ids=lambda each: each.code
)
def test_each_code_is_found_in_its_example_and_not_in_what_that_is_mended_to(
    code, tmp_path: Path
) -> None:
    for lines, expected in ((code.example, True), (code.mended, False)):
        settings = resolve({"lint_select": code.code})
        file, linter = checked(tmp_path, *lines, settings=settings), LineLinter(settings)
        members = repeated_members(file, trigger_repetitions(file))
        for update in in_order(file):
            linter.add(update)
            linter.tell(update, beside_earlier(update, members))
        linter.conclude(file)
        assert bool(linter.counts().codes) is expected
