"""The settings, by the doors that know them."""

from batcher.config import Option, options
from tests.docs.markdown_tables import table

DOORS = {
    ("run", "worker", "library"): "Known at all doors:",
    ("run", "worker"): "Known to the command and the worker:",
    ("run",): "Known to the command alone:",
    ("worker",): "Known to the worker alone:",
}
HEAD = ("flag", "variable", "in the file", "takes", "default", "what")


def setting_tables() -> str:
    """A table for each set of doors."""
    found: dict[tuple[str, ...], list[Option]] = {doors: [] for doors in DOORS}
    for option in options():
        found[option.entry_points].append(option)
    parts = [f"{DOORS[doors]}\n\n{table(HEAD, map(_row, each))}" for doors, each in found.items()]
    return "\n" + "\n".join(parts) + "\n"


def _row(option: Option) -> tuple[str, ...]:
    default = "" if option.default in (None, False) else f"`{_shown(option.default)}`"
    kind = f"`{option.metavar}`"
    return (
        f"`{option.flag}`",
        f"`{option.variable}`",
        f"`{option.name}`",
        kind,
        default,
        option.help,
    )


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
