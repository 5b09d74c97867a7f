"""The quota estimate beside an oracle: rates, latencies and bursts, a minute of each.

    python -m benchmarks.quota_grid

Prints Markdown for docs/why-quota.md. Takes some five minutes; a seed repeats a run exactly.
"""

from typing import NamedTuple

from batcher.quota.estimator import RateEstimator
from benchmarks.oracle import oracle
from tests.quota.simulation import Simulation, World

RATES = (1, 2, 5, 10, 20, 50, 100, 200, 300)  # per second
LATENCIES = (0.055, 0.11, 0.165, 0.275, 0.55)  # seconds, the middle of a range
BURSTS = (1, 2, 3)  # seconds' worth
SPREAD = 5 / 11  # of the latency, to either side: 30-80 ms, as 90-240 ms
SECONDS = 60.0
LEAST_USED = 0.02  # less used than by the oracle
THROTTLED_SHARE, THROTTLED_CALLS = 0.01, 6  # more throttled than by the oracle


class Cell(NamedTuple):
    """A minute of one server: shares used and calls throttled, by the estimate and the oracle."""

    used: float
    throttled: int
    sent: int
    oracle_used: float
    oracle_throttled: int

    @property
    def lost(self) -> float:
        """The share of the quota that the oracle used besides."""
        return max(0.0, self.oracle_used - self.used)

    @property
    def overshoot(self) -> float:
        """Calls throttled beyond those of the oracle, as a part of what is allowed."""
        allowed = max(THROTTLED_CALLS, THROTTLED_SHARE * self.sent)
        return max(0.0, (self.throttled - self.oracle_throttled) / allowed)


def cell(rate: float, latency: float, bursts: float) -> Cell:
    low, high = latency * (1 - SPREAD), latency * (1 + SPREAD)
    world = World(rate=rate, burst=rate * bursts, latency=(low, high))
    updates = int(world.burst + rate * SECONDS)
    log = Simulation(world, RateEstimator(now=0.0), seed=0, updates=updates).run()
    best = oracle(world, SECONDS, 0)
    return Cell(
        used=log.used(rate, world.burst),
        throttled=len(log.throttled),
        sent=len(log.sent),
        oracle_used=best.used(rate, world.burst),
        oracle_throttled=len(best.throttled),
    )


def grid() -> None:
    heads = " | ".join(f"{1000 * latency:.0f} ms" for latency in LATENCIES)
    print(f"| quota | {heads} |\n|---|{'---|' * len(LATENCIES)}")
    cells: list[Cell] = []
    for rate in RATES:
        row = []
        for latency in LATENCIES:
            found = [cell(rate, latency, bursts) for bursts in BURSTS]
            cells += found
            used = min(each.used for each in found)
            worst = max(each.throttled / each.sent for each in found)
            row.append(f"{used:.1%}, {worst:.1%}")
        print(f"| {rate}/s | {' | '.join(row)} |", flush=True)
    slow, fast = cells[: len(LATENCIES) * len(BURSTS)], cells[len(LATENCIES) * len(BURSTS) :]
    print(
        f"\nThe oracle uses {min(each.oracle_used for each in fast):.1%} at least, but for"
        f" {RATES[0]}/s, where it uses {min(each.oracle_used for each in slow):.1%} at least."
    )
    lost = [each for each in cells if each.lost > LEAST_USED]
    refused = [each for each in cells if each.overshoot > 1]
    either = [each for each in cells if each.lost > LEAST_USED or each.overshoot > 1]
    print(
        f"\nOf {len(cells)} cells {len(either)} miss a goal: {len(lost)} are more than 2 % below"
        f" the oracle, {len(refused)} have more throttled than 1 % or 6 calls beyond its own."
        f" Means: {sum(each.lost for each in cells) / len(cells):.1%} less used,"
        f" {sum(each.throttled for each in cells) / sum(each.sent for each in cells):.1%} of all"
        " calls throttled."
    )


if __name__ == "__main__":
    grid()
