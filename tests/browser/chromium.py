"""Debian's Chromium without a window, driven by Playwright; nothing is downloaded for it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

# in a container Chromium is root's, whom its sandbox refuses; a page of elsewhere is never opened
FLAGS = ("--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser, until this is left. FileNotFoundError where none is installed."""
    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError("chromium is missing; make test-browser installs it")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()
