"""The targets of a rehearsal: which place each stands for, and the quota that it is given there."""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from batcher.aws.client import AwsTarget
from batcher.aws.credentials import explained, open_session, region_of
from batcher.aws.endpoints import foreign_endpoint
from batcher.aws.service_model import model_loader
from batcher.config import Settings
from batcher.foreign_text import shown_url
from batcher.jobs.run_forecast import LIKELY_RATE
from batcher.operations import CREATE_TRIGGER, GET_TRIGGER, LIST_TRIGGERS, UPDATE_TRIGGER
from batcher.storage.omission_records import Omission
from batcher.storage.quota_file import QuotaFile, QuotaKey, Remembered
from batcher.target_identity import TargetIdentity, account_of_role
from batcher.wiring.omissions import remembered_effects

OPERATIONS = (UPDATE_TRIGGER, CREATE_TRIGGER, GET_TRIGGER, LIST_TRIGGERS)
NO_ACCOUNT = "000000000000"
NO_REGION = "us-east-1"  # one that the SDK knows, where nobody says any

QuotaOrigin: TypeAlias = Literal["remembered", "given", "assumed"]


class RehearsedQuota(Struct, frozen=True, kw_only=True):
    """What an operation is allowed per second in a rehearsal, before it is sped up.

    ``origin``: what earlier runs found, what somebody said, or what nobody knows.
    """

    rate: float
    burst: float
    origin: QuotaOrigin


ASSUMED = RehearsedQuota(rate=LIKELY_RATE, burst=1.0, origin="assumed")


class RehearsedTarget(Struct, frozen=True, kw_only=True):
    """A target as it is, and its quotas by operation.

    ``account``: None where nobody knows it; ``region_known``: else it is any; ``endpoint``: None
    where it was not connected to. ``remembered``: what earlier runs found, and ``omissions`` what
    they found of members that updates leave out.
    """

    name: str
    account: str | None
    region: str
    region_known: bool = True
    endpoint: str | None = None
    quotas: dict[str, RehearsedQuota]
    remembered: dict[str, Remembered] = {}
    omissions: dict[str, Omission] = {}

    @property
    def place(self) -> tuple[str, str, str]:
        """What targets of the same account and Region share; of an unknown account its own.

        What is at an address that is not AWS's is a place of its own.
        """
        other = foreign_endpoint(self.endpoint or "", self.region)
        whose = "" if other is None else f"at {other}"
        if self.account is None:
            whose = f"target {self.name}"
        return whose, self.account or NO_ACCOUNT, self.region

    def quota(self, operation: str, now: str) -> Remembered:
        """The quota of an operation as a forecast wants it."""
        quota = self.quotas[operation]
        known = self.remembered.get(operation)
        if known is not None and quota.origin == "remembered":
            return known
        return Remembered(
            account=self.account or NO_ACCOUNT,
            region=self.region,
            operation=operation,
            rate=quota.rate,
            burst=quota.burst,
            doubt=0.0,
            learned_at=now,
            used_at="1970-01-01T00:00:00+00:00",  # its bucket is full
        )


class TargetFinder:
    """Finds targets. ``file``: None: nothing is to be remembered; ``given``: a quota for all."""

    def __init__(
        self, settings: Settings, file: QuotaFile | None, given: RehearsedQuota | None, now: str
    ) -> None:
        self._settings = settings
        self._file = file
        self._given = given
        self._now = now

    def connected(self, targets: Mapping[str, AwsTarget]) -> dict[str, RehearsedTarget]:
        """Connected targets, with what is remembered of them."""
        return {
            name: self._target(
                name,
                account=target.account_id,
                region=target.region,
                owner=target.quota_owner,
                endpoint=target.endpoint_url,
            )
            for name, target in targets.items()
        }

    def named(self, names: Iterable[str]) -> dict[str, RehearsedTarget]:
        """Targets of these names, as far as settings and profiles say where they are.

        No request is sent. Raises SettingsError for a profile that there is not.
        """
        return {name: self._named(name) for name in names}

    def _named(self, name: str) -> RehearsedTarget:
        settings = self._settings.for_target(name)
        with explained(name):
            session = open_session(settings.profile, model_loader(), settings.region)
            region = region_of(session, settings.region)
        account = settings.account or account_of_role(settings.role_arn)
        return self._target(name, account=account, region=region, owner=account, endpoint=None)

    def _target(
        self,
        name: str,
        *,
        account: str | None,
        region: str | None,
        owner: str | None,
        endpoint: str | None,
    ) -> RehearsedTarget:
        found, omissions = dict[str, Remembered](), dict[str, Omission]()
        if self._file is not None and owner is not None and region is not None:
            for operation in OPERATIONS:
                key = QuotaKey(account=owner, region=region, operation=operation)
                entry = self._file.recall(key)
                if entry is not None and not entry.is_guess:
                    found[operation] = entry
            if endpoint is not None:
                place = TargetIdentity(account=owner, region=region, endpoint=endpoint)
                omissions = remembered_effects(self._file, place, self._now)
        return RehearsedTarget(
            name=name,
            account=account,
            region=region or NO_REGION,
            region_known=region is not None,
            endpoint=None if endpoint is None else shown_url(endpoint),
            quotas=self._quotas(found),
            remembered=found,
            omissions=omissions,
        )

    def _quotas(self, found: Mapping[str, Remembered]) -> dict[str, RehearsedQuota]:
        """Of each operation: the given one, what was found, or what was found of updates."""
        quotas = {name: _quota(found[name]) for name in found}
        if self._given is not None:
            quotas = dict.fromkeys(OPERATIONS, self._given)
        others = quotas.get(UPDATE_TRIGGER, ASSUMED)
        if others.origin == "remembered":
            others = RehearsedQuota(rate=others.rate, burst=others.burst, origin="assumed")
        return {name: quotas.get(name, others) for name in OPERATIONS}


def _quota(found: Remembered) -> RehearsedQuota:
    burst = max(1.0, found.rate if found.burst is None else found.burst)
    return RehearsedQuota(rate=found.rate, burst=burst, origin="remembered")


def assumptions(targets: Collection[RehearsedTarget]) -> list[str]:
    """In words, what of these targets nobody knows and the rehearsal has taken."""
    said = []
    for target in targets:
        if not target.region_known:
            said.append(f"The Region of target {target.name} is not known (--region).")
        if target.account is None:
            said.append(
                f"The account of target {target.name} is not known (--account), and so nothing"
                " that earlier runs found of its quota."
            )
        quota = target.quotas[UPDATE_TRIGGER]
        if quota.origin == "assumed":
            said.append(
                f"The quota of target {target.name} is not known: {quota.rate:g}/s is assumed;"
                " --quota N[,BURST] says another."
            )
    return said
