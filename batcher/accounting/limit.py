"""How many there may be of something: what ``--max-failures`` and ``--max-changes`` take."""

from batcher.text_value import TextValue


class Limit(TextValue):
    """``N``, or ``P%`` of all."""

    PATTERN = r"[0-9]{1,12}|[0-9]{1,12}(\.[0-9]{1,9})?%"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        number, percent, _ = text.partition("%")
        self.is_percentage = bool(percent)
        self._number = float(number)

    def exceeded_by(self, count: int, total: int) -> bool:
        """Whether ``count`` of ``total`` is more than that."""
        return 100 * count > self._number * total if self.is_percentage else count > self._number
