"""The list of codes in docs/lint.md, made of the code: ``make lint-codes`` puts it in."""

import re
from pathlib import Path

from batcher.triggers.lint.codes import LINT_CODES

PAGE = Path("docs/lint.md")
_LIST = re.compile(r"(?<=<!-- codes -->\n).*?(?=<!-- end of codes -->)", re.S)


def code_table() -> str:
    """A row of each code."""
    rows = ["| code | severity | what is wrong | instead |", "|---|---|---|---|"]
    for each in LINT_CODES.values():
        what = f"**{each.title}.** {each.reason}"
        cells = (f"`{each.code}` {each.name}", each.severity, what, each.instead)
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(rows) + "\n"


def shown_table() -> str:
    """The list as it stands in the page."""
    (found,) = _LIST.findall(PAGE.read_text())
    return str(found)


if __name__ == "__main__":
    PAGE.write_text(_LIST.sub(lambda _: code_table(), PAGE.read_text()))
