"""OpenTelemetry's own variables: the SDK passes over most that can't be so, and sends without."""

import logging
import math
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from batcher.errors import SettingsError
from batcher.foreign_text import printable

_SECONDS = re.compile(r"OTEL_EXPORTER_OTLP_((TRACES|METRICS)_)?TIMEOUT|OTEL_METRIC_EXPORT_\w+")
_FILE = re.compile(r"OTEL_EXPORTER_OTLP_((TRACES|METRICS)_)?(CLIENT_)?(CERTIFICATE|KEY)")
_AT_MOST = 1e9  # what a socket still takes
_OF_HEADERS = "opentelemetry.util.re"  # what it says quotes them, and they may hold credentials
_BUT_GOES_ON = re.compile(r"[.,] (using|defaulting|falling|skipping)\b.*", re.IGNORECASE)
_OF_NO_VARIABLE = ("Detector ", "Exception ", "Failed to detect", "Failed to merge")


@contextmanager
def checked_variables() -> Iterator[None]:
    """Import and open the SDK in the body. Raises SettingsError for a variable that can't be so."""
    logger, heard = logging.getLogger("opentelemetry"), _Heard()
    logger.addHandler(heard)
    try:
        _check()
        yield
    except (ValueError, RuntimeError, OSError, StopIteration) as error:
        raise _refusal(str(error) or "no such provider or context") from error
    finally:
        logger.removeHandler(heard)
    if heard.said:
        raise _refusal(heard.said[0])


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self._here = threading.get_ident()  # other threads tell of what they send

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != self._here:
            return
        if record.name == _OF_HEADERS:
            self.said.append("a header is not name=value, percent-encoded (..._HEADERS)")
        elif not str(record.msg).startswith(_OF_NO_VARIABLE):
            self.said.append(record.getMessage())


def _check() -> None:
    """What the SDK itself takes, and fails at with each sending."""
    for name, value in os.environ.items():
        if value and _SECONDS.fullmatch(name) and not _is_time(value):
            raise ValueError(f"{name} is no time: {value}")
        if value and _FILE.fullmatch(name) and not os.access(value, os.R_OK):
            raise ValueError(f"{name} can't be read: {value}")


def _is_time(value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return math.isfinite(number) and 0 < number < _AT_MOST


def _refusal(said: str) -> SettingsError:
    words = _BUT_GOES_ON.sub("", " ".join(printable(said).split())).rstrip(".")
    return SettingsError(f"--otlp: {words}. Correct the variables that begin with OTEL_.")
