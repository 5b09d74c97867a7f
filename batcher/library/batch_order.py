"""What a caller gave for a batch, refused in a sentence where nothing can come of it.

No event loop is needed here, and nothing of the updates is read.
"""

import io
import os
from collections.abc import AsyncIterable, Callable, Collection, Coroutine, Iterable, Mapping, Sized
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any

from batcher.aws.ready_client import check_ready_client, operations_of
from batcher.config import Keywords, Settings, refuse_foreign, resolve
from batcher.config.protection import refuse_unconfirmed
from batcher.errors import SettingsError
from batcher.logs import logger
from batcher.public_records import Progress, Result
from batcher.sources.iterable import Updates

# of the commands; the library reads none of theirs, and says so of the one that leads elsewhere
_OF_COMMANDS = "BATCHER_ENDPOINT_URL"
_OF_AWS = ("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", "AWS_ENDPOINT_URL")
# what can be iterated, but not over updates
_OTHER_ITERABLES: tuple[tuple[Any, str], ...] = (
    (Mapping, "Put one update into a list: [update]"),
    (str | bytes | bytearray | memoryview, "Decode its lines: map(json.loads, text.splitlines())"),
    (io.IOBase, "Decode its lines: map(json.loads, file)"),
)
_NOT_ITERABLE: tuple[tuple[Any, str], ...] = (
    (Coroutine, "Await it, and give what comes of it"),
    (Callable, "Call it, and give what it returns"),
    (object, "Put updates into a list"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOrder:
    """A batch as it was asked for. ``total``: how many updates there are, None for no telling."""

    updates: Updates
    client: Any | None
    settings: Settings
    on_result: Callable[[Result], object] | None
    on_progress: Callable[[Progress], object] | None

    @property
    def total(self) -> int | None:
        return len(self.updates) if isinstance(self.updates, Sized) else None


def batch_order(
    updates: Updates,
    client: Any | None,
    on_result: Callable[[Result], object] | None,
    on_progress: Callable[[Progress], object] | None,
    keywords: Keywords,
    confirm: Collection[str] = (),
) -> BatchOrder:
    """The order for a batch. Raises TypeError and SettingsError for what can't be one."""
    _check_updates(updates)
    _check_callback("on_result", on_result)
    _check_callback("on_progress", on_progress)
    refuse_foreign(keywords, "library")
    # a library keeps off its user's files unless asked
    settings = resolve({"remember": False} | keywords)
    refuse_unconfirmed(settings, confirm)
    if client is not None:
        _check_client(client, settings, keywords)
    else:
        _warn_of_unread_endpoint(settings)
    return BatchOrder(
        updates=updates,
        client=client,
        settings=settings,
        on_result=on_result,
        on_progress=on_progress,
    )


def _check_updates(updates: object) -> None:
    iterable = isinstance(updates, AsyncIterable | Iterable)
    for kind, hint in _OTHER_ITERABLES if iterable else _NOT_ITERABLE:
        if isinstance(updates, kind):
            raise TypeError(
                "updates has to be an iterable or async iterable of dicts, one for each update,"
                f" not {type(updates).__name__}. {hint}."
            )


def _check_client(client: Any, settings: Settings, keywords: Keywords) -> None:
    if settings.transport == "lean":
        raise SettingsError("client: it sends its requests itself; leave transport out.")
    check_ready_client(
        client,
        settings.each_target,
        operations=operations_of(settings),
        timeouts={
            name: getattr(settings, name)
            for name in ("connect_timeout", "read_timeout")
            if name in keywords
        },
    )


def _warn_of_unread_endpoint(settings: Settings) -> None:
    """Say where somebody may believe that requests go to the endpoint of the commands."""
    if not os.environ.get(_OF_COMMANDS, "").strip() or any(map(os.environ.get, _OF_AWS)):
        return
    targets = settings.each_target.items()
    if at_aws := [name for name, each in targets if not each.endpoint_url]:
        logger(**settings.logged).warning(
            "endpoint.not_read",
            variable=_OF_COMMANDS,
            targets=len(at_aws),
            instead=f"endpoint_url=, or {_OF_AWS[0]}",
        )


def _check_callback(name: str, callback: object) -> None:
    if callback is None:
        return
    is_async = iscoroutinefunction(callback) or iscoroutinefunction(type(callback).__call__)
    if is_async or not callable(callback):
        kind = "an async function" if is_async else type(callback).__name__
        raise TypeError(
            f"{name} has to be a plain function, not {kind}: it is called while updates are sent,"
            " and nothing waits for it. Let it put what it is told into a queue."
        )
