"""What a run starts from: lines checked once, results taken over, ids that may be in flight."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.errors import JournalError, RunDirectoryError
from batcher.jobs.run import open_run
from batcher.jobs.run_state import RunState, read_input, restore
from tests.conftest import change
from tests.jobs.conftest import RecordedRun, SettingsFor

StateOf = Callable[..., RunState]


@pytest.fixture
def state_of(settings_for: SettingsFor) -> StateOf:
    """The state of a run in the directory beside its file."""

    def read(file: Path, **more: Any) -> RunState:
        settings = settings_for("http://127.0.0.1:1", **more)
        with open_run(str(file), file.with_suffix(".run"), settings) as opened:
            return restore(
                opened.order, read_input(opened.order, None), opened.order.directory.journals()
            )

    return read


def image(name: str, number: int) -> bytes:
    """A line of before.jsonl."""
    names = {"DomainName": "acme", "EventTriggerName": f"t{number}"}
    return msgspec.json.encode({"id": name, "target": "default", **names}) + b"\n"


def test_a_run_that_never_began_has_all_before_it(
    state_of: StateOf, write_lines: Callable[..., Path]
) -> None:
    state = state_of(write_lines([change(0), change(1, target="default"), change(2)]))
    assert (state.begun, state.restored, state.left) == (False, 0, 3)
    assert (state.unfinished, state.totals) == (["default"], {"default": 3})
    assert state.summary("why").not_started == 3


def test_results_of_earlier_sessions_count_and_images_without_one_are_in_flight(
    state_of: StateOf, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1), change(2, id="c"), change(3, id="3")])
    run.add(1, "succeeded")
    run.results.append(msgspec.structs.replace(run.add(3, "failed", "Boom"), id="c"))
    del run.results[1]  # under its line's number
    path = run.write()
    # line 2 was in flight; "3" is the id of line 4, not of line 3, which has its result
    images = [image("1", 0), image("2", 1), image("c", 2), image("3", 3)]
    (path / "before.jsonl").write_bytes(b"".join(images))
    state = state_of(tmp_path / "updates.jsonl")
    assert (state.begun, state.restored, state.left) == (True, 2, 2)
    assert (1 in state.done, 2 in state.done, 3 in state.done) == (True, False, True)
    assert state.in_flight.keys() == {"2", "3"}
    assert state.tallies["default"].session == (0, 0), "failures of before are not of this session"


def test_for_a_canary_what_earlier_sessions_changed_is_named(
    state_of: StateOf, tmp_path: Path
) -> None:
    run = RecordedRun(tmp_path, [change(n) for n in range(6)])
    run.add(1, "unchanged")
    run.add(5, "succeeded")
    run.add(2, "stale", "Stale")
    run.add(3, "failed", "NotThere")  # before it was sent: no attempt
    run.add(4, "succeeded")
    run.write()
    file = tmp_path / "updates.jsonl"
    assert [each.line for each in state_of(file, canary=3).changed.canary] == [5, 4]
    assert [each.line for each in state_of(file, canary=1).changed.canary] == [5]
    assert [each.line for each in state_of(file, waves="1,10").changed.wave] == [4]
    assert state_of(file).changed.canary == []
    assert state_of(file).changed.count == 2


@pytest.mark.parametrize(
    ("said", "seconds"),
    [({"wall_seconds": 5.0, "rate": 2.0}, 5.0), ({"wall_seconds": -5.0}, 0.0)],
)
def test_of_a_run_from_before_it_was_kept_the_summary_says_what_was_spent(
    state_of: StateOf, tmp_path: Path, said: dict[str, Any], seconds: float
) -> None:
    run = RecordedRun(tmp_path, [change(0), change(1)])
    run.add(1, "succeeded")
    run.write(**said)
    spent = state_of(tmp_path / "updates.jsonl").spent
    assert (spent.run.wall_seconds, spent.run.answered) == (seconds, 2 * seconds)


def test_lines_that_are_skipped_count_for_the_default_target_and_are_not_left_to_send(
    state_of: StateOf, write_lines: Callable[..., Path]
) -> None:
    file = write_lines([{"DomainName": "acme"}])
    state = state_of(file, skip_invalid=True)
    assert (state.totals, state.left, state.unfinished) == ({"default": 1}, 1, [])
    assert (state.to_send_of("default"), state.valid_totals) == (0, {"default": 0})


@pytest.mark.parametrize(
    ("done", "left", "to_send", "invalid"),
    [
        ({}, 5, 3, 2),
        ({1: "succeeded"}, 4, 2, 2),
        ({2: "invalid"}, 4, 3, 1),
        ({2: "invalid", 4: "invalid"}, 3, 3, 0),
    ],
)
def test_what_there_is_to_send_is_without_invalid_lines_whether_they_have_results_or_not(
    state_of: StateOf, tmp_path: Path, done: dict[int, str], left: int, to_send: int, invalid: int
) -> None:
    odd = {"Odd": 1}
    lines = [change(0), change(1) | odd, change(2), change(3) | odd, change(4)]
    run = RecordedRun(tmp_path, lines)
    for line, status in done.items():
        run.add(line, status)
    run.write()
    state = state_of(tmp_path / "updates.jsonl", skip_invalid=True)
    assert (state.left, state.to_send_of("default")) == (left, to_send)
    assert state.invalid_left == invalid
    assert (state.totals, state.valid_totals) == ({"default": 5}, {"default": 3})


def test_another_input_than_before_is_refused(state_of: StateOf, tmp_path: Path) -> None:
    RecordedRun(tmp_path, [change(0)]).write()
    file = tmp_path / "updates.jsonl"
    file.write_bytes(file.read_bytes() * 2)
    with pytest.raises(RunDirectoryError, match="belongs to another run"):
        state_of(file)


def test_damaged_results_are_an_error_not_a_new_start(state_of: StateOf, tmp_path: Path) -> None:
    path = RecordedRun(tmp_path, [change(0)]).write()
    (path / "results.jsonl").write_bytes(b"{\n{}\n")
    with pytest.raises(JournalError):
        state_of(tmp_path / "updates.jsonl")
