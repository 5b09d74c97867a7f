"""Sessions call the handlers that the SDK's own do, of all that is emitted for their services."""

from itertools import product
from typing import Any

import pytest
from aiobotocore.session import AioSession
from botocore import handlers
from botocore.loaders import create_loader
from botocore.utils import EVENT_ALIASES

from batcher.aws.credentials import open_session
from batcher.aws.sdk_events import OWN_SERVICES, emitter_of
from batcher.aws.service_model import model_loader

KINDS = sorted({event.split(".")[0] for event, *_ in handlers.BUILTIN_HANDLERS} - {"docs"})


def operations(service: str) -> list[str]:
    model = create_loader().load_service_model(service, "service-2")
    return sorted(model["operations"])


def handlers_of(session: AioSession, event: str) -> list[Any]:
    """Those that are called for an event, in their order."""
    emitter: Any = session.get_component("event_emitter")._emitter  # noqa: SLF001 # not public
    return list(emitter._handlers.prefix_search(event))  # noqa: SLF001 # as above


@pytest.mark.parametrize("service", sorted(OWN_SERVICES))
def test_the_handlers_of_our_services_are_the_sdks_own_in_their_order(service: str) -> None:
    whole, ours = AioSession(), open_session(None, model_loader(), services=OWN_SERVICES)
    found = 0
    for kind, operation in product(KINDS, operations(service)):
        for event in (kind, f"{kind}.{service}", f"{kind}.{service}.{operation}"):
            expected = handlers_of(whole, event)
            assert handlers_of(ours, event) == expected, event
            found += len(expected)
    assert found


async def test_what_others_have_the_sdk_do_for_any_session_is_done() -> None:
    def stand_in(**_: Any) -> str:
        return "as the stand-in has it"

    told = [*handlers.BUILTIN_HANDLERS, ("before-send.s3", stand_in, handlers.REGISTER_FIRST)]
    found: Any = await emitter_of(OWN_SERVICES, told).emit("before-send.s3.PutObject")
    assert found == [(stand_in, "as the stand-in has it")]


def test_none_of_our_services_was_ever_called_by_another_name() -> None:
    assert not OWN_SERVICES & {*EVENT_ALIASES, *EVENT_ALIASES.values()}
