"""An AWS_REGION that another Region overrules, said once a command on standard error."""

import os
from collections.abc import Iterable

from batcher.cli.output.echo import echo
from batcher.config import Settings


def settings_with_notice(settings: Settings) -> Settings:
    """Return the settings, once it is said where they overrule AWS_REGION."""
    say_overruled((settings.region, *(target.region for target in settings.targets.values())))
    return settings


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
