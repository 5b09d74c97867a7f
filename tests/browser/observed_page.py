"""A page in Chromium, and all that a reader, or a browser's console, would complain of.

Every function returns complaints in words; an empty list is a good page.
"""

import math
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, Request, Response

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
LAYOUT = (Path(__file__).parent / "layout.js").read_text()
WIDTHS = (1280, 390)
HEIGHT = 900
SCHEMES = ("light", "dark")
A4 = 718  # CSS pixels between margins of 10 mm


class ObservedPage:
    """A page while it is entered. It may ask for what begins with ``within``: itself, by default.

    ``said``: what the console warned of, and every request that was refused or left the page.
    """

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        within: str | None = None,
        scripts: bool = True,
        token: str | None = None,
    ) -> None:
        self.url = url
        self._within = within or url
        self.said: list[str] = []
        self._browser = browser
        self._scripts = scripts
        self._token = token
        self._exits = AsyncExitStack()
        self.page: Page

    async def __aenter__(self) -> "ObservedPage":
        context = await self._browser.new_context(
            viewport={"width": WIDTHS[0], "height": HEIGHT},
            java_script_enabled=self._scripts,
            http_credentials=self._token and {"username": "any", "password": self._token},
        )
        self._exits.push_async_callback(context.close)
        if self._scripts:  # put in from outside, which no policy of the page forbids
            await context.add_init_script(path=AXE)
        self.page = await context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.said.append(f"page error: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)
        await self.page.goto(self.url)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._exits.aclose()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self._within, "data:")):
            self.said.append(f"a request leaves the page: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.said.append(f"{response.status} from {response.url}")

    async def read(self) -> "Read":
        """What the page says at this moment."""
        return Read(await self._ask("read()"))

    async def _ask(self, call: str) -> Any:
        return await self.page.evaluate(f"{LAYOUT}.{call}")

    async def complaints(self) -> list[str]:
        """Every fault at each width, light and dark, in large text and on paper."""
        found = list(self.said)
        for width in WIDTHS:
            await self.page.set_viewport_size({"width": width, "height": HEIGHT})
            found += [f"at {width} px: {fault}" for fault in await self.layout()]
            for scheme in SCHEMES:
                await self.page.emulate_media(color_scheme=scheme)
                found += [f"at {width} px, {scheme}: {each}" for each in await self.violations()]
        await self.page.emulate_media(color_scheme="light")
        await self.page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        found += [f"text at 200 %: {fault}" for fault in await self._enlarged()]
        found += [f"printed: {fault}" for fault in await self._printed()]
        return found

    async def layout(self) -> list[str]:
        """What sticks out of the page, is cut off, or lies over other words of a plot."""
        found: list[str] = await self._ask("faults()")
        return found

    async def violations(self) -> list[str]:
        """What axe finds, of whatever impact."""
        answer: dict[str, Any] = await self.page.evaluate(
            "() => axe.run(document, {resultTypes: ['violations']})"
        )
        return [
            f"{fault['impact']} {fault['id']}: {fault['help']}; {node['html'][:200]}"
            for fault in answer["violations"]
            for node in fault["nodes"]
        ]

    async def _enlarged(self) -> list[str]:
        await self._ask("enlarge(2)")
        try:
            return await self.layout()
        finally:
            await self._ask("enlarge(1)")

    async def _printed(self) -> list[str]:
        await self.page.emulate_media(media="print")
        await self.page.set_viewport_size({"width": A4, "height": HEIGHT})
        try:
            found: list[str] = await self._ask("hidden()")
            return found + await self.layout()
        finally:
            await self.page.emulate_media(media="screen")
            await self.page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})


class Read:
    """What a page says: its facts and counts by section, its tables by caption, its commands."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.text: str = found["text"]
        self.headings: list[str] = found["headings"]
        self.commands: list[str] = found["commands"]
        self.tables: dict[str, list[list[str]]] = dict(found["tables"])
        self._facts: list[tuple[str, str, str]] = found["facts"]
        self._counts: list[tuple[str, str, str]] = found["counts"]

    def facts(self, section: str = "") -> dict[str, str]:
        """Names and what they are, of one section or of all."""
        return {name: value for part, name, value in self._facts if section in (part, "")}

    def counts(self, section: str = "") -> dict[str, float]:
        """Counts by status, of one section or of all."""
        return {
            name.replace(" ", "_"): number(count)
            for part, name, count in self._counts
            if section in (part, "")
        }

    def table(self, caption: str) -> list[dict[str, str]]:
        """The rows of the table with such a caption, each by the heads of its columns."""
        heads, *rows = next(rows for name, rows in self.tables.items() if name.startswith(caption))
        return [dict(zip(heads, row, strict=True)) for row in rows]


def number(text: str) -> float:
    """The number that a text on a page begins with, as in ``1,234`` and ``48.5/s``, or NaN."""
    match = re.match(r"[\d,]+(\.\d+)?", text)
    return float(match[0].replace(",", "")) if match else math.nan
