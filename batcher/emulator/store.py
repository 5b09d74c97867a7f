"""What the emulator holds: for each account and Region domains, in them triggers, integrations.

Records are unchecked dicts of request members with ``CreatedAt`` and ``LastUpdatedAt`` (epoch
seconds) added. A record is replaced, never changed, so what was handed out stays as it was.
"""

from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from batcher.emulator.model import Json

Entry = TypeVar("Entry")
FORMAT = 1
DOMAIN_DEFAULTS: Json = {"DefaultExpirationDays": 366}  # of domains that are made for seeds


class SortedEntries(Generic[Entry]):
    """Entries by name, in the order of names, for paging through many."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._names: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return (self._entries[name] for name in self._names)

    def get(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def put(self, name: str, entry: Entry) -> None:
        if name not in self._entries:
            insort(self._names, name)
        self._entries[name] = entry

    def remove(self, name: str) -> None:
        del self._entries[name]
        self._names.remove(name)

    def page(self, after: str, size: int) -> tuple[list[Entry], str | None]:
        """At most ``size`` entries after a name, and the last one's name when more are left."""
        start = bisect_right(self._names, after)
        names = self._names[start : start + size]
        more = start + size < len(self._names)
        return [self._entries[name] for name in names], names[-1] if more else None


class StoredDomain:
    """A domain's record, its event triggers, and its integrations by the URI of each."""

    def __init__(self, record: Json) -> None:
        self.record = record
        self.triggers: SortedEntries[Json] = SortedEntries()
        self.integrations: SortedEntries[Json] = SortedEntries()

    def put_integration(self, request: Json, now: float) -> Json:
        """Put an integration in place of any of that URI; returns its record."""
        uri = request.get("Uri", "")
        created = (self.integrations.get(uri) or {}).get("CreatedAt", now)
        record = {**request, "Uri": uri, "CreatedAt": created, "LastUpdatedAt": now}
        self.integrations.put(uri, record)
        return record


class Place:
    """One account in one Region."""

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self.domains: SortedEntries[StoredDomain] = SortedEntries()

    def __repr__(self) -> str:
        return f"<Place {self.account} {self.region}, {sum(1 for _ in self.domains)} domains>"

    def seed(self, seed: Json, now: float) -> None:
        """Put a trigger or an integration in place; its domain is made when there is none."""
        domain = self.domain(seed["DomainName"], now)
        if is_integration(seed):
            domain.put_integration(seed, now)
        else:
            times = {"CreatedAt": now, "LastUpdatedAt": now}
            domain.triggers.put(seed["EventTriggerName"], {**seed, **times})

    def seed_as_of(self, seed: Json, now: float, last_updated_at: float | None) -> None:
        """Put a trigger in place that was last changed at that moment; None: it tells none."""
        record = {**seed, "CreatedAt": now}
        if last_updated_at is not None:
            record["LastUpdatedAt"] = last_updated_at
        self.domain(seed["DomainName"], now).triggers.put(seed["EventTriggerName"], record)

    def domain(self, name: str, now: float) -> StoredDomain:
        """A domain; one that is not there is made."""
        if (found := self.domains.get(name)) is None:
            times = {"CreatedAt": now, "LastUpdatedAt": now}
            found = StoredDomain({"DomainName": name, **DOMAIN_DEFAULTS, **times})
            self.domains.put(name, found)
        return found


class Store:
    """All places.

    One is made, with the seeds meant for every place in it, when it is first asked for.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], Place] = {}
        self._seeds: dict[tuple[str, str, bool], Json] = {}

    def place(self, account: str, region: str, now: float) -> Place:
        if (place := self._places.get((account, region))) is None:
            place = self._places[account, region] = Place(account, region)
            for seed in self._seeds.values():
                place.seed(seed, now)
        return place

    def seed_everywhere(self, seed: Json, now: float) -> None:
        """Puts a trigger or an integration into every place there is, and every place to come."""
        self._seeds[_key(seed)] = seed
        for place in self._places.values():
            place.seed(seed, now)

    def find(self, domain: str, name: str, account: str | None, region: str | None) -> Json | None:
        """A trigger's record, or None.

        ValueError when several places fit; before any was used, the seed.
        """
        fitting = [
            p
            for p in self._places.values()
            if account in (None, p.account) and region in (None, p.region)
        ]
        if len(fitting) > 1:
            places = ", ".join(f"{place.account} {place.region}" for place in fitting)
            raise ValueError(f"say which account and region is meant; in use are {places}")
        if not fitting:
            return self._seeds.get((domain, name, False))
        found = fitting[0].domains.get(domain)
        return found.triggers.get(name) if found else None

    def dump(self) -> Json:
        """Everything, as JSON; ``load`` reads it."""
        return {
            "format": FORMAT,
            "seeds": list(self._seeds.values()),
            "places": [_dumped(place) for place in self._places.values()],
        }

    def load(self, state: Any) -> None:
        """Takes over what ``dump`` gave. ValueError for anything else."""
        try:
            if state["format"] != FORMAT:
                raise ValueError(f"its format is {state['format']!r}, and only {FORMAT} is known")
            seeds = {_key(seed): seed for seed in state["seeds"]}
            places = {(item["account"], item["region"]): _loaded(item) for item in state["places"]}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"it is not a state of the emulator ({type(error).__name__}: {error})"
            ) from None
        self._seeds, self._places = seeds, places


def is_integration(seed: Json) -> bool:
    """Whether it is members of a PutIntegration request, and no trigger."""
    return "Uri" in seed


def _key(seed: Json) -> tuple[str, str, bool]:
    integration = is_integration(seed)
    return seed["DomainName"], seed["Uri" if integration else "EventTriggerName"], integration


def _dumped(place: Place) -> Json:
    domains = [
        {
            "record": domain.record,
            "triggers": list(domain.triggers),
            "integrations": list(domain.integrations),
        }
        for domain in place.domains
    ]
    return {"account": place.account, "region": place.region, "domains": domains}


def _loaded(item: Json) -> Place:
    place = Place(item["account"], item["region"])
    for entry in item["domains"]:
        domain = StoredDomain(entry["record"])
        for trigger in entry["triggers"]:
            domain.triggers.put(trigger["EventTriggerName"], trigger)
        for integration in entry.get("integrations", ()):  # states of before have none
            domain.integrations.put(integration["Uri"], integration)
        place.domains.put(entry["record"]["DomainName"], domain)
    return place
