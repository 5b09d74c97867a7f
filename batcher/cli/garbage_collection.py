"""How often a command's process looks for garbage, where it has that process to itself.

Python looks through new objects often, and now and then through all there are. What a command has
imported are 100,000 objects that stay; a thousand targets are millions, and while Python looks
through them, nothing is sent for a third of a second, every few seconds. So what lasts is left out.
A program that calls a command keeps its own ways.
"""

import gc
from collections.abc import Awaitable, Callable
from typing import NoReturn

import click

OURS = "the process is this command's alone"  # the object of a root context
# new objects, less those that went, after which the new ones are looked through: answers that are
# held while others are under way are many, and no garbage
LOOKED_THROUGH_AFTER = 10_000

MANY = 100  # targets: with fewer a full collection takes some ten milliseconds
SETTLED = 6.0  # seconds: by then connections are open, and each target has what it keeps
AGAIN = 600.0  # seconds: what has come and gone since is freed, what has come is left out as well
# new objects as above: hardly anything that many targets drop is in a cycle, and what their
# updates hold for a second or two, some fifty of each target, is to be looked through by no means
NEW_AT_LEAST, NEW_OF_EACH = 50_000, 200
RARELY = 50, 1_000  # as ``gc.set_threshold`` has them, of what is older


def begin() -> None:
    """Look through new objects less often than Python does by itself."""
    gc.set_threshold(LOOKED_THROUGH_AFTER, *gc.get_threshold()[1:])


def keep_imported() -> None:
    """Leave out what was imported, if the process is the command's own."""
    if _is_ours():
        gc.freeze()


async def keep_what_lasts(targets: int, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Leave out what many targets hold, once it is there, and see to it again now and then.

    Runs until it is cancelled, if there are many and the process is the command's own.
    """
    if targets >= MANY and _is_ours():
        gc.set_threshold(max(NEW_AT_LEAST, NEW_OF_EACH * targets), *RARELY)
        await sleep(SETTLED)
        gc.freeze()  # little is garbage by then, and to look for it would hold everything up
        await _sort_out_again_and_again(sleep)


async def _sort_out_again_and_again(sleep: Callable[[float], Awaitable[None]]) -> NoReturn:
    while True:
        await sleep(AGAIN)
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def _is_ours() -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and context.find_root().obj is OURS
