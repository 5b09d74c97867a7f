"""The targets of a worker as rows: each of a few; of many those that are well in one row together.

Then those that are not well have a row each, up to a bound, those that can't be used first.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from batcher.number_text import number, pace
from batcher.records import STATUSES
from batcher.status.snapshot import (
    LaneSnapshot,
    UnusableTarget,
    WorkerSnapshot,
    paces_together,
    target_names,
)

TARGETS_SHOWN = 50  # a row each; of more than these only those that are not well
LANE = (
    "target",
    "operation",
    "pace",
    "quota",
    "in flight",
    "waiting",
    "waited for tokens",
    "before images",
)


class TargetRows(NamedTuple):
    """Rows of targets as text: ``lanes`` with LANE's columns, ``results`` by status.

    ``left_out``: targets that are not well, and have no row. ``unusable``: name and reason of those
    that can't be used, where the state of the worker does not tell all of them.
    """

    lanes: list[tuple[str, ...]]
    results: list[tuple[str, ...]]
    unusable: list[tuple[str, str]]
    left_out: int


def target_rows(now: WorkerSnapshot) -> TargetRows:
    """The rows of a worker's targets."""
    if len(now.lanes) <= TARGETS_SHOWN and len(now.unusable) <= TARGETS_SHOWN:
        return _rows(now.lanes, now.unusable)
    ill, well = now.by_health()
    lanes, unusable = ill[:TARGETS_SHOWN], now.unusable[:TARGETS_SHOWN]
    rows = _rows(lanes, unusable)
    if well:
        rows.lanes.insert(0, _together(well))
        rows.results.insert(0, _results_together(well))
    left_out = target_names(ill, now.unusable) - target_names(lanes, unusable)
    return rows._replace(left_out=len(left_out))


def _rows(lanes: Sequence[LaneSnapshot], unusable: Sequence[UnusableTarget]) -> TargetRows:
    results = [lane for lane in lanes if lane.counts is not None]
    away = [(each.target, each.reason) for each in unusable]
    return TargetRows(list(map(_lane, lanes)), list(map(_results, results)), away, 0)


def _lane(lane: LaneSnapshot) -> tuple[str, ...]:
    paces = bounded(pace(lane.rate), [lane]), pace(lane.quota)
    waited = f"{lane.token_seconds:,.1f} s"
    images = "kept" if lane.no_images is None else f"none: {lane.no_images}"
    counts = f"{lane.in_flight:,}", f"{lane.waiting:,}"
    return lane.target, lane.operation, *paces, *counts, waited, images


def _results(lane: LaneSnapshot) -> tuple[str, ...]:
    return lane.target, *(f"{getattr(lane.counts, status):,}" for status in STATUSES)


def _are_well(lanes: Sequence[LaneSnapshot]) -> str:
    return f"{number(len(lanes))} targets are well"


def _together(lanes: Sequence[LaneSnapshot]) -> tuple[str, ...]:
    """One row of lanes that are well, added up."""
    rate, quota = paces_together(lanes)
    in_flight, waiting = (sum(each.in_flight for each in lanes), sum(e.waiting for e in lanes))
    waited = sum(each.token_seconds for each in lanes)
    without = sum(each.no_images is not None for each in lanes)
    images = "kept" if not without else f"none of {number(without)}"
    counts = f"{in_flight:,}", f"{waiting:,}", f"{waited:,.1f} s"
    paces = bounded(pace(rate), lanes), pace(quota)
    return _are_well(lanes), "all", *paces, *counts, images


def bounded(said: str, lanes: Iterable[LaneSnapshot]) -> str:
    """What is said of a pace, and that it is bounded where one of these lanes is."""
    is_bounded = any(lane.bound is not None for lane in lanes)
    return f"{said}, bounded" if is_bounded else said


def _results_together(lanes: Sequence[LaneSnapshot]) -> tuple[str, ...]:
    counts = [lane.counts for lane in lanes if lane.counts is not None]
    sums = (sum(getattr(each, status) for each in counts) for status in STATUSES)
    return _are_well(lanes), *(f"{each:,}" for each in sums)
