"""batcher beside what people write today, over HTTP: the tables of docs/measured.md.

    python -m benchmarks.side_by_side [PART ...] [--rounds N]

Every cell is an emulator and a tool, each in a process of its own; tools take turns. Writes each
part's table into docs/measured.md when the part is done, and for ``today`` docs/side-by-side.svg.
All parts take about an hour and a half.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks.cell import (
    AUTO,
    GIVEN,
    PLAIN,
    REMEMBERING,
    Books,
    Figures,
    Quota,
    Tool,
    boto3,
    bucket,
    finished,
    measure,
    read,
    script,
    started,
)
from benchmarks.common import calls
from benchmarks.plot import over_time, per_second, sheet

PAGE, PICTURE = Path("docs/measured.md"), Path("docs/side-by-side.svg")
HEIGHT = 120  # calls per second, of the picture
AUTO_RATES = (1, 5, 25, 100, 300)
ADAPTIVE = boto3("adaptive")
TODAY = [
    AUTO,
    GIVEN,
    PLAIN,
    ADAPTIVE,
    *(boto3(mode, threads) for mode in ("legacy", "standard") for threads in (16, 64)),
]
FAST, SLOW = Quota(100, 20), Quota(2, 2)

HEAD = """\
| quota | updates | tool | used | worst | throttled | calls | lost | seconds | load |
|---|---|---|---|---|---|---|---|---|---|"""


async def rounds_of(
    tools: Sequence[Tool], quota: Quota, updates: int, rounds: int
) -> dict[Tool, list[Books]]:
    """The tools in turns, so that what else the machine does strikes them alike."""
    books: dict[Tool, list[Books]] = {tool: [] for tool in tools}
    for number in range(rounds):
        for tool in tools:
            seen = await measure(tool, quota, updates)
            books[tool].append(seen)
            say(
                f"{quota}, {updates} updates, {tool.name}, round {number + 1}:"
                f" {Figures.of(seen, quota)}"
            )
    return books


def row(quota: Quota, updates: int, tool: Tool, books: Sequence[Books]) -> str:
    """Medians of the rounds; the worst share used, and the most lost and the highest load."""
    figures = [Figures.of(seen, quota) for seen in books]

    def median(name: str) -> float:
        return statistics.median(getattr(each, name) for each in figures)

    return (
        f"| {quota} | {updates:,} | {tool.name} | {median('used'):.1%} |"
        f" {min(each.used for each in figures):.1%} | {median('throttled_share'):.2%} |"
        f" {median('throttled'):.0f} | {max(each.lost for each in figures)} |"
        f" {median('seconds'):.1f} | {max(each.load for each in figures):.1f} |"
    )


async def table(
    tools: Sequence[Tool], quotas: Sequence[Quota], seconds: float, rounds: int
) -> list[str]:
    """Rows for jobs that take an ideal client that long."""
    rows = []
    for quota in quotas:
        updates = int(quota.burst + quota.rate * seconds)
        books = await rounds_of(tools, quota, updates, rounds)
        rows += [row(quota, updates, tool, books[tool]) for tool in tools]
    return rows


async def known(rounds: int) -> str:
    quotas = [Quota(50, 20), Quota(5, 5), Quota(300, 100)]
    return "\n".join([HEAD, *await table([GIVEN, PLAIN], quotas, 30, rounds)])


async def auto(rounds: int) -> str:
    quotas = [Quota(rate, rate * bursts) for rate in AUTO_RATES for bursts in (1, 3)]
    return "\n".join([HEAD, *await table([AUTO, ADAPTIVE], quotas, 60, rounds)])


async def short(rounds: int) -> str:
    quotas = [Quota(rate, rate * bursts) for rate in AUTO_RATES for bursts in (1, 3)]
    return "\n".join([HEAD, *await table([AUTO, ADAPTIVE], quotas, 20, rounds)])


async def today(rounds: int) -> str:
    quota, updates = Quota(50, 20), 1000
    books = await rounds_of(TODAY, quota, updates, rounds)
    sheet(PICTURE, [picture(tool, books[tool][-1], quota) for tool in TODAY])
    return "\n".join([HEAD, *(row(quota, updates, tool, books[tool]) for tool in TODAY)])


def picture(tool: Tool, seen: Books, quota: Quota) -> object:
    """Calls per second over time, in the last round; more than the picture's height are cut off."""
    start, figures = seen.calls[0], Figures.of(seen, quota)

    def line(times: Sequence[float]) -> list[tuple[float, int]]:
        return [
            (second, min(count, HEIGHT))
            for second, count in per_second((at - start for at in times), 26)
        ]

    lines = {"accepted": line(seen.accepted), "throttled": line(seen.throttled)}
    title = (
        f"{tool.name}: {figures.used:.0%} used, {figures.throttled_share:.1%} throttled,"
        f" {figures.lost} lost"
    )
    return over_time(title, lines, most=HEIGHT, seconds=26, size=(720, 300))


async def tenant(rounds: int) -> str:
    rows = [
        (
            "| tool | ours of the rest, from 5 s on | throttled over the change | 10 s after he"
            " left | lost | load |"
        ),
        "|---|---|---|---|---|---|",
    ]
    seen: dict[Tool, list[tuple[float, ...]]] = {AUTO: [], ADAPTIVE: []}
    for number in range(rounds):
        for tool, figures in seen.items():
            figures.append(await change(tool, comes=20 + number))
            share, throttled, back, lost, load = figures[-1]
            say(
                f"tenant, {tool.name}, round {number + 1}: {share:.1%} of the rest, {throttled:.2%}"
                f" throttled, {back:.1%} afterwards, lost {lost:.0f}, load {load:.1f}"
            )
    for tool, figures in seen.items():
        shares, throttles, backs, losses, loads = zip(*figures, strict=True)
        middle = [
            f"{statistics.median(column):.{digits}%}"
            for column, digits in ((shares, 1), (throttles, 2), (backs, 1))
        ]
        worst = [f"{min(shares):.1%}", f"{max(throttles):.2%}", f"{min(backs):.1%}"]
        cells = " | ".join(
            f"{median} (worst {bad})" for median, bad in zip(middle, worst, strict=True)
        )
        rows.append(f"| {tool.name} | {cells} | {max(losses):.0f} | {max(loads):.1f} |")
    return "\n".join(rows)


async def change(tool: Tool, comes: float, lasts: float = 20.0) -> tuple[float, ...]:
    """Another tenant at a bucket of 50/s, after so many seconds of our work, wants 25/s.

    What we had of what he left, from 5 s after he came; our throttled share from then until 10 s
    after he left; what we had of all in the 10 s after that; lost; load.
    """
    quota, updates = Quota(50, 50), int(50 * (comes + 20) + 25 * lasts)
    async with bucket(quota) as url:
        async with started(tool, quota, url, updates) as ours:
            start = await first_call(url, ours) + comes
            stop = start + lasts
            async with script("tenant", url, "25", str(start), str(stop)) as other:
                said, _ = await other.communicate()
            await ours.wait()
        seen = await read(url, updates)
    settled = start + 5
    rest = quota.rate * (stop - settled) - sum(settled <= at < stop for at in seen.tenant)
    throttled = sum(start <= at < stop + 10 for at in seen.throttled) - int(said)
    return (
        seen.accepted_between(settled, stop) / rest,
        throttled / (throttled + seen.accepted_between(start, stop + 10)),
        seen.accepted_between(stop + 10, stop + 20) / (quota.rate * 10),
        seen.lost,
        seen.load,
    )


async def first_call(url: str, process: asyncio.subprocess.Process) -> float:
    while not (seen := await calls(url)):
        assert process.returncode is None
        await asyncio.sleep(0.1)
    return seen[0][0]


async def remembered(rounds: int) -> str:
    rows = [
        (
            "| quota | updates | used | worst | slowest from the first second on | throttled |"
            " calls | lost | load |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for rate in AUTO_RATES:
        quota = Quota(rate, rate)
        books = await later_runs(quota, rounds)
        figures = [Figures.of(seen, quota) for seen in books]
        used = [each.used for each in figures]
        throttled = statistics.median(each.throttled_share for each in figures)
        rows.append(
            f"| {quota} | {books[0].updates:,} | {statistics.median(used):.1%} | {min(used):.1%} |"
            f" {min(slowest(seen, quota) for seen in books):.1%} | {throttled:.2%} |"
            f" {statistics.median(each.throttled for each in figures):.0f} |"
            f" {max(each.lost for each in figures)} | {max(each.load for each in figures):.1f} |"
        )
    return "\n".join(rows)


async def later_runs(quota: Quota, rounds: int) -> list[Books]:
    """A run of a minute that learns, and then others of half a minute that remember."""
    found = []
    with tempfile.TemporaryDirectory() as state:
        async with bucket(quota) as url:
            for number in range(rounds + 1):
                updates = int(quota.burst + quota.rate * (30 if number else 60))
                since = time.monotonic()
                await finished(REMEMBERING, quota, url, updates, {"XDG_STATE_HOME": state})
                seen = await read(url, updates, since)
                say(
                    f"{quota}, {updates} updates, run {number + 1}: {Figures.of(seen, quota)},"
                    f" {slowest(seen, quota):.1%}"
                )
                found.append(seen)
    return found[1:]


def slowest(seen: Books, quota: Quota) -> float:
    """The least share of the inflow accepted by any moment, from the first second on."""
    start = seen.calls[0]
    return min(
        (
            number / (quota.rate * (at - start))
            for number, at in enumerate(sorted(seen.accepted))
            if at - start >= 1
        ),
        default=1.0,
    )


async def targets(rounds: int) -> str:
    rows = [
        (
            "| 2,000 updates at 100/s, burst 20 | seconds | used | worst | throttled calls | lost |"
            " seconds of the other | load |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    cases: dict[str, list[tuple[Books, Books | None]]] = {
        "alone": [],
        "behind 60 updates at 2/s, burst 2": [],
    }
    for number in range(rounds):
        for case, seen in cases.items():
            seen.append(await beside(slow=case != "alone"))
            say(f"targets, {case}, round {number + 1}: {Figures.of(seen[-1][0], FAST)}")
    for case, seen in cases.items():
        figures = [Figures.of(fast, FAST) for fast, _ in seen]
        used = [each.used for each in figures]
        others = [slow.seconds for _, slow in seen if slow]
        rows.append(
            f"| {case} | {statistics.median(each.seconds for each in figures):.1f} |"
            f" {statistics.median(used):.1%} | {min(used):.1%} |"
            f" {max(each.throttled for each in figures)} | {max(each.lost for each in figures)} |"
            f" {f'{statistics.median(others):.1f}' if others else '-'} |"
            f" {max(each.load for each in figures):.1f} |"
        )
    return "\n".join(rows)


async def beside(*, slow: bool) -> tuple[Books, Books | None]:
    """A target at 100/s, alone or with a slow one before it in the input."""
    async with bucket(FAST) as fast_url, bucket(SLOW) as slow_url:
        work = {"slow": work_for(SLOW, slow_url, 60)} if slow else {}
        work |= {"fast": work_for(FAST, fast_url, 2000)}
        async with script("targets", json.dumps(work)) as process:
            assert await process.wait() == 0
        return await read(fast_url, 2000), await read(slow_url, 60) if slow else None


def work_for(quota: Quota, url: str, updates: int) -> tuple[int, dict[str, object]]:
    return updates, {"rate": quota.rate, "burst": quota.burst, "endpoint_url": url}


PARTS: dict[str, tuple[Callable[[int], Awaitable[str]], int]] = {
    "known": (known, 3),
    "today": (today, 3),
    "auto": (auto, 1),
    "short": (short, 1),
    "tenant": (tenant, 3),
    "remembered": (remembered, 3),
    "targets": (targets, 3),
}


def write(part: str, text: str) -> None:
    """Put a part's table between its markers in the page."""
    page = PAGE.read_text()
    begin, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->"
    head, rest = page.split(begin)
    PAGE.write_text(head + begin + text + "\n" + end + rest.split(end, 1)[1])


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all"
    )
    parser.add_argument("--rounds", type=int)
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - PARTS.keys():
        parser.error(f"no such part: {unknown.pop()}. There are {', '.join(PARTS)}.")
    for name in arguments.parts or PARTS:
        part, rounds = PARTS[name]
        text = await part(arguments.rounds or rounds)
        print(text)
        write(name, text)


if __name__ == "__main__":
    asyncio.run(main())
