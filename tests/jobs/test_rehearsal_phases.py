"""The steps of a rehearsal where they send nothing, or where nothing can be put back."""

from pathlib import Path
from typing import Any

import pytest

from batcher.jobs.rehearsal_phases import DONE
from batcher.triggers.lint.operator_value_codes import NO_NUMBER
from tests.conftest import change, trigger
from tests.jobs.rehearsed import fast_settings, rehearsed

LINT_ERROR = {**change(0), **NO_NUMBER.example[0]}


@pytest.mark.parametrize(
    ("settings", "update", "told"),
    [
        ({"max_changes": 0}, change(0), "more than --max-changes 0"),
        ({}, LINT_ERROR, "lint finds "),
    ],
)
async def test_a_run_that_would_send_nothing_is_told_with_its_reason(
    tmp_path: Path, settings: dict[str, Any], update: dict[str, Any], told: str
) -> None:
    found = await rehearsed(tmp_path, [update], [trigger(0)], fast_settings(**settings))
    (problem,) = found.problems
    assert problem.startswith("the run would send nothing: ")
    assert told in problem
    assert found.steps.verified is None
    assert found.unrestored.count == 0


async def test_what_keeps_no_images_can_not_be_put_back(tmp_path: Path) -> None:
    settings = fast_settings(before=False)
    found = await rehearsed(tmp_path, [change(0)], [trigger(0)], settings)
    assert found.steps.rollback.run is None
    assert any("kept no before images" in problem for problem in found.problems)
    assert found.unrestored.count == 1


async def test_where_nothing_changes_there_is_nothing_to_put_back(tmp_path: Path) -> None:
    update = {**change(0), "Description": trigger(0)["Description"]}
    found = await rehearsed(tmp_path, [update], [trigger(0)])
    assert found.problems == []
    assert found.steps.run.summary is not None
    assert found.steps.run.summary.unchanged == found.updates == 1
    assert "unchanged" in DONE
    assert found.verdict == "Nothing would change: every trigger is as asked already."
