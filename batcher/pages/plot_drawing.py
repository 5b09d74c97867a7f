"""Where the parts of a plot lie: axes with round numbers, and a path for each series.

The plot's area is 1,000 by 200, stretched to the width of the page; strokes and text are not.
"""

import math
from collections.abc import Iterator

from markupsafe import Markup
from msgspec import Struct

from batcher.pages.plots import Kind, Plot, Series, Tone

WIDTH, HEIGHT = 1000, 200
MARK = 12  # height of a mark
TICKS = 5  # at most, above the foot of a plot
SPANS = 6  # at most, between times that are named

_STEPS_OF_TIME = (
    *(scale * step for scale in (0.001, 0.01, 0.1) for step in (1, 2, 5)),
    *(unit * step for unit in (1, 60) for step in (1, 2, 5, 10, 15, 30)),
    *(3600 * step for step in (1, 2, 3, 6, 12)),
    *(86400 * step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
)


class Tick(Struct, frozen=True):
    """A round number on an axis. ``at``: of the x axis in percent, of the y axis in pixels."""

    at: float
    text: str


class Stroke(Struct, frozen=True):
    """A series as the path of an SVG; ``filled``: the path around what is below it."""

    name: str
    kind: Kind
    tone: Tone
    path: Markup
    filled: Markup


class Row(Struct, frozen=True):
    """What a plot shows for one span of time: its beginning, and a value of each series."""

    time: str
    values: tuple[str, ...]


class Drawing(Struct, frozen=True):
    """A plot, laid out."""

    plot: Plot
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    strokes: list[Stroke]
    rows: list[Row]
    width: int = WIDTH
    height: int = HEIGHT


def drawn(plot: Plot) -> Drawing:
    """A plot, laid out to be written."""
    begin, end = plot.edges[0], plot.edges[-1]
    length = end - begin or 1.0
    step, top = _scale(plot)
    xs = [WIDTH * (edge - begin) / length for edge in plot.edges]
    time_step = _time_step(length)
    return Drawing(
        plot=plot,
        x_ticks=[
            Tick(round(100 * (at - begin) / length, 2), time_text(at, time_step))
            for at in _multiples(time_step, begin, end)
        ],
        y_ticks=[
            Tick(round(HEIGHT - HEIGHT * at / top, 1), f"{at:,.10g}")
            for at in _multiples(step, 0, top)
        ],
        strokes=[_stroke(series, xs, top, plot.breaks) for series in plot.series],
        rows=[
            Row(clock_text(plot.edges[at]), tuple(_values(plot, at)))
            for at in range(len(plot.edges) - 1)
        ],
    )


def _scale(plot: Plot) -> tuple[float, float]:
    """How far apart the numbers on the y axis are, and the highest one."""
    highest = max(
        (
            value
            for series in plot.series
            for value in series.values
            if series.kind != "marks" and value is not None and math.isfinite(value)
        ),
        default=0.0,
    )
    if highest < 1e-300:  # too small to be divided
        return 1.0, 1.0
    power = 10.0 ** math.floor(math.log10(highest / (TICKS - 1)))
    step = next(each * power for each in (1, 2, 5, 10) if each * power * (TICKS - 1) >= highest)
    return step, step * math.ceil(highest / step - 1e-9)


def _time_step(length: float) -> float:
    return next((step for step in _STEPS_OF_TIME if length / step <= SPANS), _STEPS_OF_TIME[-1])


def _multiples(step: float, begin: float, end: float) -> list[float]:
    first, last = math.ceil(begin / step - 1e-9), math.floor(end / step + 1e-9)
    return [step * each for each in range(first, last + 1)]


def time_text(seconds: float, step: float) -> str:
    """A time on an axis whose times are ``step`` seconds apart: '5 min', '-2 h', '0'."""
    if not round(seconds, 6):
        return "0"
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if step >= unit:
            return f"{sign}{seconds / unit:,.10g} {name}"
    return f"{sign}{seconds:,.6g} s"


def clock_text(seconds: float) -> str:
    """A time of a row: '1:05:09', '-0:00:30', and '0:00:00.25' where there are parts of seconds."""
    sign, (whole, part) = ("-" if seconds < 0 else ""), divmod(round(abs(seconds) * 1000), 1000)
    clock = f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{sign}{clock}" + (f".{part:03}".rstrip("0") if part else "")


def _values(plot: Plot, at: int) -> Iterator[str]:
    for series in plot.series:
        value = series.values[at]
        yield "?" if value is None else f"{value:,.3f}".rstrip("0").rstrip(".")


def _stroke(series: Series, xs: list[float], top: float, breaks: frozenset[int]) -> Stroke:
    if series.kind == "marks":
        path = "".join(
            f"M{(left + right) / 2:.1f} {HEIGHT}v{-MARK}"
            for left, right, value in zip(xs, xs[1:], series.values, strict=False)
            if value
        )
        return Stroke(series.name, series.kind, series.tone, Markup(path), Markup())
    parts = list(_unbroken(series, xs, top, breaks))
    path = "".join(f"M{_points(part)}" for part in parts)
    filled = "".join(
        f"M{part[0][0]:.1f} {HEIGHT}L{_points(part)}V{HEIGHT}Z"
        for part in parts
        if series.kind == "area"
    )
    return Stroke(series.name, series.kind, series.tone, Markup(path), Markup(filled))


def _unbroken(
    series: Series, xs: list[float], top: float, breaks: frozenset[int]
) -> Iterator[list[tuple[float, float]]]:
    """The corners of each part of a series that is known: a value holds over its span."""
    part: list[tuple[float, float]] = []
    for at, value in enumerate(series.values):
        if part and (value is None or at in breaks):
            yield part
            part = []
        if value is not None:
            y = HEIGHT - HEIGHT * min(value, top) / top
            part += [(xs[at], y), (xs[at + 1], y)]
    if part:
        yield part


def _points(corners: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f} {y:.1f}" for x, y in corners)
