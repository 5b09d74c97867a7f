"""The calling of hooks: one after the other where they are asked, else each in a task of its own.

A hook that is told holds nothing back: events wait for it in order, up to a bound, and at the end
they are waited for up to another. What fails is logged, and changes nothing.
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, TypeAlias

import anyio
from msgspec import Struct
from structlog.typing import FilteringBoundLogger

from batcher.child_process import run_child
from batcher.config.hook_settings import HookEvent, HookSettings
from batcher.errors import HookError
from batcher.hooks.cloud_event import CloudEvent
from batcher.hooks.webhook_call import call_webhook
from batcher.ports import Clock
from batcher.resettable_event import ResettableEvent


class Bounds(Struct, frozen=True, kw_only=True):
    """How many events may wait for one hook, beside the end; seconds at the end for all hooks."""

    waiting: int = 100
    finishing: float = 30.0


BOUNDS = Bounds()


class HookFailure(Struct, frozen=True, kw_only=True):
    """A call that failed. ``hook``: its name; ``reason``: in words, without what may be secret."""

    hook: str
    on: HookEvent
    reason: str

    def __str__(self) -> str:
        return f"{self.hook} at {self.on}: {self.reason}"


async def call_hook(
    hook: HookSettings, body: bytes, on_line: Callable[[str], None] | None = None
) -> str | None:
    """Hand a hook ``body``; why that failed, in words, or None.

    What a command prints goes into no log, as nobody knows what it says: ``on_line`` is told each
    line; None: it goes to standard error.
    """
    if hook.url is not None:
        return await call_webhook(hook.url, body)
    line = body + b"\n"  # shells read whole lines
    ended = await run_child(hook.arguments, given=line, on_line=on_line)
    return None if ended.code == 0 else str(ended)


CallHook: TypeAlias = Callable[[HookSettings, bytes], Awaitable[str | None]]


class Hooks:
    """The hooks of one run or worker. ``failures``: those of hooks that were told, not asked.

    ``say`` is told, in words, of each hook that is waited for, and ``heard`` each line that one
    prints; None: they print to standard error themselves.
    """

    def __init__(
        self,
        settings: Sequence[HookSettings],
        session: str,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        bounds: Bounds = BOUNDS,
        call: CallHook | None = None,
    ) -> None:
        """``session``: an id that no other process or run has."""
        self.failures: list[HookFailure] = []
        self.say: Callable[[str], None] = lambda _: None
        self.heard: Callable[[str], None] | None = None
        self._is_finished = False
        self._ids = (f"{session}-{number}" for number in count(1))
        self._clock = clock
        self._log = log
        self._call = call or self._call_hook
        self._bounds = bounds
        self._asked = [each for each in settings if each.before]
        self._told = [_ToldHook(each, self, bounds.waiting) for each in settings if not each.before]

    def __bool__(self) -> bool:
        return bool(self._asked or self._told)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Tell hooks until the end of the body; then they are finished, unless it was cancelled."""
        if not self._told:
            yield
            return
        tasks = anyio.create_task_group()
        await tasks.__aenter__()  # what the body raises is not put into a group
        try:
            for hook in self._told:
                tasks.start_soon(hook.run)
            try:
                yield
            except Exception:
                await self.finish()
                raise
            await self.finish()
        finally:
            tasks.cancel_scope.cancel()
            await tasks.__aexit__(None, None, None)

    def event(
        self, on: HookEvent, *, kind: str, source: str, subject: str, data: dict[str, Any]
    ) -> CloudEvent:
        """An event of a ``kind`` of work, as of now."""
        return CloudEvent(
            id=next(self._ids),
            source=source,
            type=f"batcher.{kind}.{on}",
            time=self._clock.wall(),
            subject=subject,
            data=data,
        )

    async def ask(self, on: HookEvent, event: CloudEvent) -> None:
        """Call each before-hook of an event, one after the other.

        Raises HookError at the first one that fails.
        """
        for hook in self._asked:
            if on not in hook.on:
                continue
            self.say(f"Waits for hook {hook.name} ({on}), at most {hook.timeout:g} s.")
            if (reason := await self.call(hook, on, event)) is not None:
                raise HookError(
                    f"hook {hook.name} at {on}: {reason}. Nothing was sent. Once the hook agrees,"
                    " run the same command again."
                )

    def tell(self, on: HookEvent, event: CloudEvent) -> None:
        """Have every other hook of an event called; returns at once."""
        for hook in self._told:
            if on in hook.settings.on:
                hook.put(on, event)

    async def finish(self) -> None:
        """Wait until all were told, for a time; cancelled, no longer."""
        if self._is_finished:
            return
        self._is_finished = True
        for hook in self._told:
            hook.close()
        try:
            with anyio.move_on_after(self._bounds.finishing):
                for hook in self._told:
                    await hook.ended.wait()
        finally:
            for hook in self._told:
                hook.give_up()

    async def call(self, hook: HookSettings, on: HookEvent, event: CloudEvent) -> str | None:
        """Call a hook; why that failed, in words, or None."""
        self._log.info("hook.called", hook=hook.name, on=on, id=event.id)
        try:
            with anyio.move_on_after(hook.timeout):
                return await self._call(hook, event.encoded())
        except Exception as error:  # a hook is no reason for a run to end as a defect
            return f"a defect ({type(error).__name__})"
        return f"not done after {hook.timeout:g} seconds"

    async def _call_hook(self, hook: HookSettings, body: bytes) -> str | None:
        return await call_hook(hook, body, self.heard)

    def note_failure(self, hook: HookSettings, on: HookEvent, reason: str) -> None:
        """Log that a hook was not told."""
        self._log.warning("hook.failed", hook=hook.name, on=on, reason=reason)
        self.failures.append(HookFailure(hook=hook.name, on=on, reason=reason))


class _ToldHook:
    """A hook, and the events that wait for it. ``ended``: it was closed and has been told all."""

    def __init__(self, settings: HookSettings, hooks: Hooks, waiting_at_most: int) -> None:
        self._most = waiting_at_most
        self.settings = settings
        self.ended = anyio.Event()
        self._hooks = hooks
        self._waiting: deque[tuple[HookEvent, CloudEvent]] = deque()
        self._calling: HookEvent | None = None
        self._news = ResettableEvent()
        self._closed = False
        self._scope = anyio.CancelScope()

    def put(self, on: HookEvent, event: CloudEvent) -> None:
        if self._closed:
            self._hooks.note_failure(self.settings, on, "it came after the end")
        elif len(self._waiting) >= self._most and on != "ended":
            reason = f"{self._most} events wait for it already"
            self._hooks.note_failure(self.settings, on, reason)
        else:
            self._waiting.append((on, event))
            self._news.set()

    def close(self) -> None:
        """Let it end when all that waits has been told."""
        self._closed = True
        self._news.set()

    def give_up(self) -> None:
        """End, and note what it was not told."""
        self._scope.cancel()
        late = [self._calling] if self._calling is not None else []
        for on in [*late, *(on for on, _ in self._waiting)]:
            self._hooks.note_failure(self.settings, on, "not done when the end had been waited for")
        self._waiting.clear()

    async def run(self) -> None:
        with self._scope:
            await self._run()
        self.ended.set()

    async def _run(self) -> None:
        while self._waiting or not self._closed:
            if not self._waiting:
                await self._news.wait_and_clear()
                continue
            self._calling, event = self._waiting.popleft()
            await self._call(self._calling, event)
            self._calling = None

    async def _call(self, on: HookEvent, event: CloudEvent) -> None:
        if (reason := await self._hooks.call(self.settings, on, event)) is not None:
            self._hooks.note_failure(self.settings, on, reason)
