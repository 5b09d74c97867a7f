"""The Regions and partitions that the installed botocore knows of; there may be newer ones."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from batcher.aws.service_model import model_loader
from batcher.foreign_text import printable

_ROLE = re.compile(r"arn:([a-z0-9-]+):iam::[0-9]{12}:role/.+")


def unknown_regions(regions: Iterable[str]) -> dict[str, str | None]:
    """Return what botocore does not know, each with the one likely meant; None: none is."""
    partitions = model_loader().load_data("partitions")["partitions"]
    known = sorted(name for partition in partitions for name in partition["regions"])
    return {region: _meant(region, known) for region in sorted(set(regions) - set(known))}


def partition_of(region: str) -> str | None:
    """The partition that a Region belongs to by its name, such as ``aws-cn``; None: of none."""
    partitions = model_loader().load_data("partitions")["partitions"]
    found = (each["id"] for each in partitions if re.match(each["regionRegex"], region))
    return next(found, None)


def role_fault(role_arn: str, region: str) -> str | None:
    """Why no credentials that are good in a Region can come of that role; None: they may.

    An account belongs to one partition, and STS of another one knows neither it nor its roles.
    """
    partition = partition_of(region)
    if (role := _ROLE.fullmatch(role_arn)) is None:
        return (
            f"{printable(role_arn)} is no ARN of a role. Write it like"
            f" arn:{partition or 'aws'}:iam::111122223333:role/NAME"
        )
    if partition is None or role[1] == partition:
        return None
    return (
        f"{printable(role_arn)} is a role of partition {role[1]}, and Region {region} is of"
        f" {partition}, where it can't be assumed. Give a Region of its partition, or a role of an"
        f" account there (arn:{partition}:…)"
    )


def _meant(region: str, known: list[str]) -> str | None:
    """Letters that changed places come first: ``esat`` is as like west as it is like east."""
    near = get_close_matches(region[:64], known)
    near.sort(key=lambda name: sorted(name) != sorted(region))
    return near[0] if near else None
