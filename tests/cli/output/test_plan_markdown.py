"""A plan for a pull request: short enough, nothing lost uncounted, nothing that ends its block."""

import re

from msgspec.structs import replace

from batcher.cli.output.plan_groups import PlanGroups
from batcher.cli.output.plan_markdown import CHARACTERS, plan_markdown
from batcher.records import Error
from tests.cli.output.planned import planned


def test_it_is_cut_to_what_a_comment_takes_and_what_was_cut_is_counted() -> None:
    groups, total = PlanGroups(each=True), 3000
    for line in range(total):
        groups.add(*planned(line, "a" * 100, "b"))
    one, found = planned(total, "a", "b")
    amiss = Error(code="Oops", message="m")
    held = PlanGroups(each=True)
    held.add(*planned(0, "a", "b"))
    held.add(replace(one, effect="missing", error=amiss), found)
    assert plan_markdown(held, [], target=True).index("Oops") < 150
    text = plan_markdown(groups, ["3,000 updates.", "x" * 100_000], target=True)
    assert CHARACTERS - 1000 < len(text) <= CHARACTERS
    cut = re.search(r"Not shown, to stay within 65,000 characters: ([\d,]+) updates in", text)
    assert cut is not None
    shown = len(re.findall("^line ", text, re.M))
    assert shown + int(cut[1].replace(",", "")) == total


def test_what_others_wrote_ends_no_block_and_what_is_sensitive_is_hidden() -> None:
    groups = PlanGroups()
    groups.add(*planned(1, "a", "```\n# <script>\u202e````"))
    groups.add(*planned(2, "SECRET-1", "SECRET-2", "Description"))
    text = plan_markdown(groups, ["2 updates: 2 changed."], target=False)
    assert '\n~ SegmentFilter: "a" → "```\\n# <script>\\u202e````"\n`````\n' in text
    assert "\n~ Description: [hidden]\n" in text
    assert "SECRET" not in text
    assert "Not shown" not in text
    inside = False
    for line in text.splitlines():
        if re.fullmatch(r"`{3,}(text|diff)?", line):
            inside = not inside
        elif "script" in line:
            assert inside
