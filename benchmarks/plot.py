"""Pictures for the docs: lines over time, alone or several on one sheet."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pygal

Points = Sequence[tuple[float, float]]
SVG = "http://www.w3.org/2000/svg"


def over_time(
    title: str,
    lines: dict[str, Points],
    *,
    most: float,
    seconds: float | None = None,
    size: tuple[int, int] = (900, 380),
) -> pygal.XY:
    """A chart of calls per second, up to ``most``; ``size`` in pixels."""
    width, height = size
    chart = pygal.XY(
        width=width,
        height=height,
        show_dots=False,
        include_x_axis=True,
        range=(0, most),
        xrange=None if seconds is None else (0, seconds),
        x_title="seconds",
        y_title="calls per second",
        legend_at_bottom=True,
        js=[],
        style=pygal.style.CleanStyle(background="white", plot_background="white"),
        title=title,
    )
    for name, points in lines.items():
        chart.add(name, points)
    return chart


def per_second(times: Iterable[float], seconds: int) -> list[tuple[float, int]]:
    """How many of those times, in seconds, lie in each second."""
    counts = [0] * seconds
    for at in times:
        if 0 <= at < seconds:
            counts[int(at)] += 1
    return [(second + 0.5, count) for second, count in enumerate(counts)]


def sheet(path: Path, charts: Sequence[pygal.XY], *, columns: int = 2) -> None:
    """Write charts of one size side by side, row by row, into one file."""
    panels = [chart.render_tree() for chart in charts]
    _, _, width, height = (int(word) for word in panels[0].attrib["viewBox"].split())
    rows = -(-len(panels) // columns)
    ElementTree.register_namespace("", SVG)
    whole = ElementTree.Element(
        f"{{{SVG}}}svg", {"viewBox": f"0 0 {width * columns} {height * rows}"}
    )
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        panel.attrib |= {
            "x": str(column * width),
            "y": str(row * height),
            "width": str(width),
            "height": str(height),
        }
        whole.append(panel)
    path.write_bytes(ElementTree.tostring(whole))
