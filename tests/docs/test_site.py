"""The site that ``make docs`` builds: it is complete, and loads nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.site_files import OUTSIDE, site_path

PAGES = [*OUTSIDE, *map(str, sorted(Path("docs").glob("*.md")))]
BUILD = (sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir")
LOADED = re.compile(
    r"""<(?:script|img|iframe|source)[^>]*\ssrc=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|<link[^>]*\shref=["']?((?:https?:)?//[^"'\s>]+)|url\(["']?((?:https?:)?//[^"')]+)"""
    r"""|@import\s+["']((?:https?:)?//[^"']+)"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once; a link or an anchor that leads nowhere fails it."""
    folder = tmp_path_factory.mktemp("site")
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run([*BUILD, str(folder)], env=environ, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_every_page_is_in_the_site_and_in_its_navigation(site: Path) -> None:
    home = (site / "index.html").read_text()
    for page in PAGES:
        built = site_path(page).removesuffix(".md").replace("README", "index") + ".html"
        assert (site / built).is_file(), page
        assert f'href="{built}"' in home, page


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    files = [*site.rglob("*.html"), *site.rglob("*.css")]
    loaded = {str(path): LOADED.findall(path.read_text()) for path in files}
    assert {path: found for path, found in loaded.items() if found} == {}


@pytest.mark.parametrize("page", PAGES)
def test_an_address_is_https_and_whole(page: str) -> None:
    text = re.sub(
        r"^( *)```.*?^\1```|`[^`]+`|<!--.*?-->", "", Path(page).read_text(), flags=re.M | re.S
    )
    for address in re.findall(r"\bhttps?://[^\s)>\]]+", text):
        assert re.fullmatch(r"https://[\w.-]+\.[a-z]+(/[\w./~%?=&+#:-]*)?", address), address
