"""What the log says of attempts."""

import pytest

from batcher.engine.attempt_log import AttemptLog
from batcher.engine.retry_state import RetryState
from batcher.logs import logger
from batcher.testing import refused


def test_a_wait_that_is_shorter_than_asked_is_warned_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log, state = AttemptLog("default", "UpdateEventTrigger", logger()), RetryState("1", "")
    state.last = refused("503", 503, retry_after=400.0)
    log.scheduled(state, 400.0)
    log.scheduled(state, 300.0)
    log.scheduled(state, 300.0)
    warned = [record.msg for record in caplog.records if record.levelname == "WARNING"]
    assert [(each["asked_seconds"], each["taken_seconds"]) for each in warned] == [(400.0, 300.0)]
