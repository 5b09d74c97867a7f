"""What a retry chooses: failed and in doubt, by error code, but what a later update has changed."""

from pathlib import Path
from typing import Any

import pytest

from batcher.config import Settings
from batcher.errors import InputError
from batcher.jobs.retry import RetryChoice, choose
from batcher.jobs.run_reader import RunReader
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


@pytest.fixture
def run(tmp_path: Path) -> RunReader:
    recorded = RecordedRun(tmp_path, [change(n % 4) for n in range(6)])  # t0 t1 t2 t3 t0 t1
    recorded.add(6, "failed", "Boom")
    recorded.add(5, "succeeded")
    recorded.add(1, "failed", "Boom")  # line 5 has changed t0 since
    recorded.add(2, "in_doubt", "ReadTimeoutError")
    recorded.add(3, "failed", "Bang")
    recorded.add(4, "stale", "Stale")
    return RunReader(recorded.write(), line_reader(Settings(), any_target=True))


def lines(chosen: RetryChoice) -> list[Any]:
    return [line["id"] for line in chosen.updates()]


@pytest.mark.parametrize(
    ("codes", "groups", "ids"),
    [
        (
            [],
            {("Boom", "failed"): 2, ("Bang", "failed"): 1, ("ReadTimeoutError", "in_doubt"): 1},
            ["2", "3", "6"],
        ),
        (["Boom"], {("Boom", "failed"): 2}, ["6"]),
        (["Bang", "nothing"], {("Bang", "failed"): 1}, ["3"]),
    ],
)
def test_lines_are_chosen_by_error_and_sent_in_the_order_of_the_input(
    run: RunReader, codes: list[str], groups: dict[tuple[str, str], int], ids: list[str]
) -> None:
    chosen = choose(run, codes)
    assert (chosen.groups, lines(chosen)) == (groups, ids)
    assert chosen.superseded == ({1} if "1" not in ids and codes != ["Bang", "nothing"] else set())


def test_where_nothing_is_to_be_retried_it_says_what_there_is(run: RunReader) -> None:
    with pytest.raises(InputError, match=r"no result has the error Nope\. .*2 Boom") as raised:
        choose(run, ["Nope"])
    offered = f"Give another --code, or none: batcher retry {run.where}."
    assert str(raised.value).endswith(offered), "it takes what has other errors"


def test_where_no_error_is_left_at_all_no_retry_is_offered(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(0)])
    recorded.add(1, "succeeded")
    done = RunReader(recorded.write(), line_reader(Settings(), any_target=True))
    with pytest.raises(InputError, match=r"1 succeeded\. Give another --code, or none\.$"):
        choose(done, ["Nope"])


def test_where_later_updates_have_changed_every_trigger_nothing_is_sent(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(0), change(0)])
    recorded.add(1, "failed", "Boom")
    recorded.add(2, "succeeded")
    reader = line_reader(Settings(), any_target=True)
    chosen = choose(RunReader(recorded.write(), reader))
    assert (chosen.groups.total(), set(chosen.superseded)) == (1, {1})
    with pytest.raises(InputError, match="would undo a later update"):
        lines(chosen)
