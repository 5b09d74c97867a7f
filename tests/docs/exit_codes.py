"""The exit codes of the commands."""

from batcher.cli.exit_codes import EXIT_CODES
from tests.docs.markdown_tables import table


def exit_code_table() -> str:
    """A row of each code."""
    return table(("exit", "meaning"), [(str(code), text) for code, text in EXIT_CODES.items()])
