"""An AWS_REGION that another Region overrules, said once a command on standard error."""

import os
from collections.abc import Iterable

from batcher.cli.output.echo import echo
from batcher.config import Settings
from batcher.jobs.queue_admin import QueueAddress


def settings_with_notice(settings: Settings) -> Settings:
    """Return the settings, once it is said where they overrule AWS_REGION."""
    _say((settings.region, *(target.region for target in settings.targets.values())))
    return settings


def queue_address(url: str, profile: str | None, region: str | None) -> QueueAddress:
    """The address of a queue, once it is said where its Region overrules AWS_REGION."""
    address = QueueAddress(url=url, profile=profile, region=region)
    _say((region, address.region_of_url))
    return address


def _say(regions: Iterable[str | None]) -> None:
    given = os.environ.get("AWS_REGION")
    others = {region for region in regions if region} - {given}
    if given and others:
        what = ", ".join(sorted(others))
        echo(f"AWS_REGION is {given}, and overruled: the Region is {what}.", err=True)
