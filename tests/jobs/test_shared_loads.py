"""Targets of one account and Region are forecast together, others side by side."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batcher.accounting.completion_time import longest
from batcher.cli.output.forecast import target_pace
from batcher.config import resolve
from batcher.jobs.connection import connected
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.run_forecast import TargetForecast
from batcher.jobs.shared_loads import shared_loads
from batcher.operations import UPDATE_TRIGGER
from tests.conftest import change, remember_quota
from tests.jobs.conftest import SettingsFor, seeded

Write = Callable[..., Path]
TARGETS = {"a": {}, "b": {}, "idle": {}, "elsewhere": {"region": "us-east-1"}}


async def forecasts(file: Path, url: str, settings_for: SettingsFor, **more: Any) -> Any:
    settings = settings_for(url, targets=more.pop("targets", TARGETS), **more)
    with open_run(str(file), file.with_suffix(".run"), settings, dry_run=True) as opened:
        checked = await opened.check()
        assert isinstance(checked, CheckedRun)
        async with checked.connect() as ready:
            return ready.forecasts, {each.target: each for each in ready.undo}


def lines() -> list[dict[str, Any]]:
    counts = {"a": 30, "b": 71, "elsewhere": 51}
    return [change(0, target=name) for name, count in counts.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("a", "b", "seconds", "end"),
    [
        ({"rate": 1}, {"rate": 1}, 100.0, 100.0),  # 101 updates, one at once
        ({"rate": 1}, {"rate": 10}, 100.0, 100.0),  # of two rates the lower counts
        ({"rate": 10}, {"rate": 10}, 10.0, 50.0),  # the other Region takes longer
        ({"rate": 1, "burst": 11}, {"rate": 2}, 90.0, 90.0),  # with its burst
    ],
)
async def test_a_quota_that_is_shared_adds_up_and_the_run_ends_with_the_last_of_its_places(
    settings_for: SettingsFor,
    write_lines: Write,
    a: dict[str, float],
    b: dict[str, float],
    seconds: float,
    end: float,
) -> None:
    targets = TARGETS | {"a": a, "b": b, "elsewhere": {"region": "us-east-1", "rate": 1}}
    async with seeded() as url:
        found, undo = await forecasts(
            write_lines(lines()), url, settings_for, targets=targets, rate=1000
        )
    for name in "ab":
        assert found[name].work.seconds == pytest.approx(seconds)
        assert undo[name].work.seconds == pytest.approx(seconds)
    assert found["elsewhere"].work.seconds == pytest.approx(50.0)
    assert longest([each.work for each in found.values()]) == pytest.approx(end)
    assert found["a"].shares_with == ("b",)
    assert "a quota that it has together with b" in target_pace(found["a"])
    assert found["elsewhere"].shares_with == ()


async def test_what_is_remembered_of_a_quota_is_of_all_its_targets_together(
    settings_for: SettingsFor,
    write_lines: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with seeded() as url:
        async with connected(resolve({"endpoint_url": url, "region": "eu-west-1"}), ["x"]) as one:
            account = str(one.targets["x"].account_id)
        remember_quota(tmp_path, UPDATE_TRIGGER, 2.0, account=account)
        found, _ = await forecasts(write_lines(lines()), url, settings_for, remember=True)
    each: TargetForecast = found["b"]
    assert each.work.rate == 2.0
    assert each.work.updates == 101


async def test_a_target_without_work_is_no_part_of_what_others_share(
    settings_for: SettingsFor,
) -> None:
    async with seeded() as url:
        settings = settings_for(url, targets=TARGETS)
        async with connected(settings, TARGETS) as connection:
            counts = {"a": 3, "b": 2, "idle": 0, "elsewhere": 9}
            found = shared_loads(connection.targets, lambda name: counts[name])
    assert [each.target for each in found["a"]] == ["b"]
    assert [each.target for each in found["idle"]] == ["a", "b"]
    assert "elsewhere" not in found
