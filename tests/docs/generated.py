"""What of the pages is made of the code: ``make reference`` puts it in, between its markers."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.docs.command_reference import command_reference
from tests.docs.exit_codes import exit_code_table
from tests.docs.lint_codes import code_table
from tests.docs.log_events import log_event_table
from tests.docs.metrics_table import metrics_table
from tests.docs.setting_tables import setting_tables


class Part(NamedTuple):
    """A part of a page, between ``<!-- name -->`` and ``<!-- end of name -->``."""

    page: Path
    name: str
    made: Callable[[], str]

    def shown(self) -> str:
        """The part as it stands in the page."""
        (found,) = self._place.findall(self.page.read_text())
        return str(found)

    def put_in(self) -> None:
        """Make it anew."""
        text = self._place.sub(lambda _: self.made(), self.page.read_text())
        self.page.write_text(text)

    @property
    def _place(self) -> re.Pattern[str]:
        begin, end = f"<!-- {self.name} -->\n", f"<!-- end of {self.name} -->"
        return re.compile(rf"(?<={begin}).*?(?={end})", re.S)


PARTS = (
    Part(Path("docs/lint.md"), "codes", code_table),
    Part(Path("docs/reference.md"), "exits", exit_code_table),
    Part(Path("docs/reference.md"), "settings", setting_tables),
    Part(Path("docs/reference.md"), "metrics", metrics_table),
    Part(Path("docs/reference-commands.md"), "commands", command_reference),
    Part(Path("docs/reference-log.md"), "events", log_event_table),
)

if __name__ == "__main__":
    for part in PARTS:
        part.put_in()
