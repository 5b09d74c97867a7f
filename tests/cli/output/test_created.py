"""Each trigger that was created and never fires is named, up to a number."""

from batcher.cli.output.created import created_lines
from batcher.jobs.run_ending import RunEnding
from batcher.records import Result, Seconds, Summary


def test_what_never_fires_is_named_and_what_is_complete_is_counted() -> None:
    created = {"with_integration": 2, "without_integration": 3}
    summary = Summary(wall_seconds=1.0, rate=1.0, seconds=Seconds(), created=created)
    named = Result.invalid(7, "default", "m", "")
    complete, never, line, more = created_lines(summary, RunEnding(created=[named]))
    assert complete == "2 triggers created, with the integration of what each copies."
    assert never.startswith("3 triggers created, and NEVER FIRING until")
    assert line.startswith("  line 7, ")
    assert more == "  … and 2 more: see results.jsonl (created)"
    assert not list(
        created_lines(Summary(wall_seconds=1.0, rate=1.0, seconds=Seconds()), RunEnding())
    )
