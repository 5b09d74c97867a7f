"""How far a run is, in words: a few lines for a terminal of any width, and lines to be searched.

What is most important comes first, and is what stays where there is little room.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

from rich.cells import cell_len

from batcher.cli.output.fitting import SEPARATOR, fitted, in_columns, padded
from batcher.foreign_text import printable
from batcher.jobs.progress_snapshot import ProgressSnapshot, TargetProgress
from batcher.number_text import duration, number, pace, rate_text

TARGETS_SHOWN = 6  # a row each on a terminal; of more than these only those that are not well
CODES_SHOWN = 3
NAME_AT_MOST = 32  # columns of a target's name
TOGETHER_FROM = 120  # columns, from which on pace and time left are one line

_BASES = {"estimate": "estimated", "remembered": "remembered", "guess": "guessed"}
_PACES = {
    "quota": "the quota",
    "search": "while the quota is searched for",
    "limit": "a limit that was set",
    "reading": "the pace of reading",
    "measured": "as measured",
}


def one_line(found: ProgressSnapshot) -> str:
    """All of it in a line, of any length."""
    return printable(SEPARATOR.join([*_done(found), *_pace(found), *_left(found)]))


def block(found: ProgressSnapshot, width: int, height: int) -> list[str]:
    """A few lines of so many columns at most, no more of them than rows."""
    lines = [fitted(_done(found, percentage=True), width)]
    ahead, paced = _left(found), _pace(found)
    if cell_len(ahead[0]) > width:
        ahead[0] = _without_basis(ahead[0])
    if width >= TOGETHER_FROM:
        lines.append(fitted([*ahead, *paced], width))
    else:
        lines += [fitted(ahead, width), fitted(paced, width)]
    if found.errors:
        lines.append(_codes(found.errors, width))
    lines += [in_columns(state, width) for state in _states(found)]
    if len(found.targets) > 1:
        lines += _target_rows(found, max(0, height - len(lines)), width)
    return lines[: max(1, height)]


def plain_lines(found: ProgressSnapshot, *, targets: int) -> Iterator[str]:
    """Each complete in itself, as ``key value, key value``; then targets that are not well.

    ``targets``: how many of them at most, None: all targets, however they are.
    """
    yield f"progress: {SEPARATOR.join(_plain(found))}"
    if len(found.targets) > 1:
        for each in found.targets[:targets]:
            if not each.is_well:
                yield f"progress of target {printable(each.target)}: {_plain_target(each)}"


def state_lines(found: ProgressSnapshot) -> Iterator[str]:
    """Where it stands in full: all targets, all codes."""
    yield f"progress: {SEPARATOR.join(_plain(found))}"
    if found.errors:
        codes = (f"{printable(code)} {count}" for code, count in found.errors.items())
        yield f"failures: {SEPARATOR.join(codes)}"
    if len(found.targets) > 1:
        for each in found.targets:
            yield f"target {printable(each.target)}: {_plain_target(each)}"


def _done(found: ProgressSnapshot, *, percentage: bool = False) -> list[str]:
    wave = f"{found.wave}: " if found.wave else ""
    share = f" ({_percentage(found)} %)" if percentage else ""
    what = "done" if found.sent else "looked at"
    return [
        f"{wave}{number(found.done)}/{number(found.total)} {what}{share}",
        f"{number(found.failed)} failed",
    ]


def _percentage(found: ProgressSnapshot) -> int:
    """Rounded down: 100 is all."""
    return 100 * found.done // found.total if found.total else 100


def _pace(found: ProgressSnapshot) -> list[str]:
    if not found.sent:
        return [f"{pace(found.results)} now", "only reads so far", *_on_their_way(found)]
    return [
        f"{pace(found.rate)} now",
        _quota(found),
        f"{number(found.throttled)} throttled",
        *_on_their_way(found),
    ]


def _quota(found: ProgressSnapshot | TargetProgress) -> str:
    if found.quota is None or found.quota_basis is None:
        return "quota not known"
    return f"quota {rate_text(found.quota)} ({_BASES[found.quota_basis]})"


def _on_their_way(found: ProgressSnapshot) -> list[str]:
    return [f"{number(found.in_flight)} in flight", f"{number(found.waiting)} waiting"]


def _left(found: ProgressSnapshot) -> list[str]:
    """The time that is left, and what it assumes; or what keeps it from being known."""
    if found.done == found.total:
        return [f"all done after {duration(found.seconds)}"]
    if found.waits_for is not None:
        return [found.waits_for, *([_time(found)] if found.seconds_left is not None else [])]
    if found.paused is not None:
        return ["paused", *([_time(found)] if found.seconds_left is not None else [])]
    if found.away is not None and found.seconds_left is None:
        return ["time left not known", printable(found.away)]
    parts = [_time(found)]
    if found.soak_seconds and found.seconds_left is not None:
        parts.append(f"{duration(found.soak_seconds)} of it soaks")
    if found.questions:
        parts.append("without the questions between waves")
    return parts


def _time(found: ProgressSnapshot | TargetProgress) -> str:
    if found.seconds_left is None or not isfinite(found.seconds_left):
        return "time left not known"
    return f"{duration(found.seconds_left)} left{_assumed(found)}"


def _without_basis(text: str) -> str:
    """``5 s left (at 5/s)`` of ``5 s left (at 5/s, estimated quota)``."""
    kept, comma, _ = text.partition(SEPARATOR)
    return f"{kept})" if comma and "(" in kept else text


def _assumed(found: ProgressSnapshot | TargetProgress) -> str:
    """The pace that the time left assumes, and where that is from."""
    if found.pace is None or not found.seconds_left:
        return ""
    what = [_PACES[found.pace_basis]] if found.pace_basis is not None else []
    if found.pace_basis == "quota" and found.quota_basis is not None:
        what = [f"{_BASES[found.quota_basis]} quota"]
    return f" ({SEPARATOR.join([f'at {rate_text(found.pace)}', *what])})"


def _codes(errors: Mapping[str, int], width: int) -> str:
    """The most frequent ones, and how many more codes there are."""
    shown = [f"{printable(code)} {number(count)}" for code, count in errors.items()]
    for many in range(min(CODES_SHOWN, len(shown)), 0, -1):
        more = [f"{len(shown) - many} more"] if len(shown) > many else []
        text = SEPARATOR.join([*shown[:many], *more])
        if cell_len(text) <= width:
            return text
    return in_columns(shown[0], width)


def _states(found: ProgressSnapshot) -> Iterator[str]:
    if found.paused is not None:
        yield f"paused {printable(found.paused)}"
    if found.away is not None:
        yield printable(found.away)


def _target_rows(found: ProgressSnapshot, rows: int, width: int) -> Iterator[str]:
    """A row for each of a few targets; of many one for those that are well, and the others' own."""
    if len(found.targets) + found.more_targets <= min(TARGETS_SHOWN, rows):
        yield from _rows_of(found.targets, width)
        return
    ill = [each for each in found.targets if not each.is_well]
    well = [each for each in found.targets if each.is_well]
    ill_left_out = found.more_targets - found.more_well
    shown = ill[: max(0, rows - 2 if len(ill) + ill_left_out >= rows else rows - 1)]
    yield from _rows_of(shown, width)
    if more := len(ill) - len(shown) + ill_left_out:
        yield in_columns(f"and {number(more)} more not well", width)
    if well or found.more_well:
        yield fitted(_well(well, found), width)


def _rows_of(targets: Sequence[TargetProgress], width: int) -> Iterator[str]:
    longest = max((cell_len(printable(each.target)) for each in targets), default=0)
    room = min(longest, NAME_AT_MOST, max(4, width // 3))
    for each in targets:
        name = padded(printable(each.target), room)
        row = f"{name} {fitted(_target(each), width - room - 1)}".rstrip()
        yield row if cell_len(row) <= width else in_columns(row, width)


def _well(well: Sequence[TargetProgress], found: ProgressSnapshot) -> list[str]:
    """One row of all that are well; only how many there are, where some are left out."""
    many = number(len(well) + found.more_well)
    if found.more_targets:
        return [f"{many} targets are well"]
    done, total = (sum(getattr(each, name) for each in well) for name in ("done", "total"))
    ended = sum(each.done == each.total for each in well)
    parts = [f"{many} targets are well: {number(done)}/{number(total)}"]
    if ended:
        parts.append(f"{number(ended)} of them done")
    return [*parts, pace(sum(each.rate for each in well))]


def _target(each: TargetProgress) -> list[str]:
    parts = [f"{number(each.done)}/{number(each.total)}"]
    if each.failed:
        parts.append(f"{number(each.failed)} failed")
    if each.stopped is not None:
        parts.append("stopped")
    elif each.away is not None:
        parts.append(f"away {duration(each.away.seconds)}")
    elif each.done < each.total:
        parts.append(_time(each).partition(" (")[0])
    return [*parts, pace(each.rate), _quota(each)]


def _plain(found: ProgressSnapshot) -> Iterator[str]:
    if found.wave:
        yield found.wave
    yield f"done {found.done}/{found.total}"
    yield f"failed {found.failed}"
    yield f"throttled {found.throttled}"
    yield f"rate {pace(found.rate if found.sent else found.results)}"
    if not found.sent:
        yield "only reads so far"
    yield _quota(found)
    yield f"in flight {found.in_flight}"
    yield f"waiting {found.waiting}"
    yield f"left {_plain_time(found)}"
    if found.soak_seconds:
        yield f"soaks {duration(found.soak_seconds)}"
    if found.waits_for is not None:
        yield f"waits for {found.waits_for}"
    if found.paused is not None:
        yield f"paused {printable(found.paused)}"
    if found.away is not None:
        yield printable(found.away)
    for code, count in list(found.errors.items())[:CODES_SHOWN]:
        yield f"{printable(code)} {count}"
    if len(found.targets) > 1:
        rest = len(found.targets) + found.more_targets
        well = found.more_well + sum(each.is_well for each in found.targets)
        yield f"targets {rest}"
        yield f"not well {rest - well}"


def _plain_target(each: TargetProgress) -> str:
    parts = [
        f"done {each.done}/{each.total}",
        f"failed {each.failed}",
        f"throttled {each.throttled}",
        f"rate {pace(each.rate)}",
        _quota(each),
        f"in flight {each.in_flight}",
        f"waiting {each.waiting}",
        f"left {_plain_time(each)}",
    ]
    if each.away is not None:
        parts.append(f"away {duration(each.away.seconds)} ({printable(each.away.code)})")
    if each.stopped is not None:
        parts.append(f"stopped: {printable(each.stopped)}")
    return SEPARATOR.join(parts)


def _plain_time(found: ProgressSnapshot | TargetProgress) -> str:
    said = _time(found)
    return "not known" if said.endswith("not known") else said.replace(" left", "", 1)
