"""How many updates each wave of a run changes: what ``--waves`` takes. Arithmetic only."""

import re
from decimal import Decimal
from math import ceil

from batcher.errors import SettingsError
from batcher.text_value import TextValue

REST = "rest"


class WaveSizes(TextValue):
    """``N`` or ``P%`` for each wave, in their order, and ``rest``, which is implied at the end.

    Blanks around them count for nothing.
    """

    _SIZE = r"([1-9][0-9]{0,11}|[0-9]{1,3}(\.[0-9]{1,9})?%)"
    PATTERN = rf"({_SIZE},){{0,999}}({_SIZE}|{REST})"

    def __init__(self, text: str) -> None:
        """Raises SettingsError for percentages of 0, and for such that are over 100 together."""
        if isinstance(text, str):
            text = re.sub(r" *([,%]) *", r"\1", text.strip())
        super().__init__(text)
        self._sizes = [each for each in text.split(",") if each != REST]
        shares = [Decimal(each[:-1]) for each in self._sizes if each.endswith("%")]
        if 0 in shares:
            raise SettingsError(f"waves: {text}: a wave of 0% changes nothing. Leave it out.")
        if sum(shares) > 100:
            raise SettingsError(
                f"waves: {text}: these are {sum(shares)}% of the updates. Give sizes of at most"
                " 100% together: each is of its own wave, not of all up to it."
            )

    @classmethod
    def canary(cls, count: int) -> "WaveSizes":
        """The waves that ``--canary N`` is short for."""
        return cls(f"{count},{REST}")

    def limits(self, total: int) -> list[int]:
        """How many updates have changed something at the end of each wave, at most.

        Of so many updates in all; the last is ``total``, and a wave that has nothing left is none.
        """
        limits, so_far = list[int](), 0
        for size in self._sizes:
            share, percent, _ = size.partition("%")
            so_far += ceil(Decimal(share) * total / 100) if percent else int(share)
            if so_far >= total:
                break
            limits.append(so_far)
        return [*limits, total]
