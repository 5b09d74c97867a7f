"""A table of a name and numbers keeps to 80 columns, whatever the names are."""

import pytest
from rich.cells import cell_len

from batcher.cli.output.columns import WIDTH, column_lines


@pytest.mark.parametrize("name", ["t", "n" * 200, "名前" * 60, "a\nb\x1b[31m", "[red]x[/red]"])
def test_it_is_80_columns_wide_at_most_and_shows_names_as_they_are(name: str) -> None:
    heads = ["trigger", "events", "fire before", "after", "start", "stop", "held back"]
    lines = list(column_lines(heads, [[name, *["1,000,000"] * 5, "10 → 20"]]))
    assert all(cell_len(line) <= WIDTH for line in lines)
    assert "\x1b" not in "".join(lines)
    if name.isalpha():
        shown = "".join(line.split("  ")[0].strip() for line in lines[1:])
        assert shown == name
