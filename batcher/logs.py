"""Logs: named events with values and units, silent unless somebody listens.

Everything goes through the standard library's logger ``batcher``, so that a program that uses the
library decides where it goes. Sensitive members never get here: the ports leave them away; of what
foreign loggers say only the place is kept. Whatever is written is printable.

A command's own events, several of each update, go to its outputs without a LogRecord.
"""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Any, TextIO

import msgspec
import structlog
from structlog.processors import NAME_TO_LEVEL
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from batcher.clock import precise_text
from batcher.foreign_text import printable, withheld
from batcher.updates.target_causes import SHARED_FROM, by_cause, cause_in, targets_text

# else warnings go to standard error on their own
logging.getLogger("batcher").addHandler(logging.NullHandler())

# bytes, the buffer of a stream: of what is larger, a full disk may take half a line
WRITTEN_AT_ONCE = 4096
APART = 0.05  # seconds from one write to the next: of a thousand targets each turn says something
NESTED = 5  # deep, what can't be written as it is
_FOREIGN = ("botocore", "aiobotocore", "aiohttp", "asyncio", "urllib3")


class _Logger(structlog.stdlib.BoundLogger):
    """What is said several times of each update goes straight to the outputs of a command."""

    def info(self, event: str | None = None, *args: Any, **values: Any) -> Any:
        listened = self._logger
        if args or not _only_outputs_listen(listened):
            return super().info(event, *args, **values)
        if listened.isEnabledFor(logging.INFO):
            told = {**self._context, **values, "event": event, "level": "info"}
            told["timestamp"] = precise_text()
            for output in _outputs:
                output.hold(told)
        return None


def logger(**bound: Any) -> FilteringBoundLogger:
    """A logger with values bound, e.g. the run's id."""
    wrapped: FilteringBoundLogger = structlog.wrap_logger(
        logging.getLogger("batcher"),
        processors=[structlog.stdlib.filter_by_level, _deliver],
        wrapper_class=_Logger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return wrapped.bind(**bound)


def _stamp(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    event["timestamp"] = precise_text()
    return event


def _deliver(listened: logging.Logger, name: str, event: EventDict) -> Any:
    """Write an event to the outputs of a command, and hand it on to whoever else listens."""
    event = _stamp(listened, name, structlog.stdlib.add_log_level(listened, name, event))
    for output in _outputs:
        output.tell(name, event)
    if not _outputs:
        for tell in _without_outputs:
            tell(event)
    if _only_outputs_listen(listened):
        raise structlog.DropEvent
    return structlog.stdlib.ProcessorFormatter.wrap_for_formatter(listened, name, event)


def _only_outputs_listen(listened: logging.Logger) -> bool:
    """Whether nobody else does: the one handler of its own listens to nothing."""
    return bool(_outputs) and not listened.propagate and len(listened.handlers) == 1


class _Output(logging.Handler):
    """Writes events to a stream, a line each, and what foreign loggers say.

    What is said in one turn of an event loop goes out together at its end, or, soon after the last
    time, APART from that; or with a warning.
    """

    def __init__(self, stream: TextIO, renderer: "_Json | Processor", level: str) -> None:
        super().__init__(level)
        self._stream = stream
        self._render = renderer
        self._held: list[str | EventDict] = []  # lines, and events that are yet to be some
        self._is_writing = False
        self._due: asyncio.AbstractEventLoop | None = None  # in which what is held goes out
        self._next_at = 0.0  # by the clock of an event loop
        self._is_torn = False  # the file may end in half a line
        # its holder may come back: a finalizer, which runs anywhere, has foreign loggers say things
        self._writing = threading.RLock()
        stage = structlog.stdlib
        self.setFormatter(
            stage.ProcessorFormatter(
                processors=[stage.ProcessorFormatter.remove_processors_meta, renderer],
                foreign_pre_chain=[
                    stage.add_log_level,
                    stage.add_logger_name,
                    _stamp,
                    _foreign,
                ],
            )
        )

    def tell(self, name: str, event: EventDict) -> None:
        """Write an event of that level, if it is one that is wanted."""
        if (level := NAME_TO_LEVEL[name]) >= self.level:
            self._put(self._line(event, name), level)

    def _line(self, event: EventDict, name: str = "info") -> str:
        return f"{self._render(None, name, event)!s}\n"

    def hold(self, event: EventDict) -> None:
        """Write an event of the level "info", which stays as it is, if that is wanted."""
        if self.level > logging.INFO:
            return
        if isinstance(self._render, _Json):
            self._put(event, logging.INFO)  # a line of it is made together with others
        else:
            self.tell("info", event)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # arguments that don't fit its text, as logging takes them, too
            line = self.format(_without_text(record))
        self._put(f"{line}\n", record.levelno)

    def flush(self) -> None:
        with self._writing:
            self._due = None
            if self._is_writing:  # what is said meanwhile goes next
                return
            self._is_writing = True
            try:
                while self._held:
                    self._write()
            finally:
                self._is_writing = False

    def close(self) -> None:
        self.flush()
        super().close()

    def _write(self) -> None:
        held, self._held = self._held, []
        for lines in _pieces(self._text_of(held)):
            try:
                self._stream.write(f"\n{lines}" if self._is_torn else lines)
                self._stream.flush()
                self._is_torn = False
            except (OSError, ValueError):  # a full disk is told of by the journal
                self._is_torn |= _is_larger(lines)

    def _text_of(self, held: list[str | EventDict]) -> str:
        render = self._render
        events = [each for each in held if not isinstance(each, str)]
        if isinstance(render, _Json) and len(events) == len(held):  # as nearly always
            return render.lines(events)
        return "".join(each if isinstance(each, str) else self._line(each) for each in held)

    def _put(self, line: str | EventDict, level: int) -> None:
        with self._writing:
            self._held.append(line)
            if level < logging.WARNING:
                if self._due is None or self._due.is_closed():
                    self._due = self._have_it_flushed()
                if self._due is not None:
                    return
        self.flush()

    def _have_it_flushed(self) -> asyncio.AbstractEventLoop | None:
        """By the event loop that runs; None: none does in this thread."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return None
        now = loop.time()
        wait = min(APART, self._next_at - now)
        if wait > 0:
            loop.call_later(wait, self.flush)
        else:
            loop.call_soon(self.flush)
        self._next_at = now + max(0.0, wait) + APART
        return loop


class _TerminalOutput(_Output):
    """An output for people: of many targets what says the same of each in one turn is one line."""

    def __init__(self, stream: TextIO, renderer: Processor, level: str) -> None:
        super().__init__(stream, renderer, level)
        self._of_targets: list[tuple[str, EventDict]] = []  # of this turn of an event loop

    def tell(self, name: str, event: EventDict) -> None:
        if NAME_TO_LEVEL[name] < self.level:
            return
        with self._writing:
            if isinstance(event.get("target"), str) and self._has_turn():
                self._of_targets.append((name, dict(event)))
                return
            self._tell_of_targets()
        super().tell(name, event)

    def emit(self, record: logging.LogRecord) -> None:
        self._tell_of_targets()  # which was said before
        super().emit(record)

    def flush(self) -> None:
        self._tell_of_targets()
        super().flush()

    def _has_turn(self) -> bool:
        """Whether what is held is told at the end of the turn, or earlier."""
        if not self._of_targets:
            try:
                asyncio.get_running_loop().call_soon(self._tell_of_targets)
            except RuntimeError:  # none runs in this thread
                return False
        return True

    def _tell_of_targets(self) -> None:
        with self._writing:
            held, self._of_targets = self._of_targets, []
            for name, event in _together(held):
                super().tell(name, event)


def _likeness(name: str, event: EventDict) -> tuple[object, ...]:
    """What an event says of its target, but for what is of that target alone."""
    target, own = event["target"], ("target", "timestamp")
    said = ((key, cause_in(_text(each), target)) for key, each in event.items() if key not in own)
    return name, *said


def _together(held: list[tuple[str, EventDict]]) -> Iterator[tuple[str, EventDict]]:
    """Events in their order; what is alike of many targets is one, in the place of the first."""
    groups = by_cause((_likeness(*each), (place, *each)) for place, each in enumerate(held))
    said = [each for alike in groups for each in _once(alike)]
    return ((name, event) for _, name, event in sorted(said, key=lambda each: each[0]))


def _once(alike: list[tuple[int, str, EventDict]]) -> list[tuple[int, str, EventDict]]:
    """One event in the words of the first, where they are of many targets."""
    names = dict.fromkeys(event["target"] for _, _, event in alike)
    if len(names) < SHARED_FROM:
        return alike
    place, name, first = alike[0]
    told = {key: each for key, each in first.items() if key != "target"}
    return [(place, name, {**told, "targets": targets_text(list(names))})]


def _is_larger(lines: str) -> bool:
    """Whether a stream takes it in more than one go."""
    return len(lines.encode(errors="replace")) > WRITTEN_AT_ONCE


def _pieces(lines: str) -> Iterator[str]:
    """Whole lines that a stream takes as a whole or not at all, when a disk is full."""
    begin = 0
    while begin < len(lines):
        end = begin + _fitting(lines, begin)
        if end < len(lines):  # back to the end of a line; of one that is too long its own end
            end = lines.rfind("\n", begin, end) + 1 or lines.index("\n", end) + 1
        yield lines[begin:end]
        begin = end


def _fitting(lines: str, begin: int) -> int:
    """How many characters from there on a stream takes at once."""
    piece = lines[begin : begin + WRITTEN_AT_ONCE]
    if piece.isascii():
        return WRITTEN_AT_ONCE
    taken = piece.encode(errors="replace")[:WRITTEN_AT_ONCE]
    return len(taken.decode(errors="ignore"))


_outputs: list[_Output] = []  # of the command that is at work
_without_outputs: list[Callable[[EventDict], None]] = []


@contextmanager
def told_without_outputs(tell: Callable[[EventDict], None]) -> Iterator[None]:
    """Have ``tell`` told each event that comes while a command has no outputs open."""
    _without_outputs.append(tell)
    try:
        yield
    finally:
        _without_outputs.remove(tell)


class LogOutput:
    """Outputs of the loggers that matter, for as long as a command runs. Use as a context manager.

    ``file``: JSON lines; closed at the end. ``terminal``: warnings and worse on standard error, one
    readable line each, or one of many targets that say the same. ``service``: everything on
    standard error, JSON lines where that is no terminal.
    """

    def __init__(
        self,
        level: str,
        *,
        file: TextIO | None = None,
        terminal: bool = False,
        service: bool = False,
    ) -> None:
        self._level = level.upper()
        self._file = file
        self._handlers: list[_Output] = []
        self._before: list[tuple[logging.Logger, int, bool]] = []
        if file is not None:
            self._handlers.append(_Output(file, _Json(), self._level))
        if terminal:
            self._handlers.append(_TerminalOutput(sys.stderr, _readable(), "WARNING"))
        if service:
            renderer = _readable() if sys.stderr.isatty() else _Json()
            self._handlers.append(_Output(sys.stderr, renderer, self._level))

    def __enter__(self) -> "LogOutput":
        for name in ("batcher", *_FOREIGN):
            target = logging.getLogger(name)
            self._before.append((target, target.level, target.propagate))
            target.propagate = False
            if name == "batcher":
                target.setLevel(self._level)
                continue
            target.setLevel(max(logging.WARNING, logging.getLevelName(self._level)))
            for handler in self._handlers:
                target.addHandler(handler)
        _outputs.extend(self._handlers)
        return self

    def __exit__(self, *exception: object) -> None:
        for target, level, propagate in self._before:
            target.setLevel(level)
            target.propagate = propagate
            for handler in self._handlers:
                target.removeHandler(handler)
        for handler in self._handlers:
            _outputs.remove(handler)
            handler.close()
        if self._file is not None:
            with suppress(OSError):  # a full disk is told of by the journal
                self._file.close()


def _foreign(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Keep where a foreign record is from: its text may quote what is sent, and what signs it."""
    record: logging.LogRecord = event["_record"]
    event["event"] = withheld(len(str(record.msg)))
    event["where"] = f"{Path(record.pathname).name}:{record.lineno}"
    if record.exc_info and record.exc_info[0]:
        event["error"] = record.exc_info[0].__name__
    event.pop("exc_info", None)
    record.exc_info = record.exc_text = None
    return event


def _without_text(record: logging.LogRecord) -> logging.LogRecord:
    bare = copy(record)
    bare.msg, bare.args = "", ()
    return bare


class _Json:
    """Makes lines of JSON of events."""

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder(enc_hook=str)

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> str:
        return self._line(event)

    def lines(self, events: Sequence[EventDict]) -> str:
        """A line of each."""
        with suppress(Exception):  # of whichever it is: the others have their lines all the same
            lines = self._encoder.encode_lines(events)
            if _is_plain(lines):
                return lines.decode()
        return "".join(f"{self._line(event)}\n" for event in events)

    def _line(self, event: EventDict) -> str:
        try:
            line = self._encoder.encode(event)
        except Exception:  # a name of a file may be no Unicode; and no event stops what tells it
            line = self._encoder.encode(_encodable(event))
        return line.decode() if _is_plain(line) else printable(line.decode())


def _is_plain(line: bytes) -> bool:
    """Whether all can be seen in it: other controls are escaped in JSON."""
    return line.isascii() and b"\x7f" not in line


def _encodable(value: Any, depth: int = 0) -> Any:
    """A value as it can be written whatever it is: what lies too deep in it as text."""
    match value:
        case None | int() | float():
            return value
        case list() | tuple() if depth < NESTED:
            return [_encodable(each, depth + 1) for each in value]
        case dict() if depth < NESTED:
            return {_text(name): _encodable(below, depth + 1) for name, below in value.items()}
    return _text(value)


def _text(value: Any) -> str:
    try:
        return printable(str(value))
    except Exception:  # of its own, or it is nested too deeply
        return f"<{type(value).__name__}>"


def _readable() -> Any:
    write = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"),
        exception_formatter=structlog.dev.plain_traceback,
    )

    def render(logger: WrappedLogger, name: str, event: EventDict) -> str:
        texts = {key: printable(value) for key, value in event.items() if isinstance(value, str)}
        try:
            return write(logger, name, {**event, **texts})
        except Exception:  # no event stops what tells it
            return write(logger, name, _encodable(event))

    return render
