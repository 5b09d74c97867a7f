"""The ``credential_process`` of a profile, which ends where nobody waits for it any more.

The SDK starts it and lets it go on, also where what it is for was given up long ago, and waits for
it for ever.
"""

import shlex
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import anyio
from aiobotocore.credentials import AioProcessProvider
from botocore.credentials import parse  # as it reads the end of credentials
from botocore.exceptions import BotoCoreError, CredentialRetrievalError
from botocore.session import Session

from batcher.aws.sdk_errors import ShownText
from batcher.foreign_text import printable

AT_MOST = 120.0  # seconds: time for a person to log in with a browser
LEFT_TO_REAP = 2.0  # seconds, of what was killed
_CHOKED = (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError)


class AwaitedProcess:
    """As much of a process as the SDK asks of one.

    ``at_most``: seconds that it may take; ``what``: what it is, in words.
    """

    def __init__(self, process: Any, what: str, at_most: float = AT_MOST) -> None:
        """``process``: of asyncio, as the SDK starts it."""
        self._process = process
        self._what = what
        self._at_most = at_most

    @property
    def returncode(self) -> int | None:
        code: int | None = self._process.returncode
        return code

    async def communicate(self) -> tuple[bytes, bytes]:
        """What it said; it is ended where this is cancelled, or takes too long.

        Raises CredentialRetrievalError, which says nothing of what it said.
        """
        try:
            with anyio.fail_after(self._at_most):
                said: tuple[bytes, bytes] = await self._process.communicate()
            return said
        except TimeoutError:
            raise CredentialRetrievalError(
                provider=AioProcessProvider.METHOD,
                error_msg=ShownText(
                    f"{self._what} gave none within {self._at_most:g} s, and was ended."
                ),
            ) from None
        finally:
            if self._process.returncode is None:
                with anyio.CancelScope(shield=True):
                    await self._end()

    async def _end(self) -> None:
        """End it, and have it reaped; what it started may hold its output open for longer."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process._transport.close()  # noqa: SLF001 # no public way to let go of its output
        with anyio.move_on_after(LEFT_TO_REAP):
            await self._process.wait()


def _awaited(provider: AioProcessProvider, at_most: float) -> AioProcessProvider:
    """The provider, which starts its process as before."""
    start = provider._popen  # noqa: SLF001 # the SDK has no other way in
    profile = printable(provider._profile_name)  # noqa: SLF001 # as above

    async def begin(*arguments: str, **options: Any) -> AwaitedProcess:
        command = shlex.quote(printable(arguments[0]))  # what follows may be a secret
        what = f"credential_process {command} of profile {profile}"
        return AwaitedProcess(await start(*arguments, **options), what, at_most)

    provider._popen = begin  # noqa: SLF001 # as above
    provider._retrieve_credentials_using = _checked(provider)  # noqa: SLF001 # as above
    return provider


def _checked(provider: AioProcessProvider) -> Callable[[str], Awaitable[dict[str, Any]]]:
    """What it asks its process with, which raises CredentialRetrievalError for whatever it says.

    The SDK lets what chokes on it out as it is, and takes what is no text for a key.
    """
    ask = provider._retrieve_credentials_using  # noqa: SLF001 # as above
    profile = printable(provider._profile_name)  # noqa: SLF001 # as above

    async def retrieve(command: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = await ask(command)
            _refuse_what_is_no_text(found)
        except _CHOKED:  # also on what it said of its failure
            said = f"credential_process of profile {profile} said what is no credentials."
            raise CredentialRetrievalError(
                provider=AioProcessProvider.METHOD, error_msg=ShownText(said)
            ) from None
        return found

    return retrieve


def _refuse_what_is_no_text(found: Mapping[str, Any]) -> None:
    """Raise ValueError where a part is no text, or the end no time."""
    for name, each in found.items():
        if not isinstance(each, str) and (each is not None or name.endswith("_key")):
            raise ValueError(name)
    if found["expiry_time"] is not None:
        parse(found["expiry_time"])


def end_with_its_session(session: Session, at_most: float = AT_MOST) -> None:
    """Have whatever gives credentials in a session end the process that it started.

    ``at_most``: seconds that such a process may take.
    """
    with suppress(BotoCoreError):  # whoever uses the session is told
        profiles = session.full_config.get("profiles", {})
        if not any("credential_process" in each for each in profiles.values()):
            return
        for provider in session.get_component("credential_provider").providers:
            if isinstance(provider, AioProcessProvider):
                _awaited(provider, at_most)
            builder = getattr(provider, "_profile_provider_builder", None)
            if builder is not None:  # of the profile that a role is assumed from
                _watch(builder, at_most)


def _watch(builder: Any, at_most: float) -> None:
    create = builder._create_process_provider  # noqa: SLF001 # as above

    def created(profile_name: str) -> AioProcessProvider:
        return _awaited(create(profile_name), at_most)

    builder._create_process_provider = created  # noqa: SLF001 # as above
