"""Numbers on the command line: what is none, or not within the bounds, is told with the bounds."""

import math
import re
from typing import Any

import click

_NEGATIVE = re.compile(r"-(\.?[0-9].*|inf(inity)?|nan)", re.IGNORECASE)


class WholeNumber(click.IntRange):
    """A whole number between bounds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(_refusal(value, "a whole number", self), param, ctx)


class RealNumber(click.FloatRange):
    """A number between bounds, neither ``nan`` nor infinite."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            found = super().convert(value, param, ctx)
        except click.BadParameter:
            found = math.nan
        if not math.isfinite(found):
            self.fail(_refusal(value, "a number", self), param, ctx)
        return found


def _refusal(value: Any, kind: str, bounds: click.IntRange | click.FloatRange) -> str:
    """What was given, and what may be."""
    least, most = bounds.min, bounds.max
    within = "" if least is None else f" {'over' if bounds.min_open else 'from'} {least:,g}"
    upward = " upward" if within and not bounds.min_open else ""
    upto = upward if most is None else f" to {most:,.0f}"
    return f"can't be {value!r}: give {kind}{within}{upto}."


class ValueCommand(click.Command):
    """A command among whose arguments may be a negative number, which is no flag."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put them behind ``--``: else click takes what begins with a hyphen for a flag."""
        numbers = [] if "--" in args else [each for each in args if _NEGATIVE.fullmatch(each)]
        others = [each for each in args if each not in numbers]
        return super().parse_args(ctx, [*others, "--", *numbers] if numbers else args)
