"""A report as Markdown: nothing that others wrote is more than text, and it fits a comment."""

import re

import pytest
from msgspec.structs import replace

from batcher.accounting.time_spent import NO_TIME
from batcher.jobs.report_facts import time_shares
from batcher.number_text import duration
from batcher.report.markdown import CHARACTERS, report_markdown
from batcher.report.run_report import QuotaSaving, RunReport
from tests.report.filled_records import HOSTILE, Filled

FENCED = re.compile(r"^(`{3,})(text|sh)\n.*?\n\1$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("hostile", [*HOSTILE, "```\n# head\n@all", "\n````\n<b>"])
def test_what_others_wrote_stands_in_fenced_blocks(hostile: str) -> None:
    filled = Filled(hostile)
    text = report_markdown(filled.record(RunReport))
    outside = FENCED.sub("", text)
    assert not {word for word in filled.texts.values() if word in outside}
    assert not set("`<@") & set(outside)


def test_the_chain_the_reason_and_every_command_are_told() -> None:
    filled = Filled()
    text = report_markdown(filled.record(RunReport))
    for path in ("accounts.chain", "accounts.sha256", "facts.reason", "failures[].command"):
        assert filled.texts[f"RunReport.{path}"] in text
    assert filled.texts["RunReport.next_steps[].command"] in text
    assert f"DAMAGED: {filled.texts['RunReport.accounts.damage']}" in text


def test_it_is_cut_to_what_a_comment_takes_and_says_what_is_missing() -> None:
    report = Filled("y" * 400).record(RunReport)
    text = report_markdown(replace(report, failures=report.failures * 500))
    assert len(text) <= CHARACTERS
    assert re.search(r"Not shown, to stay within 65,000 characters: \d[\d,]* sections\.\n\Z", text)
    assert "Not shown" not in report_markdown(report)
    report_markdown(Filled(bare=True).record(RunReport))


def test_a_command_is_never_cut_in_its_middle() -> None:
    said = f"batcher run {'x' * 3000}"
    report = Filled().record(RunReport)
    steps = [replace(each, command=said) for each in report.next_steps]
    assert f"\n{said}\n" in report_markdown(replace(report, next_steps=steps))


@pytest.mark.parametrize(
    ("seconds", "wall_seconds", "said"),
    [
        (None, 100.0, False),
        (0.0, 0.0, False),
        (0.0, 100.0, False),
        (0.9, 4.0, False),
        (4.9, 100.0, False),
        (1.0, 4.0, True),
        (5.0, 100.0, True),
    ],
)
def test_what_a_higher_quota_saves_is_said_where_it_saves_something(
    seconds: float | None, wall_seconds: float, *, said: bool
) -> None:
    report = Filled().record(RunReport)
    saving = QuotaSaving(times=5, seconds=seconds, wall_seconds=None)
    report = replace(
        report, facts=replace(report.facts, wall_seconds=wall_seconds), quota_savings=[saving]
    )
    assert ("5 times the quota would save" in report_markdown(report)) is said


@pytest.mark.parametrize("below", [0.31, 4.0, 95.0, 3900.0, 200_000.0])
def test_each_cause_of_the_time_is_told_in_all_its_words(below: float) -> None:
    spent = replace(
        NO_TIME,
        wall_seconds=4 * below,
        seconds=replace(NO_TIME.seconds, token=3 * below, calling=below),
        held_by_pace=below,
    )
    report = replace(Filled().record(RunReport), time_spent=time_shares(spent))
    text = report_markdown(report)
    told = f"{duration(below)} of it at the lower pace"
    assert f"| waiting for the quota, or at a pace below it ({told}) |" in text
    assert "| waiting for answers of AWS |" in text
