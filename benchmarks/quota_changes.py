"""A quota that changes in mid-run, and two runs beside each other, in virtual time.

    python -m benchmarks.quota_changes

Prints Markdown for docs/measured.md. Takes about a minute; a seed repeats a run exactly.
"""

import statistics
from bisect import bisect_left

from batcher.quota.estimator import RateEstimator
from tests.quota.simulation import Change, Log, Simulation, World

LATENCY = (0.02, 0.05)  # seconds
SEEDS = range(8)
WINDOW, SHARE = 10.0, 0.9  # used again: 90 % of the quota in ten seconds
AFTER = 400.0  # seconds to look at
TOGETHER = 600.0  # seconds of two runs beside each other
NOTHING = 1e-9  # per second


def used_again(log: Log, since: float, rate: float) -> float:
    """Seconds from ``since`` until the quota is used again; AFTER: not by then."""
    at = since
    while at < since + AFTER - WINDOW:
        accepted = bisect_left(log.accepted, at + WINDOW) - bisect_left(log.accepted, at)
        if accepted >= SHARE * rate * WINDOW:
            return at - since
        at += 0.5
    return AFTER


def change(name: str, world: World, rate: float) -> None:
    """One row: what happens after the last change, which leaves that rate."""
    since = world.changes[-1].at
    logs = [
        Simulation(world, RateEstimator(now=0.0), seed=seed, stop=since + AFTER).run()
        for seed in SEEDS
    ]
    seconds = [used_again(log, since, rate) for log in logs]
    minute = [log.accepted_between(since, since + 60) / 60 / rate for log in logs]
    throttled = [sum(since <= at < since + 60 for at in log.throttled) for log in logs]
    later = [
        log.accepted_between(since + 200, since + AFTER) / (AFTER - 200) / rate for log in logs
    ]
    print(
        f"| {name} | {statistics.median(seconds):.0f} s | {max(seconds):.0f} s"
        f" | {statistics.mean(minute):.0%} | {statistics.mean(throttled):.0f}"
        f" | {statistics.mean(later):.0%} |",
        flush=True,
    )


def changes() -> None:
    print("| quota | used again after | worst | used of the minute after | throttled | later |")
    print("|---|---|---|---|---|---|")
    for at in (60.0, 300.0):
        for before, after in (
            ((1, 1), (10, 10)),
            ((1, 5), (10, 10)),
            ((5, 5), (10, 10)),
            ((10, 10), (5, 5)),
            ((10, 10), (1, 5)),
            ((10, 10), (1, 1)),
        ):
            then = Change(at=at, rate=after[0], burst=after[1])
            world = World(rate=before[0], burst=before[1], latency=LATENCY, changes=(then,))
            names = f"{before[0]}/s, {before[1]} → {after[0]}/s, {after[1]}, at {at:.0f} s"
            change(names, world, after[0])
        for rate, burst in ((1, 1), (1, 5), (5, 5), (10, 10)):
            gone = Change(at=at, rate=NOTHING, burst=NOTHING)
            back = Change(at=at + 60, rate=rate, burst=burst)
            world = World(rate=rate, burst=burst, latency=LATENCY, changes=(gone, back))
            change(f"{rate}/s, {burst}, nothing for a minute from {at:.0f} s on", world, rate)


def beside_each_other(world: World, seed: int) -> list[Log]:
    """Two runs that know nothing of each other, on one bucket."""
    first, second = (
        Simulation(world, RateEstimator(now=0.0), seed=2 * seed + each, stop=TOGETHER)
        for each in range(2)
    )
    second.join(first)
    first.run()
    return [first.log, second.log]


def two_runs() -> None:
    print("\n| two runs on | used | share of the one that had less, mean | least | throttled |")
    print("|---|---|---|---|---|")
    for rate, burst in ((1, 1), (1, 5), (2, 2), (5, 5), (10, 10)):
        world = World(rate=rate, burst=burst, latency=LATENCY)
        pairs = [beside_each_other(world, seed) for seed in SEEDS]
        accepted = [[len(log.accepted) for log in pair] for pair in pairs]
        used = statistics.mean(sum(each) for each in accepted) / (rate * TOGETHER + burst)
        less = [min(each) / sum(each) for each in accepted]
        refused = sum(len(log.throttled) for pair in pairs for log in pair)
        sent = sum(len(log.sent) for pair in pairs for log in pair)
        print(
            f"| {rate}/s, burst {burst} | {used:.0%} | {statistics.mean(less):.0%}"
            f" | {min(less):.0%} | {refused / sent:.0%} |",
            flush=True,
        )


if __name__ == "__main__":
    changes()
    two_runs()
