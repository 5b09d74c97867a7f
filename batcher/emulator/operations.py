"""What each operation does to the store, and what it answers. Requests come checked."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import TypeVar

from batcher.emulator.errors import bad_request, not_found
from batcher.emulator.model import Json, Operation, ServiceModel
from batcher.emulator.store import Place, SortedEntries, StoredDomain
from batcher.emulator.write_rules import WriteRules

Entry = TypeVar("Entry")


class Operations:
    """The emulated operations over one place, at a time in epoch seconds."""

    def __init__(self, model: ServiceModel, rules: WriteRules) -> None:
        self._model = model
        self._rules = rules
        update = model.operation("UpdateEventTrigger")
        self._cleared = (
            update.members - model.operation("CreateEventTrigger").required
            if rules.clear_omitted
            else frozenset()
        )
        self._handlers: dict[str, Callable[[Place, Json, float], Json]] = {
            "CreateDomain": self._create_domain,
            "CreateEventTrigger": self._create_event_trigger,
            "DeleteEventTrigger": self._delete_event_trigger,
            "DeleteIntegration": self._delete_integration,
            "GetDomain": lambda place, request, now: _domain(place, request).record,
            "GetEventTrigger": lambda place, request, now: _trigger(place, request)[1],
            "ListDomains": self._list_domains,
            "ListEventTriggers": self._list_event_triggers,
            "ListIntegrations": self._list_integrations,
            "ListTagsForResource": lambda place, request, now: {
                "tags": _tagged(place, request)[0].get("Tags", {})
            },
            "PutIntegration": self._put_integration,
            "TagResource": self._tag_resource,
            "UntagResource": self._untag_resource,
            "UpdateEventTrigger": self._update_event_trigger,
        }

    def carry_out(self, operation: Operation, place: Place, request: Json, now: float) -> Json:
        """The answer's members.

        ServiceError when the operation is refused; then nothing has changed.
        """
        answer: Json = operation.render(self._handlers[operation.name](place, request, now))
        return answer

    def _create_domain(self, place: Place, request: Json, now: float) -> Json:
        name = request["DomainName"]
        if name in place.domains:
            raise bad_request(f"Domain {name} already exists.")
        record = {**request, "CreatedAt": now, "LastUpdatedAt": now}
        place.domains.put(name, StoredDomain(record))
        return record

    def _create_event_trigger(self, place: Place, request: Json, now: float) -> Json:
        domain, name = _domain(place, request), request["EventTriggerName"]
        if name in domain.triggers:
            raise bad_request(
                f"Event trigger {name} of domain {request['DomainName']} already exists."
            )
        trigger = self._rules.stored({**request, "CreatedAt": now, "LastUpdatedAt": now})
        domain.triggers.put(name, trigger)
        return trigger

    def _update_event_trigger(self, place: Place, request: Json, now: float) -> Json:
        """Replaces members whole; omitted ones stay, or are cleared where Create can omit them."""
        domain, before = _trigger(place, request)
        kept = {name: value for name, value in before.items() if name not in self._cleared}
        later = max(now, before.get("LastUpdatedAt", 0.0) + 0.001)
        after = self._rules.stored({**kept, **request, "LastUpdatedAt": later})
        domain.triggers.put(request["EventTriggerName"], after)
        return after

    def _delete_event_trigger(self, place: Place, request: Json, now: float) -> Json:
        domain, _ = _trigger(place, request)
        name = request["EventTriggerName"]
        if any(name in each.get("EventTriggerNames", ()) for each in domain.integrations):
            raise bad_request(f"Event trigger {name} has an active integration.")
        domain.triggers.remove(name)
        return {"Message": "OK"}

    def _put_integration(self, place: Place, request: Json, now: float) -> Json:
        return _domain(place, request).put_integration(request, now)

    def _delete_integration(self, place: Place, request: Json, now: float) -> Json:
        domain, uri = _domain(place, request), request["Uri"]
        if uri not in domain.integrations:
            raise not_found(f"Integration {uri} of domain {request['DomainName']}")
        domain.integrations.remove(uri)
        return {"Message": "OK"}

    def _list_domains(self, place: Place, request: Json, now: float) -> Json:
        listed = self._page(place.domains, ["ListDomains"], request)
        return {**listed, "Items": [domain.record for domain in listed["Items"]]}

    def _list_event_triggers(self, place: Place, request: Json, now: float) -> Json:
        return self._page(
            _domain(place, request).triggers, ["ListEventTriggers", request["DomainName"]], request
        )

    def _list_integrations(self, place: Place, request: Json, now: float) -> Json:
        return self._page(
            _domain(place, request).integrations,
            ["ListIntegrations", request["DomainName"]],
            request,
        )

    def _page(self, listed: SortedEntries[Entry], scope: list[str], request: Json) -> Json:
        after = _read_token(request["NextToken"], scope) if "NextToken" in request else ""
        entries, last = listed.page(after, request.get("MaxResults", self._model.page_size))
        return {"Items": entries} | ({"NextToken": _token(scope, last)} if last is not None else {})

    def _tag_resource(self, place: Place, request: Json, now: float) -> Json:
        record, put = _tagged(place, request)
        tags = {**record.get("Tags", {}), **request["tags"]}
        if len(tags) > self._model.max_tags:
            raise bad_request(f"A resource can have at most {self._model.max_tags} tags.")
        put({**record, "Tags": tags})
        return {}

    def _untag_resource(self, place: Place, request: Json, now: float) -> Json:
        record, put = _tagged(place, request)
        tags = {
            key: value
            for key, value in record.get("Tags", {}).items()
            if key not in request["tagKeys"]
        }
        without = {name: value for name, value in record.items() if name != "Tags"}
        put({**without, "Tags": tags} if tags else without)
        return {}


def _domain(place: Place, request: Json) -> StoredDomain:
    if (domain := place.domains.get(request["DomainName"])) is None:
        raise not_found(f"Domain {request['DomainName']}")
    return domain


def _trigger(place: Place, request: Json) -> tuple[StoredDomain, Json]:
    domain = _domain(place, request)
    if (trigger := domain.triggers.get(request["EventTriggerName"])) is None:
        raise not_found(
            f"Event trigger {request['EventTriggerName']} of domain {request['DomainName']}"
        )
    return domain, trigger


def _tagged(place: Place, request: Json) -> tuple[Json, Callable[[Json], None]]:
    """The record behind an ARN of a domain or an event trigger, and what replaces it."""
    match request["resourceArn"].split(":", 5):
        case ["arn", _, "profile", place.region, place.account, resource]:
            found = _resource(place, resource.split("/"))
        case _:
            found = None
    if found is None:
        raise not_found(f"Resource {request['resourceArn']}")
    return found


def _resource(place: Place, parts: list[str]) -> tuple[Json, Callable[[Json], None]] | None:
    match parts:
        case ["domains", name] if domain := place.domains.get(name):
            return domain.record, lambda record: setattr(domain, "record", record)
        case ["domains", name, "event-triggers", trigger] if domain := place.domains.get(name):
            if record := domain.triggers.get(trigger):
                return record, lambda changed: domain.triggers.put(trigger, changed)
    return None


def _token(scope: list[str], last: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([*scope, last]).encode()).decode()


def _read_token(token: str, scope: list[str]) -> str:
    """The name that a page ended with.

    BadRequestException for a token of another list, or none of ours.
    """
    try:
        *found, last = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise bad_request("The NextToken is not valid.") from None
    if found != scope or not isinstance(last, str):
        raise bad_request("The NextToken is not valid.")
    return last
