"""The event loop that a caller is in: there has to be one of asyncio, and it stays the same."""

import asyncio

import anyio


def running_loop() -> asyncio.AbstractEventLoop:
    """The event loop whose task this is called in. Raises RuntimeError where there is none."""
    try:
        loop = asyncio.get_running_loop()
        # a task of trio in its guest mode runs in a loop, and is no task of it
        if asyncio.current_task() is not None:
            return loop
    except RuntimeError:
        pass
    raise RuntimeError(
        "batcher runs on asyncio, and this is no task of an asyncio event loop. Use"
        " asyncio.run(main()), or anyio.run(main) with its asyncio backend; trio can't be used."
    )


def check_same_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Raise RuntimeError in a task of another loop than that one."""
    if running_loop() is not loop:
        raise RuntimeError(
            "iter_updates was begun in another event loop, and can't go on in this one. Read it to"
            " its end within one asyncio.run(...)."
        )


async def end_task(task: asyncio.Task[None]) -> None:
    """Cancel a task and return when it has ended, whatever it raised.

    Cancelled meanwhile it cancels the task once more, goes on waiting, and raises at the end.
    """
    if task.get_loop() is not asyncio.get_running_loop():
        return  # of another loop, in which alone it could be waited for
    cancelled: asyncio.CancelledError | None = None
    task.cancel()
    with anyio.CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
                task.cancel()
    if not task.cancelled():
        task.exception()  # told elsewhere, or of no interest to who left early
    if cancelled is not None:
        raise cancelled
