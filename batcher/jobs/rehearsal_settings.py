"""The settings and the environment of a rehearsal, in which nothing leads out of this host.

Both are made of what is named here: a setting that is not is left at its default, and no
credentials, profile, proxy or address of somebody's stays in the environment.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from batcher.config import Settings, TargetSettings
from batcher.config.value_kinds import MOST, Rate
from batcher.storage.quota_file import LEAST

KEPT = (
    "target",
    "max_attempts",
    "throttle_limit",
    "outage_limit",
    "connect_timeout",
    "read_timeout",
    "transport",
    "max_failures",
    "verify",
    "grace",
    "before",
    "whole",
    "create_missing",
    "domain_map",
    "priority",
    "max_changes",
    "skip_invalid",
    "lint",
    "lint_select",
    "lint_ignore",
    "log_level",
)
"""What decides about the updates themselves. Not about where, when, whom to ask and whom to tell:
those are of the run."""

KEPT_OF_TARGET = ("burst", "share", "concurrency")

CREDENTIALS = {  # the emulator takes any, and real ones must sign nothing here
    "AWS_ACCESS_KEY_ID": "REHEARSAL",
    "AWS_SECRET_ACCESS_KEY": "rehearsal",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
}

MODELS = "AWS_DATA_PATH"  # service models of somebody's own: by them the lines were checked


class EmulatedPlace(Struct, frozen=True, kw_only=True):
    """Where a target is in a rehearsal: the address of an emulator, and what it says it is."""

    endpoint: str
    account: str
    region: str


def rehearsal_settings(
    settings: Settings, places: Mapping[str, EmulatedPlace], speed: float
) -> Settings:
    """The settings of a rehearsal in those places, by target, at so many times the pace.

    Raises ValueError for a place that is not on loopback.
    """
    for place in places.values():
        if urlsplit(place.endpoint).hostname not in ("127.0.0.1", "::1"):
            raise ValueError(f"{place.endpoint} is not on loopback")
    any_place = next(iter(places.values()))
    return Settings(
        **{name: getattr(settings, name) for name in KEPT},
        # of a target without a place, which no line names
        endpoint_url=any_place.endpoint,
        region=any_place.region,
        targets={
            name: _target_settings(settings.for_target(name), place, speed)
            for name, place in places.items()
        },
    )


def _target_settings(given: TargetSettings, place: EmulatedPlace, speed: float) -> TargetSettings:
    return TargetSettings(
        **{name: getattr(given, name) for name in KEPT_OF_TARGET},
        endpoint_url=place.endpoint,
        account=place.account,
        region=place.region,
        rate=_faster(given.rate, speed),
        read_rate=_faster(given.read_rate, speed),
    )


def _faster(rate: Rate, speed: float) -> Rate:
    return "auto" if rate == "auto" else sped_up(rate, speed)


def sped_up(rate: float, speed: float) -> float:
    """A rate at so many times the pace, within what a rate can be."""
    return min(MOST, max(LEAST, rate * speed))


@contextmanager
def closed_environment(state: Path) -> Iterator[None]:
    """Until its end this process has no credentials of anybody, and remembers things in ``state``.

    That is so for all of the process: nothing else may be at work in it. ``state`` stands for
    ``$XDG_STATE_HOME``.
    """
    before = {name: value for name, value in os.environ.items() if _leads_out(name)}
    before |= {name: os.environ[name] for name in ("XDG_STATE_HOME",) if name in os.environ}
    ours = CREDENTIALS | {"XDG_STATE_HOME": str(state.absolute())}
    try:
        for name in before:
            del os.environ[name]
        os.environ.update(ours)
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
        os.environ.update(before)


def _leads_out(name: str) -> bool:
    of_aws = name.startswith(("AWS_", "BOTO")) and name != MODELS
    return of_aws or name.lower().endswith("_proxy")
