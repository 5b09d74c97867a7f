"""What is odd about Regions, said once a command on standard error: overruled, or not known.

What can't be right is refused: a role that can't be assumed in the Region of its target.
"""

import os
from collections.abc import Iterable, Mapping

from batcher.cli.command_group import loaded
from batcher.cli.output.echo import echo
from batcher.config import REGION_VARIABLES, Settings, TargetSettings
from batcher.errors import SettingsError
from batcher.updates.target_causes import in_common

ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CUSTOMER_PROFILES")
STS_ENDPOINT = "AWS_ENDPOINT_URL_STS"
_unknown_regions = loaded("batcher.aws.known_regions:unknown_regions")
_role_fault = loaded("batcher.aws.known_regions:role_fault")
_leads_elsewhere = loaded("batcher.aws.endpoint_probe:leads_elsewhere")


def settings_with_notice(settings: Settings) -> Settings:
    """Return the settings, once it is said where they overrule AWS_REGION.

    Raises SettingsError for roles that can't be assumed where their targets are.
    """
    say_overruled((settings.region, *(target.region for target in settings.targets.values())))
    if any(os.environ.get(name) for name in ENDPOINTS):
        return settings
    at_aws = {name: each for name, each in settings.each_target.items() if not each.endpoint_url}
    _say_unknown(at_aws.values())
    if not os.environ.get(STS_ENDPOINT):
        _refuse_foreign_roles(at_aws)
    return settings


def _refuse_foreign_roles(targets: Mapping[str, TargetSettings]) -> None:
    """Raise SettingsError for roles of another partition than AWS has their Regions in."""
    there = next(filter(None, map(os.environ.get, REGION_VARIABLES)), None)
    found = {
        name: str(fault)
        for name, each in targets.items()
        if each.role_arn and "{" not in each.role_arn and (region := each.region or there)
        if (fault := _role_fault(each.role_arn, region)) is not None
    }
    # last, and once for each profile: files are read for it
    profiles = {targets[name].profile: targets[name] for name in found}
    elsewhere = {profile for profile, each in profiles.items() if _leads_elsewhere(each)}
    if faults := {n: why for n, why in found.items() if targets[n].profile not in elsewhere}:
        raise SettingsError(f"role_arn: {in_common(faults)}.")


def _say_unknown(targets: Iterable[TargetSettings]) -> None:
    """Say which Regions botocore does not know, where it is to find the address of AWS's own."""
    regions = {each.region for each in targets if each.region}
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
