"""The account that a target's requests are signed for, held against every new access key.

The one place where credentials that changed are seen before anything is signed with them: botocore
renews them inside of signing. Nothing here sends a request.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import anyio

from batcher.errors import WrongAccountError

AskAccount: TypeAlias = Callable[[Any], Awaitable[str | None]]
"""Told frozen credentials, returns the account that they are of; None: STS does not say."""


class AccountGuard:
    """Lets credentials of one account through: the pinned one, else the first that is found.

    Outlives the clients of its target. Each access key is asked about once; as long as nobody has
    called ``identify``, only when there is a second one. ``pinned_by``: the setting that pins it.
    ``region`` and ``endpoint_url``: where the target was when it was identified, and stays,
    whatever its profile says later; None until then.
    """

    def __init__(
        self, target: str, pinned: str | None = None, pinned_by: str = "--account"
    ) -> None:
        self.account = pinned
        self.region: str | None = None
        self.endpoint_url: str | None = None
        self._target = target
        self._pinned = pinned
        self._pinned_by = pinned_by
        self._first: Any = None  # credentials, of which nobody knew the account
        self._passed: set[str] = set()
        self._refused: dict[str, str] = {}  # why, by access key id
        self._asking = anyio.Lock()

    async def identify(
        self, credentials: Any, ask: AskAccount, place: tuple[str, str] | None = None
    ) -> None:
        """Find out the account, also of a key that was asked about. Raises WrongAccountError.

        ``place``: the Region and endpoint that it is asked for.
        """
        async with self._asking:
            self._refused.clear()
            await self._judge(credentials, ask)
            if place is not None and self.region is None:
                self.region, self.endpoint_url = place

    def has_passed(self, credentials: Any) -> bool:
        """Whether ``check`` lets them through without asking."""
        return credentials.access_key in self._passed

    async def check(self, credentials: Any, ask: AskAccount) -> None:
        """Return when they may be signed with. Raises WrongAccountError."""
        key = credentials.access_key
        if self.has_passed(credentials):
            return
        async with self._asking:
            if key in self._refused:
                raise WrongAccountError(self._refused[key])
            if key in self._passed:
                return
            if self.account is None and self._first is None:
                self._first = credentials
                self._passed.add(key)
                return
            await self._judge(credentials, ask)

    async def _judge(self, credentials: Any, ask: AskAccount) -> None:
        key = credentials.access_key
        if self.account is None and self._first not in (None, credentials):
            self.account = await ask(self._first)  # nobody could tell before
        found = await ask(credentials)
        if self.account is not None and found != self.account:
            self._passed.discard(key)
            self._refused[key] = self._why(found)
            raise WrongAccountError(self._refused[key])
        self.account, self._first = found, self._first or credentials
        self._passed.add(key)

    def _why(self, found: str | None) -> str:
        pinned = f" ({self._pinned_by})" if self._pinned else ""
        wanted = f"account {self.account}{pinned}"
        correct = f", or correct {self._pinned_by}" if self._pinned else ""
        are = f"are of account {found}" if found else "are of an account that STS does not tell"
        return (
            f"target {self._target}: belongs to {wanted}, and the credentials {are}. Nothing was"
            f" sent with them. Give those of its account, and run the same command again{correct}."
        )
