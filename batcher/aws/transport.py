"""The port through which a target's requests leave, for the SDK's path and for our own."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from batcher.aws.departure import Departure


class ResolvedPlace(Struct, frozen=True, kw_only=True):
    """Where requests go, as the SDK has resolved it; ``service``: its model of the API."""

    region: str
    endpoint_url: str
    partition: str
    service: Any


class Transport(Protocol):
    """Sends requests to one place with one set of credentials."""

    @property
    def place(self) -> ResolvedPlace: ...

    async def send(
        self, operation: str, members: Mapping[str, Any], departure: Departure
    ) -> dict[str, Any]:
        """Send one request, say to ``departure`` when it leaves, and return its answer.

        The answer is as the SDK gives it, ``ResponseMetadata`` included, and may name domains for
        ``check_asked``; it is nothing where the time for it is over, as ``departure`` then says.
        Raises what the SDK raises, and UnreadableAnswerError and RedirectError.
        """
        ...

    async def reach(self) -> None:
        """Connect as a request would, proxy and TLS included, and send nothing."""
        ...

    async def aclose(self) -> None: ...
