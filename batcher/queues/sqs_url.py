"""What the URL of an SQS queue says of its Region, in every form that AWS gives or gave.

Legacy hosts (``REGION.queue.amazonaws.com``) are called under their present names; the others,
FIPS, dual-stack, VPC endpoints, and what is not AWS's, as they are.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from batcher.aws.endpoints import aws_service_host
from batcher.errors import SettingsError
from batcher.foreign_text import shown_url

_STANDARD = re.compile(r"sqs\.(?P<region>[a-z]{2,}-[a-z-]+-\d+)")
_LEGACY = re.compile(r"(?:(?P<region>[a-z]{2,}-[a-z-]+-\d+)\.)?queue")
_OTHER = re.compile(
    r"(?P<vpc>vpce-[a-z0-9-]+\.)?sqs(?:-fips)?\.(?P<region>[a-z]{2,}-[a-z-]+-\d+)(?(vpc)\.vpce)"
)
_LEGACY_DEFAULT = "us-east-1"  # queue.amazonaws.com: of the time when SQS had one Region


class QueuePlace(NamedTuple):
    """The Region in a URL, and the endpoint to call; None: none in it, and botocore's own."""

    region: str | None
    endpoint: str | None


def place_of(url: str) -> QueuePlace:
    """Where the queue of a URL is. Raises SettingsError where it is no URL."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower().rstrip(".")
        own_port = parts.port is not None and (parts.scheme, parts.port) != ("https", 443)
    except ValueError as error:
        raise SettingsError(
            f"{shown_url(url)}: not the URL of a queue: its host or port can't be read."
        ) from error
    endpoint, service = f"{parts.scheme}://{parts.netloc}", aws_service_host(host)
    if service is None:
        return QueuePlace(None, endpoint)
    if match := _LEGACY.fullmatch(service):
        return QueuePlace(match["region"] or _LEGACY_DEFAULT, None)
    if (match := _STANDARD.fullmatch(service)) and not own_port and ".api." not in host:
        return QueuePlace(match["region"], None)
    match = _OTHER.fullmatch(service)
    return QueuePlace(match and match["region"], endpoint)


def region_of_url(url: str, found: str | None, given: str | None) -> str | None:
    """The Region in a URL, else the given one. Raises SettingsError where they differ."""
    if found and given and found != given:
        raise SettingsError(
            f"{shown_url(url)}: a queue in Region {found}, and the Region given is {given}. Leave"
            " out --region (BATCHER_REGION, region in the settings file), or give another queue."
        )
    return found or given
