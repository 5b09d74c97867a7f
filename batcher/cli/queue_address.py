"""The address of a queue, as a command was given it."""

from batcher.cli.region_notice import say_overruled
from batcher.jobs.queue_admin import QueueAddress


def queue_address(url: str, profile: str | None, region: str | None) -> QueueAddress:
    """The address of a queue, once it is said where its Region overrules AWS_REGION."""
    address = QueueAddress(url=url, profile=profile, region=region)
    say_overruled((region, address.region_of_url))
    return address
