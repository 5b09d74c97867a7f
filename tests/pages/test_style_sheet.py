"""The style sheet: legible in both themes, and allowed by its hash as it stands in a page."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from batcher.pages.environment import render_page
from batcher.pages.style_sheet import style_hash, style_sheet

GROUNDS = ("ground", "raised")
TEXTS = ("text", "pale", "link", "good", "bad", "warning")
DRAWN = ("blue", "red", "green", "purple", "grey")


def _colours() -> dict[str, dict[str, str]]:
    roots = re.findall(r":root \{(.*?)\}", style_sheet(), re.S)
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6});", root)) for root in roots[:2])
    return {"light": light, "dark": dark}


def _contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_and_lines_stand_out_from_what_is_behind_them(theme: str) -> None:
    colours = _colours()[theme]
    pairs = [(text, ground, 4.5) for text in TEXTS for ground in GROUNDS]
    pairs += [(drawn, ground, 3.0) for drawn in DRAWN for ground in GROUNDS]
    for tone in ("good", "bad", "warning", "note"):
        pairs += [(text, f"{tone}-ground", 4.5) for text in (tone, "text", "link")]
    ratios = {
        (front, back): round(_contrast(colours[front], colours[back]), 2)
        for front, back, least in pairs
        if _contrast(colours[front], colours[back]) < least
    }
    assert not ratios


def test_its_hash_is_of_what_stands_in_a_page() -> None:
    page = render_page("tests.pages", "sample.html", text="", long="", unknown=None)
    (inside,) = re.findall(r"<style>(.*?)</style>", page, re.S)
    assert style_hash() == f"'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}'"
    assert 'style="' not in page
    assert not re.search(r"url\(|@import|//", inside)
