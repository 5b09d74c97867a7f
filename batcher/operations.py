"""The operations of Customer Profiles that batcher calls, and what of an update each takes."""

from collections.abc import Mapping
from typing import Any

UPDATE_TRIGGER = "UpdateEventTrigger"
CREATE_TRIGGER = "CreateEventTrigger"
DELETE_TRIGGER = "DeleteEventTrigger"
GET_TRIGGER = "GetEventTrigger"
LIST_TRIGGERS = "ListEventTriggers"
LIST_DOMAINS = "ListDomains"
LIST_INTEGRATIONS = "ListIntegrations"
PUT_INTEGRATION = "PutIntegration"
TAG_RESOURCE = "TagResource"

# those that change a trigger
WRITES = frozenset({UPDATE_TRIGGER, CREATE_TRIGGER, DELETE_TRIGGER})

# those that give a copy of a trigger what it has beside itself
COMPLETIONS = frozenset({PUT_INTEGRATION, TAG_RESOURCE})

# members that say which trigger is meant
TRIGGER_NAMES = frozenset({"DomainName", "EventTriggerName"})

# members that a trigger is never without; a test holds the installed model against this
NEEDED_TO_CREATE = ("ObjectTypeName", "EventTriggerConditions")

# so is this
_TAKEN = {
    GET_TRIGGER: TRIGGER_NAMES,
    DELETE_TRIGGER: TRIGGER_NAMES,
    LIST_TRIGGERS: frozenset({"DomainName"}),
    LIST_INTEGRATIONS: frozenset({"DomainName"}),
    PUT_INTEGRATION: frozenset({"DomainName"}),
}


def members_for(operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of an update's members those that ``operation`` takes: all where it writes a trigger."""
    if (taken := _TAKEN.get(operation)) is None:
        return request
    return {name: value for name, value in request.items() if name in taken}
