"""How many there may be of something: what ``--max-failures`` and ``--max-changes`` take."""

import re
from decimal import Decimal
from math import inf
from typing import Self

from batcher.text_value import TextValue

_EARLIER_PERCENTAGE = re.compile(r"0*([0-9]+(?:\.[0-9]{1,9})?)%")  # of books of before


class Limit(TextValue):
    """``N``, or ``P%`` of all."""

    WANTED = "a whole number from 0, or a part such as 5% (100% at most)"
    PATTERN = r"[0-9]{1,12}|(?:100(?:\.0{1,9})?|[0-9]{1,2}(?:\.[0-9]{1,9})?)%"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        number, percent, _ = text.partition("%")
        self.is_percentage = bool(percent)
        self._number = self._parsed(number)

    @classmethod
    def from_books(cls, text: str) -> Self:
        """A limit that was written down: nothing exceeds a percentage over 100, as nothing did."""
        if found := isinstance(text, str) and _EARLIER_PERCENTAGE.fullmatch(text):
            return cls("100%" if Decimal(found[1]) > 100 else f"{found[1]}%")
        return cls(text)

    def exceeded_by(self, count: int, total: int) -> bool:
        """Whether ``count`` of ``total`` is more than that."""
        return 100 * count > self._number * total if self.is_percentage else count > self._number

    def _parsed(self, number: str) -> float:
        return float(number)


class FailureLimit(Limit):
    """``N``, ``P%`` of all, or ``none``, which is what None means, too."""

    NONE = "none"
    WANTED = f"{Limit.WANTED}, or {NONE}"
    PATTERN = f"{NONE}|{Limit.PATTERN}"

    def __init__(self, text: str | None) -> None:
        super().__init__(self.NONE if text is None else text)

    def _parsed(self, number: str) -> float:
        return inf if number == self.NONE else super()._parsed(number)
