"""A command that waits for credentials says so, once: in its log as soon as it has one."""

import pytest

from batcher.cli.credential_notice import with_credential_notice
from batcher.logs import LogOutput, logger


def test_it_is_said_where_no_log_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    def wait() -> None:
        logger().warning("credentials.awaited", by="the program of prod", at_most_seconds=120.0)

    with with_credential_notice():
        wait()
        logger().warning("clock.off", seconds=3)
        assert capsys.readouterr().err == "Waits for the program of prod, at most 120 s.\n"
        with LogOutput("info", terminal=True):
            wait()
        assert "credentials.awaited" in (said := capsys.readouterr().err)
        assert "Waits for" not in said
    wait()
    assert capsys.readouterr().err == ""
