"""What is known of members that updates omit: one object a place, which the quota file outlives."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from msgspec import Struct
from structlog.typing import FilteringBoundLogger

from batcher.aws.client import AwsTarget
from batcher.aws.endpoints import plain_endpoint
from batcher.config import Settings
from batcher.engine.omitted_members import OmittedMembers
from batcher.operations import NEEDED_TO_CREATE, TRIGGER_NAMES
from batcher.ports import Clock
from batcher.storage.omission_records import Omission, OmissionPlace
from batcher.storage.quota_file import QuotaFile
from batcher.target_identity import TargetIdentity
from batcher.triggers.omission import Effect, Whole, sends_whole
from batcher.wiring.line_readers import installed_update_model


class KnownOmissions(Struct, frozen=True, kw_only=True):
    """What is remembered of a place, by member, and the setting that it is used by."""

    whole: Whole
    effects: dict[str, Omission]

    @property
    def cleared(self) -> list[Omission]:
        """The members that are known to be cleared where an update omits them."""
        return [each for each in self.effects.values() if each.effect == "cleared"]

    @property
    def sends_whole(self) -> bool:
        """Whether updates are sent with all of their triggers, from the first one on."""
        return sends_whole(self.whole, [each.effect for each in self.effects.values()])

    def stays(self, member: str) -> bool:
        """Whether a member is to be expected to stay where an update omits it.

        One that nothing is known of goes where others do.
        """
        known = self.effects.get(member)
        return not self.cleared if known is None else known.effect == "kept"

    def seen_at(self, members: Iterable[str], effect: Effect) -> str | None:
        """When that was last shown of the one of these members of which that is longest ago.

        None where it is not known of each of them.
        """
        found = [self.effects.get(name) for name in members]
        times = [each.seen_at for each in found if each is not None and each.effect == effect]
        return min(times) if times and len(times) == len(found) else None


class Omissions:
    """Knows the places of one set of settings. ``file``: None: nothing is to be remembered.

    ``write``: has what was noted in the file written, soon; None: at once.
    """

    def __init__(
        self,
        settings: Settings,
        file: QuotaFile | None,
        *,
        clock: Clock,
        log: FilteringBoundLogger,
        write: Callable[[], object] | None = None,
    ) -> None:
        self._write = write or (file.write if file else None)
        self._whole = settings.whole
        self._clearable = _clearable() if settings.before is not False else frozenset[str]()
        self._file = file
        self._clock = clock
        self._log = log
        self._places: dict[OmissionPlace, OmittedMembers] = {}

    def of(self, target: AwsTarget) -> OmittedMembers:
        """What the updates of a connected target share with all others of its place."""
        place = omission_place(target)
        if (found := self._places.get(place)) is None:
            found = self._places[place] = OmittedMembers(
                self._whole,
                log=self._log,
                clearable=self._clearable,
                recall=partial(self._recall, _identity(target)),  # the target may go before
                on_learned=partial(self._remember, place),
            )
        return found

    def known(self, target: AwsTarget) -> KnownOmissions:
        """What is remembered of the place of a connected target."""
        return KnownOmissions(whole=self._whole, effects=self._entries(_identity(target)))

    def _entries(self, place: TargetIdentity) -> dict[str, Omission]:
        if self._file is None:
            return {}
        return remembered_effects(self._file, place, self._clock.wall())

    def _recall(self, place: TargetIdentity) -> Mapping[str, Effect]:
        return {member: entry.effect for member, entry in self._entries(place).items()}

    def _remember(self, place: OmissionPlace, effects: Mapping[str, Effect]) -> None:
        if self._file is not None and self._write is not None:
            self._file.note_effects(place, effects, self._clock.wall())
            self._write()


def known_omissions(
    places: Mapping[str, TargetIdentity], settings: Settings, file: QuotaFile, now: str
) -> dict[str, KnownOmissions]:
    """What is remembered at ``now`` of places that need not be connected to, by name."""
    return {
        name: KnownOmissions(
            whole=settings.whole,
            effects=remembered_effects(file, place, now) if settings.remember else {},
        )
        for name, place in places.items()
    }


def remembered_effects(file: QuotaFile, place: TargetIdentity, now: str) -> dict[str, Omission]:
    """What is remembered of a place, also as it was kept before: under each of its endpoints."""
    account, region = place.account or "", place.region
    found: dict[str, Omission] = {}
    for endpoint in {place.endpoint, plain_endpoint(place.endpoint, region)}:
        there = OmissionPlace(account=account, region=region, endpoint=endpoint)
        for member, entry in file.effects(there, now).items():
            found[member] = max(found.get(member, entry), entry, key=lambda each: each.seen_at)
    return found


def _clearable() -> frozenset[str]:
    """The members of an update that a trigger can be without."""
    members = installed_update_model().schema["properties"]
    return frozenset(name for name in members if name[0].isupper()) - {
        *TRIGGER_NAMES,
        *NEEDED_TO_CREATE,
    }


def _identity(target: AwsTarget) -> TargetIdentity:
    return TargetIdentity(
        account=target.quota_owner, region=target.region, endpoint=target.endpoint_url
    )


def omission_place(target: AwsTarget) -> OmissionPlace:
    """Where a connected target is, as it is remembered."""
    endpoint = plain_endpoint(target.endpoint_url, target.region)
    return OmissionPlace(account=target.quota_owner, region=target.region, endpoint=endpoint)
