"""The checks of one target: Region, proxy, endpoint, certificate, clock; credentials and whose.

Sends one unsigned GET, and what asks STS.
"""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from batcher.aws.client import AwsTarget
from batcher.aws.endpoint_probe import (
    GIVEN,
    Certificate,
    EndpointProbe,
    UntrustedError,
    open_probe,
)
from batcher.aws.server_clock import OFF
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.errors import AwsError
from batcher.jobs.diagnosis import Told

PLACE_CHECKS = ("Region", "proxy", "endpoint", "certificate", "clock")
AWS_TOLERATES = timedelta(minutes=5)  # between the time of a signature and its own
EXPIRES_SOON = timedelta(days=14)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SET_CLOCK = "Set the clock (timedatectl set-ntp true)."


async def check_place(target: str, settings: Settings, told: Told, *, region_given_by: str) -> None:
    """Where a target is, and the way there. ``region_given_by``: where its Region was given.

    Raises SettingsError.
    """
    opening = open_probe(
        target,
        settings.for_target(target),
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
    )
    async with opening as probe:
        if probe.region is None:
            told.fault("Region", "there is none.", "Give --region, or set AWS_REGION.")
            return
        origin = region_given_by if probe.region_from == GIVEN else probe.region_from
        told.ok("Region", f"{probe.region} ({origin}).")
        told.ok(
            "proxy",
            "none." if probe.proxy is None else f"{probe.proxy} (HTTPS_PROXY or HTTP_PROXY).",
        )
        await _check_endpoint(probe, told)


async def _check_endpoint(probe: EndpointProbe, told: Told) -> None:
    origin = "--endpoint-url or the settings" if probe.url_from == GIVEN else probe.url_from
    where, clock = f"{probe.url} ({origin})", SystemClock()
    began = clock.utc()
    try:
        answer = await probe.ask()
    except UntrustedError as error:
        told.untested("endpoint", f"{where}: TLS comes first.")
        told.fault("certificate", str(error), f"CA bundle: {_bundle(probe)}.")
        told.untested("clock", "nothing answered.")
        return
    except AwsError as error:
        told.fault("endpoint", f"{where}: {error}")
        for name in ("certificate", "clock"):
            told.untested(name, "nothing answered.")
        return
    took = clock.utc() - began
    if 300 <= answer.status < 400:
        advice = "Check --endpoint-url, DNS and proxies."
        told.fault("endpoint", f"{where}: a redirect (status {answer.status}).", advice)
    else:
        told.ok("endpoint", f"{where}; it answered in {took.total_seconds():.2f} s.")
    _tell_certificate(probe, answer.certificate, clock.utc(), told)
    _tell_clock(answer.date, began + took / 2, told)


def _tell_certificate(
    probe: EndpointProbe, found: Certificate | None, now: datetime, told: Told
) -> None:
    if found is None:
        if urlsplit(probe.url).hostname in _LOOPBACK:
            told.untested("certificate", "there is no TLS to this host itself.")
        else:
            seen = "there is no TLS: whoever is on the way reads and changes all."
            told.warn("certificate", seen, "Give an https:// endpoint.")
        return
    seen = f"of {found.issuer}, until {found.expires:%Y-%m-%d}; CA bundle: {_bundle(probe)}."
    if found.expires - now < EXPIRES_SOON:
        told.warn("certificate", seen, "Have whoever runs that endpoint renew it.")
    else:
        told.ok("certificate", seen)


def _bundle(probe: EndpointProbe) -> str:
    if probe.ca_bundle is None:
        return f"that of {probe.ca_bundle_from}"
    return f"{probe.ca_bundle} ({probe.ca_bundle_from})"


def _tell_clock(date: datetime | None, here: datetime, told: Told) -> None:
    if date is None:
        told.untested("clock", "the answer has no Date.")
        return
    ahead = (here - date).total_seconds()
    seen = f"{abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'} the endpoint's."
    if abs(ahead) >= AWS_TOLERATES.total_seconds():
        refused = "AWS refuses the first request signed by it, and then AWS's time is signed with"
        told.warn("clock", f"{seen} {refused}.", _SET_CLOCK)
    elif abs(ahead) > OFF:
        told.warn("clock", seen, _SET_CLOCK)
    else:
        told.ok("clock", seen)


async def check_credentials(target: AwsTarget, told: Told) -> None:
    """Whose an open target's credentials are, by STS. Raises AwsError."""
    account = await target.account()
    origin = f"by {target.credentials_from}" if target.credentials_from else "of an unknown origin"
    if account is None:
        seen = f"{origin}; STS does not tell whose they are."
        advice = "Check that STS can be reached (AWS_ENDPOINT_URL_STS, proxies), or give --account."
        told.warn("credentials", seen, advice)
        return
    told.ok("credentials", f"account {account}, {target.caller_arn or 'no ARN'}, {origin}.")
