"""The page of a plan, as it is in a browser, held against what the plan says as JSON."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser

from batcher.emulator import Emulator
from tests.browser.faulty_run import MARKUP, SECRET, trigger
from tests.browser.live_worker import of_one_target
from tests.browser.observed_page import ObservedPage, number
from tests.conftest import Command

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_plan_has_its_numbers_and_no_fault_is_found_in_it(
    browser: Browser, batcher: Command, write_lines: Callable[..., Path], tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed([trigger(number) for number in range(60)])
    write_lines(of_one_target(0, 60, MARKUP))
    async with emulator as url:
        flags = ("plan", "updates.jsonl", "--endpoint-url", url)
        as_json = await batcher(*flags, "--json")
        as_page = await batcher(*flags, "--format", "html")
    plan = json.loads(as_json.out)
    (tmp_path / "plan.html").write_text(as_page.out)
    async with ObservedPage(browser, (tmp_path / "plan.html").as_uri()) as seen:
        assert await seen.complaints() == []
        assert SECRET not in await seen.page.content()
        read = await seen.read()
    summary = plan["summary"]
    assert f"{summary['changed']} of {summary['total']} updates would change" in read.text
    groups = [int(number(heading)) for heading in read.headings if heading.endswith("updates")]
    assert sum(groups) == summary["total"] - summary["unchanged"]
    assert len(groups) >= 5
