"""Which actions AWS refuses, and in which domains: policies of IAM allow them one by one.

No I/O and no clock. A refusal says something about an update only where the action is allowed
elsewhere in the target; where it never was, the role may lack the permission.
"""

from collections import Counter

from msgspec import Struct

from batcher.accounting.verdicts import ACCEPTED, DENIED, THROTTLED, Verdict

# that many refusals of an action in one domain, or in as many domains, and not one success: the
# role lacks it
DENIED_IN_A_ROW = 20


class Action(Struct, frozen=True, gc=False):
    """An operation on the triggers of a domain; ``domain`` is empty where it is of none."""

    operation: str
    domain: str

    def __str__(self) -> str:
        where = f" in domain {self.domain}" if self.domain else ""
        return f"profile:{self.operation}{where}"


class Denials:
    """Refusals in a row, by action, and what was ever allowed."""

    def __init__(self) -> None:
        self._in_a_row: dict[Action, int] = {}
        self._allowed: set[str] = set()

    def count(self, action: Action, verdict: Verdict) -> None:
        """Take note of one attempt; a throttle says nothing."""
        if verdict is DENIED:
            self._in_a_row[action] = self._in_a_row.get(action, 0) + 1
        elif verdict is not THROTTLED:
            self._in_a_row.pop(action, None)
        if verdict is ACCEPTED:
            self._allowed.add(action.operation)

    def refused(self, domain: str | None = None, at_least: int = 1) -> Action | None:
        """An action that was refused so often in a row, and never allowed in any domain.

        ``domain``: only there, or where it is of none; None: anywhere.
        """
        for action, times in self._in_a_row.items():
            here = domain is None or action.domain in ("", domain)
            if here and times >= at_least and action.operation not in self._allowed:
                return action
        return None

    def why_hopeless(self) -> str | None:
        """In words, which action is refused each time; None: none is."""
        if not self._in_a_row:
            return None
        if (action := self.refused(at_least=DENIED_IN_A_ROW)) is not None:
            return _said(self._in_a_row[action], str(action))
        domains = Counter(action.operation for action in self._in_a_row)
        for operation, count in domains.items():
            if count >= DENIED_IN_A_ROW and operation not in self._allowed:
                return _said(count, f"profile:{operation} in {count} domains")
        return None


def _said(times: int, what: str) -> str:
    return f"every call was refused: {times} in a row AccessDenied, none accepted ({what})"
