"""The ``credential_process`` of a profile, which ends where nobody waits for it any more.

The SDK starts it and lets it go on, also where what it is for was given up long ago.
"""

from contextlib import suppress
from typing import Any

from aiobotocore.credentials import AioProcessProvider
from botocore.exceptions import BotoCoreError
from botocore.session import Session


class AwaitedProcess:
    """As much of a process as the SDK asks of one."""

    def __init__(self, process: Any) -> None:
        """``process``: of asyncio, as the SDK starts it."""
        self._process = process

    @property
    def returncode(self) -> int | None:
        code: int | None = self._process.returncode
        return code

    async def communicate(self) -> tuple[bytes, bytes]:
        """What it said; it is ended where this is cancelled."""
        try:
            said: tuple[bytes, bytes] = await self._process.communicate()
            return said
        finally:
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    self._process.kill()


def _awaited(provider: AioProcessProvider) -> AioProcessProvider:
    """The provider, which starts its process as before."""
    start = provider._popen  # noqa: SLF001 # the SDK has no other way in

    async def begin(*arguments: str, **options: Any) -> AwaitedProcess:
        return AwaitedProcess(await start(*arguments, **options))

    provider._popen = begin  # noqa: SLF001 # as above
    return provider


def end_with_its_session(session: Session) -> None:
    """Have whatever gives credentials in a session end the process that it started."""
    with suppress(BotoCoreError):  # whoever uses the session is told
        profiles = session.full_config.get("profiles", {})
        if not any("credential_process" in each for each in profiles.values()):
            return
        for provider in session.get_component("credential_provider").providers:
            if isinstance(provider, AioProcessProvider):
                _awaited(provider)
            builder = getattr(provider, "_profile_provider_builder", None)
            if builder is not None:  # of the profile that a role is assumed from
                _watch(builder)


def _watch(builder: Any) -> None:
    create = builder._create_process_provider  # noqa: SLF001 # as above

    def created(profile_name: str) -> AioProcessProvider:
        return _awaited(create(profile_name))

    builder._create_process_provider = created  # noqa: SLF001 # as above
