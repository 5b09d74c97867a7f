"""What earlier runs found, put into a state directory of a rehearsal's own, sped up as it is."""

from collections.abc import Mapping
from pathlib import Path

from batcher.clock import SystemClock
from batcher.jobs.rehearsal_settings import EmulatedPlace, sped_up
from batcher.jobs.rehearsed_targets import RehearsedTarget
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.omission_records import OmissionPlace
from batcher.storage.quota_file import QuotaFile, QuotaKey
from batcher.storage.state_directory import state_directory


def remember_for_rehearsal(
    state: Path,
    targets: Mapping[str, RehearsedTarget],
    places: Mapping[str, EmulatedPlace],
    speed: float,
) -> None:
    """Let a rehearsal start from what the real run would start from.

    ``state``: its ``$XDG_STATE_HOME``. What can't be written there it finds out anew.
    """
    file = QuotaFile(state_directory({"XDG_STATE_HOME": str(state.absolute())}), _ignore)
    now, learned = SystemClock().wall(), []
    for name, target in targets.items():
        account, region = places[name].account, places[name].region
        for operation, found in target.remembered.items():
            key = QuotaKey(account=account, region=region, operation=operation)
            rate = sped_up(found.rate, speed)
            quota = EstimatedQuota(rate=rate, burst=found.burst, doubt=found.doubt)
            learned.append((key, quota))
        if target.omissions:
            effects = {member: each.effect for member, each in target.omissions.items()}
            place = OmissionPlace(account=account, region=region, endpoint=places[name].endpoint)
            file.note_effects(place, effects, now)
    file.remember(learned, now)


def _ignore(text: str) -> None:
    """No reason to stop."""
