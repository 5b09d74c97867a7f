"""Which lines of a run prove something: the last of each trigger, and what later ones have set."""

from pathlib import Path

import pytest

from batcher.config import Settings
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


@pytest.mark.parametrize(
    ("accounts", "last"),
    [
        ({"a": "1", "b": "1"}, [2]),  # two names of one place
        ({"a": "1", "b": "2"}, [1, 2]),
        ({"a": None, "b": None}, [1, 2]),  # nobody knows
    ],
)
def test_the_last_line_of_a_trigger_counts_whichever_names_its_place_has(
    tmp_path: Path, accounts: dict[str, str | None], last: list[int]
) -> None:
    run = RecordedRun(tmp_path, [change(0, target="a"), change(0, target="b")])
    run.put_at(**accounts)
    for line in (1, 2):
        run.add(line, "succeeded")
    reader = RunReader(run.write(), line_reader(Settings(), any_target=True))
    assert list(last_lines(reader)) == last
    is_one = len(last) == 1
    assert members_set_later(reader, frozenset([1])).keys() == ({1} if is_one else set())
