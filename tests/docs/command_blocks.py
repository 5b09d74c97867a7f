"""The command blocks of a page: commands with what a page shows of their output.

Comments above a block say what is other, one a line: ``<!-- not run: REASON -->``;
``<!-- exits: 0 0|6 -->``, the exit codes of its commands, in their order;
``<!-- first: COMMAND -->`` for what a reader has done already.
"""

import re
from pathlib import Path
from typing import NamedTuple

PAGES = [Path(name) for name in ("README.md", "CONTRIBUTING.md", "configs/README.md")]
PAGES += sorted(Path("docs").glob("*.md"))
_BLOCK = re.compile(
    r"^(?P<notes>(?: *<!-- (?:not run|exits|first): [^\n]* -->\n)*)"
    r"(?P<indent> *)```(?:console|sh|bash|shell)\n(?P<text>.*?)^(?P=indent)```",
    re.M | re.S,
)
_NOTE = re.compile(r"<!-- (not run|exits|first): (.*) -->")


class ShownCommand(NamedTuple):
    """A command, its lines put together, with what is shown of its output.

    ``codes``: those that it may end with; none: whatever it is.
    """

    text: str
    output: list[str]
    codes: tuple[int, ...]


class Block(NamedTuple):
    """A block below a heading; ``not_run``: why its commands are not run."""

    page: str
    where: str
    heading: str
    commands: list[ShownCommand]
    not_run: str | None


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in their order."""
    text = page.read_text()
    return [_block(page, text, found) for found in _BLOCK.finditer(text)]


def _block(page: Path, text: str, found: re.Match[str]) -> Block:
    notes = _NOTE.findall(found["notes"])
    one = dict(notes)
    lines = re.sub(rf"^{found['indent']}", "", found["text"], flags=re.M)
    commands = [_command(part) for part in re.split(r"^\$ ", lines, flags=re.M)[1:]]
    where = f"{page}:{text.count(chr(10), 0, found.start('text'))}"
    codes = one["exits"].split() if "exits" in one else ["0"] * len(commands)
    assert len(codes) == len(commands), f"{where}: as many exit codes as commands"
    shown = [
        each._replace(codes=tuple(map(int, code.split("|"))))
        for each, code in zip(commands, codes, strict=True)
    ]
    first = [ShownCommand(value, [], ()) for key, value in notes if key == "first"]
    heading = re.findall(r"^## .*|^# .*", text[: found.start()], re.M)[-1]
    return Block(str(page), where, heading, [*first, *shown], one.get("not run"))


def _command(part: str) -> ShownCommand:
    """A command goes on after a backslash, a bar, and inside of quotes."""
    lines = part.splitlines()
    text = lines.pop(0)
    while lines and (text.endswith(("\\", "|")) or text.count("'") % 2):
        text = text.removesuffix("\\") + ("\n" if text.count("'") % 2 else "") + lines.pop(0)
    return ShownCommand(
        re.sub(r"\s+#\s.*", "", text), [each for each in lines if each.strip()], (0,)
    )
