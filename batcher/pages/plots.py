"""Plots over time as a page shows them: records to fill in.

How one is laid out is in ``plot_drawing.py``, how it is written in ``templates/plot.html``. It is
an SVG in the page: without scripts, styled by the page's sheet alone, so that it follows light and
dark; no text of it is scaled with the window.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

Tone: TypeAlias = Literal["blue", "red", "green", "purple", "grey"]
"""A colour that is told apart from the others by anybody, in light and dark."""

Kind: TypeAlias = Literal["area", "line", "dashed", "dotted", "marks"]
"""How a series is drawn; marks: a stroke at the foot wherever the value is not 0."""


class Series(Struct, frozen=True, kw_only=True):
    """One value for each span of time, None where it is not known."""

    name: str
    values: Sequence[float | None]
    kind: Kind
    tone: Tone


class Plot(Struct, frozen=True, kw_only=True):
    """A plot of values over spans of time.

    ``name``: of a lower-case word or more with hyphens, once on a page. ``title``: what it shows;
    ``says``: in a sentence, what is to be seen, for those who can't see it. ``edges``: where each
    span of time begins and where the last one ends, in seconds: from a beginning, or below 0 to
    count back from now. ``breaks``: spans before which a line is interrupted. ``unit``: of all
    values but those of marks, such as "requests per second".
    """

    name: str
    title: str
    says: str
    unit: str
    edges: Sequence[float]
    series: Sequence[Series]
    breaks: frozenset[int] = frozenset()
