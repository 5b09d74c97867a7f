"""The style sheet of all pages, as it stands in each, and its hash for a content policy."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from markupsafe import Markup


@cache
def style_sheet() -> Markup:
    """The style sheet, to stand between ``<style>`` and ``</style>`` as it is."""
    return Markup(files("batcher.pages").joinpath("templates", "style.css").read_text("utf-8"))


@cache
def style_hash() -> str:
    """What a Content-Security-Policy names the style sheet by: ``'sha256-…'``."""
    return f"'sha256-{b64encode(sha256(style_sheet().encode()).digest()).decode()}'"
