"""The bar on a terminal: as wide as that, without its bar where it is narrow."""

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.table import Column

BAR_FROM = 80  # columns of a terminal; on a narrower one there is the text alone
WELL, TROUBLE = "green", "red"


class Bar(Progress):
    """A bar with a percentage and a text; ``transient``: it vanishes at its end."""

    def __init__(self, console: Console, *, transient: bool = False) -> None:
        self._line = BarColumn(None, complete_style=WELL, finished_style=WELL, pulse_style=WELL)
        text = TextColumn("{task.description}", table_column=Column(no_wrap=True))
        columns: tuple[ProgressColumn, ...] = (text,)
        if console.width >= BAR_FROM:
            columns = (self._line, TextColumn("{task.percentage:>3.0f} %"), text)
        # standard output is for data, also while there is a bar
        super().__init__(
            *columns, console=console, expand=True, transient=transient, redirect_stdout=False
        )

    @property
    def columns_left(self) -> int:
        """How long the text may be."""
        width = self.console.width
        return width - 28 if width >= BAR_FROM else width

    def mark(self, *, trouble: bool) -> None:
        """Have the colour say whether all is well."""
        for part in ("complete_style", "finished_style", "pulse_style"):
            setattr(self._line, part, TROUBLE if trouble else WELL)


def bar(*, transient: bool = False) -> Bar:
    """A bar on standard error."""
    return Bar(Console(stderr=True), transient=transient)
