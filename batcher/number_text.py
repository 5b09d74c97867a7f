"""Numbers as people read them: in terminals, on pages, in reports."""

from math import isfinite


def number(count: int) -> str:
    """4800 -> '4,800'."""
    return f"{count:,}"


def several(count: int, noun: str) -> str:
    """1, 'update' -> '1 update'; 2, 'update' -> '2 updates'."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def without_result_text(attempts: int, throttles: int, at_least: bool = False) -> str:
    """7, 7 -> '7 more attempts, 7 of them throttled, for updates that had no result yet'."""
    more = ("at least " if at_least else "") + several(attempts, "more attempt")
    return f"{more}, {number(throttles)} of them throttled, for updates that had no result yet"


def maybe_applied_text(count: int) -> str:
    """1 -> ' (1 of those that failed may have been applied all the same)'; 0 -> ''."""
    return f" ({number(count)} of those that failed may have been applied all the same)" * (
        count > 0
    )


def duration(seconds: float) -> str:
    """75.2 -> '1 min 15 s'. Rounded to what matters at that length."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def about_duration(seconds: float) -> str:
    """75.2 -> 'about 1 min 15 s', 0.2 -> 'less than 1 s', inf -> 'more than a year'."""
    if not isfinite(seconds):
        return "more than a year"
    return "less than 1 s" if seconds < 1 else f"about {duration(seconds)}"


def duration_of_call(seconds: float) -> str:
    """0.0384 -> '38.4 ms'; from a second on as any duration, with one decimal below ten."""
    if seconds < 0.9995:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.1f} s" if seconds < 9.95 else duration(seconds)


def ago(seconds: float) -> str:
    """200000 -> '2 days ago'."""
    if seconds < 60:
        return "just now"
    return f"{several(int(seconds // 86400), 'day') if seconds >= 86400 else duration(seconds)} ago"


def rate_text(rate: float) -> str:
    """A rate that may be well below 1: '0.052/s'."""
    return f"{rate:.3g}/s" if rate < 999.5 else f"{rate:,.0f}/s"


def pace(rate: float | None) -> str:
    """Requests per second, where they may be unknown: '? /s'."""
    return "? /s" if rate is None else rate_text(rate)
