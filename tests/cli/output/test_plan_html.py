"""A plan as a page: every change before and after, what others wrote as text, bounded in size."""

import re

import pytest
from msgspec.structs import replace

from batcher.cli.output.plan_groups import PlanGroups
from batcher.cli.output.plan_html import PlanPage, plan_html
from batcher.jobs.plan import Plan
from batcher.jobs.target_planner import EFFECTS
from batcher.records import Error
from batcher.triggers.diff import Change
from batcher.triggers.forecast import Conflict
from tests.cli.output.planned import planned
from tests.pages.strict_html import StrictHtml
from tests.report.filled_records import HOSTILE

WHOLE = Plan(effects=dict.fromkeys(EFFECTS, 0), irreversible=0, conflicts=0, max_changes=None)


def _page(groups: PlanGroups, *texts: str, several: bool = True) -> str:
    name, *places = texts or ("updates.jsonl",)
    page = PlanPage(
        name=name,
        made_at="2026-11-27T16:50:43Z",
        plan=WHOLE,
        places=places,
        sentences=places,
        several_targets=several,
    )
    return plan_html(page, groups)


def test_a_change_is_told_by_words_before_and_after() -> None:
    groups = PlanGroups()
    groups.add(*planned(1, "autumn", "winter"))
    groups.add(*planned(2, "autumn", "winter"))
    one, _ = planned(3, "a", "b")
    step = replace(
        one.step, irreversible=["New"], conflicts=[Conflict(member="SegmentFilter", earlier=1)]
    )
    found = [
        Change(path="New", after=7),
        Change(path="Gone", before=True),
        Change(path="Periods", removed=(1, 2), added=(3,)),
        Change(path="Longer", added=(4,)),
        Change(path="Shorter", removed=(5,)),
    ]
    groups.add(replace(one, step=step), found)
    text = re.sub(r"\s+", "", StrictHtml(_page(groups)).text)
    assert "2updatestotargeteuacme/t1,acme/t2" in text
    assert 'SegmentFilter~changed"autumn""winter"' in text
    assert re.search(r"New[+]added,can'tbeundone.7Gone-removedtrue.Periods~changed123Longer", text)
    assert re.search(r"Longer[+]tothelist.?4Shorter-fromthelist5", text)
    assert "SegmentFilter:line1setsanothervalue;thisoneissentlater" in text
    assert text.index("line1sets") < text.index('"autumn"')


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_what_others_wrote_is_text_and_what_is_sensitive_is_hidden(hostile: str) -> None:
    groups = PlanGroups(each=True)
    said = hostile.replace("\ud800", "")  # no line can say it
    groups.add(*planned(1, f"a{said}", f"b{said}"))
    groups.add(*planned(2, "SECRET-1", "SECRET-2", "Description"))
    one, found = planned(3, "a", "b")
    names = {name: f"{name}{said}" for name in ("DomainName", "EventTriggerName")}
    update = replace(one.update, id=said, target=said, request=names)
    step = replace(one.step, conflicts=[Conflict(member=said, earlier=1)])
    error = Error(code=said, message=said)
    paths = [replace(each, path=said, added=(said, {said: [said]})) for each in found]
    groups.add(replace(one, update=update, step=step, error=error, effect="missing"), paths)
    page = _page(groups, hostile, hostile)
    StrictHtml(page)
    assert "SECRET" not in page
    assert "[hidden]" in page


@pytest.mark.parametrize(
    ("total", "changes"),
    [
        (900, [Change(path="P", before='"' * 900, after="b")]),
        (200, [Change(path="P", after="\U0001f600" * 10_000)]),
        (600, [Change(path="P", removed=tuple(range(200)), added=(1,))]),
        (60, [Change(path=f"P{n}", before=1, after=2) for n in range(300)]),
        (2_200, [Change(path="P", before=1, after=2)]),
    ],
    ids=["quotes", "four bytes", "lists", "changes", "small"],
)
def test_it_is_bounded_and_what_was_cut_is_counted(total: int, changes: list[Change]) -> None:
    groups = PlanGroups(each=True)
    one, _ = planned(1, "a", "b")
    for line in range(total):
        groups.add(replace(one, update=replace(one.update, line=line)), changes)
    page = _page(groups)
    assert len(page.encode()) < 3_000_000
    cut = re.search(r"([\d,]+) updates in\s+([\d,]+) groups are left out", page)
    assert cut is not None
    assert page.count("<h3>") + int(cut[1].replace(",", "")) == total


def test_nothing_to_do_is_a_page_too() -> None:
    assert "Nothing: every trigger is as asked." in StrictHtml(_page(PlanGroups())).text
