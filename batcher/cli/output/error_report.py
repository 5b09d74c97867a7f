"""What a command says of the error that ends it: the words, a stable code, what to do next.

Imported when something has gone wrong, and not before: what it needs takes half as long as --help.
"""

import errno
import re
import traceback
from pathlib import Path
from typing import NamedTuple

import click

from batcher import error_codes
from batcher.errors import BatcherError, YourError, is_out_of_threads
from batcher.storage.file_system import OF_THE_HOST

DEFECT = 70  # exit code, EX_SOFTWARE
REFUSED = 5
INTERRUPTED = 4
CALLS_SHOWN = 6  # of a defect, the innermost ones
AGAIN = "Give the same command again: what was done is on disk, and a run goes on with the rest."

# with which a sentence, or a part of one, begins that says what to do
IMPERATIVES = (
    "act", "add", "ask", "begin", "change", "check", "choose", "correct", "delete", "export",
    "give", "increase", "install", "leave", "look", "lower", "make", "mend", "move", "put",
    "raise", "remove", "rename", "renew", "repair", "replace", "report", "restore", "run", "save",
    "see", "send", "set", "split", "start", "stop", "take", "try", "unset", "use", "wait", "write",
)  # fmt: skip
_NEXT = re.compile(
    rf"(?:^|[.;:,] (?:or |and |then |else |once [^.,;:]*, )?)(?=(?:{'|'.join(IMPERATIVES)}) )",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.;] (?=[A-Z`])")


class ErrorReport(NamedTuple):
    """One error: its text, which ends with what to do (``next``), its code and the exit code."""

    error: str
    code: str
    next: str
    exit_code: int

    def as_json(self) -> dict[str, str]:
        """The members that tell of it in the object of ``--json``."""
        return {"error": self.error, "code": self.code, "next": self.next}


def report_of(error: BaseException) -> ErrorReport:
    """What there is to say of an error; of a defect where it is, and nothing that it may hold."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, Exception) or isinstance(error, click.Abort):
        return ErrorReport("interrupted", error_codes.INTERRUPTED, AGAIN, INTERRUPTED)
    code = _code_of(error)
    match error:
        case BatcherError():
            text, advice = str(error), error.advice
        case click.ClickException():
            text, advice = error.format_message(), _help_of(error)
        case OSError():
            said = error.strerror or str(error)
            text = f"{error.filename}: {said}" if error.filename else said
            advice = _ADVICE.get(code, BatcherError.advice)
            if not error.filename and _is_nowhere():
                text = "the current directory: is gone, and names of files mean nothing there"
                advice = "Change to one that is there (cd), and give the same command again."
        case _ if code == error_codes.HOST_LIMIT:
            said = f" ({error})" if str(error) else ""
            text = f"this host, or a limit of it, allows no more memory or threads{said}"
            limits = "Raise the limit (ulimit -v, ulimit -u, a container's)"
            advice = f"{limits}, and {AGAIN[0].lower()}{AGAIN[1:]}"
        case _:
            text = f"a defect: {type(error).__name__} at {_places(error)}"
            advice = f"Report it with this line, and {AGAIN[0].lower()}{AGAIN[1:]}"
    text, step = with_next(text, advice)
    return ErrorReport(text, code, step, exit_code_of(error) or DEFECT)


def exit_code_of(error: BaseException) -> int | None:
    """2 for wrong usage or input, 5 for what AWS or this host refuses; None for a defect.

    An input that this host can't read at the moment is not wrong.
    """
    match error:
        case click.ClickException():
            return int(error.exit_code)
        case YourError():
            return REFUSED if _is_of_the_host(error) else 2
        case BatcherError() | OSError():
            return REFUSED
    return None


def with_next(text: str, advice: str) -> tuple[str, str]:
    """An error's text, ending with what to do, and that by itself; ``advice``: if it says none."""
    if (step := next_step(text)) is not None:
        return text, step
    separator = " " if text.endswith((".", ":", "!", "?")) else ". "
    return f"{text}{separator}{advice}", advice


def next_step(text: str) -> str | None:
    """What a text says to do: from the sentence on that first says it; None where none does."""
    found = _NEXT.search(text)
    if found is None:
        return None
    begins = [each.end() for each in _SENTENCE.finditer(text, 0, found.end() + 1)]
    begin = begins[-1] if begins else found.end()
    step = text[begin:]
    return step[0].upper() + step[1:]


_ADVICE = {
    error_codes.FILE_MISSING: "Check the name, and give the same command again.",
    error_codes.ACCESS_REFUSED: "Check its owner and its mode, and give the same command again.",
    error_codes.HOST_LIMIT: f"Make room, or raise the limit. {AGAIN}",
}


def _code_of(error: Exception) -> str:
    number = getattr(error, "errno", None)
    match error:
        case BatcherError():
            return error_codes.HOST_LIMIT if _is_of_the_host(error) else error.code
        case click.ClickException():
            return error_codes.USAGE
        case FileNotFoundError():
            return error_codes.FILE_MISSING
        case PermissionError():
            return error_codes.ACCESS_REFUSED
        case OSError():
            limit = number in OF_THE_HOST and number not in (errno.ENOSYS, errno.ENOTSUP)
            return error_codes.HOST_LIMIT if limit else error_codes.SYSTEM_ERROR
    if isinstance(error, MemoryError) or is_out_of_threads(error):
        return error_codes.HOST_LIMIT
    return error_codes.DEFECT


def _is_nowhere() -> bool:
    """Whether the directory that this process is in was removed."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _is_of_the_host(error: BatcherError) -> bool:
    """Whether an input or a setting can't be read here at the moment, and is not wrong."""
    cause = getattr(error.__cause__, "errno", None)
    return isinstance(error, YourError) and cause in OF_THE_HOST


def _help_of(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None) or click.get_current_context(silent=True)
    return f"See {context.command_path if context else 'batcher'} --help."


def _places(error: Exception) -> str:
    calls = traceback.extract_tb(error.__traceback__)[-CALLS_SHOWN:]
    return " < ".join(
        f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in reversed(calls)
    )
