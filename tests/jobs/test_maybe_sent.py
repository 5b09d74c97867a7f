"""Which updates without a result may have been applied: those with an image, or nobody knows."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.accounting.time_spent import NOTHING_SPENT
from batcher.config import Settings
from batcher.jobs.maybe_sent import NAMED, MaybeSent, maybe_sent
from batcher.jobs.run_reader import RunReader
from batcher.records import Seconds, Summary
from batcher.storage.run_sessions import RunSession
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun
from tests.jobs.killed_run import killed_run

UPDATES = [{**change(n), "id": f"row-{n}"} if n % 2 else change(n) for n in range(8)]


def found_in(run: RecordedRun, *, killed: bool = True) -> MaybeSent:
    reader = RunReader(run.path, line_reader(Settings(), any_target=True))
    return maybe_sent(reader, killed=killed)


@pytest.mark.parametrize(
    ("run", "lines", "has_images"),
    [
        ({"done": [1, 2, 3], "begun": [4, 6]}, [4, 6], True),
        ({"done": [5], "begun": []}, [], True),
        ({"begun": [8]}, [8], True),
        ({"done": [1, 2], "looked": False}, [3, 4, 5, 6, 7, 8], False),
        ({"looked": False}, [1, 2, 3, 4, 5, 6, 7, 8], False),
        # what was created has no image
        ({"done": [1, 2], "begun": [3], "settings": {"create_missing": True}}, range(3, 9), False),
    ],
)
def test_what_has_an_image_may_have_been_sent_and_without_images_all_that_has_no_result(
    tmp_path: Path, run: dict[str, Any], lines: list[int], has_images: bool
) -> None:
    found = found_in(killed_run(tmp_path, UPDATES, **run))
    assert (list(found.lines), found.has_images) == (list(lines), has_images)


def test_an_invalid_line_that_has_no_result_yet_was_not_sent(tmp_path: Path) -> None:
    updates = [change(0), {**change(1), "Nope": 1}, change(2)]
    settings = {"skip_invalid": True}
    run = killed_run(tmp_path, updates, done=[1], looked=False, settings=settings)
    found = found_in(run)
    first = found.first(RunReader(run.path, line_reader(Settings(), any_target=True)))
    assert ([*found.lines], [each.line for each in first]) == ([3], [3])


def test_where_one_session_kept_no_images_those_of_others_tell_nothing(tmp_path: Path) -> None:
    run = killed_run(tmp_path, UPDATES, done=[1, 2], begun=[3])
    sessions = [
        RunSession(session="a", started_at="1", who={}),
        RunSession(session="b", started_at="2", who={}, unseen=True),
    ]
    for some, lines in ((sessions[:1], [3]), (sessions, [3, 4, 5, 6, 7, 8])):
        run.facts = msgspec.structs.replace(run.facts, sessions=some)
        run.directory.manifest.write_bytes(msgspec.json.encode(run.facts))
        assert list(found_in(run).lines) == lines


def test_of_a_run_that_ended_in_order_nothing_may_have_been_sent(tmp_path: Path) -> None:
    run = killed_run(tmp_path, UPDATES, done=[1], begun=[2])
    summary = Summary(
        total=8, succeeded=1, not_started=7, wall_seconds=1.0, rate=1.0, seconds=Seconds()
    )
    run.directory.write_summary(summary)
    assert found_in(run, killed=False).count == 0
    assert found_in(run).count == 1
    run.directory.write_summary(msgspec.structs.replace(summary, not_started=8))
    assert found_in(run, killed=False).count == 1  # the last one could not write what it came to
    run.directory.write_summary(summary)
    with run.directory:
        run.directory.write_heads(run.directory.journals().heads(), NOTHING_SPENT.with_killed())
    assert found_in(run, killed=False).count == 1  # one before it was


def test_the_first_ones_are_named(tmp_path: Path) -> None:
    updates = [{**change(n), "id": f"row-{n}"} for n in range(NAMED + 5)]
    run = killed_run(tmp_path, updates, begun=range(1, NAMED + 6))
    found = found_in(run)
    first = found.first(RunReader(run.path, line_reader(Settings(), any_target=True)))
    assert (found.count, len(first)) == (NAMED + 5, NAMED)
    assert (first[1].line, first[1].id, first[1].trigger) == (2, "row-1", "t1")
