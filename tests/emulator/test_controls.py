"""What a program can see and change in an emulator, and how mistakes in it are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from batcher.emulator import Emulator, Quota
from batcher.emulator.controls import make_quota

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"burst": 3}, "a burst needs a rate"),
        (
            {"quotas": {"UpdateTrigger": Quota(rate=1)}},
            "unknown operation 'UpdateTrigger'; known are CreateDomain",
        ),
        ({"latency": (2, 1)}, "latency is 2 to 1 s"),
        ({"session_seconds": 0}, "session_seconds is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Emulator(**settings)


@pytest.mark.parametrize(
    ("rate", "burst", "quota"),
    [(None, None, None), (2.0, None, Quota(rate=2.0)), (2.0, 5.0, Quota(rate=2.0, burst=5.0))],
)
def test_without_a_rate_there_is_no_quota(
    rate: float | None, burst: float | None, quota: Quota | None
) -> None:
    assert make_quota(rate, burst) == quota


def test_what_is_handed_out_is_a_copy(trigger: Trigger) -> None:
    emulator = Emulator()
    assert emulator.seed([trigger(), trigger("other")]) == 2
    (emulator.trigger("acme", "cart") or {})["Description"] = "changed outside"
    assert "Description" not in (emulator.trigger("acme", "cart") or {})
    with pytest.raises(ValueError, match="give account and region together, or neither"):
        emulator.seed([trigger()], account="1")
