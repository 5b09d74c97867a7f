"""What may be shown of an error of the SDK: its own sentence, and of what it quotes what is safe.

AWS's answer, a proxy's page or a program that prints credentials may stand in it.
"""

import os
import socket
import ssl
from collections.abc import Mapping
from string import Formatter
from typing import Any

import botocore.exceptions as sdk

from batcher.accounting.verdicts import known_code
from batcher.errors import BatcherError
from batcher.foreign_text import LEFT_OUT, printable, shown_url
from batcher.updates.aws_messages import AwsMessages

_URLS = frozenset({"endpoint_url", "proxy_url", "url"})
# of this host's settings, or names of the SDK's own
_NAMES = frozenset(
    {
        "path",
        "provider",
        "profile",
        "profile_name",
        "region_name",
        "service_name",
        "env_var",
        "cred_var",
    }
)


class ShownText(str):
    """A text that may be shown, put into an error of the SDK by us."""

    __slots__ = ()


def error_text(error: BaseException, messages: AwsMessages | None = None) -> str:
    """What an error says, without a value that anybody else may have put into it.

    ``messages``: the phrases to keep of what AWS says.
    """
    messages = messages or AwsMessages()
    if isinstance(error, sdk.ClientError):
        code, message = code_and_message(error.response, messages)
        return f"{code}: {message}" if message else code
    if isinstance(error, sdk.BotoCoreError):
        values = _Values(error.kwargs, messages)
        return Formatter().vformat(type(error).fmt, (), values)
    if isinstance(error, BatcherError):
        return str(error)
    said = _reason(getattr(error, "certificate_error", error))  # aiohttp's own has one inside
    said = said or messages.keep(str(error)).partition("[withheld")[0].strip()
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _reason(error: BaseException) -> str | None:
    """What the operating system or OpenSSL have for an error, in their words."""
    if isinstance(error, ssl.SSLError):
        return getattr(error, "reason", None)  # only where OpenSSL raised it
    if isinstance(error, socket.gaierror):
        return error.strerror
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number and number > 0 else None


def code_and_message(response: Mapping[str, Any], messages: AwsMessages) -> tuple[str, str]:
    """Code and message of an answer that refuses, as far as they may be shown."""
    said = response.get("Error") or {}
    status = (response.get("ResponseMetadata") or {}).get("HTTPStatusCode")
    message = messages.keep(str(said.get("Message") or response.get("Message") or ""))
    return known_code(said.get("Code"), status), message


class _Values(dict[str, str]):
    """What botocore's sentences are filled with."""

    def __init__(self, given: Mapping[str, Any], messages: AwsMessages) -> None:
        super().__init__({name: _shown(name, value, messages) for name, value in given.items()})

    def __missing__(self, name: str) -> str:
        return LEFT_OUT


def _shown(name: str, value: object, messages: AwsMessages) -> str:
    if isinstance(value, BaseException):
        return error_text(value, messages)
    if isinstance(value, ShownText):
        return value
    if name in _URLS and "://" in str(value):
        return printable(shown_url(str(value)))
    return printable(str(value)) if name in _NAMES else messages.keep(str(value))
