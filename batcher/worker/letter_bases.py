"""What dead letters are based on: put back, they must not undo a newer update of their trigger.

A letter carries the state that its update found, or left, where the worker had looked. Letters of
one trigger that died at one state may follow each other in the order in which they were first sent:
what those before them made of it is no change by somebody else. That is known in one process; for
another the later ones are stale, which is safe.
"""

from collections import OrderedDict
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from batcher.records import BasedOn, Message, Result, Update

TRIGGERS_AT_MOST = 10_000  # the latest that are remembered


def with_base(message: Message, result: Result) -> Message:
    """The message of an update without success, with the state that its trigger had then.

    It keeps when it was first sent. What nobody looked at stays as it is.
    """
    if result.based_on is UNSET:
        return message
    line = msgspec.json.decode(message.body)
    sent_at = line.get("based_on", {}).get("sent_at", message.sent_at)
    line["based_on"] = msgspec.structs.replace(result.based_on, sent_at=sent_at)
    return msgspec.structs.replace(message, body=msgspec.json.encode(line))


class _Made(NamedTuple):
    """The state that updates based on ``base`` have made, the last of them sent at that time."""

    base: str
    state: str
    sent_at: float


class LetterBases:
    """What letters that were put back have made of the triggers of one target."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, str], _Made] = OrderedDict()

    def current(self, update: Update) -> Update:
        """The update, based on what older ones of the same base have made of it."""
        base, made = update.based_on, self._made.get((update.domain, update.trigger))
        if base is None or made is None or base.sha256 != made.base:
            return update
        if base.sent_at is None or base.sent_at < made.sent_at:
            return update
        return msgspec.structs.replace(update, based_on=BasedOn(sha256=made.state))

    def note(self, update: Update, result: Result | None) -> None:
        """Take note of what an update, as its letter has it, made of its trigger."""
        base = update.based_on
        if base is None or base.sent_at is None or result is None or result.digest is UNSET:
            return
        key = update.domain, update.trigger
        self._made[key] = _Made(base.sha256, result.digest, base.sent_at)
        self._made.move_to_end(key)
        if len(self._made) > TRIGGERS_AT_MOST:
            self._made.popitem(last=False)
