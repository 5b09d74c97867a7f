"""The site of the documentation, as ``make docs`` builds it, in a browser."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser

from tests.browser.observed_page import ObservedPage

pytestmark = pytest.mark.asyncio(loop_scope="session")
BUILD = (sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir")
# its drawer, its search, and its header in large text
OF_THE_THEME = ("moderate ", "aria-dialog-name", "cut off", "text at 200 %")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the site; search does not work from a folder."""
    folder = tmp_path_factory.mktemp("site")
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    building = await asyncio.create_subprocess_exec(*BUILD, str(folder), env=environ)
    assert await building.wait() == 0
    served = web.Application()
    served.router.add_static("/", folder)
    runner = web.AppRunner(served, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.mark.parametrize("name", ["index.html", "how-to.html"])
async def test_a_page_of_the_site_has_no_serious_fault(
    browser: Browser, site: str, name: str
) -> None:
    async with ObservedPage(browser, site + name, within=site) as seen:
        found = await seen.complaints()
    assert [each for each in found if not any(words in each for words in OF_THE_THEME)] == []
