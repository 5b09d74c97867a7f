"""The plots of the last hour say in words what they show, also of little and of odd clocks."""

import math

from msgspec.structs import replace

from batcher.pages.environment import render_page
from batcher.status.history import EVERY
from batcher.status.hour_plots import hour_plots
from tests.status.snapshots import moments


def test_they_count_back_from_the_newest_moment_and_have_a_value_for_each_span() -> None:
    plots = hour_plots(moments(4))
    assert [plot.name for plot in plots] == [
        "requests",
        "results-by-status",
        "queue-depth",
        "oldest-age",
    ]
    for plot in plots:
        assert list(plot.edges) == [-4 * EVERY, -3 * EVERY, -2 * EVERY, -EVERY, 0.0]
        assert {len(series.values) for series in plot.series} == {4}
        assert not plot.breaks
    assert plots[0].says.startswith("Between 40/s and 40/s, 40/s at the end; throttled in 2 of 4")
    assert "the newest" not in plots[2].says


def test_what_is_not_known_breaks_a_line_off_and_a_clock_set_back_turns_nothing_round() -> None:
    hour = list(moments(6))
    hour[2] = replace(hour[2], waiting=None, oldest_seconds=None)
    hour[3] = replace(hour[3], at=hour[3].at - 7200)  # the clock was put right again later
    hour = [*hour[:4], *(replace(each, at=each.at + 600) for each in hour[4:])]  # stood still
    plots = hour_plots(hour)
    edges = list(plots[0].edges)
    assert edges == sorted(edges)
    assert 4 in plots[0].breaks
    assert plots[2].series[0].values[2] is None
    without = hour_plots([replace(each, oldest_seconds=None, waiting=None) for each in hour])
    assert [plot.name for plot in without] == ["requests", "results-by-status", "queue-depth"]
    assert without[2].says == "Not known."


def test_a_single_moment_and_none_are_drawn() -> None:
    assert hour_plots(()) == []
    (*_, last) = hour_plots(moments(1))
    assert math.isclose(last.edges[0], -EVERY)
    text = render_page(
        "batcher.status", "parts/plots.html", plots=hour_plots(moments(1)), every=EVERY
    )
    assert text.count("<figure") == 4
