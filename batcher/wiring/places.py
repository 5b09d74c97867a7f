"""Which targets are one place: one account and Region, so one set of triggers and one quota."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from batcher.aws.endpoints import aws_service_host
from batcher.config import Settings
from batcher.target_identity import TargetIdentity, account_of_role

if TYPE_CHECKING:  # who reads a run needs none of AWS
    from batcher.aws.client import AwsTarget

_PORTS = {"http": 80, "https": 443}
# before the domain of a partition: the service in a Region, or an endpoint of a VPC to it
_OWN = re.compile(r"(?:[^.]+\.)?profile(?:-fips)?\.[^.]+(?:\.vpce)?")


class TriggerPlace(NamedTuple):
    """Where triggers and quotas are.

    ``owner``: the account, or what stands for it; ``other``: the endpoint where that is not AWS's.
    """

    owner: str
    region: str
    other: str | None = None


def trigger_place(target: "AwsTarget") -> TriggerPlace:
    """The place of a connected target, as far as its account is known."""
    return TriggerPlace(target.quota_owner, target.region, _other(target.endpoint_url))


def one_name_each(targets: Mapping[str, TargetIdentity]) -> dict[str, str]:
    """The first name of a place, by each of its other names; an unknown account is no place."""
    first, found = dict[TriggerPlace, str](), dict[str, str]()
    for name, identity in targets.items():
        if identity.account is None:
            continue
        place = TriggerPlace(identity.account, identity.region, _other(identity.endpoint))
        if (one := first.setdefault(place, name)) != name:
            found[name] = one
    return found


def by_place(targets: Mapping[str, "AwsTarget"]) -> list[list[str]]:
    """The names of connected targets, those of one place together, in the order that they have."""
    found: dict[TriggerPlace, list[str]] = {}
    for name, target in targets.items():
        found.setdefault(trigger_place(target), []).append(name)
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
    is_there = url is None or _other(url) == place.other
    return is_there and (account, region) == (place.owner, place.region)


def _other(endpoint_url: str | None) -> str | None:
    """An endpoint that is not AWS's own, however it is written; None for AWS's."""
    parts = urlsplit(endpoint_url or "")
    if parts.hostname is None or _is_own(parts.hostname):
        return None
    with suppress(ValueError):  # of its port: nobody gets there
        port = parts.port or _PORTS.get(parts.scheme)
        return f"{parts.scheme}://{_plain(parts.hostname)}:{port}{parts.path.rstrip('/')}"
    return endpoint_url


def _is_own(host: str) -> bool:
    """Whether AWS answers there for this service; whose machine has a name of AWS's is not AWS."""
    return _OWN.fullmatch(aws_service_host(host) or "") is not None


def _plain(host: str) -> str:
    """One way to write a host: no dot at its end, and of an address the shortest."""
    host = host.rstrip(".")
    with suppress(ValueError):  # it is a name
        return ip_address(host).compressed
    return host
