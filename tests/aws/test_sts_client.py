"""One client of STS for all who assume roles: made once, closed when idle, and calm."""

import asyncio
from typing import Any

import anyio
import botocore.exceptions as sdk
import pytest

from batcher.aws.sts_client import AT_ONCE, RATE, THROTTLES_AT_MOST, StsClient, StsPace
from batcher.testing import LoopClock, in_virtual_time


class Scripted:
    """A client as the SDK makes one; answers after a second, and counts what happens to it."""

    def __init__(self, *refusals: str) -> None:
        self.made = self.opened = self.under_way = self.most = 0
        self.asked: list[float] = []
        self._refusals = list(refusals)

    def create(self) -> "Scripted":
        self.made += 1
        return self

    @property
    def meta(self) -> Any:
        class Meta:
            class service_model:  # as the SDK has it
                service_name = "sts"

            class events:  # as above
                @staticmethod
                def register(*_: Any, **__: Any) -> None: ...

        return Meta

    async def __aenter__(self) -> "Scripted":
        self.opened += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        self.opened -= 1

    async def assume_role(self, **members: Any) -> dict[str, Any]:
        assert self.opened == 1
        self.asked.append(asyncio.get_running_loop().time())
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await anyio.sleep(1)
        finally:
            self.under_way -= 1
        if self._refusals:
            raise sdk.ClientError({"Error": {"Code": self._refusals.pop(0)}}, "AssumeRole")
        return members


def test_a_thousand_roles_are_assumed_by_one_client_at_a_bounded_pace() -> None:
    scripted = Scripted()

    async def ask(client: StsClient, name: str) -> None:
        assert await client.assume_role(RoleArn=name) == {"RoleArn": name}

    async def work() -> None:
        client = StsClient(scripted.create, StsPace(LoopClock()))
        for _ in range(2):  # it is opened again
            async with anyio.create_task_group() as tasks:
                for n in range(500):
                    tasks.start_soon(ask, client, f"r{n}")
            assert scripted.opened == 0

    in_virtual_time(work())
    assert (scripted.made, len(scripted.asked), scripted.most) == (1, 1000, AT_ONCE)
    for start in scripted.asked:
        within = sum(start <= at < start + 1 for at in scripted.asked)
        assert within <= RATE + 1


async def ask(client: StsClient, done: list[float]) -> None:
    """Assume a role, and note when it was."""
    await client.assume_role()
    done.append(asyncio.get_running_loop().time())


def test_a_throttle_holds_all_back_and_is_tried_again() -> None:
    scripted = Scripted("Throttling")
    done: list[float] = []

    async def work() -> None:
        client = StsClient(scripted.create, StsPace(LoopClock()))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, client, done)
            await anyio.sleep(1.1)  # it was throttled by now
            tasks.start_soon(ask, client, done)

    in_virtual_time(work())
    assert len(done) == 2
    assert scripted.asked[1] > 1.3


class Bucket(Scripted):
    """Lets two through a second, and five at once, whoever asks."""

    def __init__(self) -> None:
        super().__init__()
        self.throttled, self._tokens, self._at = 0, 5.0, 0.0

    async def assume_role(self, **members: Any) -> dict[str, Any]:
        await anyio.sleep(0.05)
        now = asyncio.get_running_loop().time()
        self._tokens, self._at = min(5.0, self._tokens + 2 * (now - self._at)), now
        if self._tokens < 1:
            self.throttled += 1
            raise sdk.ClientError({"Error": {"Code": "Throttling"}}, "AssumeRole")
        self._tokens -= 1
        return members


def test_where_sts_has_little_room_all_get_through_and_few_are_throttled() -> None:
    bucket, done = Bucket(), list[float]()

    async def work() -> None:
        client = StsClient(bucket.create, StsPace(LoopClock()))
        async with anyio.create_task_group() as tasks:
            for _ in range(500):
                tasks.start_soon(ask, client, done)

    in_virtual_time(work())
    assert len(done) == 500
    assert bucket.throttled < 50
    assert done[-1] < 2 * 500 / 2, "seconds: half of what it lets through is used at least"


def test_a_client_that_comes_after_another_keeps_to_the_pace_that_was_found() -> None:
    bucket = Bucket()

    async def work() -> None:
        pace = StsPace(LoopClock())
        async with anyio.create_task_group() as tasks:
            for _ in range(20):  # clients: a session is read anew again and again
                client = StsClient(bucket.create, pace)
                for _ in range(10):
                    tasks.start_soon(client.assume_role)
                await anyio.sleep(5)

    in_virtual_time(work())
    assert bucket.throttled < 20


@pytest.mark.parametrize(
    ("code", "calls"), [("AccessDenied", 1), ("Throttling", THROTTLES_AT_MOST + 1)]
)
def test_what_stays_refused_is_raised(code: str, calls: int) -> None:
    scripted = Scripted(*[code] * calls)

    async def work() -> None:
        with pytest.raises(sdk.ClientError, match=code):
            await StsClient(scripted.create, StsPace(LoopClock())).assume_role()

    in_virtual_time(work())
    assert (len(scripted.asked), scripted.opened) == (calls, 0)
