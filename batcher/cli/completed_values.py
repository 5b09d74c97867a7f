"""What the shell completes of values, read off what stands for each in ``--help``."""

import re
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

PLACES = {"BASE", "FILE", "PATH", "TRIGGER", "EVENT", "RUN"}


def complete_values(command: click.Command) -> None:
    """Have the text values of a command completed; what click knows how to stays."""
    for parameter in command.params:
        if parameter.type is click.STRING and parameter.metavar:
            parameter.type = _CompletedText(parameter.metavar)


class _CompletedText(click.ParamType[str]):
    """A text as ``metavar`` shows it: ``FILE|live`` is a file or that word, N|auto a word."""

    name = "text"

    def __init__(self, metavar: str) -> None:
        self._kinds = metavar.strip("[]").split("|")

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        if "DIR" in self._kinds:
            return [CompletionItem(incomplete, type="dir")]
        words = [kind for kind in _words(self._kinds) if kind.startswith(incomplete)]
        is_place = not PLACES.isdisjoint(self._kinds)
        if is_place and not (incomplete and words):
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(word) for word in words]


def _words(kinds: Sequence[str]) -> list[str]:
    return [kind for kind in kinds if re.fullmatch("[a-z]+", kind)]
