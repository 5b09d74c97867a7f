"""Where state goes, for a user with and without a home."""

from pathlib import Path

import pytest

from batcher.storage.state_directory import state_directory


def test_the_place_follows_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_directory({"XDG_STATE_HOME": "/elsewhere"}) == Path("/elsewhere/batcher")
    monkeypatch.setenv("HOME", "/home/somebody")
    for unset in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "state"}):
        assert state_directory(unset) == Path("/home/somebody/.local/state/batcher")


def test_a_user_without_a_home_has_the_one_of_a_daemon() -> None:
    def unknown_user() -> Path:
        raise RuntimeError("Could not determine home directory.")  # as pathlib does in containers

    assert state_directory({}, unknown_user) == Path("/.local/state/batcher")
