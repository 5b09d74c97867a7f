"""The job ``doctor``: what keeps a run or a worker from working, before one is started.

Sends reads only; writes nothing, not even to the state directory.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from msgspec import Struct

from batcher.aws.client import AwsTarget
from batcher.config import Settings
from batcher.errors import SettingsError
from batcher.jobs.diagnosis import CheckGroup, Diagnosis, Told, run_checks
from batcher.jobs.host_checks import (
    check_open_files,
    check_output_directory,
    check_state_directory,
    check_versions,
)
from batcher.jobs.iam_policies import (
    Door,
    Statement,
    actions_of,
    only,
    policy_document,
    statements_for,
)
from batcher.jobs.permission_checks import PERMISSIONS, SIGNED, Sample, check_permissions
from batcher.jobs.queue_admin import QueueAddress
from batcher.jobs.shared_checks import check_limiter, check_queue
from batcher.jobs.target_checks import PLACE_CHECKS, check_credentials, check_place
from batcher.number_text import number
from batcher.queues.sqs_url import place_of
from batcher.wiring.targets import TargetConnector

WITHIN = 20.0  # seconds that each group of checks may take
ANY = "*"  # stands in a policy for what nobody named
_PROFILE = "Check --profile, and the file of AWS_CONFIG_FILE (~/.aws/config)."
_CREDENTIALS = (
    "Check the profile and what gives its credentials (role, SSO, credential_process): aws sts"
    " get-caller-identity shows whether it does."
)
HOST, LIMITER, QUEUE = "host", "limiter", "queue"
WITHOUT_TARGET = "lines without a target"


class Visit(Struct, frozen=True, kw_only=True):
    """What is to be looked at: for what, with which queue, trigger and directory.

    ``region_given_by``: where the Region of the settings was given, in words. ``only``: the one
    target of the settings that is looked at; None: all of them.
    """

    door: Door = "run"
    queue: str | None = None
    sample: Sample = Sample()
    out: Path | None = None
    region_given_by: str = "the settings"
    only: str | None = None

    @property
    def is_sqs(self) -> bool:
        return (self.queue or "").startswith("sqs:")


async def examine(settings: Settings, visit: Visit, *, within: float = WITHIN) -> Diagnosis:
    """Look at everything, some of it side by side. ``within``: seconds for each group of checks.

    Raises SettingsError for what does not go together.
    """
    if visit.door in ("enqueue", "queue") and visit.queue is None:
        raise SettingsError(f"--for {visit.door}: name the queue with --queue.")
    if visit.sample.trigger is not None and visit.sample.domain is None:
        raise SettingsError("--trigger: give the --domain of it, too.")
    statements = statements_for(
        visit.door,
        sqs=visit.is_sqs,
        create_missing=settings.create_missing,
        with_integrations=settings.with_integrations,
    )
    places: dict[str, dict[str, str]] = {}
    groups = list(_groups(settings, visit, statements, places))
    checks = await run_checks(groups, within=within)
    denied: dict[str, set[str]] = {}
    for check in checks:
        if check.denied:
            denied.setdefault(check.subject, set()).update(check.denied)
    missing = {
        subject: policy_document(only(statements, refused), _place(visit, places.get(subject, {})))
        for subject, refused in denied.items()
    }
    return Diagnosis(checks=checks, missing=missing)


def _groups(
    settings: Settings,
    visit: Visit,
    statements: tuple[Statement, ...],
    places: dict[str, dict[str, str]],
) -> Iterator[CheckGroup]:
    """The checks in the order in which they are told. ``places`` is filled by subject."""
    yield _of_host("versions", check_versions)
    yield _of_host("open files", partial(check_open_files, settings))
    yield _of_host("state directory", check_state_directory)
    if (directory := _directory(settings, visit)) is not None:
        is_run = visit.door == "run" and visit.out is not None
        check = partial(check_output_directory, directory, is_run=is_run)
        yield _of_host("output directory", check)
    if actions := actions_of(statements, "profile"):
        connector = TargetConnector(settings)
        if settings.targets and settings.target not in settings.targets:
            yield CheckGroup(
                subject=f"target {settings.target}",
                names=(WITHOUT_TARGET,),
                find=partial(_tell_no_table, settings),
            )
        for name in _looked_at(settings, visit):
            subject = f"target {name}"
            given_by = _region_given_by(settings, name, visit)
            place = partial(check_place, name, settings, region_given_by=given_by)
            yield CheckGroup(subject=subject, names=PLACE_CHECKS, find=place, advice=_PROFILE)
            access = partial(
                _check_access, connector.target(name), actions, visit.sample, subject, places
            )
            names = ("credentials", SIGNED, PERMISSIONS)
            yield CheckGroup(subject=subject, names=names, find=access, advice=_CREDENTIALS)
        limiter = partial(check_limiter, settings.limiter)
        yield CheckGroup(subject=LIMITER, names=(LIMITER,), find=limiter)
    if visit.queue is not None:
        address = QueueAddress(url=visit.queue, profile=settings.profile, region=settings.region)
        places[QUEUE] = place_of_queue(address)
        needed, is_made = actions_of(statements, "sqs"), visit.door in ("worker", "enqueue")
        check_it = partial(check_queue, address, needed, is_made=is_made)
        yield CheckGroup(subject=QUEUE, names=(QUEUE,), find=check_it)
    elif visit.door == "worker":
        yield CheckGroup(subject=QUEUE, names=(QUEUE,), find=_tell_no_queue)


def _looked_at(settings: Settings, visit: Visit) -> Iterable[str]:
    return (visit.only,) if visit.only is not None else settings.targets or (settings.target,)


async def _tell_no_table(settings: Settings, told: Told) -> None:
    if not settings.has_target_of_its_own:
        told.untested(
            WITHOUT_TARGET,
            f"are invalid beside {number(len(settings.targets))} targets: if there are any, nothing"
            " is sent. Name a target in each line, or one for these with --target.",
        )
        return
    told.untested(
        WITHOUT_TARGET,
        f"are of target {settings.target}, which has no table: if there are any, a run can't start"
        " unless Region and credentials of its own are found. Name one of the tables with"
        " --target.",
    )


def _of_host(name: str, check: Callable[[Told], None]) -> CheckGroup:
    """A check that asks the operating system, which may hang where a disk is on the network."""

    async def find(told: Told) -> None:
        own = Told(told.subject)  # a thread that is left behind tells nobody
        await anyio.to_thread.run_sync(check, own, abandon_on_cancel=True)
        told.checks += own.checks

    return CheckGroup(subject=HOST, names=(name,), find=find)


async def _check_access(
    target: AwsTarget,
    actions: tuple[str, ...],
    sample: Sample,
    subject: str,
    places: dict[str, dict[str, str]],
    told: Told,
) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(target)
        await check_credentials(target, told)
        places[subject] = {
            "partition": target.partition,
            "region": target.region,
            "account": target.account_id or ANY,
        }
        await check_permissions(target, actions, sample, told)


async def _tell_no_queue(told: Told) -> None:
    told.untested(QUEUE, "none was named; give --queue.")


def _directory(settings: Settings, visit: Visit) -> Path | None:
    """Where the door writes to; None: nowhere that is a directory."""
    if visit.out is not None:
        return visit.out
    if visit.door == "worker":
        return Path(settings.results)
    return Path.cwd() if visit.door in ("run", "plan", "export") else None


def _region_given_by(settings: Settings, name: str, visit: Visit) -> str:
    own = settings.for_target(name).region != settings.region
    return f"the table of target {name}" if own else visit.region_given_by


def _place(visit: Visit, known: Mapping[str, str]) -> dict[str, Any]:
    """What stands for the names in the templates of policies."""
    names = {"domain": visit.sample.domain or ANY, "trigger": visit.sample.trigger or ANY}
    unknown = dict.fromkeys(("region", "account", "copy", "queue", "dead"), ANY)
    return {"partition": "aws", **unknown, **names, **known}


def place_of_queue(address: QueueAddress) -> dict[str, str]:
    """What is known of a queue in SQS by its name or URL."""
    found = re.search(r"/(\d{12})/", address.url)
    url = address.url.removeprefix("sqs:")
    name, region = url.rpartition("/")[2], None
    if "://" in url:
        with suppress(SettingsError):  # the check of the queue says it
            region = place_of(url).region
    return {
        "queue": name or ANY,
        "region": region or address.region or ANY,
        "account": found[1] if found else ANY,
    }
