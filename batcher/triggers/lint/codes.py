"""All codes that lint has, and which of them are wanted."""

import difflib
import re
from collections.abc import Iterable

from batcher.errors import SettingsError
from batcher.foreign_text import printable
from batcher.triggers.lint import definition_rules, line_rules, live_rules
from batcher.triggers.lint.finding import LintCode

INVALID_LINE = LintCode(
    code="BT000",
    name="invalid-line",
    severity="error",
    title="A line breaks a rule of the service model",
    reason=(
        "It is no update: batcher validate, plan and run refuse it as well. Nothing else is looked"
        " for before that is mended. This code is for --format sarif and github, and is never"
        " ignored."
    ),
    instead="What the message says; batcher schema prints the rules.",
    example=({"DomainName": "acme", "EventTriggerName": "a", "SegmentFilters": "vip"},),
    mended=({"DomainName": "acme", "EventTriggerName": "a", "SegmentFilter": "vip"},),
)
LINT_CODES = {
    each.code: each
    for each in (
        INVALID_LINE,
        *definition_rules.CODES,
        *line_rules.CODES,
        *live_rules.CODES,
    )
}
"""By code, ascending."""

_WRITTEN = re.compile(r"BT[0-9]{0,3}")


class CodeSelection:
    """Which codes are wanted: those that begin as one of ``select``, but for those of ``ignore``.

    Of two beginnings that fit, the longer one counts, and of the same one ``ignore``.
    """

    def __init__(self, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> None:
        """Raises SettingsError for what no code begins with. No ``select``: all are wanted."""
        self._select = tuple(_known(each) for each in select) or ("",)
        self._ignore = tuple(_known(each) for each in ignore)
        self._wanted = frozenset(code for code in LINT_CODES if self._is_wanted(code))

    def __contains__(self, code: LintCode) -> bool:
        return code.code in self._wanted

    def _is_wanted(self, code: str) -> bool:
        return _fitting(code, self._select) > _fitting(code, self._ignore)


def find_code(given: str) -> LintCode | None:
    """The code that is called so, or so named; None where there is none."""
    folded = given.strip().upper()
    by_name = {each.name.upper(): each for each in LINT_CODES.values()}
    return LINT_CODES.get(folded) or by_name.get(folded)


def suggested_code(given: str) -> str:
    """`` Did you mean …?`` of the code or name that is most alike; empty where none is."""
    names = [*LINT_CODES, *(each.name for each in LINT_CODES.values())]
    folded = {each.lower(): each for each in names}
    near = difflib.get_close_matches(given.strip().lower()[:64], folded, n=1, cutoff=0.8)
    return f" Did you mean {folded[near[0]]}?" if near else ""


def _fitting(code: str, beginnings: tuple[str, ...]) -> int:
    return max((len(each) for each in beginnings if code.startswith(each)), default=-1)


def _known(given: str) -> str:
    """A code or a beginning of codes; a name is taken for its code. Raises SettingsError."""
    if (code := find_code(given)) is not None:
        return code.code
    beginning = given.strip().upper()
    if _WRITTEN.fullmatch(beginning) and any(each.startswith(beginning) for each in LINT_CODES):
        return beginning
    raise SettingsError(
        f"{printable(given)[:64]}: no code of lint, and no beginning of one."
        f"{suggested_code(given)} batcher explain lists them."
    )
