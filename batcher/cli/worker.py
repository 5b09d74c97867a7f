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
from batcher.config.protection import protected_targets, refuse_unconfirmed
from batcher.logs import LogOutput, logger
from batcher.task_groups import open_task_group
from batcher.updates.target_causes import targets_text
from batcher.worker.worker import Worker


def do_worker(
    queue: str, once: bool, confirm: tuple[str, ...], config: Path | None, **given: Any
) -> None:
    read_settings = partial(_confirmed, confirm, given, config)
    settings = read_settings()
    queue_address(queue, settings.profile, None)
    if protected := protected_targets(settings):
        echo(f"Protected, and changed as confirmed: {targets_text(protected)}.", err=True)
    raise SystemExit(run_command(_serve, queue, once, settings, read_settings))


def _confirmed(confirm: tuple[str, ...], given: dict[str, Any], config: Path | None) -> Settings:
    """The settings, whose protected targets are confirmed; at each reload, too."""
    settings = settings_from(given, config)
    refuse_unconfirmed(settings, confirm)
    return settings


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
