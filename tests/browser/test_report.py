"""The report of a run where much went wrong, as it is in a browser, held against its summary."""

import re
import shlex
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from batcher.records import STATUSES
from tests.browser.faulty_run import MARKUP, SECRET, FaultyRun, faulty_run
from tests.browser.observed_page import ObservedPage, Read, number

pytestmark = pytest.mark.asyncio(loop_scope="session")
ALL = "Every line of the input once"
REASON = f"Three calls a day at most {MARKUP}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def run(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FaultyRun]:
    folder = tmp_path_factory.mktemp("report")
    async with faulty_run(folder, reason=REASON, markup=MARKUP) as run:
        yield run


def page_of(run: FaultyRun) -> str:
    return (run.directory / "report.html").as_uri()


MAYBE = r", of which ([\d,]+) may have been applied all the same"


def failures(read: Read) -> dict[str, int]:
    """How many updates failed with each code, from the headings of their groups."""
    found: dict[str, int] = {}
    for heading in read.headings:
        if match := re.search(rf"(\w+) · ([\d,]+) updates?({MAYBE})?$", heading):
            found[match[1]] = found.get(match[1], 0) + int(number(match[2]))
    return found


def maybe_applied(read: Read) -> int:
    """How many of those that failed may have been applied, from the same headings."""
    found = (re.search(rf"{MAYBE}$", heading) for heading in read.headings)
    return sum(int(number(match[1])) for match in found if match)


async def test_the_page_has_the_numbers_of_the_summary(browser: Browser, run: FaultyRun) -> None:
    async with ObservedPage(browser, page_of(run)) as seen:
        read = await seen.read()
    summary = run.summary
    happened = {status: summary[status] for status in STATUSES if summary[status]}
    assert len(happened) >= 5  # much went wrong
    assert read.counts() == happened
    books = {row["Outcome"].replace(" ", "_"): number(row["Updates"]) for row in read.table(ALL)}
    assert books == {
        **{status: summary[status] for status in (*STATUSES, "not_started")},
        "all_updates_of_the_input": summary["total"],
    }
    assert failures(read) == summary["errors"]
    assert len(summary["errors"]) >= 5
    assert maybe_applied(read) == summary["maybe_applied"] > 0
    facts = read.facts()
    assert f"{summary['attempts']:,}, {summary['throttles']} throttle" in facts["Attempts"]
    assert number(facts["Pace"]) == pytest.approx(summary["rate"], rel=0.01)
    assert facts["Reason"] == REASON
    assert "ticket=OPS-1742" in facts["Labels"]
    assert facts["SHA-256 of the input"] == summary["input"]["sha256"]
    causes = {row["Cause"]: row["Share"] for row in read.table("Of ")}
    assert sum(map(number, causes.values())) == pytest.approx(100, abs=1)
    targets = {row["Target"]: row for row in read.table("Where requests went")}
    for name, target in summary["targets"].items():
        assert number(targets[name]["Attempts"]) == target["attempts"]
        assert number(targets[name]["Throttles"]) == target["throttles"]


async def test_no_fault_is_found_in_it_with_every_detail_opened(
    browser: Browser, run: FaultyRun
) -> None:
    async with ObservedPage(browser, page_of(run)) as seen:
        assert await seen.layout() == []
        closed = seen.page.locator("details:not([open]) > summary")
        assert await closed.count()
        while await closed.count():
            await closed.first.click()
        assert await seen.complaints() == []
        assert SECRET not in await seen.page.content()
        assert len(re.findall(rb"/Type\s*/Page\b", await seen.page.pdf(format="A4"))) > 1


async def test_it_says_all_without_scripts(browser: Browser, run: FaultyRun) -> None:
    async with (
        ObservedPage(browser, page_of(run)) as with_scripts,
        ObservedPage(browser, page_of(run), scripts=False) as seen,
    ):
        text = await seen.page.locator("body").inner_text()
        assert text == await with_scripts.page.locator("body").inner_text()
        assert seen.said == []


async def test_the_commands_on_it_work(browser: Browser, run: FaultyRun) -> None:
    async with ObservedPage(browser, page_of(run)) as seen:
        commands = dict.fromkeys((await seen.read()).commands)
    offered = [shlex.split(text) for text in commands]
    assert {"export", "retry", "rollback", "run", "validate", "verify"} <= {
        name for program, name, *_ in offered if program == "batcher"
    }
    for program, name, *words in offered:
        if program == "batcher":
            config = (
                ("--config", "targets.toml") if name in ("run", "validate") else ()
            )  # as it says
            ended = await run.command(name, *words, *config)
            ends = ("there is no terminal to ask on" in ended.err, "1 of 201 updates" in ended.err)
            assert ended.code in (0, 1) or any(ends), f"{name} {words}: {ended.err}"
