"""The library's entry points: ``update_many`` and ``iter_updates``.

No global state, no signal handlers, silent unless the logger ``batcher`` is configured. Usable in
any asyncio program. What is behind them is in ``library``.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Unpack

from batcher.config import Keywords
from batcher.errors import BatcherError
from batcher.library.argument_names import errors_of_arguments
from batcher.library.batch import Batch
from batcher.library.batch_order import BatchOrder, batch_order
from batcher.library.batch_result import BatchResult
from batcher.library.event_loop import check_same_loop, end_task, running_loop
from batcher.library.result_keepers import ResultList, ResultStream
from batcher.public_records import Progress, Result
from batcher.sources.iterable import Updates


async def update_many(
    updates: Updates,
    *,
    client: Any | None = None,
    on_result: Callable[[Result], object] | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    confirm: Collection[str] = (),
    **settings: Unpack[Keywords],
) -> BatchResult:
    """Send updates within the quota and return one result for each.

    updates: dicts in the update format (members of UpdateEventTriggerRequest, and optionally
        ``id`` and ``target``), from an iterable or async iterable.
    client: a ready aiobotocore ``customer-profiles`` client to use instead of a new one. Its own
        retries have to be off, and its pool as large as ``concurrency``.
    on_result: called with each result as soon as there is one, whatever happens then.
    on_progress: called with a Progress, at most ten times a second, and at the end.
    confirm: the names, or accounts, of protected targets that may be changed; with a ``reason``.
    settings: as in the reference of settings: ``region``, ``profile``, ``rate``, ``concurrency``,
        ``max_failures``, ``targets`` … With ``remember=True`` it starts from the quota that earlier
        runs found, and keeps what this one finds, in the user's state directory.

    A failed update is a result, not an exception. Raises TypeError and SettingsError before
    anything is sent, AwsError and CredentialsError when no target can be used (any more), and what
    ``updates`` or a callback raises. Whatever is raised, a CancelledError included, has the results
    so far as ``results``; what was in flight is among them, in doubt.
    """
    running_loop()
    results = ResultList()
    batch = Batch(_order(updates, client, on_result, on_progress, settings, confirm), results)
    with _carrying(results.in_order):
        await batch.run()
    return BatchResult(results=results.in_order(), counts=batch.counts(), stopped=batch.stopped)


def iter_updates(
    updates: Updates,
    *,
    client: Any | None = None,
    on_result: Callable[[Result], object] | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    confirm: Collection[str] = (),
    **settings: Unpack[Keywords],
) -> AsyncGenerator[Result, None]:
    """Send updates and yield each result as it comes.

    Arguments and errors as for ``update_many``. Holds a few hundred updates at a time; with several
    targets up to 50,000, so that a slow one does not hold the others back.

    Before an error is raised every result is yielded. Leaving the loop early, or cancelling it,
    cancels what is in flight: the CancelledError has the results that were not yielded as
    ``results``, and ``on_result`` is told of them in any case.
    """
    return _stream(_order(updates, client, on_result, on_progress, settings, confirm))


@errors_of_arguments()
def _order(*given: Any) -> BatchOrder:
    return batch_order(*given)


async def _stream(order: BatchOrder) -> AsyncGenerator[Result, None]:
    loop, results = running_loop(), ResultStream()
    batch = Batch(order, results)

    async def run() -> None:
        try:
            await batch.run()
        finally:
            results.end()

    # A plain task, so that a consumer may leave this generator from any task and at any time.
    work = asyncio.create_task(run())
    with _carrying(results.rest):
        try:
            while (result := await results.take()) is not None:
                yield result
                check_same_loop(loop)
            await work
        finally:
            await end_task(work)


@contextmanager
def _carrying(results: Callable[[], Iterable[Result]]) -> Iterator[None]:
    """Give whatever is raised within these as ``results``.

    What can't carry them is the cause of a BatcherError that does.
    """
    try:
        with errors_of_arguments():
            yield
    except BaseException as error:
        held = tuple(results())
        try:
            error.results = held  # type: ignore[attr-defined] # most have a __dict__
        except Exception as refusal:  # it has a member of that name that is not to be set
            if not isinstance(error, Exception):
                raise error from refusal
            carrier = BatcherError(f"{type(error).__name__}: {error}")
            carrier.results = held
            raise carrier from error
        raise
