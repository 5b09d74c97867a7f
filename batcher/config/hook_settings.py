"""Hooks as settings have them: whom to tell of which events of a run."""

import shlex
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from batcher.errors import SettingsError
from batcher.foreign_text import LEFT_OUT, printable

HookEvent: TypeAlias = Literal[
    "checked", "planned", "started", "wave_ended", "first_failure", "breaker_opened", "ended"
]
HOOK_EVENTS: tuple[HookEvent, ...] = get_args(HookEvent)
_EVENTS = ", ".join(HOOK_EVENTS)
BEFORE_EVENTS: tuple[HookEvent, ...] = ("checked", "planned", "started")
"""Events after which nothing has been sent yet."""


class HookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One hook: a ``command``, or a webhook's ``url``, and the events that it is told of.

    ``before``: nothing is sent unless it succeeds; ``timeout``: seconds for each call.
    """

    on: Annotated[list[HookEvent], Meta(min_length=1)]
    command: str | None = None
    url: Annotated[str, Meta(pattern=r"^https?://[^@\s/?#]+([/?#]\S*)?\Z")] | None = None
    before: bool = False
    timeout: Annotated[float, Meta(gt=0, le=3600)] = 10.0

    def __post_init__(self) -> None:
        if (self.command is None) == (self.url is None):
            raise ValueError("Give either command or url")
        if self.before and (late := [each for each in self.on if each not in BEFORE_EVENTS]):
            raise ValueError(
                f"before is for {', '.join(BEFORE_EVENTS)}; at {late[0]} it has begun already"
            )
        if self.url is None and not self.arguments:
            raise ValueError("The command is empty")

    @property
    def arguments(self) -> list[str]:
        """The words of the command, as a shell would split them. Raises ValueError."""
        try:
            return shlex.split(self.command or "")
        except ValueError as error:
            raise ValueError("The command has a quote without its end") from error

    @property
    def name(self) -> str:
        """What it is called where others read it: arguments, path and query may be secret."""
        if self.url is None:
            first, *more = self.arguments
            return printable(Path(first).name or first) + (f" {LEFT_OUT}" if more else "")
        parts = urlsplit(self.url)
        return printable(f"{parts.scheme}://{parts.netloc}/{LEFT_OUT}")

    def as_json(self) -> dict[str, Any]:
        """What ``run.json`` keeps of it."""
        return {"on": self.on, "to": self.name, "before": self.before}


def read_hooks(origin: str, tables: Any) -> tuple[HookSettings, ...]:
    """The hooks of such tables. ``origin``: where they were given. Raises SettingsError."""
    if not isinstance(tables, list):
        raise SettingsError(
            f"{origin}: has to be tables: [[hooks]], each with on, and command or url."
        )
    hooks = []
    for number, table in enumerate(tables, 1):
        try:
            hooks.append(msgspec.convert(table, HookSettings))
        except msgspec.ValidationError as error:
            known = f"Members: {', '.join(HookSettings.__struct_fields__)}; events of on: {_EVENTS}"
            url = "url has to be http[s]://HOST/…, without user and password"
            said = url if "regex" in str(error) else error
            raise SettingsError(f"{origin}[{number}]: {said}. {known}.") from error
    return tuple(hooks)


def parse_hook(text: str) -> dict[str, Any]:
    """The table that ``EVENT=COMMAND`` or ``EVENT=URL`` stands for; several events by commas.

    Raises SettingsError.
    """
    events, _, call = text.partition("=")
    if not call.strip():
        raise SettingsError(
            "--hook: has to be EVENT=COMMAND or EVENT=URL, such as ended=./tell.sh; events:"
            f" {_EVENTS}."
        )
    is_url = call.strip().lower().startswith(("http://", "https://"))
    on = [event.strip() for event in events.split(",")]
    return {"on": on, "url" if is_url else "command": call.strip()}
