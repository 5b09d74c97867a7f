"""Which targets are one place: one account and Region, so one set of triggers and one quota."""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from batcher.aws.endpoints import foreign_endpoint
from batcher.config import Settings
from batcher.target_identity import TargetIdentity, account_of_role

if TYPE_CHECKING:  # who reads a run needs none of AWS
    from batcher.aws.client import AwsTarget


class TriggerPlace(NamedTuple):
    """Where triggers and quotas are.

    ``owner``: the account, or what stands for it; ``other``: the endpoint where that is not AWS's.
    """

    owner: str
    region: str
    other: str | None = None


def trigger_place(target: "AwsTarget") -> TriggerPlace:
    """The place of a connected target, as far as its account is known."""
    other = foreign_endpoint(target.endpoint_url, target.region)
    return TriggerPlace(target.quota_owner, target.region, other)


def one_name_each(targets: Mapping[str, TargetIdentity]) -> dict[str, str]:
    """The first name of a place, by each of its other names; an unknown account is no place."""
    first, found = dict[TriggerPlace, str](), dict[str, str]()
    for name, identity in targets.items():
        if identity.account is None:
            continue
        place = TriggerPlace(identity.account, identity.region, _other(identity))
        if (one := first.setdefault(place, name)) != name:
            found[name] = one
    return found


def by_place(
    targets: Mapping[str, "AwsTarget"],
    unopened: Mapping[str, "AwsTarget"] | None = None,
    noted: Mapping[str, TargetIdentity] | None = None,
) -> list[list[str]]:
    """The names of connected targets, those of one place together, in the order that they have.

    After them those of ``unopened`` that could be that place. ``noted``: where they were before.
    """
    found: dict[TriggerPlace, list[str]] = {}
    for name, target in targets.items():
        found.setdefault(trigger_place(target), []).append(name)
    for name, target in (unopened or {}).items():
        for place, names in found.items():
            if could_be(target, place, (noted or {}).get(name)):
                names.append(name)
    return list(found.values())


def expected_places(settings: Settings) -> Callable[[str], tuple[str, str] | None] | None:
    """What tells account and Region of a target by settings alone; None: there is one target."""
    if len(settings.targets) < 2:
        return None

    @cache
    def expected(name: str) -> tuple[str, str] | None:
        target = settings.for_target(name)
        account = target.account or account_of_role(target.role_arn)
        return (account, target.region) if account and target.region else None

    return expected


def could_be(target: "AwsTarget", place: TriggerPlace, noted: TargetIdentity | None) -> bool:
    """Whether a target that could not be opened is that place, by its settings.

    ``noted``: where it was before. One of which no account is known is not.
    """
    account, region = target.expected_account, target.expected_region
    url = target.settings.endpoint_url
    if noted is not None:
        account, region = account or noted.account, region or noted.region
        url = url or noted.endpoint
    if (account, region) != (place.owner, place.region):
        return False
    return url is None or foreign_endpoint(url, place.region) == place.other


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
        if _other(old) != _other(new):
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


def _other(identity: TargetIdentity) -> str | None:
    """Its endpoint where that is not AWS's own, however it is written; None for AWS's."""
    return foreign_endpoint(identity.endpoint, identity.region)
