"""Each setting as a flag, a variable and a keyword, read off the record of settings."""

from types import NoneType
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Struct

from batcher.config.settings import Settings
from batcher.config.value_kinds import EntryPoint

ENVIRONMENT_PREFIX = "BATCHER_"
TABLES = ("targets", "hooks")  # settings that only a file has
NO_SETTINGS = (
    "BATCHER_CONFIG",
    "BATCHER_QUEUE",
    "BATCHER_PAGER",
)  # variables of flags that are no settings
OTHER_NAMES = {"merge": ("whole", "always"), "no_progress": ("progress", "none")}
"""Flags that stand for a setting and its value, by name."""
SECRET = frozenset({"http_token"})
"""Settings whose value is shown nowhere."""
OF_PLACE = frozenset(
    {
        "target",
        "region",
        "account",
        "profile",
        "role_arn",
        "external_id",
        "role_session_name",
        "endpoint_url",
    }
)
"""The settings that say where requests go, and as whom; none of them is secret."""
OF_READING = OF_PLACE | {
    "organization",
    "read_rate",
    "concurrency",
    "remember",
    "limiter",
    "connect_timeout",
    "read_timeout",
    "transport",
    "max_attempts",
    "share",
    "throttle_limit",
    "outage_limit",
}
"""Those that count for a look at live triggers: where, as whom, and at which pace."""
OF_LINT = frozenset({"lint", "lint_select", "lint_ignore"})
"""Those of what lint looks for, where a new file is looked at."""
RUN_DIR, WAVE = "BATCHER_RUN_DIR", "BATCHER_WAVE"  # what a check is told, and what it starts


class Option(Struct, frozen=True, kw_only=True):
    """What the command line and the reference say about one setting.

    ``metavar`` stands for its value in a help text; ``entry_points`` are those that know it;
    ``is_list``: its flag may be repeated, and each time counts.
    """

    name: str
    help: str
    default: Any
    metavar: str
    is_flag: bool
    is_list: bool
    entry_points: tuple[EntryPoint, ...]

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return ENVIRONMENT_PREFIX + self.name.upper()


def options() -> list[Option]:
    """The settings that can be given as a flag or a variable, in the order of the record.

    Each with its other name, where it has one, behind it.
    """
    hints = get_type_hints(Settings, include_extras=True)
    fields = msgspec.structs.fields(Settings)
    found = [
        _option(field.name, field.default, hints[field.name])
        for field in fields
        if field.name not in TABLES
    ]
    return [each for option in found for each in (option, *_other_names(option))]


def variables() -> frozenset[str]:
    """The names of all variables that mean something."""
    return frozenset({*NO_SETTINGS, RUN_DIR, WAVE, *(option.variable for option in options())})


def _option(name: str, default: Any, hint: Any) -> Option:
    kind = hint.__origin__
    note = next(meta for meta in hint.__metadata__ if meta.description)
    is_flag = kind in (bool, bool | None)
    return Option(
        name=name,
        help=note.description,
        default=default,
        metavar=note.extra["metavar"] or ("true|false" if is_flag else _metavar(kind)),
        is_flag=is_flag,
        is_list=note.extra["is_list"],
        entry_points=note.extra["entry_points"],
    )


def _other_names(option: Option) -> list[Option]:
    return [
        msgspec.structs.replace(
            option,
            name=name,
            help=f"The same as {option.flag} {value}.",
            default=False,
            metavar="true|false",
            is_flag=True,
        )
        for name, (setting, value) in OTHER_NAMES.items()
        if setting == option.name
    ]


def _metavar(kind: Any) -> str:
    choices = get_args(kind)
    if NoneType in choices:  # what may be left out
        return _metavar(next(each for each in choices if each is not NoneType))
    if choices and all(isinstance(choice, str) for choice in choices):
        return "|".join(choices)
    return {int: "N", float: "SECONDS"}.get(kind, "TEXT")
