"""``batcher run``: the whole job of a file."""

from pathlib import Path
from typing import Any

from batcher.cli.interruption import run_command
from batcher.cli.options import Choices, settings_from
from batcher.cli.put_back import put_back
from batcher.cli.repair_notice import repair_with_notice
from batcher.cli.selection import taken_selection
from batcher.cli.start import STOPPED_ITSELF, start
from batcher.config import Settings
from batcher.jobs.run import open_run
from batcher.jobs.undo import is_to_be_undone
from batcher.updates.selection import Selection


def do_run(file: str, config: Path | None, **given: Any) -> None:
    choices, selection = Choices.taken(given), taken_selection(given)
    if choices.repair:
        repair_with_notice(choices.out or default_directory(file), dry_run=choices.dry_run)
    settings = settings_from(given, config)
    raise SystemExit(run_command(_run, file, choices, settings, selection))


async def _run(file: str, choices: Choices, settings: Settings, selection: Selection | None) -> int:
    out = choices.out or default_directory(file)
    with open_run(file, out, settings, selection=selection, dry_run=choices.dry_run) as opened:
        code = await start(opened, choices)
    if code == STOPPED_ITSELF and not choices.dry_run and is_to_be_undone(out):
        return await put_back(out, settings, choices)
    return code


def default_directory(file: str) -> Path:
    """The input's name with ``.run`` instead of its suffixes, in the current directory."""
    name = "stdin" if file == "-" else Path(file).name
    for suffix in (".gz", ".zst", ".jsonl"):
        name = name.removesuffix(suffix)
    return Path(f"{name}.run")
