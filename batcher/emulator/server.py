"""The emulator as its users have it: an object that listens while it is entered."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from random import Random
from types import TracebackType

from aiohttp import web

from batcher.emulator.admin import Admin
from batcher.emulator.authenticator import Authenticator
from batcher.emulator.buckets import Quota, Quotas
from batcher.emulator.call_log import CallLog
from batcher.emulator.controls import Controls, make_quota
from batcher.emulator.faults import Faults, LatencyRange
from batcher.emulator.gateway import Gateway
from batcher.emulator.model import installed_model
from batcher.emulator.operations import Operations
from batcher.emulator.organizations import OPERATIONS as LISTINGS
from batcher.emulator.organizations import Organizations, read_organization
from batcher.emulator.service import Service
from batcher.emulator.state_file import StateFile
from batcher.emulator.store import Store
from batcher.emulator.sts import Sts
from batcher.emulator.write_rules import WriteRules

SEED_AT_MOST = 256 << 20  # bytes of a file of triggers
GRACE = 0.05  # seconds that calls in flight get when the emulator stops


class Emulator(Controls):
    """A Customer Profiles on loopback.

    ``async with Emulator() as endpoint_url`` serves until the block is left.

    host, port: where it listens; port 0 takes a free one. rate, burst: default quota of every
    operation (per second; None is unlimited); ``quotas`` has others by operation. latency:
    seconds, low and high; ``slow_seconds`` is the delay of the fault ``slow``. faults: probability
    by kind, of calls of the event-trigger operations. keys: secret by access key id; when given,
    signatures are checked, else any is taken; account: of every key, 12 digits. session_seconds:
    the life of every assumed role's session; external_ids: role ARN to the id it asks for;
    organization: a file as ``read_organization`` has it, which AWS Organizations lists, at the
    quotas that are given for these operations by name.
    clear_omitted, clamp, fill_defaults: as in WriteRules. state: file to load, and to keep in step;
    seed: JSON lines of CreateEventTrigger members, not read when there was a state to load.
    random_seed: latency, faults, ids and issued keys follow from it. clock, wall_clock: monotonic
    seconds for quotas and logs; epoch seconds for times, signatures and sessions.

    ValueError for a bad value here, or, on entering, in a file; OSError when it can't listen or
    read a file.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: float | None = None,
        burst: float | None = None,
        quotas: Mapping[str, Quota] | None = None,
        latency: tuple[float, float] = (0.05, 0.05),
        faults: Mapping[str, float] | None = None,
        keys: Mapping[str, str] | None = None,
        account: str | None = None,
        session_seconds: float | None = None,
        external_ids: Mapping[str, str] | None = None,
        organization: str | os.PathLike[str] | None = None,
        clear_omitted: bool = False,
        clamp: Mapping[str, float] | None = None,
        fill_defaults: bool = False,
        state: str | os.PathLike[str] | None = None,
        seed: str | os.PathLike[str] | None = None,
        slow_seconds: float = 2.0,
        random_seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        if session_seconds is not None and session_seconds <= 0:
            raise ValueError(f"session_seconds is {session_seconds}: it must be above 0")
        random = Random(random_seed)
        rules = WriteRules(
            clear_omitted=clear_omitted, clamp=clamp or {}, fill_defaults=fill_defaults
        )
        model, store, call_log = installed_model(), Store(), CallLog()
        listings = {name: each for name, each in (quotas or {}).items() if name in LISTINGS}
        quotas = {name: each for name, each in (quotas or {}).items() if name not in LISTINGS}
        for operation in quotas:
            model.operation(operation)
        limits = Quotas(make_quota(rate, burst), quotas)
        drawn, pace = Faults(faults or {}, random), LatencyRange(*latency, random)
        authenticator = Authenticator(keys, wall_clock, account)
        super().__init__(
            model=model,
            store=store,
            call_log=call_log,
            quotas=limits,
            faults=drawn,
            latency=pace,
            clock=clock,
            wall_clock=wall_clock,
            on_change=self._touch,
        )
        service = Service(
            model=model,
            store=store,
            operations=Operations(model, rules),
            authenticator=authenticator,
            quotas=limits,
            faults=drawn,
            call_log=call_log,
            clock=clock,
            wall_clock=wall_clock,
            on_change=self._touch,
        )
        sts = Sts(
            authenticator,
            session_seconds=session_seconds,
            external_ids=external_ids or {},
            call_log=call_log,
            clock=clock,
            wall_clock=wall_clock,
            random=random,
        )
        organizations = Organizations(
            None if organization is None else read_organization(Path(organization)),
            authenticator,
            quotas=listings,
            call_log=call_log,
            clock=clock,
        )
        self._gateway = Gateway(
            host=host,
            service=service,
            sts=sts,
            organizations=organizations,
            admin=Admin(self),
            latency=pace,
            slow_seconds=slow_seconds,
            random=random,
        )
        self._address = (host, port)
        self._seed = None if seed is None else Path(seed)
        self._state = None if state is None else StateFile(Path(state), store)
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> str:
        async with AsyncExitStack() as exits:
            self._load()
            if self._state is not None:
                exits.callback(self._state.save)
                exits.push_async_callback(_end, asyncio.create_task(self._state.keep()))
            runner = web.ServerRunner(self._gateway.open(), shutdown_timeout=GRACE)
            await runner.setup()
            exits.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, *self._address).start()
            self._exits = exits.pop_all()
        host, port = runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._exits.aclose()

    def _load(self) -> None:
        loaded = self._state is not None and self._state.load()
        if self._seed is not None and not loaded:
            with self._seed.open("rb") as file:
                content = file.read(SEED_AT_MOST + 1)
            if len(content) > SEED_AT_MOST:
                raise ValueError(f"{self._seed}: longer than {SEED_AT_MOST:,} bytes")
            self.seed_lines(content, str(self._seed))

    def _touch(self) -> None:
        if self._state is not None:
            self._state.touch()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
