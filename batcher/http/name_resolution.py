"""Addresses of a host: one question at a time for each, however many ask."""

import asyncio
import socket
from functools import partial
from typing import Any, TypeAlias

Address: TypeAlias = tuple[Any, Any, int, str, Any]
"""What ``socket.getaddrinfo`` gives: family, kind, protocol, name, address."""


class NameResolution:
    """Asks the system, in a thread; those who ask while it does share its answer."""

    def __init__(self) -> None:
        self._questions: dict[tuple[str, int], asyncio.Future[list[Address] | OSError]] = {}

    async def addresses(self, host: str, port: int) -> list[Address]:
        """The addresses, best first. OSError or UnicodeError where there are none."""
        try:
            return _addresses(host, port, flags=socket.AI_NUMERICHOST)  # it is one: no thread
        except socket.gaierror:
            pass
        # one of those who ask may be cancelled; the others still want to know
        answer = await asyncio.shield(self._question(host, port))
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _question(self, host: str, port: int) -> "asyncio.Future[list[Address] | OSError]":
        place = host, port
        if (question := self._questions.get(place)) is None:
            loop = asyncio.get_running_loop()
            question = loop.run_in_executor(None, partial(_answer, host, port))
            self._questions[place] = question
            question.add_done_callback(lambda _: self._questions.pop(place))
        return question


def _addresses(host: str, port: int, *, flags: int = 0) -> list[Address]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)


def _answer(host: str, port: int) -> list[Address] | OSError:
    """The addresses, or why there are none: by value, as nobody may be left who wants to know."""
    try:
        return _addresses(host, port)
    except OSError as error:
        return error
