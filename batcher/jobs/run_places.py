"""Where a run belongs, held against the targets that whatever acts for it is about to use."""

from collections.abc import Collection, Iterable, Mapping

from msgspec.structs import replace

from batcher.aws.client import AwsTarget
from batcher.config import Settings
from batcher.errors import RunDirectoryError
from batcher.jobs.connection import identities
from batcher.jobs.run_order import RunOrder
from batcher.records import Summary
from batcher.target_identity import TargetIdentity, all_known
from batcher.wiring.places import place_differences


def refuse_other_places(
    where: str,
    was: Mapping[str, TargetIdentity],
    now: Mapping[str, TargetIdentity],
    settings: Settings,
    *,
    sends: bool,
    empty: bool = False,
) -> None:
    """Raise RunDirectoryError where a target is not where the run in ``where`` has it.

    ``settings``: of the targets as they are now; ``sends`` as in place_differences; ``empty``:
    nothing is recorded of the run.
    """
    anew = ", or start anew with --out DIR: nothing is recorded in this one" if empty else ""
    pinned = {name for name in now if settings.for_target(name).account is not None}
    if differences := list(place_differences(was, now, sends=sends, pinned=pinned)):
        raise RunDirectoryError(
            f"{where}: belongs to another place: {'; '.join(differences)}. Give the credentials,"
            f" --region and --endpoint-url that it was run with{anew}."
        )


def check_places(order: RunOrder, targets: Iterable[AwsTarget]) -> None:
    """Hold the targets that a run is about to use against its own. Raises RunDirectoryError."""
    now = {target.name: target.identity for target in targets}
    where, empty = str(order.directory.path), _is_empty(order)
    refuse_other_places(where, noted_places(order), now, order.settings, sends=True, empty=empty)


async def check_finished_places(order: RunOrder, unfinished: Collection[str]) -> None:
    """Hold the targets with which a run is done against its own.

    Raises RunDirectoryError, AwsError, SettingsError.
    """
    places = noted_places(order)
    finished, refuses = places.keys() - unfinished, order.unattended is None
    now = await identities(order.settings, finished, refuses=refuses)
    refuse_other_places(str(order.directory.path), places, now, order.settings, sends=False)


def with_places(
    summary: Summary,
    places: Mapping[str, TargetIdentity],
    callers: Mapping[str, str | None],
    before: Summary | None,
) -> Summary:
    """A summary that says of each target its account, Region and caller; of a run what all share.

    ``before``: the summary of the session before, for callers of targets without any now.
    """
    parts = summary.targets if isinstance(summary.targets, dict) else {}
    names = parts.keys() or places.keys()
    earlier = _callers(before, names) if before is not None else {}
    found = {
        name: {
            "account": place.account,
            "region": place.region,
            "who": callers.get(name) or earlier.get(name),
        }
        for name, place in places.items()
        if name in names
    }
    if parts:
        targets = {name: replace(part, **found.get(name, {})) for name, part in parts.items()}
        summary = replace(summary, targets=targets)
    shared = {
        member: values.pop()
        for member in ("account", "region", "who")
        if len(values := {each[member] for each in found.values()}) == 1
    }
    return replace(summary, **shared)


def _callers(summary: Summary, names: Collection[str]) -> dict[str, str | None]:
    if isinstance(summary.targets, dict):
        return {name: part.who for name, part in summary.targets.items()}
    return dict.fromkeys(names, summary.who)


def _is_empty(order: RunOrder) -> bool:
    """Whether a run of its own, for whose directory somebody may give another, has done nothing."""
    journals = (order.directory.results, order.directory.before)
    recorded = any(path.exists() and path.stat().st_size for path in journals)
    return not (recorded or order.following.targets or order.unattended)


def noted_places(order: RunOrder) -> dict[str, TargetIdentity]:
    """The targets of a run's sessions so far, and of the run that it follows."""
    begun = order.directory.manifest.exists()
    own = order.directory.read_manifest().targets if begun else {}
    return all_known(own, order.following.targets)
