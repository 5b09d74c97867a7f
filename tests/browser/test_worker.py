"""The page of a worker at work, as it is in a browser, held against its metrics."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error

from batcher.emulator import Emulator
from batcher.records import STATUSES
from tests.browser.faulty_run import MARKUP, SECRET, trigger
from tests.browser.live_worker import LiveWorker, live_worker, of_one_target
from tests.browser.observed_page import ObservedPage
from tests.conftest import records
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")
TOKEN = "a-token-of-at-least-16"
QUEUE = {"waiting": "waiting", "held by workers": "held", "dead letters": "dead"}


def make_emulator() -> Emulator:
    emulator = Emulator(latency=(0.01, 0.03), faults={"internal": 0.1, "reset-before": 0.02})
    emulator.seed([trigger(number) for number in range(200)])
    return emulator


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveWorker]:
    folder = tmp_path_factory.mktemp("worker")
    flags = ("--max-attempts", "1", "--rate", "60")
    async with live_worker(folder, make_emulator(), *flags) as live:
        await live.enqueue(of_one_target(0, 60, MARKUP))
        await until_done(live, 60)
        yield live


async def results(worker: LiveWorker) -> dict[str, float]:
    metrics = await worker.metrics()
    return {
        status: metrics.get(("batcher_updates_total", status, "default"), 0) for status in STATUSES
    }


async def until_done(worker: LiveWorker, count: int) -> None:
    async def done() -> bool:
        return sum((await results(worker)).values()) == count

    await until(done)


async def until_shown(seen: ObservedPage, worker: LiveWorker, count: int) -> None:
    """Wait until the page says of so many results what the metrics say at the same moment."""

    async def agree() -> bool:
        before = await worker.metrics()
        try:
            read = await seen.read()
        except Error:  # it is just being loaded anew
            return False
        glance = read.counts("")
        queue = {
            state: glance[name.replace(" ", "_")] == before["batcher_queue_messages", state]
            for name, state in QUEUE.items()
        }
        shown, counted = read.counts("Results since the start"), await results(worker)
        return all(queue.values()) and shown == counted and sum(shown.values()) == count

    await until(agree, within=30)


async def test_it_has_the_numbers_of_the_metrics_and_keeps_up_without_being_loaded_anew(
    browser: Browser, worker: LiveWorker
) -> None:
    done = int(sum((await results(worker)).values()))
    async with ObservedPage(browser, worker.url) as seen:
        loads: list[str] = []
        seen.page.on("framenavigated", lambda frame: loads.append(frame.url))
        await until_shown(seen, worker, done)
        await worker.enqueue(of_one_target(done, done + 40))
        await until_shown(seen, worker, done + 40)
        assert (loads, seen.said) == ([], [])
        assert await seen.page.locator("#live").inner_text() == "Live."


async def test_without_scripts_it_keeps_up_by_being_loaded_anew(
    browser: Browser, worker: LiveWorker
) -> None:
    done = int(sum((await results(worker)).values()))
    async with ObservedPage(browser, worker.url, scripts=False) as seen:
        await until_shown(seen, worker, done)
        await worker.enqueue(of_one_target(done, done + 20))
        await until_shown(seen, worker, done + 20)
        assert seen.said == []


async def test_no_fault_is_found_in_it(browser: Browser, worker: LiveWorker) -> None:
    async with ObservedPage(browser, worker.url) as seen:
        await until(lambda: seen.page.locator(".plot").count())  # the last hour
        assert await seen.complaints() == []
        assert SECRET not in await seen.page.content()


async def test_a_failure_leads_to_its_record(browser: Browser, worker: LiveWorker) -> None:
    async with ObservedPage(browser, worker.url) as seen:
        link = seen.page.locator("#failures ~ * a").first
        id = await link.inner_text()
        await link.click()
        await seen.page.wait_for_url("**/failures/*")
        shown = json.loads(await seen.page.locator("pre.record").inner_text())
        (record,) = (each for each in written(worker.command.folder) if each["id"] == shown["id"])
        del record["chain"]
        assert shown == record
        assert shown["id"] == id
        assert await seen.complaints() == []
        assert SECRET not in await seen.page.content()


def written(folder: Path) -> list[dict[str, object]]:
    return [record for path in (folder / "results").glob("2*") for record in records(path)]


async def test_where_others_reach_it_a_browser_gives_the_token(
    browser: Browser, tmp_path: Path
) -> None:
    flags = ("--http-token", TOKEN)
    async with live_worker(tmp_path, make_emulator(), *flags, host="0.0.0.0") as live:
        with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
            async with ObservedPage(browser, live.url):
                pass
        async with ObservedPage(browser, live.url, token=TOKEN) as seen:
            await until(lambda: seen.page.locator("#live", has_text="Live.").count())
            assert seen.said == []
