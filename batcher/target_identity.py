"""Which place a target is, and what a run that belongs there knows of it."""

import re
from collections.abc import Mapping

from msgspec import Struct

_ROLE_ACCOUNT = re.compile(r"arn:[a-z0-9-]+:iam::([0-9]{12}):role/")


class TargetIdentity(Struct, frozen=True, kw_only=True):
    """An AWS account, a Region and an endpoint. ``account``: None where STS did not tell it."""

    region: str
    account: str | None = None
    endpoint: str

    def __str__(self) -> str:
        return f"{self.account or 'unknown account'}, {self.region}"


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
