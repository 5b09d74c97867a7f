"""How far a run is, in words: whatever its state and the width, each line fits and is whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from batcher.cli.output.progress_lines import block, one_line, plain_lines, state_lines
from batcher.jobs.progress_snapshot import AwayTarget, ProgressSnapshot
from tests.cli.output.snapshots import SNAPSHOTS, snapshot, steers, target


@given(SNAPSHOTS, st.integers(1, 250), st.integers(1, 40))
def test_whatever_the_state_no_line_is_wider_than_the_terminal_and_none_steers_it(
    found: ProgressSnapshot, width: int, height: int
) -> None:
    lines = block(found, width, height)
    assert 1 <= len(lines) <= height
    for line in lines:
        assert cell_len(line) <= width
        assert not steers(line)
    for line in [one_line(found), *plain_lines(found, targets=3), *state_lines(found)]:
        assert not steers(line)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            200,
            [
                "4,800/9,600 done (50 %), 12 failed",
                "15 min 45 s left (at 5.08/s, estimated quota), 5/s now, quota 5.08/s (estimated),"
                " 345 throttled, 7 in flight, 25 waiting",
                "ResourceNotFoundException 10, BadRequestException 2",
            ],
        ),
        (
            60,
            [
                "4,800/9,600 done (50 %), 12 failed",
                "15 min 45 s left (at 5.08/s, estimated quota)",
                "5/s now, quota 5.08/s (estimated), 345 throttled, 25 waiting",
                "ResourceNotFoundException 10, BadRequestException 2",
            ],
        ),
        (
            40,
            [
                "4,800/9,600 done (50 %), 12 failed",
                "15 min 45 s left (at 5.08/s)",
                "5/s now, quota 5.08/s (estimated)",
                "ResourceNotFoundException 10, 1 more",
            ],
        ),
    ],
)
def test_what_matters_most_is_there_at_any_width(width: int, lines: list[str]) -> None:
    assert block(snapshot(), width, 30) == lines


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"seconds_left": None}, "time left not known"),
        ({"quota": None, "quota_basis": None}, "quota not known"),
        ({"quota_basis": "guess"}, "15 min 45 s left (at 5.08/s, guessed quota)"),
        ({"quota_basis": "remembered"}, "quota 5.08/s (remembered)"),
        ({"pace_basis": "measured"}, "(at 5.08/s, as measured)"),
        ({"pace_basis": "limit"}, "(at 5.08/s, a limit that was set)"),
        ({"soak_seconds": 600.0}, "10 min of it soaks"),
        ({"questions": True}, "without the questions between waves"),
        ({"wave": "wave 2/4"}, "wave 2/4: 4,800/9,600 done"),
        ({"sent": False}, "4,800/9,600 looked at"),
        ({"sent": False}, "only reads so far"),
        ({"paused": "by ann", "seconds_left": None}, "paused by ann"),
        ({"away": "target away for 5 s (X)", "seconds_left": None}, "target away for 5 s (X)"),
        ({"waits_for": "soak until 23:10:05"}, "soak until 23:10:05, 15 min 45 s left"),
        ({"done": 9600, "seconds": 75.0, "seconds_left": 0.0}, "all done after 1 min 15 s"),
    ],
)
def test_each_state_is_said_and_what_is_unknown_is_said_to_be(
    more: dict[str, object], said: str
) -> None:
    found = snapshot(**more)
    assert said in "\n".join(block(found, 140, 30))


def test_of_many_targets_those_not_well_have_a_row_each_and_the_others_one() -> None:
    targets = (
        target("prod-eu", failed=2),
        target("prod-us", away=AwayTarget(seconds=75.0, code="ServiceUnavailable")),
        target("t0", done=100),
        *(target(f"t{n}") for n in range(1, 987)),
    )
    lines = block(snapshot(targets=targets), 80, 30)
    assert lines[-3:] == [
        "prod-eu 50/100, 2 failed, 10 s left, 5/s, quota 5.1/s (estimated)",
        "prod-us 50/100, away 1 min 15 s, 5/s, quota 5.1/s (estimated)",
        "987 targets are well: 49,400/98,700, 1 of them done, 4,935/s",
    ]
    assert len(list(plain_lines(snapshot(targets=targets), targets=5))) == 3
    assert len(list(state_lines(snapshot(targets=targets)))) == 2 + 989


def test_rows_of_targets_end_with_the_terminal_and_what_is_left_is_counted() -> None:
    ill = tuple(target(f"bad-{n}", failed=1) for n in range(43))
    few = (*ill[:2], *(target(f"t{n}") for n in range(2)))
    above = len(block(snapshot(), 80, 60))
    assert len(block(snapshot(targets=few), 80, 60)) == above + 4
    for well in (0, 1, 500):
        found = snapshot(targets=(*ill, *(target(f"t{n}") for n in range(well))))
        for height in range(above + 3, 60):
            rows = block(found, 80, height)[above:]
            shown = sum(row.startswith("bad-") for row in rows)
            assert len(rows) <= height - above
            assert shown == 43 or f"and {43 - shown} more not well" in rows
            assert not well or rows[-1].startswith(f"{well} targets are well")
    brief = snapshot(targets=(*ill, *few[2:], *(target(f"u{n}") for n in range(98)))).brief(100)
    assert block(brief, 80, 12)[-1] == "100 targets are well"


def test_a_plain_line_is_keys_and_values_that_can_be_searched() -> None:
    (line,) = plain_lines(snapshot(wave="wave 1/2"), targets=5)
    assert line == (
        "progress: wave 1/2, done 4800/9600, failed 12, throttled 345, rate 5/s, quota 5.08/s"
        " (estimated), in flight 7, waiting 25, left 15 min 45 s (at 5.08/s, estimated quota),"
        " ResourceNotFoundException 10, BadRequestException 2"
    )
    (unknown,) = plain_lines(snapshot(seconds_left=None, errors={}, quota=None), targets=5)
    assert unknown.endswith("quota not known, in flight 7, waiting 25, left not known")
