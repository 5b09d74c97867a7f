"""The operations of Customer Profiles that batcher calls, by the API's names."""

UPDATE_TRIGGER = "UpdateEventTrigger"
CREATE_TRIGGER = "CreateEventTrigger"
GET_TRIGGER = "GetEventTrigger"
LIST_TRIGGERS = "ListEventTriggers"
LIST_DOMAINS = "ListDomains"

# members that say which trigger is meant
TRIGGER_NAMES = frozenset({"DomainName", "EventTriggerName"})
