"""What is odd about Regions, said once a command on standard error: overruled, or not known."""

import os
from collections.abc import Iterable

from batcher.cli.command_group import loaded
from batcher.cli.output.echo import echo
from batcher.config import Settings

ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CUSTOMER_PROFILES")
_unknown_regions = loaded("batcher.aws.known_regions:unknown_regions")


def settings_with_notice(settings: Settings) -> Settings:
    """Return the settings, once it is said where they overrule AWS_REGION."""
    say_overruled((settings.region, *(target.region for target in settings.targets.values())))
    if not any(os.environ.get(name) for name in ENDPOINTS):
        _say_unknown(settings)
    return settings


def _say_unknown(settings: Settings) -> None:
    """Say which Regions botocore does not know, where it is to find the address of AWS's own."""
    targets = settings.targets.values() or [settings.target_defaults]
    regions = {each.region for each in targets if each.region and not each.endpoint_url}
    for region, meant in (_unknown_regions(regions) if regions else {}).items():
        hint = f"; did you mean {meant}?" if meant else "."
        echo(f"{region} is not a Region that botocore knows{hint}", err=True)


def say_overruled(regions: Iterable[str | None]) -> None:
    """Say which of these Regions overrule AWS_REGION, if any; None is a Region not given."""
    given = os.environ.get("AWS_REGION")
    named = {region for region in regions if region}
    others = named - {given}
    if given in named and others:
        return  # one of several Regions that targets name: nothing is overruled by surprise
    if given and others:
        what = ", ".join(sorted(others))
        echo(f"AWS_REGION is {given}, and overruled: the Region is {what}.", err=True)
