"""The credentials of a target, fetched anew when AWS refuses them, for as long as that helps."""

from functools import cached_property

import anyio

from batcher.error_codes import TIME_REFUSED, WRONG_ACCOUNT
from batcher.errors import CredentialsError, WrongAccountError
from batcher.ports import Caller
from batcher.records import Attempt

USELESS_AT_MOST = 2  # sets of credentials in a row with which nothing is accepted

_ADVICE = (
    "AWS does not accept the credentials, also after fetching them anew ({}). Renew them (aws sso"
    " login, a new session, --profile) and run the same command again."
)


class CredentialSets:
    """The sets of credentials of one target, by number: one serves all of its operations."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.generation = 0

    @cached_property
    def renewing(self) -> anyio.Lock:
        """Held by whoever renews them; made when somebody does."""
        return anyio.Lock()


class CredentialRefresh:
    """The set of credentials in use, and whether AWS has accepted it so far, for one operation.

    What AWS accepts of another one says nothing of it: a proxy may spoil one's signatures alone.
    """

    def __init__(self, sets: CredentialSets) -> None:
        self._sets = sets
        self._accepted: int | None = None
        self._useless = 0

    @property
    def generation(self) -> int:
        """The number of the set in use."""
        return self._sets.generation

    @property
    def accepted(self) -> bool:
        return self._accepted == self.generation

    def mark_accepted(self, generation: int) -> None:
        """Take note that AWS accepted a request signed with that set."""
        if generation == self._sets.generation:
            self._accepted = generation
            self._useless = 0

    def begin_anew(self) -> None:
        """Take the set in use for one of which nothing is known yet, and no other as useless."""
        self._useless, self._accepted = 0, None

    async def renew(self, generation: int, refused: Attempt) -> None:
        """Return when there is a newer set than that, of which AWS refused a request.

        Raises CredentialsError when there is none, or too many in a row were of no use, and
        WrongAccountError for those of another account.
        """
        if refused.code == WRONG_ACCOUNT:
            raise WrongAccountError(refused.message)
        async with self._sets.renewing:
            if generation < self.generation:
                return  # somebody else renewed them while this request was under way
            self._useless += not self.accepted
            if self._useless >= USELESS_AT_MOST or not await self._sets.caller.refresh():
                raise CredentialsError(_said(refused))
            self._sets.generation += 1


def _said(refused: Attempt) -> str:
    if refused.reached == "unsent":  # nobody was shown them: what is wrong with them says so
        return f"{refused.message} Then run the same command again."
    if refused.code in TIME_REFUSED:
        return (
            f"AWS refuses the time of the requests ({refused.code}): the clock of this machine is"
            " off. Set it (timedatectl set-ntp true) and run the same command again."
        )
    return _ADVICE.format(f"{refused.code}: {refused.message}")
