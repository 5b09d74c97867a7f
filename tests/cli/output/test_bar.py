"""Bars on a terminal: green, of any width, and none where there is little room."""

import io
import re

import pytest
from rich.console import Console

from batcher.cli.output.bar import BAR_FROM, LONGEST, SHORTEST, Bar, bar_text


def drawn(width: int, *, done: int = 40, total: float | None = 100) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system="standard")
    shown = Bar(console)
    shown.add_task("40/100 read", total=total, completed=done)
    console.print(shown.get_renderable())
    return out.getvalue()


@pytest.mark.parametrize("total", [100, None])
def test_it_is_never_red_also_while_nobody_knows_of_how_many(total: float | None) -> None:
    colours = set(re.findall(r"\x1b\[([0-9;]*)m", drawn(120, total=total)))
    assert "32" in colours
    assert not colours & {"31", "91", "35", "95"}


@pytest.mark.parametrize("width", [21, 40, 60, 80, 200])
def test_it_is_one_line_of_that_width_and_has_the_whole_text(width: int) -> None:
    lines = drawn(width).rstrip("\n").split("\n")
    assert len(lines) == 1
    assert "40/100 read" in lines[0]
    assert ("━" in lines[0]) is (width >= BAR_FROM)


@pytest.mark.parametrize(
    ("part", "columns", "encoding", "text"),
    [
        (0.5, SHORTEST - 1, "utf-8", ""),
        (0.0, 10, "utf-8", "─" * 10),
        (0.5, 10, "UTF-8", "━" * 5 + "─" * 5),
        (0.999, 10, "utf-8", "━" * 9 + "─"),
        (1.0, 500, "utf-8", "━" * LONGEST),
        (0.5, 10, "ascii", "#####....."),
    ],
)
def test_a_bar_says_how_much_is_done_without_a_colour(
    part: float, columns: int, encoding: str, text: str
) -> None:
    assert bar_text(part, columns, encoding=encoding) == text
