"""The pictures in docs/screenshots, anew: ``make screenshots``. What they show is made up."""

import asyncio
import tempfile
from pathlib import Path

import msgspec
from playwright.async_api import Browser

from batcher.emulator import Emulator
from tests.browser.chromium import chromium
from tests.browser.faulty_run import faulty_run, trigger
from tests.browser.live_worker import live_worker, of_one_target
from tests.browser.observed_page import ObservedPage
from tests.conftest import Command
from tests.waiting import until

PICTURES = Path("docs/screenshots")
WIDTH, HEIGHT = 1280, 960
REASON = "Three calls a day at most, for the autumn campaign"


async def take(
    browser: Browser, url: str, name: str, *, scheme: str = "light", section: str | None = None
) -> None:
    """A picture of a page from its top, or from one of its sections on."""
    async with ObservedPage(browser, url) as seen:
        page = seen.page
        await page.emulate_media(color_scheme=scheme)
        await page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        if section is not None:
            await page.evaluate(
                "(id) => scrollTo(0, document.getElementById(id).getBoundingClientRect().top - 32)",
                section,
            )
        await page.screenshot(path=PICTURES / f"{name}.png")


async def report(browser: Browser, folder: Path) -> None:
    async with faulty_run(folder, count=900, reason=REASON) as run:
        page = (run.directory / "report.html").as_uri()
        await take(browser, page, "report")
        await take(browser, page, "report-dark", scheme="dark", section="over-time")


async def plan(browser: Browser, folder: Path) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed([trigger(number) for number in range(300)])
    lines = (msgspec.json.encode(line) + b"\n" for line in of_one_target(0, 300))
    (folder / "updates.jsonl").write_bytes(b"".join(lines))
    async with emulator as url:
        flags = ("--endpoint-url", url, "--format", "html")
        planned = await Command(folder)("plan", "updates.jsonl", *flags)
    (folder / "plan.html").write_text(planned.out)
    await take(browser, (folder / "plan.html").as_uri(), "plan")


async def worker(browser: Browser, folder: Path) -> None:
    emulator = Emulator(rate=30, burst=10, latency=(0.03, 0.08), faults={"internal": 0.02})
    emulator.seed([trigger(number) for number in range(3000)])
    async with live_worker(folder, emulator, "--max-attempts", "2") as live:
        await live.enqueue(of_one_target(0, 3000))
        await until(lambda: len(emulator.applied()) > 1200, within=300)
        await take(browser, live.url, "worker")


async def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    async with chromium() as browser:
        for subject in (plan, report, worker):
            with tempfile.TemporaryDirectory(prefix="batcher-") as folder:
                await subject(browser, Path(folder))


if __name__ == "__main__":
    asyncio.run(main())
