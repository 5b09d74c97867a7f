"""A request whose connection breaks is not sent again by the SDK's own means."""

import os
import shutil
import signal
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError
from botocore.httpsession import where

from batcher.aws.one_attempt import OneAttemptSession, send_once
from batcher.emulator import Emulator
from tests.conftest import change, sdk_session, trigger

pytestmark = pytest.mark.usefixtures("stand_in_credentials")


@pytest.mark.parametrize("used", [False, True], ids=["new", "kept alive"])
@pytest.mark.parametrize(
    ("config", "once", "sent"),
    [
        ({}, False, 2),  # what aiohttp does by itself: this shows that the test can fail
        ({"http_session_cls": OneAttemptSession}, False, 1),
        ({}, True, 1),
    ],
)
async def test_a_broken_connection_costs_one_request(
    config: dict[str, Any], once: bool, sent: int, used: bool
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    emulator.script("UpdateEventTrigger", [None] * used + ["reset-after"] * 2)
    settings = AioConfig(retries={"total_max_attempts": 1}, **config)
    async with (
        emulator as url,
        sdk_session().create_client(
            "customer-profiles", endpoint_url=url, config=settings
        ) as client,
    ):
        if once:
            await send_once(client)
        if used:
            await client.update_event_trigger(**change(1))
        with pytest.raises((ConnectionClosedError, EndpointConnectionError)):
            await client.update_event_trigger(**change(1))
    assert len(emulator.applied()) == used + sent


def context_of(session: OneAttemptSession, proxy: str | None = None) -> Any:
    found, _ = session._build_ssl_contexts(proxy)  # noqa: SLF001 # what it connects with
    return found


async def test_certificates_are_read_once_for_all_sessions_that_trust_the_same() -> None:
    one = context_of(OneAttemptSession())
    assert one.verify_mode is ssl.CERT_REQUIRED
    assert one.check_hostname
    assert context_of(OneAttemptSession()) is one
    assert context_of(OneAttemptSession(verify=where())) is one
    trusting = context_of(OneAttemptSession(verify=False))
    assert trusting.verify_mode is ssl.CERT_NONE
    assert context_of(OneAttemptSession(), proxy="http://127.0.0.1:9") is not one


async def test_a_session_with_a_certificate_of_its_own_shows_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "no such.pem"
    with pytest.raises(FileNotFoundError):
        context_of(OneAttemptSession(client_cert=str(path)))


class Slow(OneAttemptSession):
    """A session whose certificates are on a disk that takes its time."""

    begun, goes_on = threading.Event(), threading.Event()

    def _build_verify_context(self) -> Any:
        self.begun.set()
        assert self.goes_on.wait(30)
        return super()._build_verify_context()


def _leave_with_certificates_of(path: str) -> None:
    """End this process: with 0 once it has them, and by a signal where it waits for them."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(10)
        context_of(OneAttemptSession(verify=path))
        os._exit(0)
    finally:
        os._exit(1)


def test_a_child_that_is_forked_meanwhile_waits_for_no_thread_of_its_parent(tmp_path: Path) -> None:
    path = str(shutil.copy(where(), tmp_path))  # which nobody has read yet
    with ThreadPoolExecutor(1) as threads:
        slowly = threads.submit(context_of, Slow(verify=path))
        try:
            assert Slow.begun.wait(30)
            if (child := os.fork()) == 0:
                _leave_with_certificates_of(path)
            assert os.waitpid(child, 0)[1] == 0
        finally:
            Slow.goes_on.set()
        assert slowly.result(30)
