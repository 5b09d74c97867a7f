"""A run from a terminal: what ``run``, ``retry``, ``rollback`` and ``demo`` show and ask.

What is done, and in which order, is the job's; here it is printed, and a person answers.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import anyio
import msgspec
from anyio.abc import TaskStatus

from batcher.cli.garbage_collection import keep_what_lasts
from batcher.cli.idle_target import refuse_idle_target
from batcher.cli.interruption import until_signal
from batcher.cli.loop_call import soon
from batcher.cli.options import Choices
from batcher.cli.output.echo import echo
from batcher.cli.output.findings import say_lint
from batcher.cli.output.forecast import deadline_missed
from batcher.cli.output.next_command import next_command
from batcher.cli.output.preview import preview
from batcher.cli.output.progress import draws, say_state, show_progress
from batcher.cli.output.prompt import agreed, asked_without_terminal
from batcher.cli.output.reading_progress import ReadingProgress
from batcher.cli.output.summary import summary_lines
from batcher.cli.output.undo import PlannedUndo
from batcher.cli.output.violations import ViolationPrinter
from batcher.cli.run_control import controlled
from batcher.cli.state_signal import called_on_signal, told_on_signal
from batcher.cli.terminal_attendant import TerminalAttendant
from batcher.errors import InputError, SettingsError
from batcher.jobs.report_writing import write_ending
from batcher.jobs.run import (
    AlreadyFinished,
    CheckedRun,
    DeadlineMissed,
    DryRunEnded,
    InvalidInput,
    LintErrors,
    NotStarted,
    OpenRun,
    ReadyRun,
    TooManyChanges,
)
from batcher.jobs.run_ending import RunEnding
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_order import RunOrder
from batcher.jobs.run_progress import ProgressMeter
from batcher.jobs.run_reason import check_reason, protected_to_change
from batcher.logs import LogOutput
from batcher.number_text import duration, several
from batcher.records import INTERRUPTED, Summary
from batcher.signals import run_signals
from batcher.storage.run_directory import RunDirectory

HOOK_FAILURES = 5  # named at the end; the rest is in the log
STOPPED_ITSELF = 3  # exit code


async def start(opened: OpenRun, choices: Choices) -> int:
    """Check, preview, ask, execute; returns the exit code.

    Raises InputError when there are no updates, RunDirectoryError when the run there is another.
    """
    origin, settings = opened.order.origin, opened.order.settings
    name = origin if isinstance(origin, str) else "the lines"
    violations = ViolationPrinter(choices.as_json and not settings.skip_invalid, name)
    with told_on_signal(lambda: [f"Checks {name}; nothing is sent yet."]):
        checked = opened.check_here(violations.add, violations.hint)
    if not checked.inspection.total:
        raise InputError(f"{name}: {checked.inspection.nothing}.")
    usable = isinstance(checked, CheckedRun | LintErrors)
    violations.conclude(checked.inspection, usable=usable, not_done="sent")
    if isinstance(checked, CheckedRun | LintErrors):
        say_lint(checked.lint, name)
    if isinstance(checked, InvalidInput):
        return 2
    if isinstance(checked, CheckedRun) and not checked.state.begun:  # else as it was begun
        refuse_idle_target(checked.state.file)
    if (undo := checked.state.progress.undo) is not None:
        echo(f"{opened.order.directory.path}: is to be put back, as {undo.reason}.", err=True)
        return STOPPED_ITSELF
    opened.order.hooks.say = opened.order.telemetry.say = partial(echo, err=True)
    opened.order.hooks.heard = _heard_of_hook
    try:
        with told_on_signal(lambda: [_before_the_start(checked)]):
            return await _start_checked(checked, choices)
    finally:
        for failure in opened.order.hooks.failures[:HOOK_FAILURES]:
            echo(f"hook {failure}", err=True)


def _heard_of_hook(line: str) -> None:
    """Print what a hook prints: above what stands on a terminal, or as JSON."""
    with suppress(OSError):  # nobody reads it: no fault of the hook
        echo(line, err=True)


def _check_reason(checked: CheckedRun, choices: Choices) -> None:
    """Raise SettingsError for want of a reason, with all that will be asked for besides."""
    order, state, confirm = checked.order, checked.state, {*choices.confirm}
    if order.dry_run or state.finished is not None:
        return
    protected = protected_to_change(order.settings, state.unfinished)
    # an account, which may be confirmed as well, is known only once AWS is asked
    lacking = [] if confirm - {*protected} else [name for name in protected if name not in confirm]
    beside = asked_without_terminal(choices.yes, lacking)
    check_reason(order.settings, state.unfinished, beside=beside)


async def _start_checked(checked: CheckedRun, choices: Choices) -> int:
    _check_reason(checked, choices)
    async with checked.connect() as ready:
        for line in preview(ready):
            echo(line, err=True)
        with _looking(ready) as progress:
            planned = PlannedUndo(progress.advance)
            approved = await ready.approve(planned.add)
        planned.say()
        if isinstance(approved, ApprovedRun) and not await agreed(
            choices.yes, ready.connection.targets, choices.confirm
        ):
            approved = NotStarted(summary=checked.state.summary("nobody agreed to start"))
        if isinstance(approved, NotStarted):
            code = _not_started(approved, checked.order, choices)
            is_dry = isinstance(approved, DryRunEnded)
            return 1 if is_dry and ready.connection.unusable else code
        return await _execute(approved, choices)


def _before_the_start(checked: CheckedRun) -> str:
    """Where a run is that sends nothing yet."""
    state = checked.state
    before = f", {state.restored:,} done before" if state.restored else ""
    return f"Has not started: {several(checked.inspection.total, 'update')}{before}."


def _looking(ready: ReadyRun) -> ReadingProgress:
    """The progress of what is looked at before the start."""
    total, settings = sum(map(len, ready.state.inspection.targets.values())), ready.order.settings
    form = settings.progress if settings.max_changes is not None else "none"
    return ReadingProgress("updates compared", total, form=form)


def _not_started(found: NotStarted, order: RunOrder, choices: Choices) -> int:
    """Say why nothing was sent; returns the exit code."""
    code = 0 if isinstance(found, DryRunEnded) else 2
    match found:
        case DeadlineMissed(forecast=forecast, now=now):
            raise SettingsError(deadline_missed(forecast, now))
        case TooManyChanges(plan=plan, limit=limit):
            unread = plan.effects["unreadable"]
            more = f" and {unread:,} could not be read" if unread else ""
            echo(
                f"Nothing was sent: {plan.changing:,} of {plan.total:,} updates would change"
                f" something{more}, more than --max-changes {limit}.",
                err=True,
            )
        case AlreadyFinished(summary=summary):
            _say_summary(order.directory, summary)
            code = exit_code(summary)
    if choices.as_json:
        _print_json(order, found.summary)
    return code


def _print_json(order: RunOrder, summary: Summary) -> None:
    left_out = order.following.left_out
    echo(msgspec.json.encode(msgspec.structs.replace(summary, left_out=left_out)))


async def _execute(run: ApprovedRun, choices: Choices) -> int:
    order = run.order
    form, meter = order.settings.progress, ProgressMeter(run, order.clock.now())

    async def beside() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_run_signals, run, partial(_drain, run))
            tasks.start_soon(show_progress, meter, order.clock, form)
            tasks.start_soon(keep_what_lasts, len(run.connection.targets), order.clock.sleep)

    def say_summary(summary: Summary) -> None:
        _say_summary(order.directory, summary)

    async def drain_quietly(*, task_status: TaskStatus[None]) -> None:
        await _run_signals(run, run.drain, task_status=task_status)

    with LogOutput(
        order.settings.log_level,
        file=order.directory.open_log(),
        terminal=not draws(form),
    ):
        with called_on_signal(partial(say_state, meter, order.clock), soon):
            async with controlled(run, meter):
                summary = await run.execute(
                    beside,
                    TerminalAttendant(say_summary, drain_quietly),
                    override_check=choices.override_check,
                )
        _say_summary(order.directory, summary)
        if choices.as_json and not run.is_to_be_undone:
            _print_json(order, summary)
        if order.settings.report:
            await until_signal(partial(_report, order.directory))
        await until_signal(order.telemetry.finish)
        await until_signal(order.hooks.finish)
    return exit_code(summary)


async def _report(directory: RunDirectory) -> None:
    """Write the page of the run, and say where it is; a signal leaves it out."""
    path, why = await write_ending(directory.path)
    if path is not None:
        echo(f"Report: {path}", err=True)
    elif why is not None:
        again = next_command("report", directory.path)
        echo(f"There is no report ({why}). To make one: {again}", err=True)


def _drain(run: ApprovedRun) -> None:
    """Take nothing new, and say what is waited for and how long."""
    calls = run.in_flight
    run.drain()
    echo(
        f"Interrupted: waits for {several(calls, 'call')} in flight, at most"
        f" {duration(run.order.settings.grace)}; a second Ctrl-C ends it at once.",
        err=True,
    )


async def _run_signals(
    run: ApprovedRun,
    drain: Callable[[], None],
    *,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    grace = run.order.settings.grace

    def grace_over() -> None:
        run.order.log.warning("run.grace_over", grace_seconds=grace)
        echo(f"The {duration(grace)} are over: what has no answer is in doubt.", err=True)
        run.abort()

    await run_signals(
        grace=grace, drain=drain, abort=run.abort, grace_over=grace_over, task_status=task_status
    )


def exit_code(summary: Summary) -> int:
    """0 all done well; 1 finished with some not; 3 stopped itself; 4 interrupted."""
    if summary.stopped == INTERRUPTED:
        return 4
    if summary.stopped is not None:
        return STOPPED_ITSELF
    return 0 if summary.succeeded + summary.unchanged == summary.total else 1


def _say_summary(directory: RunDirectory, summary: Summary) -> None:
    for line in summary_lines(directory, summary, RunEnding.of(directory, summary)):
        echo(line, err=True)
