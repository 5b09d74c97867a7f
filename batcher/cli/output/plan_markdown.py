"""A plan as Markdown for a pull request: cut to what GitHub takes, with what was cut counted.

Whatever others wrote stands in fenced blocks, which nothing in it can end.
"""

import re
from collections.abc import Iterator, Sequence

from batcher.cli.output.plan_groups import PlanGroup, PlanGroups, is_plain
from batcher.foreign_text import printable
from batcher.number_text import number, several

CHARACTERS = 65_000  # GitHub takes 65,536 in a comment
SAID = 10_000  # of these, for the sentences at most
RESERVED = 200  # for what is said of what was cut


def plan_markdown(groups: PlanGroups, sentences: Sequence[str], *, target: bool) -> str:
    """The text of a plan, CHARACTERS long at most. ``target``: name the targets, too."""
    parts = ["## Plan\n\n", _fenced("text", "\n".join(map(printable, sentences))[:SAID])]
    left = CHARACTERS - RESERVED - sum(map(len, parts))
    cut_groups = cut_updates = groups.more
    for group in sorted(groups.largest_first(), key=is_plain):
        block = _fenced("diff", "\n".join(_lines(group, target=target)))
        if len(block) <= left:
            parts.append(block)
            left -= len(block)
        else:
            cut_groups += 1
            cut_updates += group.count
    if cut_updates:
        what = f"{several(cut_updates, 'update')} in {several(cut_groups, 'group')}"
        parts.append(f"Not shown, to stay within {number(CHARACTERS)} characters: {what}.\n")
    return "".join(parts)


def _lines(group: PlanGroup, *, target: bool) -> Iterator[str]:
    """Marks stand at the beginning of a line, where they are coloured."""
    for line in group.lines(target=target):
        yield printable(re.sub(r"^ +(?=[-+~!] )", "", line.plain, count=1))


def _fenced(language: str, text: str) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}\n\n"
