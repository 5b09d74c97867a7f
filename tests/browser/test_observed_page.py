"""The checks of pages catch a bad page, and leave a good one alone."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.observed_page import ObservedPage, number

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<!-- head -->
<title>A page</title>
<style>:root { color-scheme: light dark } body { background: Canvas }</style>
</head>
<main><h1>A page</h1><section><h2>Facts</h2><dl><dt>Rate</dt><dd>1,234.5/s</dd></dl></section>
<!-- body -->
</main>
</html>
"""
POLICY = "<meta http-equiv='Content-Security-Policy' content=\"script-src 'none'\">"
DARK = "<style>@media (prefers-color-scheme: dark) { .dim { color: #222 } }</style>"
LONG = "<p style='white-space:nowrap'>" + 60 * "words and words " + "</p>"
SHORT = "<span style='white-space:nowrap'>some words that are long</span>"
PLOT = (
    "<svg role='img' aria-label='a plot' width='300' height='40' viewBox='0 0 300 40'"
    " font-size='16' fill='currentColor'><text x='10' y='20'>a label</text>{}</svg>"
)
FAULTS = {
    "<p style='color:#999;background:#aaa'>grey</p>": "at 1280 px, light: serious color-contrast",
    f"<p class='dim'>dim</p>{DARK}": "at 390 px, dark: serious color-contrast",
    "<input>": "critical label",
    "<h4>too deep</h4>": "moderate heading-order",
    "<img alt='' src='https://elsewhere.test/x.png'>": "leaves the page: https://elsewhere.test",
    "<img alt='' src='beside.png'>": "leaves the page: file:",
    "<script>console.warn('odd')</script>": "console warning: odd",
    "<script>throw new Error('broken')</script>": "page error: broken",
    "<div style='width:500px'><p>as wide as a desk</p></div>": "px wide in 390",
    "<div style='width:70rem'><p>wide in large text</p></div>": "text at 200 %: 22",
    f"<div style='overflow:hidden'>{LONG}</div>": "at 1280 px: cut off: <div>",
    f"<div style='overflow-x:auto' id='scrolled'>{LONG}</div>": "printed: cut off: <div#scrolled>",
    f"<table><tr><td style='max-width:3rem'>{SHORT}<td>next</table>": "wider than its cell: <td>",
    PLOT.format("<text x='15' y='22'>upon it</text>"): "labels lie over each other",
    PLOT.format("<text x='270' y='20'>a long label</text>"): "a label sticks out",
    PLOT.format("<text x='90' y='20' font-size='6'>tiny</text>"): "a label too small",
}


def written(folder: Path, body: str, head: str = "") -> str:
    path = folder / "page.html"
    path.write_text(PAGE.replace("<!-- body -->", body).replace("<!-- head -->", head))
    return path.as_uri()


async def test_nothing_is_wrong_with_a_good_page(browser: Browser, tmp_path: Path) -> None:
    good = PLOT.format("<text x='90' y='20'>beside it</text>")
    async with ObservedPage(browser, written(tmp_path, good)) as seen:
        read = await seen.read()
        assert number(read.facts("Facts")["Rate"]) == 1234.5
        assert read.facts("Other") == {}
        assert await seen.complaints() == []


async def test_every_fault_of_a_bad_page_is_caught(browser: Browser, tmp_path: Path) -> None:
    async with ObservedPage(browser, written(tmp_path, "\n".join(FAULTS))) as seen:
        found = await seen.complaints()
    missed = [fault for fault in FAULTS.values() if not any(fault in each for each in found)]
    assert missed == [], found


async def test_what_a_policy_forbids_is_caught(browser: Browser, tmp_path: Path) -> None:
    url = written(tmp_path, "<script>1</script>", POLICY)
    async with ObservedPage(browser, url) as seen:
        assert "violates the following Content Security Policy" in str(seen.said)
