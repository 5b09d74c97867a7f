"""The quota estimate in virtual time: the goals, and a hundred servers at random.

    python -m benchmarks.quota_simulation [--plot docs/quota.svg]

Prints Markdown for docs/why-quota.md, or makes its picture. Takes about three minutes; a seed
repeats a run exactly.
"""

import argparse
import math
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import RateEstimator
from benchmarks.plot import over_time, per_second
from tests.quota.simulation import Change, Log, Simulation, Tenant, World, busy_world

SEEDS = range(5)
STRAY_SEEDS = range(1000, 1010)
HORIZON = 60.0  # seconds of the random servers


def job(world: World, seconds: float, seed: int, quota: RateEstimator) -> Log:
    """As many updates as an ideal client gets done in that time."""
    return Simulation(
        world, quota, seed=seed, updates=int(world.burst + world.rate * seconds)
    ).run()


def row(name: str, world: World, seconds: float, quota: Callable[[], RateEstimator]) -> None:
    logs = [job(world, seconds, seed, quota()) for seed in SEEDS]
    used = [log.used(world.rate, world.burst) for log in logs]
    calls = [len(log.throttled) for log in logs]
    share = [log.throttled_share for log in logs]
    print(
        f"| {name} | {seconds:.0f} s | {statistics.mean(used):.1%} | {min(used):.1%} "
        f"| {statistics.mean(share):.2%} | {statistics.mean(calls):.0f} | {max(calls)} |"
    )


def goals() -> None:
    print(
        "| quota | job | used, mean | used, worst | throttled, mean | calls, mean | calls, worst |"
    )
    print("|---|---|---|---|---|---|---|")
    for rate, burst in ((50, 20), (5, 5), (300, 100)):
        world = World(rate=rate, burst=burst, front=(rate, burst), before_decision=0.0)
        row(
            f"known: {rate}/s, burst {burst}",
            world,
            60,
            lambda rate=rate: RateEstimator(now=0.0, ceiling=rate),
        )
    for seconds in (60, 20):
        for rate in (1, 5, 25, 100, 300):
            for bursts in (1, 3):
                world = World(rate=rate, burst=rate * bursts)
                row(
                    f"auto: {rate}/s, burst {rate * bursts}",
                    world,
                    seconds,
                    lambda: RateEstimator(now=0.0),
                )
    for rate in (1, 5, 25, 100, 300):
        memory = remembered(World(rate=rate, burst=rate))
        row(f"remembered: {rate}/s, burst {rate}", World(rate=rate, burst=rate), 60, memory)


def remembered(world: World) -> Callable[[], RateEstimator]:
    """What a run of a minute learns, an hour later."""
    first = RateEstimator(now=0.0)
    job(world, 60, 99, first)
    known = first.estimate
    memory = EstimatedQuota(rate=known.rate, burst=known.burst, doubt=known.doubt, age=3600.0)
    return lambda: RateEstimator(now=0.0, remembered=memory)


def tenant() -> None:
    print(
        "\n| another takes 25 of 50/s for 20 s | ours of the rest, from 5 s on | throttled | 10 s"
        " after he left |"
    )
    print("|---|---|---|---|")
    for seed in SEEDS:
        comes, leaves = 20 + seed * 0.7, 40 + seed * 1.3
        world = World(rate=50, burst=50, tenants=(Tenant(start=comes, stop=leaves, rate=25),))
        log = Simulation(world, RateEstimator(now=0.0), seed=seed, stop=leaves + 20).run()
        ours = log.accepted_between(comes + 5, leaves) / (leaves - comes - 5) / 25
        back = log.accepted_between(leaves + 10, leaves + 20) / 500
        print(
            f"| seed {seed} | {ours:.1%} | {log.throttled_between(comes, leaves + 10):.2%} |"
            f" {back:.1%} |"
        )


def greedy() -> None:
    """Somebody who takes all there is when the run begins, and leaves after 20 s."""
    print("\n| another takes all for 20 s | used, from 50 s to 120 s | worst | throttled, calls |")
    print("|---|---|---|---|")
    for rate, burst in ((1, 1), (1, 2), (1, 5), (2, 1), (2, 2), (5, 5), (5, 15)):
        world = World(rate=rate, burst=burst, tenants=(Tenant(start=0, stop=20, rate=2 * rate),))
        logs = [
            Simulation(world, RateEstimator(now=0.0), seed=seed, stop=120).run()
            for seed in range(12)
        ]
        used = [log.accepted_between(50, 120) / 70 / rate for log in logs]
        calls = statistics.mean(len(log.throttled) for log in logs)
        shares = f"{statistics.mean(used):.0%} | {min(used):.0%}"
        print(f"| {rate}/s, burst {burst} | {shares} | {calls:.0f} |")


def strays() -> None:
    """Throttles that come whatever the bucket holds. Other seeds than the rule was tuned with."""
    print(
        "\n| stray throttles | quota | auto: used, mean | worst | throttled | ceiling = quota:"
        " used, mean | worst | throttled |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for share in (0.0, 0.005, 0.01, 0.03, 0.05, 0.1, 0.2):
        for rate in (5, 50, 300):
            cells = " | ".join(minute_with_strays(rate, share, ceiling) for ceiling in (None, rate))
            print(f"| {share:.1%} | {rate}/s | {cells} |")


def minute_with_strays(rate: float, share: float, ceiling: float | None) -> str:
    world = World(
        rate=rate,
        burst=rate,
        spurious=share,
        front=None if ceiling is None else (ceiling, max(1.0, ceiling / 10)),
    )
    logs = [
        Simulation(world, RateEstimator(now=0.0, ceiling=ceiling), seed=seed, stop=HORIZON).run()
        for seed in STRAY_SEEDS
    ]
    used = [len(log.accepted) / (HORIZON * rate * (1 - share)) for log in logs]
    throttled = statistics.mean(log.throttled_share for log in logs)
    return f"{statistics.mean(used):.0%} | {min(used):.0%} | {throttled:.1%}"


def draw(random: Random) -> tuple[str, World]:
    rate = math.exp(random.uniform(math.log(0.5), math.log(500)))
    burst = max(1.0, rate * random.uniform(1, 10))
    low = math.exp(random.uniform(math.log(0.005), math.log(0.4)))
    kind = random.choice(["plain", "plain", "another tenant", "changed quota", "faults"])
    tenant = Tenant(
        start=random.uniform(5, 30),
        stop=random.uniform(35, 60),
        rate=rate * random.uniform(0.2, 0.7),
    )
    factor = random.choice([0.3, 0.5, 2, 3])
    change = Change(at=random.uniform(15, 35), rate=rate * factor, burst=max(1.0, burst * factor))
    world = World(
        rate=rate,
        burst=burst,
        latency=(low, min(0.5, low * random.uniform(1, 3))),
        before_decision=random.choice([0, 0.5, 1, random.random()]),
        independent_ways=random.choice([False, True]),
        tenants=(tenant,) if kind == "another tenant" else (),
        changes=(change,) if kind == "changed quota" else (),
        faults=random.uniform(0, 0.05) if kind == "faults" else 0.0,
        losses=random.uniform(0, 0.03) if kind == "faults" else 0.0,
    )
    return kind, world


def on_offer(world: World, log: Log) -> float:
    """What flowed in and was not taken by others, without the burst it began with."""
    flowed = world.rate * HORIZON
    for change in world.changes:
        flowed = world.rate * change.at + change.rate * (HORIZON - change.at)
    return flowed - len(log.tenant)


def hundred() -> None:
    rows: list[tuple[str, float, float, str]] = []
    for seed in range(100):
        kind, world = draw(Random(seed))
        log = Simulation(world, RateEstimator(now=0.0), seed=seed, stop=HORIZON).run()
        used = (len(log.accepted) - world.burst) / on_offer(world, log)
        low, high = (1000 * seconds for seconds in world.latency)
        words = (
            f"{kind}, {world.rate:.3g}/s, burst {world.burst:.3g}, latency {low:.0f}-{high:.0f} ms"
        )
        rows.append((kind, used, log.throttled_share, words))
    print(
        "\n| 100 servers, a minute each | number | used: median | tenth | worst | throttled: median"
        " | ninetieth | worst |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for kind, chosen in groups(rows):
        used_, refused = sorted(r[1] for r in chosen), sorted(r[2] for r in chosen)
        tenth = len(chosen) // 10
        print(
            f"| {kind} | {len(chosen)} | {statistics.median(used_):.1%} | {used_[tenth]:.1%} |"
            f" {used_[0]:.1%} | {statistics.median(refused):.2%} | {refused[-1 - tenth]:.2%} |"
            f" {refused[-1]:.2%} |"
        )
    print(
        "\nWorst used: "
        + "; ".join(f"{r[1]:.0%} ({r[3]})" for r in sorted(rows, key=lambda r: r[1])[:5])
    )
    print(
        "\nMost throttled: "
        + "; ".join(f"{r[2]:.0%} ({r[3]})" for r in sorted(rows, key=lambda r: -r[2])[:5])
    )


def groups(
    rows: list[tuple[str, float, float, str]],
) -> Iterator[tuple[str, list[tuple[str, float, float, str]]]]:
    for kind in ("plain", "another tenant", "changed quota", "faults"):
        yield kind, [row for row in rows if row[0] == kind]
    yield "all", rows


def doubts() -> None:
    """Whether what is stated of a rate holds the truth, on a busy machine too."""
    print("\n| what is stated, 600 servers | remembered | hold the truth | ± of 5 % or less |")
    print("|---|---|---|---|")
    found: list[tuple[float, EstimatedQuota]] = []
    for seed in range(600):
        random = Random(seed)
        world, quota = busy_world(random), RateEstimator(now=0.0)
        updates = int(world.burst + world.rate * random.choice([10, 20, 60]))
        Simulation(world, quota, seed=seed, updates=updates, stop=150).run()
        if not quota.to_remember.is_guess:
            found.append((world.rate, quota.to_remember))
    held = sum(abs(rate - known.rate) <= known.doubt * known.rate + 1e-9 for rate, known in found)
    narrow = sum(known.doubt <= 0.05 for _, known in found)
    print(f"| auto | {len(found)} | {held / len(found):.1%} | {narrow} |")


def plot(path: Path) -> None:
    """A run through everything that happens: an unknown quota, a tenant who comes and goes."""
    world = World(rate=50, burst=50, tenants=(Tenant(start=20, stop=40, rate=25),))
    log = Simulation(world, RateEstimator(now=0.0), seed=0, stop=60).run()
    lines = {
        "left for us": [(s, 25 if 20 <= s < 40 else 50) for s in range(60)],
        "rate sent at": [(at, min(rate, 120)) for at, rate in log.rates[::20]],
        "accepted": per_second(log.accepted, 60),
        "refused": per_second(log.throttled, 60),
    }
    title = (
        "A quota of 50/s that nobody published; another tenant takes half of it from 20 s to 40 s"
    )
    path.write_bytes(over_time(title, lines, most=120).render())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    if arguments.plot:
        plot(arguments.plot)
        return
    goals()
    tenant()
    greedy()
    strays()
    hundred()
    doubts()


if __name__ == "__main__":
    main()
