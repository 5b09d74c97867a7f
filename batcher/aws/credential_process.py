"""The ``credential_process`` of a profile, which ends where nobody waits for it any more.

The SDK starts it and lets it go on, also where what it is for was given up long ago, waits for it
for ever, and says nothing of its own about what it does wrong.
"""

import json
import os
import shlex
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import anyio
from aiobotocore.credentials import AioProcessProvider
from botocore.compat import compat_shell_split  # as it splits the line
from botocore.credentials import parse  # as it reads the end of credentials
from botocore.exceptions import BotoCoreError, CredentialRetrievalError
from botocore.session import Session

from batcher.aws.sdk_errors import ShownText
from batcher.child_process import kill_with_children
from batcher.foreign_text import printable
from batcher.logs import logger
from batcher.task_groups import open_task_group

AT_MOST = 120.0  # seconds: time for a person to log in with a browser
TOLD_AFTER = 5.0  # seconds of waiting
LEFT_TO_REAP = 2.0  # seconds, of what was killed
_CHOKED = (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError)
_NEEDED = ("AccessKeyId", "SecretAccessKey")


class AwaitedProcess:
    """As much of a process as the SDK asks of one.

    ``what``: what it is, in words; ``at_most``: seconds that it may take, ``told_after``: those
    after which a log is told of it; ``is_leader``: whether it is in a session of its own.
    """

    def __init__(
        self,
        process: Any,
        what: str,
        at_most: float = AT_MOST,
        *,
        told_after: float = TOLD_AFTER,
        is_leader: bool = False,
    ) -> None:
        """``process``: of asyncio, as the SDK starts it."""
        self._process = process
        self._what = what
        self._at_most = at_most
        self._told_after = told_after
        self._is_leader = is_leader

    @property
    def returncode(self) -> int | None:
        code: int | None = self._process.returncode
        return code

    async def communicate(self) -> tuple[bytes, bytes]:
        """What it said, which is credentials.

        It is ended, with all that it started, where this is cancelled, or takes too long. Raises
        CredentialRetrievalError, which says nothing of what it said.
        """
        has_ended = False
        try:
            with anyio.fail_after(self._at_most):
                said = await self._said()
            has_ended = True
        except TimeoutError:
            raise _failed(
                f"{self._what} gave none within {self._at_most:g} s, and was ended."
            ) from None
        finally:
            if not has_ended:
                with anyio.CancelScope(shield=True):
                    await self._end()
        if fault := _fault(self.returncode or 0, said[0]):
            raise _failed(f"{self._what} {fault}. What it wrote is withheld.")
        return said

    async def _said(self) -> tuple[bytes, bytes]:
        async with open_task_group() as tasks:
            tasks.start_soon(self._tell_of_waiting)
            said: tuple[bytes, bytes] = await self._process.communicate()
            tasks.cancel_scope.cancel()
        return said

    async def _tell_of_waiting(self) -> None:
        await anyio.sleep(self._told_after)
        logger().warning("credentials.awaited", by=self._what, at_most_seconds=self._at_most)

    async def _end(self) -> None:
        """End it, and have it reaped; what it started may hold its output open for longer."""
        has_ended = self._process.returncode is not None
        kill_with_children(self._process.pid, is_leader=self._is_leader, has_ended=has_ended)
        self._process._transport.close()  # noqa: SLF001 # no public way to let go of its output
        with anyio.move_on_after(LEFT_TO_REAP):
            await self._process.wait()


def _fault(code: int, output: bytes) -> str | None:
    """What is wrong with how it ended or what it printed, without a word of that."""
    if code:
        return f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"
    with suppress(*_CHOKED):  # is told of by whoever takes it
        found = json.loads(output)
        if found.get("Version") != 1:
            return "printed JSON without Version 1"
        if missing := [name for name in _NEEDED if name not in found]:
            return f"printed JSON without {' and '.join(missing)}"
    return None


def _failed(why: str) -> CredentialRetrievalError:
    return CredentialRetrievalError(provider=AioProcessProvider.METHOD, error_msg=ShownText(why))


def _has_terminal() -> bool:
    """Whether a person may be asked, which a session of its own would keep it from."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _awaited(provider: AioProcessProvider, at_most: float) -> AioProcessProvider:
    """The provider, which starts its process as before."""
    start = provider._popen  # noqa: SLF001 # the SDK has no other way in
    profile = printable(provider._profile_name)  # noqa: SLF001 # as above

    async def begin(*arguments: str, **options: Any) -> AwaitedProcess:
        command = shlex.quote(printable(arguments[0]))  # what follows may be a secret
        what = f"credential_process {command} of profile {profile}"
        is_leader = not _has_terminal()
        try:
            process = await start(*arguments, **options, start_new_session=is_leader)
        except OSError as error:
            raise _failed(f"{what} can't be started: {error.strerror}.") from error
        return AwaitedProcess(process, what, at_most, is_leader=is_leader)

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
        if fault := _line_fault(command):
            raise _failed(f"credential_process of profile {profile}: {fault}.")
        try:
            found: dict[str, Any] = await ask(command)
            _refuse_what_is_no_text(found)
        except _CHOKED:  # also on what it said of its failure
            said = f"credential_process of profile {profile} said what is no credentials."
            raise _failed(said) from None
        return found

    return retrieve


def _line_fault(command: str) -> str | None:
    """Why a line can't be split into a program and its arguments; quotes none of it."""
    if "\0" in command:
        return "its line has a null byte in it, which nothing can be started with. Take that out"
    try:
        return None if compat_shell_split(command) else "its line is empty. Name a program there"
    except ValueError as error:  # in the words of shlex
        if "quotation" in str(error):
            return "a quote is opened in its line and never closed. Close it, or put \\ before it"
        return "its line ends with a \\, which stands before nothing. Take that out"


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
