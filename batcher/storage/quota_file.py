"""What earlier runs found out about a place: one JSON file in the user's state directory.

Its quotas, and what becomes of members that updates omit. Reads and writes that file and nothing
else. How a quota is found is in ``quota``; who asks for it, in ``wiring``.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from batcher.errors import DamageError, OutputError
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.atomic_file import json_document, write_atomically
from batcher.storage.file_lock import locked
from batcher.storage.file_system import hidden_name, make_directory, move
from batcher.storage.omission_records import (
    Omission,
    OmissionPlace,
    check_omission,
    known_effects,
    omissions_of,
    with_omissions,
)
from batcher.storage.regular_file import read_document
from batcher.triggers.omission import Effect

LEAST, MOST = 1e-6, 1e6  # per second: a rate beyond these is damage, no quota


class QuotaKey(Struct, frozen=True, kw_only=True, order=True):
    """Whose quota it is. ``account``: or the endpoint where the account is not known."""

    account: str
    region: str
    operation: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}/{self.operation}"


class Remembered(Struct, frozen=True, kw_only=True):
    """One quota as a run left it.

    ``rate`` per second; ``doubt`` as a part of it; times UTC, ISO 8601.

    ``learned_at``: when rate or burst last changed; ``used_at``: the end of the last run, which
    says how full the bucket is.
    """

    account: str
    region: str
    operation: str
    rate: float
    burst: float | None
    doubt: float
    learned_at: str
    used_at: str

    @property
    def key(self) -> QuotaKey:
        return QuotaKey(account=self.account, region=self.region, operation=self.operation)

    @property
    def is_guess(self) -> bool:
        """As EstimatedQuota.is_guess; other versions of batcher may have kept one."""
        return self.learned(self.used_at).is_guess

    def learned(self, now: str) -> EstimatedQuota:
        """What an estimate can start from at ``now``."""
        return EstimatedQuota(
            rate=self.rate,
            burst=self.burst,
            doubt=self.doubt,
            age=seconds_between(self.used_at, now),
        )


class _Content(Struct, frozen=True, kw_only=True):
    quotas: list[Remembered]
    omissions: list[Omission] = []


class _Noted(NamedTuple):
    """What was learned of a quota, and when the run that did so ended."""

    learned: EstimatedQuota
    now: str


class _Known:
    """What the file said when it was read or written last, and what of that is of whom.

    ``document``: None where there was none, or it is nothing of ours.
    """

    def __init__(self, document: bytes | None, content: _Content) -> None:
        self.document = document
        self.content = content

    def __repr__(self) -> str:
        said = self.content
        return f"<_Known: {len(said.quotas)} quotas, {len(said.omissions)} omissions>"

    @cached_property
    def quota_of(self) -> dict[QuotaKey, Remembered]:
        return {entry.key: entry for entry in reversed(self.content.quotas)}

    @cached_property
    def omissions_of(self) -> dict[OmissionPlace, list[Omission]]:
        found = defaultdict[OmissionPlace, list[Omission]](list)
        for entry in self.content.omissions:
            found[entry.place].append(entry)
        return dict(found)


_NOTHING = _Known(None, _Content(quotas=[]))

_Stamp: TypeAlias = tuple[int, int, int, int]
"""What is another one once a file is replaced: inode, size, and two times in nanoseconds."""


def seconds_between(earlier: str, later: str) -> float:
    """From one wall-clock time to another, not below 0: clocks are set back at times."""
    passed = datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
    return max(0.0, passed.total_seconds())


class QuotaFile:
    """``quotas.json`` in a directory.

    A file that can't be read counts as empty, and a file that can't be written is left: a run never
    fails of it. ``warn`` is told of it once, in words. ``lock``: holds a lock file among processes.
    It is read again only once it is another: a run of a thousand targets asks thousands of times.
    What is noted is known here at once, and in the file when it is written, all of it together.
    """

    def __init__(
        self,
        directory: Path,
        warn: Callable[[str], None],
        *,
        lock: Callable[[Path], AbstractContextManager[None]] = locked,
    ) -> None:
        self.path = directory / "quotas.json"
        self._warn_of = warn
        self._warned = False
        self._damaged = False  # what was read last is nothing of ours
        self._known: tuple[_Stamp | None, _Known] = None, _NOTHING
        self._noted_quotas: dict[QuotaKey, _Noted] = {}
        self._noted_omissions: dict[OmissionPlace, dict[str, Omission]] = {}
        self._lock = lock

    def entries(self) -> list[Remembered]:
        """All quotas that are remembered, in the order of account, Region and operation."""
        return list(self._current().content.quotas)

    def omissions(self) -> list[Omission]:
        """What is remembered of members that updates omit, in the order of the places."""
        return list(self._current().content.omissions)

    def effects(self, place: OmissionPlace, now: str) -> dict[str, Omission]:
        """What is known at ``now`` of members that the updates of a place omit, by member."""
        known = known_effects(self._current().omissions_of.get(place, ()), place, now)
        return known | self._noted_omissions.get(place, {})

    def recall(self, key: QuotaKey) -> Remembered | None:
        known = self._current().quota_of.get(key)
        noted = self._noted_quotas.get(key)
        return known if noted is None else _noted(key, noted, known)

    def note(self, found: Iterable[tuple[QuotaKey, EstimatedQuota]], now: str) -> None:
        """Take what a run has learned that ended ``now``. A guess never replaces what is known."""
        known = self._current().quota_of
        for key, learned in found:
            if not learned.is_guess or (key in known and key not in self._noted_quotas):
                self._noted_quotas[key] = _Noted(learned, now)

    def note_effects(self, place: OmissionPlace, effects: Mapping[str, Effect], now: str) -> None:
        """Take what an answer has shown of omitted members."""
        news = {each.member: each for each in omissions_of(place, effects, now)}
        self._noted_omissions.setdefault(place, {}).update(news)

    def write(self) -> bool:
        """Put in what was noted since the last time; returns whether that was possible.

        Quotas of other keys stay. Nobody's change is lost, also when another process writes at the
        same time. What could not be written is put in by the next one.
        """
        quotas, places = self._noted_quotas, self._noted_omissions

        def with_news(old: _Content) -> _Content:
            before = {entry.key: entry for entry in old.quotas}
            noted = {key: _noted(key, each, before.get(key)) for key, each in quotas.items()}
            after = before | {key: entry for key, entry in noted.items() if entry is not None}
            omissions = chain.from_iterable(each.values() for each in places.values())
            return _Content(
                quotas=[after[key] for key in sorted(after)],
                omissions=with_omissions(old.omissions, omissions) if places else old.omissions,
            )

        if (quotas or places) and not self._replace(with_news):
            return False
        self._noted_quotas, self._noted_omissions = {}, {}
        return True

    def remember(self, found: Iterable[tuple[QuotaKey, EstimatedQuota]], now: str) -> bool:
        """Note that, and write all that is noted; returns whether that was possible."""
        self.note(found, now)
        return self.write()

    def forget(self, account: str | None = None) -> int | None:
        """Take out what is remembered of an account, or all; returns how many entries.

        None: the file can't be written.
        """
        gone = 0

        def without(old: _Content) -> _Content:
            nonlocal gone
            quotas = [each for each in old.quotas if account not in (None, each.account)]
            omissions = [each for each in old.omissions if account not in (None, each.account)]
            gone = len(old.quotas) + len(old.omissions) - len(quotas) - len(omissions)
            return _Content(quotas=quotas, omissions=omissions)

        return gone if not self.path.exists() or self._replace(without) else None

    def _current(self) -> _Known:
        """What the file says now."""
        stamp, known = _stamp(self.path), self._known
        if stamp is None or stamp != known[0]:
            self._known = known = stamp, self._read()
        return known[1]

    def _read(self) -> _Known:
        try:
            document = read_document(self.path)
        except FileNotFoundError:
            return _NOTHING
        except OSError as error:
            self._warn(f"can't be read: {error.strerror}")
            return _NOTHING
        except DamageError as error:
            self._warn(f"is ignored: {error}")
            return _NOTHING
        if document == (known := self._known[1]).document:
            return known
        try:
            return _Known(document, _checked(document))
        except (ValueError, RecursionError) as error:  # msgspec's are ValueErrors too
            self._damaged = True
            self._warn(f"is damaged and ignored: {error}")
            return _NOTHING

    def _replace(self, change: Callable[[_Content], _Content]) -> bool:
        try:
            make_directory(self.path.parent)
            with self._lock(self.path.with_suffix(".lock")):
                self._damaged = False
                after = change(self._read().content)
                if self._damaged:  # kept, under another name
                    move(self.path, hidden_name(self.path).with_suffix(".damaged"))
                document = json_document(after)
                write_atomically(self.path, document, replace=True)
                self._known = _stamp(self.path), _Known(document, after)
        except OSError as error:
            self._warn(f"can't be written: {error.strerror}")
        except DamageError as error:
            self._warn(f"can't be written: {error}")
        except OutputError as error:
            self._warn(str(error))
        else:
            return True
        return False

    def _warn(self, what: str) -> None:
        if not self._warned:
            self._warn_of(f"{self.path} {what}")
        self._warned = True


def _noted(key: QuotaKey, noted: _Noted, before: Remembered | None) -> Remembered | None:
    """What to remember of what was noted; None: a guess where nothing was known."""
    learned, now = noted
    if before is not None and (
        learned.is_guess or (learned.rate, learned.burst) == (before.rate, before.burst)
    ):
        return replace(before, used_at=now)
    if learned.is_guess:
        return None
    return Remembered(
        account=key.account,
        region=key.region,
        operation=key.operation,
        rate=learned.rate,
        burst=learned.burst,
        doubt=learned.doubt,
        learned_at=now,
        used_at=now,
    )


def _stamp(path: Path) -> _Stamp | None:
    """None: nothing is there, or nobody can tell."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _checked(document: bytes) -> _Content:
    """What a file says. Raises ValueError and RecursionError where that is nothing of ours."""
    found = msgspec.json.decode(document, type=_Content)
    for entry in found.quotas:
        _check(entry)
    for omission in found.omissions:
        check_omission(omission)
    return found


def _check(entry: Remembered) -> None:
    """Raise ValueError for numbers and times that can't be."""
    for time in (entry.learned_at, entry.used_at):
        if datetime.fromisoformat(time).tzinfo is None:
            raise ValueError(f"{time} says no time zone")
    possible_burst = entry.burst is None or entry.burst > 0
    if not (LEAST <= entry.rate <= MOST and entry.doubt >= 0 and possible_burst):
        raise ValueError(f"rate {entry.rate}, burst {entry.burst}, doubt {entry.doubt} can't be")
