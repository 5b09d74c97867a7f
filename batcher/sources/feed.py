"""Updates handed on while they are read, one buffer a target: none waits behind another's.

Holds updates and says when to read on; reading them, and working on them, is not done here.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial

from anyio.lowlevel import checkpoint

from batcher.records import Update
from batcher.resettable_event import ResettableEvent
from batcher.sources.held_updates import HeldUpdates
from batcher.sources.trigger_turns import Expected, Place, TriggerTurns

AHEAD = 100  # updates: a buffer with fewer is filled
HELD_AT_MOST = 50_000  # updates in all buffers together, some 50 MB: what bounds the memory
UNSEEN_AT_MOST = 5_000  # updates in all buffers while nobody but an unseen target wants more
READ_IN_A_ROW = 100  # updates read in a row before others get a turn


class Feed:
    """The updates of one target, the most urgent first: a Source that can't look back."""

    looks_back = False

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.closed = False
        self._held = HeldUpdates()
        self._ended = False
        self._on_change = on_change
        self._arrived = ResettableEvent()

    def __len__(self) -> int:
        return self._held.count

    async def __aiter__(self) -> AsyncIterator[Update]:
        while True:
            if self._held.count:
                update = self._held.take()
                self._on_change()
                yield update
            elif self._ended or self.closed:
                return
            else:
                await self._arrived.wait_and_clear()

    def again(self, line: int) -> Update:
        raise LookupError(line)

    def put(self, update: Update) -> None:
        if not self.closed:
            self._held.put(update)
            self._arrived.set()

    def end(self) -> None:
        """Nothing comes after what is held."""
        self._ended = True
        self._arrived.set()

    def close(self) -> None:
        """Nobody takes any more: what is held is dropped, and so is what comes."""
        self.closed = True
        self._held.clear()
        self._arrived.set()
        self._on_change()


class Feeds:
    """A feed for each target. ``expected``: the targets that updates are likely to be for.

    Reading goes on while a target could do with more. A target that is slow has its updates held
    meanwhile, up to HELD_AT_MOST; from there on reading goes at its pace. For an expected target
    that no update was for so far, whose updates may come last, up to UNSEEN_AT_MOST are held.

    ``where``: what is known of a target that is not open; None: there is one place only, so that
    no update waits for those of other targets.
    """

    def __init__(
        self, expected: Iterable[str], where: Callable[[str], Expected] | None = None
    ) -> None:
        self._feeds: dict[str, Feed | None] = dict.fromkeys(expected)
        self._unseen = len(self._feeds)
        self._lengths: dict[str, int] = {}
        self._held = 0  # in all of them
        self._short: set[str] = set()  # those that could do with more
        self._changed = ResettableEvent()
        self._read = 0
        self._turns = None if where is None else TriggerTurns(self._hand_over, where)
        self._ended = False

    def __contains__(self, target: str) -> bool:
        return self._feeds.get(target) is not None

    def __getitem__(self, target: str) -> Feed:
        """The feed of a target, a new one when there is none yet."""
        if (feed := self._feeds.get(target)) is None:
            self._unseen -= target in self._feeds
            feed = self._feeds[target] = Feed(on_change=partial(self._note_taken, target))
            self._count(target, feed)
        return feed

    @property
    def closed(self) -> bool:
        """Whether nobody takes any more, whatever is read."""
        return all(feed is not None and feed.closed for feed in self._feeds.values())

    async def put(self, update: Update) -> bool:
        """Hand an update on, and return when to read the next; False: nobody takes any more."""
        feed = self[update.target]
        if self._turns is None or feed.closed:
            feed.put(update)
        else:
            self._turns.arrive(update)
        self._count(update.target, feed)
        self._read += 1
        if not self._read % READ_IN_A_ROW:
            await checkpoint()
        while not self._wants_more():
            if self.closed:
                return False
            await self._changed.wait_and_clear()
        return True

    def open(self, target: str, place: Place) -> None:
        """Note where a target is."""
        if self._turns is not None:
            self._turns.open(target, place)
            self._note_turns([target])

    def settled(self, target: str, line: int) -> None:
        """Note that an update has its result: the next of its trigger may go."""
        if self._turns is not None:
            self._turns.end(target, line)
            self._note_turns([target])

    def drop(self, target: str) -> None:
        """Note that nothing of a target is under way any more, nor will be."""
        if self._turns is not None:
            self._turns.drop(target)
            self._note_turns([target])

    def end(self) -> None:
        """Nothing comes after what is held."""
        self._ended = True
        self._note_turns(name for name, feed in self._feeds.items() if feed is not None)

    def _hand_over(self, update: Update) -> None:
        """Let an update whose turn has come into the feed of its target."""
        self[update.target].put(update)
        self._note_turns([update.target])

    def _note_turns(self, targets: Iterable[str]) -> None:
        """See how many updates of targets wait, and end their feeds where none will come."""
        for target in targets:
            feed = self[target]
            self._count(target, feed)
            if self._ended and (self._turns is None or not self._turns.waiting(target)):
                feed.end()
        self._changed.set()

    def _note_taken(self, target: str) -> None:
        self._count(target, self[target])
        self._changed.set()

    def _count(self, target: str, feed: Feed) -> None:
        held = ahead = len(feed)
        if self._turns is not None and (waiting := self._turns.waiting(target)):
            held += waiting
            # what waits for others leaves its lane idle
            ahead = len(feed) if self._turns.is_open(target) else held
        self._held += held - self._lengths.get(target, 0)
        self._lengths[target] = held
        if ahead < AHEAD and not feed.closed:
            self._short.add(target)
        else:
            self._short.discard(target)

    def _wants_more(self) -> bool:
        if self._short:
            return self._held < HELD_AT_MOST
        return self._unseen > 0 and self._held < UNSEEN_AT_MOST
