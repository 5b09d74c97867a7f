"""How long a call takes: drawn evenly between two bounds, in seconds."""

import math
from random import Random


class Latency:
    """Bounds that can change in mid-run. ValueError unless 0 <= low <= high."""

    def __init__(self, low: float, high: float, random: Random) -> None:
        self._random = random
        self.change(low, high)

    def change(self, low: float, high: float) -> None:
        if not (0 <= low <= high and math.isfinite(high)):
            raise ValueError(
                f"latency is {low} to {high} s: it must be two numbers, 0 or above, the lower one"
                " first"
            )
        self._low, self._high = low, high

    def draw(self) -> float:
        return self._low if self._low == self._high else self._random.uniform(self._low, self._high)
