"""What is told of a command's flag, told of the library's argument: ``rate=`` for ``--rate``.

The one place that knows this door from the others: every text that leaves by it goes through here.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from msgspec.structs import replace

from batcher.config import Option, options
from batcher.errors import BatcherError
from batcher.records import Result


def told_of_arguments(text: str) -> str:
    """A text with the library's arguments in place of the flags that they are to a command.

    ``--max-failures 5`` is ``max_failures=5``, and at the head of a message ``--rate:`` is
    ``rate:``, known or not. What else is no argument of the library stays as it is, and so does
    what is quoted.
    """
    if "--" not in text:
        return text
    return _flag().sub(_argument, _HEAD.sub(lambda found: found[1].replace("-", "_"), text))


def result_of_arguments(record: Result) -> Result:
    """A result whose message, where it has one, is told of arguments."""
    error = record.error
    if error is None or "--" not in error.message:
        return record
    return replace(record, error=replace(error, message=told_of_arguments(error.message)))


_HEAD = re.compile(r"\A--([\w-]+)(?=: |\.\S)")  # where a setting was given that can't be


@contextmanager
def errors_of_arguments() -> Iterator[None]:
    """Whatever error of ours is raised within these is told of arguments."""
    try:
        yield
    except BatcherError as error:
        error.args = tuple(
            told_of_arguments(each) if isinstance(each, str) else each for each in error.args
        )
        vars(error)["advice"] = told_of_arguments(error.advice)
        raise


@cache
def _arguments() -> Mapping[str, Option]:
    return {each.name: each for each in options() if "library" in each.entry_points}


@cache
def _flag() -> re.Pattern[str]:
    """A flag, and the blank before what can only be its value."""
    words = {word for each in _arguments().values() for word in each.metavar.split("|")}
    value = rf"[0-9]|[a-z0-9]+://|(?:{'|'.join(filter(str.islower, sorted(words)))})\b"
    return re.compile(rf"(?<![\w'\"-])--([a-z]+(?:-[a-z]+)*)( (?={value})|(?=:))?")


def _argument(found: re.Match[str]) -> str:
    option = _arguments().get(found[1].replace("-", "_"))
    if option is None:
        return found[0]
    match found[2]:
        case None:
            return f"{option.name}=True" if option.is_flag else f"{option.name}="
        case "":
            return option.name  # and a colon
        case _:
            return f"{option.name}="
