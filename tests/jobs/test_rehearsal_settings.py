"""What of the settings and of the environment is left in a rehearsal."""

import os
from pathlib import Path

import msgspec
import pytest

from batcher.config import Settings, TargetSettings
from batcher.jobs.rehearsal_settings import (
    KEPT,
    KEPT_OF_TARGET,
    EmulatedPlace,
    closed_environment,
    rehearsal_settings,
)

PLACE = EmulatedPlace(endpoint="http://127.0.0.1:1", account="1" * 12, region="eu-west-1")
OWN = {"endpoint_url", "account", "region", "rate", "read_rate"}


def other(value: object) -> object:
    """A value that is another one, whatever its type says."""
    return object() if value != "auto" else 5.0


def test_of_all_that_can_be_set_nothing_is_kept_but_what_is_named() -> None:
    of_target = msgspec.structs.asdict(TargetSettings())
    changed = {name: other(each) for name, each in of_target.items()}
    of_all = {name: getattr(Settings(), name) for name in Settings.__struct_fields__}
    given = Settings(**{name: other(each) for name, each in of_all.items()})
    given = msgspec.structs.replace(given, targets={"one": TargetSettings(**changed)})
    found = rehearsal_settings(given, {"one": PLACE}, speed=2.0)
    defaults, one = Settings(), found.targets["one"]
    for name in set(Settings.__struct_fields__) - {"targets", "endpoint_url", "region"}:
        wanted = given if name in KEPT else defaults
        assert getattr(found, name) is getattr(wanted, name), name
    for name in set(TargetSettings.__struct_fields__) - OWN:
        wanted = given.targets["one"] if name in KEPT_OF_TARGET else TargetSettings()
        assert getattr(one, name) is getattr(wanted, name), name
    assert (found.endpoint_url, one.endpoint_url, one.account) == (
        PLACE.endpoint,
        PLACE.endpoint,
        PLACE.account,
    )


def test_a_rate_of_somebodys_own_is_sped_up() -> None:
    one = TargetSettings(rate=3.0, burst=7.0)
    found = rehearsal_settings(Settings(targets={"one": one}), {"one": PLACE}, 10)
    assert (found.targets["one"].rate, found.targets["one"].burst) == (30.0, 7.0)
    assert found.targets["one"].read_rate == "auto"


@pytest.mark.parametrize("url", ["https://10.0.0.1", "http://127.0.0.1.evil.example", "http://h"])
def test_a_place_beyond_this_host_is_refused(url: str) -> None:
    place = msgspec.structs.replace(PLACE, endpoint=url)
    with pytest.raises(ValueError, match="is not on loopback"):
        rehearsal_settings(Settings(), {"default": PLACE, "other": place}, 1)


def test_the_environment_is_as_it_was_after_it_also_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_WEB_IDENTITY_TOKEN_FILE", "aws_x", "HTTPS_PROXY", "AWS_DATA_PATH"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    before, inside = dict(os.environ), dict[str, str]()

    def break_off() -> None:
        with closed_environment(tmp_path):
            inside.update(os.environ)
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert dict(os.environ) == before
    kept = {name for name in inside if inside[name] == "mine"}
    assert kept == {"aws_x", "AWS_DATA_PATH"}
    assert inside["XDG_STATE_HOME"] == str(tmp_path)
