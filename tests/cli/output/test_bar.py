"""The bar on a terminal: green while all is well, and the text alone where it is narrow."""

import io
import re

import pytest
from rich.console import Console

from batcher.cli.output.bar import BAR_FROM, Bar

GREEN, RED = "\x1b[32m", "\x1b[31m"


def drawn(width: int, *, done: int = 40, total: float | None = 100, trouble: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system="standard")
    shown = Bar(console)
    shown.mark(trouble=trouble)
    shown.add_task("40/100 done, 0 failed", total=total, completed=done)
    console.print(shown.get_renderable())
    return out.getvalue()


@pytest.mark.parametrize("done", [40, 100])
def test_it_is_red_only_when_something_failed(done: int) -> None:
    assert (GREEN in drawn(120, done=done), RED in drawn(120, done=done)) == (True, False)
    assert RED in drawn(120, done=done, trouble=True)


def test_it_is_not_red_either_while_nobody_knows_of_how_many() -> None:
    colours = set(re.findall(r"\x1b\[([0-9;]*)m", drawn(120, total=None)))
    assert "32" in colours
    assert not colours & {"31", "91", "35", "95"}


@pytest.mark.parametrize("width", [21, 40, 60, 80, 200])
def test_it_is_one_line_of_that_width_and_has_the_whole_text(width: int) -> None:
    lines = drawn(width).rstrip("\n").split("\n")
    assert len(lines) == 1
    assert "40/100 done, 0 failed" in lines[0]
    assert ("━" in lines[0]) is (width >= BAR_FROM)
