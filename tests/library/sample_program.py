"""A program as users write them: what a type checker has to accept, and what it has to find.

``make check`` reads it with every check of ``mypy --strict`` on; a fault that it no longer finds is
an unused ignore, which fails too.
"""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import batcher
from batcher import BatchResult, Counts, Error, Progress, Result, iter_updates, update_many

UPDATE: dict[str, Any] = {"DomainName": "acme", "EventTriggerName": "cart", "SegmentFilter": "vip"}


async def rows() -> AsyncIterator[dict[str, object]]:
    yield UPDATE


def show(progress: Progress) -> None:
    total: int | None = progress.total
    print(progress.done, total, f"{progress.rate:.1f}/s", progress.throttles)


def means(result: Result) -> str:
    match result.status:
        case "succeeded" | "unchanged":
            return "done"
        case "in_doubt":
            return "look at it"
        case _:
            error: Error | None = result.error
            return error.message if error else "?"


async def everything() -> dict[str, Any]:
    kept: list[Result] = []
    try:
        batch: BatchResult = await update_many(
            rows(), rate=5, max_failures="5%", on_result=kept.append, on_progress=show
        )
        batch.raise_for_failures()
    except batcher.UpdatesFailed as failed:
        counts: Counts = failed.counts
        print(counts.not_started, failed.stopped, [means(result) for result in failed.results])
        raise
    except batcher.CredentialsError as error:
        before: tuple[Result, ...] = error.results
        print(len(before))
        raise
    return dataclasses.asdict(batch)


async def one_by_one() -> None:
    results = iter_updates([UPDATE], region="eu-west-1", targets={"eu": {"rate": "auto"}})
    async for result in results:
        print(result.seconds.queued, result.error.code if result.error else None)
    await results.aclose()


async def wrong() -> AsyncIterator[object]:
    yield await update_many("text")  # type: ignore[arg-type] # what mypy has to find
    yield await update_many(UPDATE)  # type: ignore[arg-type] # as above
    yield await update_many([UPDATE], rat=5)  # type: ignore[call-arg] # as above
    yield await update_many([UPDATE], rate="fast")  # type: ignore[arg-type] # as above
    batch = await update_many([UPDATE])
    batch.stopped = "no"  # type: ignore[misc] # as above
    yield batch.results[0].statsu  # type: ignore[attr-defined] # as above
