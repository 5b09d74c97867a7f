"""What a run in waves was told: where each wave ends, how long it soaks, what does not go."""

import sys
from pathlib import Path
from typing import Any

import pytest

from batcher.config import resolve
from batcher.errors import SettingsError
from batcher.jobs.wave_plan import WavePlan, refuse_missing_check, refuse_odd_waves, wave_plan


@pytest.mark.parametrize(
    ("passed", "number", "limit"), [(0, 1, 1), (1, 2, 11), (5, 2, 11), (11, 3, 40), (40, 3, 40)]
)
def test_the_next_wave_is_the_first_that_ends_beyond_what_was_passed(
    passed: int, number: int, limit: int
) -> None:
    plan = WavePlan(limits=[1, 11, 40])
    assert (plan.number(passed), plan.limit(passed)) == (number, limit)


@pytest.mark.parametrize(
    ("given", "in_waves", "asks", "soaks"),
    [
        ({}, False, True, [0.0, 0.0]),
        ({"canary": 2}, True, True, [0.0, 0.0]),
        ({"waves": "2,5"}, True, True, [0.0, 0.0]),
        ({"waves": "2,5", "soak": "1m"}, True, False, [120.0, 60.0]),  # none after the last wave
        ({"waves": "2,5", "soak": "1m", "check": "c"}, True, False, [180.0, 120.0]),
        ({"soak": "1m", "check": "c"}, True, False, [60.0, 60.0]),
        ({"check": "c"}, True, False, [0.0, 0.0]),
        ({"waves": "100"}, False, True, [0.0, 0.0]),  # all in the first
    ],
)
def test_what_comes_after_a_wave(
    given: dict[str, Any], in_waves: bool, asks: bool, soaks: list[float]
) -> None:
    plan = wave_plan(resolve(given), 9)
    assert (plan.in_waves, plan.asks) == (in_waves, asks)
    assert [plan.soaks(0), plan.soaks(2)] == soaks


def test_a_canary_is_short_for_waves() -> None:
    assert wave_plan(resolve({"canary": 3}), 9) == wave_plan(resolve({"waves": "3,rest"}), 9)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"canary": 3, "waves": "1"}, "run", "short for --waves 3,rest"),
        ({"soak": "1m"}, "run", "Give --waves"),
        ({"rollback_on_failure": True, "before": False}, "run", "leave --no-before out"),
        ({"rollback_on_failure": True}, "retry", "batcher rollback"),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], kind: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        refuse_odd_waves(resolve(given), kind)


def test_a_rollback_on_failure_without_waves_and_waves_of_a_retry_go() -> None:
    refuse_odd_waves(resolve({"rollback_on_failure": True}), "run")
    refuse_odd_waves(resolve({"waves": "1", "soak": "1m", "check": "c"}), "retry")


@pytest.mark.parametrize("check", ["no-such-program -x", "./no-such.sh", "/", "{tmp}/plain"])
def test_a_check_that_cannot_be_started_is_refused_and_only_its_name_is_said(
    check: str, tmp_path: Path
) -> None:
    (tmp_path / "plain").write_text("exit 0\n")  # not executable
    with pytest.raises(SettingsError, match="no such program that can be started") as error:
        refuse_missing_check(resolve({"check": check.format(tmp=tmp_path)}))
    assert "-x" not in str(error.value)
    for good in ("sh -c 'exit 1'", sys.executable):
        refuse_missing_check(resolve({"check": good}))
