"""The ``credential_process`` of a profile, which ends where nobody waits for it any more.

The SDK starts it and lets it go on, also where what it is for was given up long ago.
"""

import asyncio
from contextlib import suppress
from typing import Any

from aiobotocore.credentials import AioProcessProvider
from botocore.exceptions import BotoCoreError
from botocore.session import Session


class AwaitedProcess:
    """As much of a process as the SDK asks of one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def communicate(self) -> tuple[bytes, bytes]:
        """What it said; it is ended where this is cancelled."""
        try:
            return await self._process.communicate()
        finally:
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    self._process.kill()


async def _start(*arguments: str, **options: Any) -> AwaitedProcess:
    return AwaitedProcess(await asyncio.create_subprocess_exec(*arguments, **options))


def end_with_its_session(session: Session) -> None:
    """Have whatever gives credentials in a session end the process that it started."""
    with suppress(BotoCoreError):  # whoever uses the session is told
        profiles = session.full_config.get("profiles", {})
        if not any("credential_process" in each for each in profiles.values()):
            return
        for provider in session.get_component("credential_provider").providers:
            if isinstance(provider, AioProcessProvider):
                provider._popen = _start  # noqa: SLF001 # the SDK has no other way in
            builder = getattr(provider, "_profile_provider_builder", None)
            if builder is not None:  # of the profile that a role is assumed from
                _watch(builder)


def _watch(builder: Any) -> None:
    create = builder._create_process_provider  # noqa: SLF001 # as above

    def created(profile_name: str) -> Any:
        provider = create(profile_name)
        provider._popen = _start  # noqa: SLF001 # as above
        return provider

    builder._create_process_provider = created  # noqa: SLF001 # as above
