"""Profiles whose role wants an MFA code: a person is asked once, at a terminal, and never else.

botocore asks for each session anew, whether or not anybody is there to answer.
"""

import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import botocore.exceptions as sdk
from botocore.session import Session

from batcher.errors import CredentialsError

# of this process: what a code was given for is used by whoever needs it after that
_SESSIONS: dict[str, Any] = {}
_ASKED: set[str] = set()
_ASKING = anyio.Lock()


def ask_for_mfa_once(session: Session) -> None:
    """Have a session use what a code was given for before, and ask only where nothing was."""
    if wants_mfa(session):
        provider = session.get_component("credential_provider").get_provider("assume-role")
        provider.cache = _SESSIONS
        provider._prompter = _ask  # noqa: SLF001 # botocore has no other way


def wants_mfa(session: Session) -> bool:
    """Whether the profile of a session, or one that it builds on, has an MFA device."""
    with suppress(sdk.BotoCoreError):  # whoever uses the session is told
        profiles = session.full_config.get("profiles", {})
        name, seen = session.get_config_variable("profile") or "default", set[str]()
        while name and name not in seen:
            seen.add(name)
            profile = profiles.get(name, {})
            if "mfa_serial" in profile:
                return True
            name = profile.get("source_profile")
    return False


@asynccontextmanager
async def one_at_a_time(session: Session) -> AsyncIterator[None]:
    """Have those wait that would ask the same question at the same moment."""
    if not wants_mfa(session):
        yield
        return
    async with _ASKING:
        yield


def _ask(question: str) -> str:
    if not (sys.stdin and sys.stdin.isatty()):
        raise CredentialsError(
            "the profile wants an MFA code, and there is no terminal to ask at. Give credentials"
            " of a session (aws sts get-session-token), or another --profile."
        )
    if question in _ASKED:
        raise CredentialsError(
            "the session that an MFA code was given for is over, or was never given. Run the same"
            " command again: it asks for a new code."
        )
    _ASKED.add(question)
    return getpass.getpass(question)
