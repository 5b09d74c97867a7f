"""The kinds of values that settings have, each checked where it is read; ``about`` tells of one."""

import shlex
from collections.abc import Iterable
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta

from batcher.errors import SettingsError
from batcher.text_value import TextValue
from batcher.updates.target_names import TargetNames

EntryPoint: TypeAlias = Literal["run", "worker", "library"]
COMMANDS: tuple[EntryPoint, ...] = ("run", "worker")

DEFAULT_LEASE = 60  # seconds
MOST = 1e6  # requests per second: no limit at all, but finite
Concurrency = Literal["auto"] | Annotated[int, Meta(ge=1, le=4096)]
Rate = Literal["auto"] | Annotated[float, Meta(gt=0, le=MOST)]
Endpoint = Annotated[str, Meta(pattern=r"^https?://[^@\s]+\Z")]
Collector = Annotated[str, Meta(pattern=r"^https?://[^@?#\s]+\Z")]
Positive = Annotated[int, Meta(ge=1, le=10**12)]
Duration = Annotated[float, Meta(ge=0, le=MOST)]
S3Url = Annotated[str, Meta(pattern=r"^s3://[a-z0-9.-]+(/.*)?\Z")]
Limiter = Annotated[str, Meta(pattern=r"^(local|rediss?://[^\s/?#]\S*)\Z")]
ProgressForm = Literal["auto", "bar", "plain", "json", "none"]
Transport = Literal["lean", "sdk"]
LogLevel = Literal["debug", "info", "warning", "error"]


class Share(TextValue):
    """``P%``, more than 0 and at most 100: a part of a quota."""

    WANTED = "a part in percent, over 0% and up to 100%"
    PATTERN = r"(100|[1-9][0-9]?(\.[0-9]{1,9})?|0\.[0-9]{0,8}[1-9][0-9]{0,8})%"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.fraction = float(text.partition("%")[0]) / 100


class Token(TextValue):
    """A secret that whoever asks from elsewhere has to know: printable, without blanks."""

    PATTERN = r"[!-~]{16,256}"

    def __repr__(self) -> str:
        return "Token(…)"


class TimeZone(TextValue):
    """A name of the IANA time zone database, such as ``Europe/Berlin``."""

    PATTERN = r"[A-Za-z0-9_+/-]{1,100}"

    def __init__(self, text: str) -> None:
        """Raises SettingsError where this host does not know it."""
        super().__init__(text)
        try:
            self.zone = ZoneInfo(text)
        except (OSError, ValueError, ZoneInfoNotFoundError) as error:
            raise SettingsError(
                f"--timezone: {text} is none that this host knows. Give one such as Europe/Berlin;"
                " where those are missing, install the system's or Python's tzdata."
            ) from error


class LintCodes(TextValue):
    """``CODE,…``: codes of lint, beginnings of codes, or names; which there are is not known here.

    ``codes``: each of them.
    """

    PATTERN = r"[A-Za-z][A-Za-z0-9-]{0,63}( *, *[A-Za-z][A-Za-z0-9-]{0,63}){0,999}"

    def __init__(self, given: str | Iterable[str]) -> None:
        """Raises ValueError for what can be none."""
        super().__init__(given if isinstance(given, str) else ",".join(given))
        self.codes = tuple(each.strip() for each in str(self).split(","))


class TargetList(TextValue):
    """``NAME,…``: targets by name, by account, or by a glob of names; there is no comma in one."""

    PATTERN = r"[^,]+(,[^,]+)*"

    def __init__(self, given: str | Iterable[str]) -> None:
        """Raises ValueError for what can be none."""
        super().__init__(given if isinstance(given, str) else ",".join(given))
        self._parts = [each.strip() for each in str(self).split(",")]

    def found_in(self, targets: TargetNames) -> dict[str, frozenset[str]]:
        """The targets that each part of it means, which may be none."""
        return {each: targets.matching(each) for each in self._parts}


class CommandLine(TextValue):
    """A command with its arguments, quoted as for a shell; none is started."""

    PATTERN = r"\S(.*\S)?"

    def __init__(self, text: str) -> None:
        """Raises ValueError for a quotation without an end, and for a command without a name."""
        super().__init__(text)
        self.arguments = tuple(shlex.split(text))
        if not self.arguments[0]:
            raise ValueError("the command has no name")

    @property
    def shown(self) -> str:
        """The command without its arguments: one of them may be a secret."""
        return self.arguments[0] + (" …" if len(self.arguments) > 1 else "")


def about(
    help: str, *entry_points: EntryPoint, metavar: str | None = None, is_list: bool = False
) -> Meta:
    """What a setting is; ``entry_points``: those that know it, by default all.

    ``is_list``: it has entries separated by commas, and its flag may be repeated.
    """
    known_to = entry_points or (*COMMANDS, "library")
    extra = {"metavar": metavar, "entry_points": known_to, "is_list": is_list}
    return Meta(description=help, extra=extra)
