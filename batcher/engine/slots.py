"""How many requests of one operation may be under way at once."""

from batcher.wake_up import WakeUp


class Slots:
    """So many places, of which ``free`` are; one at a time may wait for one."""

    __slots__ = ("_waiting", "free")

    def __init__(self, number: int) -> None:
        self.free = number
        self._waiting: WakeUp | None = None

    def __repr__(self) -> str:
        return f"<Slots: {self.free} free>"

    def take(self) -> None:
        """Take one that is known to be free."""
        self.free -= 1

    async def wait_for_one(self) -> None:
        """Take one, which ``give_back`` gives back."""
        while not self.free:
            self._waiting = WakeUp()
            await self._waiting
        self.take()

    def give_back(self) -> None:
        self.free += 1
        if self._waiting is not None:
            self._waiting.call()
            self._waiting = None
