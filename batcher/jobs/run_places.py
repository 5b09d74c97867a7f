"""Where a run belongs, held against the targets that whatever acts for it is about to use."""

from collections.abc import Collection, Iterable, Mapping

from batcher.aws.client import AwsTarget
from batcher.errors import RunDirectoryError
from batcher.jobs.connection import identities
from batcher.jobs.run_order import RunOrder
from batcher.target_identity import TargetIdentity, all_known, place_differences


def refuse_other_places(
    where: str, was: Mapping[str, TargetIdentity], now: Mapping[str, TargetIdentity], *, sends: bool
) -> None:
    """Raise RunDirectoryError where a target is not where the run in ``where`` has it.

    ``sends`` as in place_differences.
    """
    if differences := list(place_differences(was, now, sends=sends)):
        raise RunDirectoryError(
            f"{where}: belongs to another place: {'; '.join(differences)}. Give the credentials,"
            " --region and --endpoint-url that it was run with."
        )


def check_places(order: RunOrder, targets: Iterable[AwsTarget]) -> None:
    """Hold the targets that a run is about to use against its own. Raises RunDirectoryError."""
    now = {target.name: target.identity for target in targets}
    refuse_other_places(str(order.directory.path), _places(order), now, sends=True)


async def check_finished_places(order: RunOrder, unfinished: Collection[str]) -> None:
    """Hold the targets with which a run is done against its own.

    Raises RunDirectoryError, AwsError, SettingsError.
    """
    places = _places(order)
    now = await identities(order.settings, places.keys() - unfinished)
    refuse_other_places(str(order.directory.path), places, now, sends=False)


def _places(order: RunOrder) -> dict[str, TargetIdentity]:
    """The targets of a run's sessions so far, and of the run that it follows."""
    begun = order.directory.manifest.exists()
    own = order.directory.read_manifest().targets if begun else {}
    return all_known(own, order.following.targets)
