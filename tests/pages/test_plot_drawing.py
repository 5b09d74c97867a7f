"""How plots are laid out: axes with round numbers, steps, and gaps where nothing is known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.pages.plot_drawing import HEIGHT, WIDTH, clock_text, drawn, time_text
from batcher.pages.plots import Plot, Series


def _plot(values: list[float | None], *, length: float = 60.0, kind: str = "area") -> Plot:
    count = len(values)
    return Plot(
        name="one",
        title="One",
        says="One.",
        unit="requests per second",
        edges=[length * at / count for at in range(count + 1)] if count else [0.0],
        series=[Series(name="sent", values=values, kind=kind, tone="blue")],
    )


@given(
    st.lists(st.none() | st.floats(0, 1e12), max_size=50),
    st.floats(1e-6, 1e8),
)
def test_whatever_is_plotted_lies_inside_below_few_round_numbers(
    values: list[float | None], length: float
) -> None:
    drawing = drawn(_plot(values, length=length))
    (stroke,) = drawing.strokes
    numbers = [float(each) for each in stroke.path.replace("M", " ").split()]
    assert all(-1 <= x <= WIDTH + 1 for x in numbers[::2])
    assert all(-1 <= y <= HEIGHT + 1 for y in numbers[1::2])
    assert 2 <= len(drawing.y_ticks) <= 6
    assert len(drawing.x_ticks) <= 7
    assert [tick.at for tick in drawing.y_ticks][:: len(drawing.y_ticks) - 1] == [HEIGHT, 0]
    assert len(drawing.rows) == len(values)


def test_a_line_is_a_step_for_each_span_and_breaks_where_nothing_is_known() -> None:
    (stroke,) = drawn(_plot([10.0, None, 5.0, 5.0])).strokes
    assert stroke.path == "M0.0 0.0 250.0 0.0M500.0 100.0 750.0 100.0 750.0 100.0 1000.0 100.0"
    assert stroke.filled.startswith("M0.0 200L0.0 0.0 250.0 0.0V200Z")


def test_a_mark_stands_wherever_there_is_something() -> None:
    (stroke,) = drawn(_plot([0, 3, None, 1], kind="marks")).strokes
    assert stroke.path == "M375.0 200v-12M875.0 200v-12"


@pytest.mark.parametrize(
    ("seconds", "step", "text"),
    [
        (0.0, 60, "0"),
        (0.25, 0.05, "0.25 s"),
        (90, 30, "90 s"),
        (-1800, 600, "-30 min"),
        (7200, 3600, "2 h"),
        (172800, 86400, "2 d"),
    ],
)
def test_a_time_is_in_the_unit_of_its_axis(seconds: float, step: float, text: str) -> None:
    assert time_text(seconds, step) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00:00"), (3909, "1:05:09"), (-30, "-0:00:30"), (0.25, "0:00:00.25")],
)
def test_a_row_has_its_time_as_a_clock_shows_it(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_what_is_no_number_does_not_stretch_the_axis() -> None:
    assert [tick.text for tick in drawn(_plot([1.0, 2.0])).y_ticks] == ["0", "0.5", "1", "1.5", "2"]
    assert drawn(_plot([math.inf, 2.0])).y_ticks == drawn(_plot([2.0])).y_ticks
