"""Logs: named events with values and units, silent unless somebody listens.

Everything goes through the standard library's logger ``batcher``, so that a program that uses the
library decides where it goes. Sensitive members never get here: the ports leave them away; of what
foreign loggers say only the place is kept. Whatever is written is printable.
"""

import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from batcher.foreign_text import printable, withheld

# else warnings go to standard error on their own
logging.getLogger("batcher").addHandler(logging.NullHandler())

_FOREIGN = ("botocore", "aiobotocore", "aiohttp", "asyncio", "urllib3")
_STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True)


def logger(**bound: Any) -> FilteringBoundLogger:
    """A logger with values bound, e.g. the run's id."""
    wrapped: FilteringBoundLogger = structlog.wrap_logger(
        logging.getLogger("batcher"),
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            _STAMP,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return wrapped.bind(**bound)


class LogOutput:
    """Handlers on the loggers that matter, for as long as a command runs. Use as a context manager.

    ``file``: JSON lines; closed at the end. ``terminal``: warnings and worse on standard error, one
    readable line each. ``service``: everything on standard error, JSON lines where that is no
    terminal.
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
        self._handlers: list[logging.Handler] = []
        self._before: list[tuple[logging.Logger, int, bool]] = []
        if file is not None:
            self._add(logging.StreamHandler(file), _json(), self._level)
        if terminal:
            self._add(logging.StreamHandler(sys.stderr), _readable(), "WARNING")
        if service:
            self._add(
                logging.StreamHandler(sys.stderr),
                _readable() if sys.stderr.isatty() else _json(),
                self._level,
            )

    def __enter__(self) -> "LogOutput":
        for name in ("batcher", *_FOREIGN):
            target = logging.getLogger(name)
            self._before.append((target, target.level, target.propagate))
            target.setLevel(
                self._level
                if name == "batcher"
                else max(logging.WARNING, logging.getLevelName(self._level))
            )
            target.propagate = False
            for handler in self._handlers:
                target.addHandler(handler)
        return self

    def __exit__(self, *exception: object) -> None:
        for target, level, propagate in self._before:
            target.setLevel(level)
            target.propagate = propagate
            for handler in self._handlers:
                target.removeHandler(handler)
        for handler in self._handlers:
            handler.close()
        if self._file is not None:
            with suppress(OSError):  # a full disk is told of by the journal
                self._file.close()

    def _add(self, handler: logging.Handler, renderer: Any, level: str) -> None:
        handler.setLevel(level)
        handler.handleError = lambda record: None  # type: ignore[method-assign] # a full disk is told of by the journal
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                foreign_pre_chain=[
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    _STAMP,
                    _foreign,
                ],
            )
        )
        self._handlers.append(handler)


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


def _json() -> Any:
    encode = msgspec.json.Encoder(enc_hook=str).encode

    def render(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
        try:
            line = encode(event)
        except UnicodeEncodeError:  # a name of a file may be no Unicode
            line = encode({key: _unicode(value) for key, value in event.items()})
        return printable(line.decode())

    return render


def _unicode(value: Any) -> Any:
    return printable(value) if isinstance(value, str) else value


def _readable() -> Any:
    write = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"),
        exception_formatter=structlog.dev.plain_traceback,
    )

    def render(logger: WrappedLogger, name: str, event: EventDict) -> str:
        texts = {key: printable(value) for key, value in event.items() if isinstance(value, str)}
        return write(logger, name, {**event, **texts})

    return render
