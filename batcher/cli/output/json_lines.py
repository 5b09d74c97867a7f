"""Standard error as JSON lines, for programs: ``--progress json``.

Whatever a command says for people is one object there, as is its progress: a line each, in UTF-8,
with nothing in between that is none.
"""

import io
import sys
from typing import Any, TextIO

import msgspec

from batcher.foreign_text import printable

_encode = msgspec.json.Encoder(enc_hook=str).encode


class JsonLines(io.TextIOBase):
    """Standard error that makes an object of each line that is written to it.

    No terminal, so that nothing is coloured, drawn or wrapped.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = ""  # a line without its end

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override] # read by click and structlog
        return "utf-8"

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._tell(line)
        if lines:
            self._stream.flush()
        return len(text)

    def flush(self) -> None:
        """Tell also what has no end yet: a question, whose answer follows it."""
        begun, self._begun = self._begun, ""
        self._tell(begun)
        self._stream.flush()

    def put(self, kind: str, members: dict[str, Any]) -> None:
        """Write an object of its own."""
        self._stream.write(json_line(kind, members))
        self._stream.flush()

    def as_message(self, line: str) -> str:
        """What stands for a line for people; nothing for an empty one."""
        return json_line("message", {"text": line.rstrip()}) if line.strip() else ""

    def _tell(self, line: str) -> None:
        self._stream.write(self.as_message(line))


def json_line(kind: str, members: dict[str, Any]) -> str:
    """One JSON object in a line, with its end; any text is ASCII or printable in it."""
    try:
        line = _encode({"type": kind, **members}).decode()
    except UnicodeEncodeError:  # a name of a file may be no Unicode
        line = _encode({"type": kind, **_unicode(members)}).decode()
    return printable(line) + "\n"


def _unicode(members: dict[str, Any]) -> dict[str, Any]:
    return {k: printable(each) if isinstance(each, str) else each for k, each in members.items()}


def machine_stream() -> JsonLines | None:
    """Standard error where it is JSON lines."""
    return sys.stderr if isinstance(sys.stderr, JsonLines) else None


def speak_json() -> None:
    """From now on have standard error be JSON lines."""
    if machine_stream() is None:
        sys.stderr = JsonLines(sys.stderr)
