"""The handlers of events that a session of the SDK begins with, but for services nobody calls.

The SDK registers a hundred and twenty of its own for each session, nearly all for other services,
and looks for each name of an event, also in each client, through the old names of sixty services.
"""

from collections.abc import Collection, Iterable
from typing import Any

from aiobotocore.hooks import AioHierarchicalEmitter
from botocore import handlers
from botocore.hooks import EventAliaser

from batcher.aws.service_model import SERVICE

# Customer Profiles, and who gives credentials: roles, IAM Identity Center, a sign-in by browser.
# None of them was ever called by another name
OWN_SERVICES = frozenset({SERVICE, "sts", "sso", "sso-oidc", "signin"})


def emitter_of(
    services: Collection[str], registered: Iterable[tuple[Any, ...]] | None = None
) -> AioHierarchicalEmitter:
    """What sessions whose clients are of these services begin with; names as in events.

    ``registered``: as the SDK has it, event, handler and, where it matters, place; None: what the
    SDK registers.
    """
    emitter = AioHierarchicalEmitter()
    events = EventAliaser(emitter)
    for name, handler, *place in registered or handlers.BUILTIN_HANDLERS:
        if _concerns(name, handler, services):
            _registration(events, place)(name, handler)
    return emitter


def without_aliases(emitter: AioHierarchicalEmitter) -> EventAliaser:
    """The events of an emitter by the names that they have now."""
    return EventAliaser(emitter, event_aliases={})


def _concerns(event: str, handler: Any, services: Collection[str]) -> bool:
    """Whether a handler may be called for one of these services; whatever is not the SDK's own is.

    Of documentation, which the SDK can make of its models, nobody asks for any.
    """
    kind, *of = event.split(".")
    is_sdks = str(getattr(handler, "__module__", "")).startswith("botocore.")
    return not is_sdks or (kind != "docs" and (not of or of[0] in services or of[0] == "*"))


def _registration(events: EventAliaser, place: list[Any]) -> Any:
    if handlers.REGISTER_FIRST in place:
        return events.register_first
    return events.register_last if handlers.REGISTER_LAST in place else events.register
