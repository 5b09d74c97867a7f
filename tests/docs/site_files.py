"""A hook of MkDocs: pages that stand outside of docs/ are in the site too, each in one place.

README, CONTRIBUTING, CHANGELOG and the examples of configs/ stay where people look for them; links
are written as files lie in the repository, and are turned here into those of the site.
"""

import os
import re
from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
HOME = "README.md"
OUTSIDE = (HOME, "CONTRIBUTING.md", "CHANGELOG.md", "configs/README.md")
_LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)#\s]+)(?=[)#])")

_ROW = re.compile(r"^\|.*$", re.M)
_CODE = re.compile(r"`[^`]+`")


class NestedByTwo(Extension):
    """Lists in lists, and blocks in lists, begin under the text of their item, as on GitHub."""

    def extendMarkdown(self, md: Markdown) -> None:  # as Markdown calls it
        md.tab_length = 2


def on_config(config: Any) -> Any:
    """Take the extension in."""
    config.markdown_extensions.append(NestedByTwo())
    return config


def on_files(files: Any, *, config: Any) -> Any:
    """Add the pages outside of docs/, and what pages link to there."""
    pages = [*OUTSIDE, *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
    linked = {target for page in pages for target in linked_files(page)}
    for name in sorted({*OUTSIDE, *linked}):
        if not name.startswith("docs/"):
            files.append(File.generated(config, site_path(name), abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Turn the links of a page into those of the site."""
    uri = page.file.src_uri
    source = next((name for name in OUTSIDE if site_path(name) == uri), f"docs/{uri}")

    def link(found: re.Match[str]) -> str:
        target = site_path(_target(source, found[1]))
        return os.path.relpath(target, os.path.dirname(uri) or ".")

    return _ROW.sub(_plain_row, _LINK.sub(link, markdown))


def _plain_row(row: re.Match[str]) -> str:
    """A row of a table; Markdown takes a bar in code as it is, GitHub takes it with a backslash."""
    return _CODE.sub(lambda found: found[0].replace("\\|", "|"), row[0])


def linked_files(page: str) -> set[str]:
    """The files of the repository that a page links to."""
    found = _LINK.findall((ROOT / page).read_text())
    return {target for link in found if (ROOT / (target := _target(page, link))).is_file()}


def site_path(name: str) -> str:
    """Where a file of the repository is in the site."""
    return "index.md" if name == HOME else name.removeprefix("docs/")


def _target(page: str, link: str) -> str:
    """What a link of a page leads to; of a folder the page that tells of it."""
    target = os.path.normpath(os.path.join(os.path.dirname(page), link))
    while (ROOT / target).is_dir():
        readme = os.path.join(target, HOME)
        target = readme if (ROOT / readme).is_file() else os.path.dirname(target)
    return target
