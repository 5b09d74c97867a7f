"""Which place a target is, and whether it is still the one that a run belongs to."""

import re
from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

_ROLE_ACCOUNT = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/")


class TargetIdentity(Struct, frozen=True, kw_only=True):
    """An AWS account, a Region and an endpoint. ``account``: None where STS did not tell it."""

    region: str
    account: str | None = None
    endpoint: str

    def __str__(self) -> str:
        return f"{self.account or 'unknown account'}, {self.region}"


def place_differences(
    was: Mapping[str, TargetIdentity],
    now: Mapping[str, TargetIdentity],
    *,
    sends: bool = True,
    pinned: Collection[str] | None = None,
) -> Iterator[str]:
    """In words, how targets differ from those of a run, by name; of the names that both have.

    One whose account can't be known any more differs where anything is to be sent (``sends``). One
    whose account the run never knew differs where it is known now, unless somebody said that it is
    the one: of the targets in ``pinned``, by default of all.
    """
    for name in was.keys() & now.keys():
        old, new = was[name], now[name]
        if old.region != new.region:
            yield f"the region of target {name} was {old.region}, now {new.region}"
        if old.endpoint.rstrip("/") != new.endpoint.rstrip("/"):
            yield f"the endpoint of target {name} was {old.endpoint}, now {new.endpoint}"
        if old.account and new.account and old.account != new.account:
            yield f"the account of target {name} was {old.account}, now {new.account}"
        if old.account and not new.account and sends:
            yield f"the account of target {name} was {old.account}, now STS does not tell it"
        if not old.account and new.account and pinned is not None and name not in pinned:
            yield (
                f"the account of target {name} was never known, now it is {new.account}; add"
                f" --account {new.account} if it was that one"
            )


def all_known(
    was: Mapping[str, TargetIdentity], now: Mapping[str, TargetIdentity]
) -> dict[str, TargetIdentity]:
    """The targets of a run with those first seen now, and accounts that are first known now."""
    found = {name: each for name, each in was.items() if each.account or name not in now}
    return {**was, **now, **found}


def account_of_role(role_arn: str | None) -> str | None:
    """The account that a role is of; None for no role."""
    match = _ROLE_ACCOUNT.match(role_arn or "")
    return None if match is None else match[1]
