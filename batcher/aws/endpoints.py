"""Which hosts are AWS's own, by the partitions that botocore knows, and the proxies on the way."""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from botocore.utils import get_environ_proxies

from batcher.aws.service_model import model_loader

_PORTS = {"http": 80, "https": 443}
_OWN = ("profile", "profile-fips")  # the service in a Region, before the domain of its partition
_VPC_ENDPOINT = re.compile(r"vpce-[a-z0-9-]+\.profile(?:-fips)?")


def aws_service_host(host: str) -> str | None:
    """What stands before the domain of an AWS partition (``sqs.eu-west-1``); None: not AWS's."""
    host = host.lower().rstrip(".")
    return next((host.removesuffix(end) for end in _domains() if host.endswith(end)), None)


@lru_cache(1024)
def foreign_endpoint(url: str, region: str) -> str | None:
    """An endpoint that is not AWS's own for this service in that Region; None: it is.

    However the same one is written, it is one text. AWS's own are the plain one, FIPS, dual-stack,
    and those that it gives to a VPC: what they lead to is the same.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # nobody gets there
        return url
    if parts.hostname is None:
        return url or None
    if _is_own(parts, port, region):
        return None
    there = f"{parts.scheme}://{_plain(parts.hostname)}"
    if port != _PORTS.get(parts.scheme):
        there = f"{there}:{port}"
    return there + parts.path.rstrip("/")


def plain_endpoint(url: str, region: str) -> str:
    """One way to write an endpoint, of AWS's own the plain one of that Region."""
    return foreign_endpoint(url, region) or f"https://{_OWN[0]}.{region}.{_suffixes(region)[0]}"


def environment_proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL, as the SDK reads HTTPS_PROXY and NO_PROXY."""
    proxy: str | None = get_environ_proxies(url).get(urlsplit(url).scheme.lower())
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def _is_own(parts: SplitResult, port: int | None, region: str) -> bool:
    """Whether AWS answers there for this service; whose machine has a name of AWS's is not AWS."""
    if port != _PORTS.get(parts.scheme) or parts.path.strip("/"):
        return False
    return any(
        _names_service(_plain(parts.hostname or ""), region, end) for end in _suffixes(region)
    )


def _names_service(host: str, region: str, suffix: str) -> bool:
    in_region, in_vpc = f".{region}.{suffix}", f".{region}.vpce.{suffix}"
    if host.endswith(in_vpc):
        return _VPC_ENDPOINT.fullmatch(host.removesuffix(in_vpc)) is not None
    return host.endswith(in_region) and host.removesuffix(in_region) in _OWN


def _plain(host: str) -> str:
    """One way to write a host: no dot at its end, and of an address the shortest."""
    host = host.rstrip(".")
    with suppress(ValueError):  # it is a name
        address = ip_address(host)
        return f"[{address.compressed}]" if address.version == 6 else address.compressed
    return host


@cache
def _suffixes(region: str) -> tuple[str, str]:
    """The domain of the partition of a Region, and the one of its dual-stack endpoints."""
    partitions = _partitions()
    found = next((each for each in partitions if _has(each, region)), partitions[0])
    return found["outputs"]["dnsSuffix"], found["outputs"]["dualStackDnsSuffix"]


def _has(partition: dict[str, Any], region: str) -> bool:
    return region in partition["regions"] or bool(re.match(partition["regionRegex"], region))


@cache
def _domains() -> list[str]:
    """``.amazonaws.com`` and those of the other partitions, longest first."""
    names = {name for partition in _partitions() for name in _names(partition)}
    return sorted((f".{name}" for name in names), key=len, reverse=True)


def _names(partition: dict[str, Any]) -> Iterator[str]:
    for kind in ("dnsSuffix", "dualStackDnsSuffix"):
        yield partition["outputs"][kind]


def _partitions() -> list[dict[str, Any]]:
    """botocore's; that of the public Regions is the first one."""
    found: list[dict[str, Any]] = model_loader().load_data("partitions")["partitions"]
    return found
