"""Text that is given as a setting, at whichever door, and the variables that it may come from."""

import difflib
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from batcher.config.options import ENVIRONMENT_PREFIX
from batcher.errors import SettingsError
from batcher.foreign_text import printable

_REGION = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
# what Kubernetes puts into each container for a Service whose name begins with batcher
_OF_A_SERVICE = re.compile(
    r"BATCHER_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?"
    r"|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)"
)


def clean_text(origin: str, text: str) -> str:
    """A text without blanks and line ends around it. ``origin``: where it was given.

    Raises SettingsError where it is not UTF-8, or has a control character in it.
    """
    text = text.strip()
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SettingsError(f"{printable(origin)}: is not UTF-8. Give it as UTF-8.") from error
    if any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 for each in text):
        raise SettingsError(
            f"{printable(origin)}: holds a control character, such as a line end. Give it without."
        )
    return text


def refuse_no_region(origin: str, text: str) -> None:
    """Raise SettingsError for what can't be the name of a Region, whatever Regions there are.

    A server of one's own may call its Region ``local``: hyphens and a number are not asked for.
    """
    if not _REGION.fullmatch(text):
        raise SettingsError(
            f"{printable(origin)}: {printable(text)!r} is no name of a Region. Write it like"
            " eu-west-1: small letters, digits and hyphens."
        )


def refuse_no_port(origin: str, url: str) -> None:
    """Raise SettingsError for a URL whose port, or whose host in brackets, can't be one."""
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise SettingsError(
            f"{printable(origin)}: its host or port can't be one. Write it like"
            " https://localhost:9465: a port is a number from 0 to 65535."
        ) from error


def refuse_unknown(environ: Mapping[str, str], names: Iterable[str]) -> None:
    """Raise SettingsError for a variable ``BATCHER_…`` that means nothing and is not empty."""
    known = {each.removeprefix(ENVIRONMENT_PREFIX): each for each in names}
    for name in sorted(environ):
        own = name.removeprefix(ENVIRONMENT_PREFIX)
        if own == name or own in known or not environ[name].strip():
            continue
        if not _OF_A_SERVICE.fullmatch(name):
            near = difflib.get_close_matches(own, known, n=1)
            hint = (
                f"Did you mean {known[near[0]]}?"
                if near
                else "The reference lists those there are."
            )
            raise SettingsError(f"{printable(name)}: no such variable. {hint}")
