"""What becomes of members that the updates of one place omit, as its answers show.

While it is not known, updates that put a member at risk are sent one at a time: the first that is
accepted shows it, before a second can do damage. Such an update is the probe.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any, TypeAlias

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.records import Update
from batcher.triggers.omission import Effect, Whole, sends_whole

LOOKS_TO_FIND_OUT = 20  # where nobody looks otherwise; so many triggers had nothing to lose

OnLearned: TypeAlias = Callable[[Mapping[str, Effect]], None]
"""Told what was learned of members, by name: to remember it."""

Recall: TypeAlias = Callable[[], Mapping[str, Effect]]
"""What is remembered of members, by name."""


class Turn:
    """The right to send an update that puts a member at risk, until it is given back."""

    def __init__(self, lock: anyio.Lock | None) -> None:
        self._lock = lock

    def give_back(self) -> None:
        """Let the next one have its turn: what came of this one does not tell, or was told."""
        if self._lock is not None:
            self._lock.release()
        self._lock = None


NO_TURN = Turn(None)  # of an update that need not wait for one


class OmittedMembers:
    """What is known by now, and whose turn it is while it is not.

    ``recall``: what is remembered, asked before a probe, too, as another process may have found
    out; ``on_learned`` is told what is news, and once in a session of what is known that it is
    still so. ``effects``: what is known, by member. ``clearable``: members that a trigger can be
    without, of which it is to be found out also where triggers are not looked at otherwise.
    """

    def __init__(
        self,
        whole: Whole,
        *,
        log: FilteringBoundLogger,
        clearable: frozenset[str] = frozenset(),
        recall: Recall = dict,
        on_learned: OnLearned = lambda effects: None,
    ) -> None:
        self.whole = whole
        self._log = log
        self._recall = recall
        self._on_learned = on_learned
        self.effects: dict[str, Effect] = dict(recall())
        self._confirmed: set[str] = set()  # in this session
        self._clearable = clearable
        self._looks_left = LOOKS_TO_FIND_OUT
        self.wait_to_look = 0  # updates, for what a look at another one finds out

    @cached_property
    def _looking(self) -> anyio.Lock:
        return anyio.Lock()

    @cached_property
    def _probing(self) -> anyio.Lock:
        return anyio.Lock()

    def __repr__(self) -> str:
        return f"<OmittedMembers {self.whole}: {self.effects}>"

    @property
    def are_cleared(self) -> bool:
        """Whether a member is known to be cleared by an update that omits it."""
        return "cleared" in self.effects.values()

    @property
    def sends_whole(self) -> bool:
        """Whether updates are sent with all of their triggers."""
        return sends_whole(self.whole, self.effects.values())

    def may_be_found_out_by(self, request: Mapping[str, Any]) -> bool:
        """Whether to look before such a request, where triggers are not looked at otherwise."""
        return self._looks_left > 0 and self.is_probe(self._clearable - request.keys())

    @asynccontextmanager
    async def look(self) -> AsyncIterator[None]:
        """Wait for the turn of a look that is to find out: one at a time."""
        self.wait_to_look += 1
        try:
            await self._looking.acquire()
        finally:
            self.wait_to_look -= 1
        try:
            yield
        finally:
            self._looking.release()

    def note_look(self, *, tells: bool) -> None:
        """Take note of such a look. ``tells``: the update puts a member at risk, and will tell."""
        self._looks_left -= not tells

    def give_up_finding_out(self) -> None:
        """Look no more: it is not allowed."""
        self._looks_left = 0

    @asynccontextmanager
    async def turn(self, at_risk: frozenset[str]) -> AsyncIterator[Turn]:
        """Wait for the turn of an update that puts these members at risk."""
        if not self.is_probe(at_risk):
            yield NO_TURN
            return
        await self._probing.acquire()
        turn = Turn(self._probing)
        try:
            if self.is_probe(at_risk):
                self.effects |= self._recall()
            if not self.is_probe(at_risk):
                turn.give_back()
            yield turn
        finally:
            turn.give_back()

    @property
    def confirmed(self) -> set[str]:
        """The members that an answer of this session has shown to be kept."""
        return {name for name in self._confirmed if self.effects[name] == "kept"}

    def learn(self, found: Mapping[str, Effect], update: Update) -> None:
        """Take what an answer shows; what it contradicts is forgotten."""
        news = {
            name: effect
            for name, effect in found.items()
            if name not in self._confirmed or self.effects.get(name) != effect
        }
        if not news:
            return
        changed = {name: each for name, each in news.items() if self.effects.get(name) != each}
        self.effects |= news
        self._confirmed |= news.keys()
        if changed:
            log = self._log.warning if "cleared" in changed.values() else self._log.info
            log(
                "omitted_members.learned",
                id=update.id,
                target=update.target,
                kept=sorted(name for name, each in changed.items() if each == "kept"),
                cleared=sorted(name for name, each in changed.items() if each == "cleared"),
                sends="whole triggers" if self.sends_whole else "what is given",
            )
        self._on_learned(news)

    def is_probe(self, at_risk: frozenset[str]) -> bool:
        """Whether an update that puts these members at risk shows what becomes of one of them."""
        if self.whole != "auto" or self.are_cleared:
            return False
        return any(name not in self.effects for name in at_risk)
