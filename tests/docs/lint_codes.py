"""The list of the codes of lint."""

from batcher.triggers.lint.codes import LINT_CODES
from tests.docs.markdown_tables import table


def code_table() -> str:
    """A row of each code."""
    rows = [
        (
            f"`{each.code}` {each.name}",
            each.severity,
            f"**{each.title}.** {each.reason}",
            each.instead,
        )
        for each in LINT_CODES.values()
    ]
    return table(("code", "severity", "what is wrong", "instead"), rows)
