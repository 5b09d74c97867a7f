"""A receive that is cancelled is finished, and gives back what it brings, the newest first."""

import anyio
import pytest

from batcher.errors import QueueError
from batcher.queues.cancellation import release_if_cancelled
from batcher.records import Message
from batcher.testing import in_virtual_time

MESSAGES = [Message(id=str(number), body=b"", handle="h") for number in range(3)]


class Receiver:
    """Brings MESSAGES after a second; ``released`` are those that it got back."""

    def __init__(self, error: Exception | None = None) -> None:
        self.released: list[str] = []
        self._error = error

    async def receive(self) -> list[Message]:
        await anyio.sleep(1)
        if self._error is not None:
            raise self._error
        return MESSAGES

    async def release(self, message: Message) -> None:
        await anyio.sleep(1)
        self.released.append(message.id)

    async def run(self, within: float = 10.0) -> list[Message]:
        return await release_if_cancelled(self.receive, self.release, within=within)


def test_what_comes_is_returned_and_nothing_is_given_back() -> None:
    receiver = Receiver()
    assert in_virtual_time(receiver.run()) == MESSAGES
    assert receiver.released == []


def test_an_error_of_the_queue_comes_through_bare() -> None:
    with pytest.raises(QueueError, match="away"):
        in_virtual_time(Receiver(QueueError("away")).run())


@pytest.mark.parametrize(
    ("within", "released", "took"), [(10.0, ["2", "1", "0"], 4.0), (1.5, ["2"], 2.5)]
)
def test_cancelled_it_is_finished_and_releases_for_so_long(
    within: float, released: list[str], took: float
) -> None:
    async def work() -> None:
        receiver = Receiver()
        with anyio.move_on_after(0.5) as scope:
            await receiver.run(within)
        assert scope.cancelled_caught
        assert receiver.released == released
        assert anyio.current_time() == pytest.approx(took)

    in_virtual_time(work())
