"""The page of a report: it has every member, and nothing that is in one is more than text."""

import re

import pytest
from msgspec.structs import replace

from batcher.pages.environment import LONGEST
from batcher.records import RequestCount
from batcher.report.html import render
from batcher.report.run_report import RunReport
from tests.pages.strict_html import StrictHtml
from tests.report.filled_records import HOSTILE, Filled

NOT_SHOWN = {
    "RunReport.format": "the version of the JSON shape",
    "RunReport.time_spent[].cause": "its text is shown",
    "RunReport.targets[].time_spent[].cause": "its text is shown",
    "RunReport.facts.sessions[].who.key": "a target is named where there are several",
    "RunReport.timeline.started_at": "the run has its start",
    "RunReport.timeline.buckets[].results": "attempts are plotted",
}


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_in_a_member_is_text_and_nothing_else(hostile: str) -> None:
    filled = Filled(hostile)
    page = render(filled.record(RunReport))
    text = StrictHtml(page).text
    if len(hostile) < LONGEST / 2:  # else the second of two names is cut off
        assert {path for path, word in filled.texts.items() if word not in text} <= set(NOT_SHOWN)
    assert "{{ 7*7 }}" not in hostile or "{{ 7*7 }}" in text


def test_every_number_is_on_it() -> None:
    filled = Filled()
    text = StrictHtml(render(filled.record(RunReport))).text
    missing = {
        path
        for path, number in filled.numbers.items()
        if f"{number:,}" not in text and str(number) not in text
    }
    assert missing <= set(NOT_SHOWN)


def test_a_report_of_nothing_is_a_page_too() -> None:
    StrictHtml(render(Filled(bare=True).record(RunReport)))


def test_where_it_was_is_told_of_several_targets_and_nothing_unknown_of_one() -> None:
    report = Filled().record(RunReport)
    told = "<dt>Targets</dt><dd>not all is well in 2 of 2"
    one = render(replace(report, targets=report.targets[:1]))
    assert told in render(report)
    assert "<dt>By</dt>" in one
    assert not {"<dt>Targets</dt>", "<dt>In</dt>", "<dd>?</dd>"} & set(
        re.findall("<d[dt]>.*?</d[dt]>", one)
    )


def test_requests_beside_those_of_results_are_told_of_only_where_there_were_any() -> None:
    report = Filled().record(RunReport)
    none = replace(report.accounts, without_result=RequestCount())
    assert "<dt>Beside them</dt>" in render(report)
    assert "<dt>Beside them</dt>" not in render(replace(report, accounts=none))


def test_however_much_there_is_it_stays_below_3_mb() -> None:
    report = Filled("x" * 200).record(RunReport)
    many = {
        name: getattr(report, name)[:1] * 20_000
        for name in ("targets", "failures", "slowest", "next_steps", "reproduce", "notes")
    }
    page = render(replace(report, **many))
    assert "19,900 more are left out here" in page
    assert len(page.encode()) < 3_000_000
