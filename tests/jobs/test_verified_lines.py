"""Which lines of a run prove something: the last of each trigger, and what later ones have set."""

from pathlib import Path

from batcher.jobs.run_reader import RunReader
from batcher.jobs.verified_lines import last_lines, lines_set_again, members_set_later
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun, SettingsFor


def test_the_last_accepted_line_of_a_trigger_counts_and_earlier_ones_for_what_it_left(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    later = change(0, Description="later")
    lines = [change(0), change(0, SegmentFilter="vip"), later, change(0), change(1)]
    run = RecordedRun(tmp_path, lines)
    for line, status in enumerate(("in_doubt", "in_doubt", "differs", "failed", "stale"), 1):
        run.add(line, status)
    reader = RunReader(run.write(), line_reader(settings_for("http://x"), any_target=True))
    with reader.directory:
        assert [*last_lines(reader)] == [3]
        later_members = members_set_later(reader, frozenset({1, 2, 3}))
        assert later_members.keys() == {1, 2}
        assert lines_set_again(reader, later_members) == {1}
