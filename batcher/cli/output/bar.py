"""Bars on a terminal: as wide as there is room, and none where there is little."""

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.table import Column

BAR_FROM = 80  # columns of a terminal; on a narrower one there is the text alone
SHORTEST, LONGEST = 10, 60  # columns of a bar
WELL, TROUBLE = "green", "red"
_LETTERS = {True: ("━", "─"), False: ("#", ".")}  # whether the encoding has more than ASCII


class Bar(Progress):
    """A bar with a percentage and a text, which vanish at its end."""

    def __init__(self, console: Console) -> None:
        line = BarColumn(None, complete_style=WELL, finished_style=WELL, pulse_style=WELL)
        text = TextColumn("{task.description}", table_column=Column(no_wrap=True))
        columns: tuple[ProgressColumn, ...] = (text,)
        if console.width >= BAR_FROM:
            columns = (line, TextColumn("{task.percentage:>3.0f} %"), text)
        # standard output is for data, also while there is a bar
        super().__init__(
            *columns, console=console, expand=True, transient=True, redirect_stdout=False
        )


def bar() -> Bar:
    """A bar on standard error."""
    return Bar(Console(stderr=True))


def bar_text(part: float, columns: int, *, encoding: str) -> str:
    """A bar of which a part (0 to 1) is done; nothing where there is no room for one."""
    if columns < SHORTEST:
        return ""
    length = min(columns, LONGEST)
    full = int(part * length)
    done, left = _LETTERS[encoding.lower().startswith("utf")]
    return done * full + left * (length - full)
