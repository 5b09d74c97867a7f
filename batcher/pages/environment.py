"""The templates of pages: one look, and whatever is filled in is escaped.

A package with pages keeps its templates in its folder ``templates``; those begin with
``{% extends "base.html" %}`` and use the macros of ``pieces.html`` and ``plot.html``.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from batcher.foreign_text import printable, shortened
from batcher.number_text import (
    duration,
    duration_of_call,
    number,
    pace,
    several,
    without_result_text,
)
from batcher.pages.content_policy import content_policy
from batcher.pages.plot_drawing import drawn
from batcher.pages.style_sheet import style_sheet

UNKNOWN = "?"
LONGEST = 5_000  # characters of one text; of a longer one the beginning, and how long it is


def render_page(package: str, template: str, **content: Any) -> str:
    r"""A template of a package's folder ``templates``, filled in: a page as a text.

    In a template text is escaped; what can't be seen or turns the direction of a line is shown as
    a code (``\u202e``); a text is cut after 5,000 characters; None is a question mark. A name that
    is not there is an error. Filters: ``number``, ``several(noun)``, ``duration``, ``pace``,
    ``duration_of_call``, ``percent``, ``moment``, ``words``,
    ``without_result(throttles, at_least)``.
    """
    return _environment(package).get_template(template).render(content)


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("batcher.pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=_known(number),
        several=several,
        without_result=without_result_text,
        duration=_known(duration),
        duration_of_call=_known(duration_of_call),
        pace=_known(pace),
        percent=_known(percent),
        moment=_known(utc_text),
        words=words,
        drawn=drawn,
    )
    environment.globals.update(content_policy=content_policy, style_sheet=style_sheet)
    return environment


def shown(value: Any) -> Any:
    """What a template fills in, as it may be seen; markup stays as it is."""
    if value is None:
        return UNKNOWN
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(shortened(value, LONGEST))
    return value


def _known(write: Any) -> Any:
    """A filter that has a question mark for None."""
    return lambda value: UNKNOWN if value is None else write(value)


def percent(share: float) -> str:
    """0.0537 -> '5.4 %'."""
    return f"{100 * share:.1f} %"


def utc_text(when: str | float) -> str:
    """A moment in ISO 8601, or in seconds since the epoch -> '2026-11-27 16:50:43 UTC'.

    What is neither stays as it is.
    """
    try:
        known = (
            datetime.fromisoformat(when).astimezone(UTC)
            if isinstance(when, str)
            else datetime.fromtimestamp(when, UTC)
        )
    except (ValueError, OverflowError, OSError):
        return str(when)
    return f"{known:%Y-%m-%d %H:%M:%S} UTC"


def words(name: str) -> str:
    """A name of ours for people: 'not_started' -> 'not started'."""
    return name.replace("_", " ")
