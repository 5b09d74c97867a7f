"""What lines may call targets: each by its name, and by its account where that says which it is."""

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache

from msgspec import Struct

NAMED_AT_MOST = 10  # of many, in a message
LOOKED_AT = 100  # of many, for one that may be meant: each wrong line asks
_ACCOUNT = re.compile(r"[0-9]{12}(?=/|\Z)")


class TargetNames(Struct, frozen=True, kw_only=True):
    """The targets that lines may name, and those that an account stands for.

    ``accounts``: by account, and by ``ACCOUNT/REGION``, the targets that are there. ``is_open``:
    what is none of all these is a target, too. ``is_alone``: there is one, and no table names it.
    """

    names: frozenset[str]
    accounts: Mapping[str, list[str]]
    is_open: bool = False
    is_alone: bool = False

    @classmethod
    def of(
        cls, names: frozenset[str], places: Mapping[str, tuple[str | None, str | None]]
    ) -> "TargetNames":
        """Targets of these names; ``places``: account and Region of each, where known."""
        accounts: dict[str, list[str]] = {}
        for name, (account, region) in places.items():
            if account is not None:
                for key in (account, f"{account}/{region}"):
                    accounts.setdefault(key, []).append(name)
        return cls(names=names, accounts=accounts, is_alone=not places and len(names) == 1)

    def by_account(self, text: str) -> str | None:
        """The one target of an account, or of an account in a Region; None: it is not that."""
        found = self.accounts.get(text, ())
        return found[0] if len(found) == 1 else None

    def find(self, text: str) -> str | None:
        """The target that a line means; None: none, or one of several."""
        if text in self.names:
            return text
        return self.by_account(text) or (text if self.is_open else None)

    def matching(self, text: str) -> frozenset[str]:
        """The targets of that name, of that account, or of a name that the glob takes."""
        if text in self.names:
            return frozenset({text})
        if text in self.accounts:
            return frozenset(self.accounts[text])
        return frozenset(name for name in self.names if fnmatchcase(name, text))

    def is_meant(self, text: str, name: str) -> bool:
        """Whether ``matching`` has a target, one that nobody knew among them."""
        if text == name or text in self.names:
            return text == name
        if text in self.accounts:
            return name in self.accounts[text]
        return fnmatchcase(name, text)

    def refusal(self, text: str, shown: str) -> str:
        """Why a line can't have that target; ``shown``: it, as messages may have it."""
        if found := self.accounts.get(text):
            return f"{shown} is the account of several targets; name one: {some_names(found)}"
        if self.accounts and (account := _ACCOUNT.match(text)):
            return f"no target {shown}; {self._of_account(account[0])}"
        if near := _near(text, _in_order(self.names)):
            return f"no target {shown}; did you mean {near}?"
        if self.is_alone:
            only = f"there is {self.shown} alone, as no table of targets was given (--config FILE)"
            return f"no target {shown}; {only}"
        return f"no target {shown}; there are {self.shown}"

    def _of_account(self, account: str) -> str:
        if account not in self.accounts:
            return f"account {account} is that of no target"
        there = [key for key in self.accounts if key.startswith(f"{account}/")]
        return f"of this account there is {some_names(there)}"

    @property
    def shown(self) -> str:
        """The names that there are, as far as a message has them."""
        return some_names(self.names)


@lru_cache(maxsize=4)
def _in_order(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _near(text: str, names: tuple[str, ...]) -> str | None:
    """The name that is likely meant. Of many only those that begin alike are looked at."""
    at = bisect_left(names, text)
    beside = names[max(at - LOOKED_AT // 2, 0) : at + LOOKED_AT // 2]
    return next(iter(get_close_matches(text[:64], beside, n=1, cutoff=0.75)), None)


def some_names(names: Collection[str]) -> str:
    """The names as a message has them: all of a few, of many the first and how many more."""
    first = sorted(names)[:NAMED_AT_MOST]
    more = f" and {len(names) - len(first):,} more" if len(names) > len(first) else ""
    return ", ".join(first) + more
