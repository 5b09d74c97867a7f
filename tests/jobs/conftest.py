"""What the tests of the jobs share: an emulator in this process, and settings for it."""

from collections.abc import Callable
from typing import Any

import pytest

from batcher.config import Settings, resolve
from batcher.emulator import Emulator
from tests.conftest import trigger

SettingsFor = Callable[..., Settings]


def seeded(count: int = 5, **options: Any) -> Emulator:
    """An emulator with that many triggers t0, t1 … in domain acme."""
    emulator = Emulator(latency=(0.0, 0.0), **options)
    emulator.seed([trigger(number) for number in range(count)])
    return emulator


@pytest.fixture
def settings_for(stand_in_credentials: None) -> SettingsFor:
    """Settings of a target at that address, which remember nothing."""

    def make(url: str, **more: Any) -> Settings:
        given = {"endpoint_url": url, "region": "eu-west-1", "remember": False, "read_rate": 1000}
        return resolve(given | more)

    return make
