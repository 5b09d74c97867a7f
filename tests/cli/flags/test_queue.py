"""The flags of a queue take its address as strictly as a setting, and warn of what is in it."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from batcher.cli.flags.queue import queue_argument, queue_option


@pytest.mark.parametrize("add", [queue_option, queue_argument])
def test_of_a_queue_the_variable_is_named_and_what_is_in_it_is_taken(
    add: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = click.command()(add(lambda **given: click.echo(given)))
    url = "redis://:zebra@h/0?stream=s"
    words = ["--queue", url] if add is queue_option else [url]
    given = CliRunner().invoke(command, words)
    assert "list of processes" in given.stderr
    assert "BATCHER_QUEUE" in given.stderr
    assert "zebra" not in given.stderr
    monkeypatch.setenv("BATCHER_QUEUE", url)
    taken = CliRunner().invoke(command, [])
    assert (taken.stderr, url in taken.stdout) == ("", True)
