"""What a rehearsal has shown, as people read it."""

from pathlib import Path

from batcher.cli.output.rehearsal import rehearsal_lines
from tests.conftest import change, trigger
from tests.jobs.rehearsed import fast_settings, rehearsed


async def test_it_says_what_is_where_and_ends_with_the_verdict(tmp_path: Path) -> None:
    updates = [change(0, SegmentFilter="vip"), change(8)]
    found = await rehearsed(tmp_path, updates, [trigger(0)], fast_settings())
    lines = list(rehearsal_lines(found))
    text = "\n".join(lines)
    for said in (
        "Run: 1 succeeded, 1 failed",
        "line 2: acme/t8: failed: ResourceNotFoundException",
        "acme/t0: SegmentFilter did not exist before",
        "Not as before after the rollback: 1 trigger",
        "Expected at the real pace: less than 1 s",
        "What the emulator can't know",
        f"Kept in {tmp_path}/out/",
    ):
        assert said in text, text
    assert lines[-1] == found.verdict
    assert "after-" not in text


async def test_what_never_ends_is_said_to_take_more_than_a_year(tmp_path: Path) -> None:
    settings = fast_settings(timetable="00:00-24:00 pause")
    found = await rehearsed(tmp_path, [change(0)], [trigger(0)], settings)
    *lines, verdict = rehearsal_lines(found)
    assert "Expected at the real pace: more than a year; the rollback less than 1 s." in lines
    assert verdict.endswith("target default would not end within a year, by --timetable.")
