"""``batcher run``: the whole job, from the check of the file to the summary."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.options import Choices, run_options, settings_from
from batcher.cli.output.format import example
from batcher.cli.output.prompt import agreed, confirmed

if TYPE_CHECKING:
    from batcher.config import Settings
    from batcher.jobs.run import BulkRun, Following
    from batcher.records import Summary


@click.command(
    epilog=example("batcher run updates.jsonl --profile prod --region eu-west-1 --dry-run"),
)
@click.argument("file", metavar="FILE")
@run_options
def run(file: str, config: Path | None, **given: Any) -> None:
    """Change the triggers of FILE (JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY).

    Checks every line first, says what it will do and how long that takes, and asks. Running the
    same command again resumes.
    """
    import anyio

    from batcher.jobs.run import Following

    choices = Choices.taken(given)
    directory = choices.out or default_directory(file)
    raise SystemExit(
        anyio.run(work, file, directory, choices, settings_from(given, config), Following())
    )


def default_directory(file: str) -> Path:
    """The input's name with ``.run`` instead of its suffixes, in the current directory."""
    name = "stdin" if file == "-" else Path(file).name
    for suffix in (".gz", ".zst", ".jsonl"):
        name = name.removesuffix(suffix)
    return Path(f"{name}.run")


async def work(
    file: str,
    out: Path,
    choices: Choices,
    settings: "Settings",
    following: "Following",
    lines: Iterable[bytes] | None = None,
) -> int:
    """Inspect, preview, ask, execute; returns the exit code.

    ``line_reader``: what to run instead of a file.

    Raises RunDirectoryError when the run there is of others.
    """
    import tempfile
    from contextlib import AsyncExitStack

    from batcher.cli.output.violations import passes
    from batcher.jobs.run import BulkRun
    from batcher.storage.run_directory import RunDirectory

    async with AsyncExitStack() as stack:
        directory, copies = RunDirectory(out), out
        if choices.dry_run:  # what has to be copied to be read is copied elsewhere
            copies = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        else:
            stack.enter_context(directory)
        if lines is not None:
            file = _written(
                lines, copies / ("input-again.jsonl" if directory.facts.exists() else "input.jsonl")
            )
        bulk = BulkRun(file, directory, settings, following, copies=copies)
        if not await _in_thread(partial(passes, bulk, as_json=choices.as_json, not_done="sent")):
            return 2
        restored = bulk.restore()
        await bulk.connect(stack)
        _say_preview(bulk, restored)
        if not restored and not await _few_enough(bulk, copies):
            return _not_started(bulk, choices, "it would change more than --max-changes", 2)
        if choices.dry_run:
            return _not_started(bulk, choices, "--dry-run", 0)
        if not await agreed(choices.yes):
            return _not_started(bulk, choices, "nobody agreed to start", 2)
        return await _execute(bulk, choices)


def _not_started(bulk: "BulkRun", choices: Choices, reason: str, code: int) -> int:
    """Print the summary of a run that sends nothing, where one is asked for; returns the exit
    code.
    """
    if choices.as_json:
        import msgspec

        click.echo(msgspec.json.encode(bulk.so_far(reason)))
    return code


async def _few_enough(bulk: "BulkRun", folder: Path) -> bool:
    """Hold --max-changes against a plan of the file; says so when it changes more."""
    if (limit := bulk.settings.max_changes) is None:
        return True
    from batcher.jobs.checked_file import check_file
    from batcher.jobs.plan import plan_changes

    plan = await plan_changes(check_file(str(bulk.path), bulk.settings, folder))
    if not plan.too_many:
        return True
    click.echo(
        f"Nothing was sent: {plan.changing:,} of {plan.total:,} updates would change something,"
        f" more than --max-changes {limit}.",
        err=True,
    )
    return False


async def _in_thread(work: Callable[[], bool]) -> bool:
    """Do what blocks where a signal can still end it."""
    import anyio.to_thread

    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


def _written(lines: Iterable[bytes], path: Path) -> str:
    from batcher.storage.atomic_file import AtomicFile

    with AtomicFile(path) as file:
        for line in lines:
            file.write(line)
        file.commit()
    return str(path)


def _say_preview(bulk: "BulkRun", restored: int) -> None:
    from batcher.cli.output.preview import preview

    for line in preview(bulk, restored):
        click.echo(line, err=True)


async def _execute(bulk: "BulkRun", choices: Choices) -> int:
    import sys

    from batcher.cli.output.progress import watcher
    from batcher.logs import LogOutput

    live = sys.stderr.isatty() and not choices.no_progress
    redact = bulk.connector.redactor.withhold
    with LogOutput(
        bulk.settings.log_level, file=bulk.directory.log, terminal=not live, redact=redact
    ):
        watch = watcher(bulk, shown=not choices.no_progress)
        summary = await _canary(bulk, watch)
        if summary is None:
            summary = await bulk.execute(watch)
    if choices.as_json:
        import msgspec

        click.echo(msgspec.json.encode(summary))
    _say_summary(bulk, summary)
    return exit_code(summary)


async def _canary(bulk: "BulkRun", watch: Any) -> "Summary | None":
    """Do the first updates alone and ask; None to go on with the rest, else the summary that it
    ends with.
    """
    if (count := bulk.settings.canary) is None or bulk.all_done(line := bulk.canary_line(count)):
        return None
    import sys

    summary = await bulk.execute(watch, until_line=line)
    if summary.stopped is not None or not summary.not_started:
        return summary
    _say_summary(bulk, summary)
    if sys.stdin.isatty() and await confirmed(
        f"Those were the first {count}. Go on with the rest?"
    ):
        return None
    return bulk.stop(f"after the first {count} (--canary)")


def exit_code(summary: "Summary") -> int:
    """0 all done well; 1 finished with some not; 3 stopped itself; 4 interrupted."""
    from batcher.jobs.run import INTERRUPTED

    if summary.stopped == INTERRUPTED:
        return 4
    if summary.stopped is not None:
        return 3
    return 0 if summary.succeeded + summary.unchanged == summary.total else 1


def _say_summary(bulk: "BulkRun", summary: "Summary") -> None:
    from batcher.cli.output.summary import lines

    for line in lines(bulk, summary):
        click.echo(line, err=True)
