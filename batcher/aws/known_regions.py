"""The Regions that the installed botocore knows of; there may be newer ones."""

from collections.abc import Iterable
from difflib import get_close_matches

from batcher.aws.service_model import model_loader


def unknown_regions(regions: Iterable[str]) -> dict[str, str | None]:
    """Return what botocore does not know, each with the one likely meant; None: none is."""
    partitions = model_loader().load_data("partitions")["partitions"]
    known = sorted(name for partition in partitions for name in partition["regions"])
    return {region: _meant(region, known) for region in sorted(set(regions) - set(known))}


def _meant(region: str, known: list[str]) -> str | None:
    """Letters that changed places come first: ``esat`` is as like west as it is like east."""
    near = get_close_matches(region[:64], known)
    near.sort(key=lambda name: sorted(name) != sorted(region))
    return near[0] if near else None
