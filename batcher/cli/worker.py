"""``batcher worker``: drains a queue for as long as it runs."""

from functools import partial
from pathlib import Path
from typing import Any

import anyio

from batcher.cli.garbage_collection import keep_what_lasts
from batcher.cli.interruption import run_command
from batcher.cli.loop_call import soon
from batcher.cli.options import settings_from
from batcher.cli.output.echo import echo
from batcher.cli.queue_address import queue_address
from batcher.cli.state_signal import called_on_signal
from batcher.config import Settings
from batcher.logs import LogOutput, logger
from batcher.task_groups import open_task_group
from batcher.worker.worker import Worker


def do_worker(queue: str, once: bool, config: Path | None, **given: Any) -> None:
    settings = settings_from(given, config)
    queue_address(queue, settings.profile, None)
    raise SystemExit(
        run_command(_serve, queue, once, settings, partial(settings_from, given, config))
    )


async def _serve(queue: str, once: bool, settings: Settings, reload: Any) -> int:
    with LogOutput(settings.log_level, service=True):
        say = partial(echo, err=True)
        served = Worker(
            queue, settings, reload=reload, once=once, log=logger(**settings.logged), say=say
        )
        async with open_task_group() as beside:
            beside.start_soon(keep_what_lasts, len(settings.targets), anyio.sleep)
            with called_on_signal(served.log_state, soon):
                code = await served.run()
            beside.cancel_scope.cancel()
        return code
