"""The events of the log: name, levels and members from the code, with a meaning kept here."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.docs.markdown_tables import code, table

LEVELS = ("debug", "info", "warning", "error")
MEANINGS = {
    "attempt.answered": "a request came back with another answer than a throttle, or with none",
    "attempt.throttled": "a request was answered by a throttle",
    "breaker.closed": "a target that was away has answered again",
    "breaker.opened": "a target is away: nothing is sent but by one update that probes",
    "transport.sdk": "requests of the target leave the SDK's own way, and why",
    "clock.off": "this host's clock is off by so much; requests are signed by AWS's time",
    "concurrency.reached": "the quota allowed a request, the number in flight did not; said once",
    "credentials.awaited": "a program that gives credentials takes longer than a few seconds",
    "control.not_accepted": "a connection to the control socket could not be taken",
    "control.refused": "what somebody asked of the control socket was refused",
    "control.told": "somebody told it something by `batcher ctl`",
    "control.unavailable": "it goes on without a control socket",
    "endpoint.not_read": "the library takes no endpoint from the variable of the commands; what"
    " to give instead",
    "failed.left_out": "failures that a later update of their trigger has made obsolete are not in"
    " `failed.jsonl`",
    "failed.not_renewed": "`failed.jsonl` could not be written anew",
    "file.claimed": "a worker has begun a file of a spool directory, or gone on with it",
    "file.ended": "a file of a spool directory is done, or failed with what is `wrong`",
    "file.left": "a file could not even be moved, and stays where it is",
    "hold_file.found": "the hold file is there: nothing is sent",
    "hold_file.gone": "the hold file is gone: it goes on",
    "hook.called": "a hook was told of an event",
    "hook.failed": "a hook could not be told of an event, or failed",
    "images.left_open": "a killed worker's file of before images could not be completed",
    "limiter.leading": "this process estimates the shared quota for all",
    "limiter.redis_away": "the Redis of the shared quota is away: it goes on with its share",
    "limiter.redis_back": "that Redis is back: it shares the quota again",
    "message.lost": "a lease ran out before its update was settled: the message comes again",
    "omitted_members.learned": "an answer has shown what AWS does with what an update leaves out",
    "queue.may_be_lost": "the queue's server is set up so that messages may be lost",
    "queue.no_dead_letters": "the queue has no dead-letter queue: failures leave it",
    "queue.unreachable": "the queue could not be asked or told; it is tried again",
    "quotas.unusable": "what was remembered of quotas could not be read or kept",
    "read_back.unread": "a trigger of the sample that is read back could not be read",
    "results.left_open": "a killed worker's results file could not be completed",
    "results.not_sent": "a results file could not be moved to S3; it stays and is tried again",
    "retry.asked_too_long": "the server asks for a longer wait than is waited; said once",
    "retry.scheduled": "another attempt follows after a wait",
    "role.not_renewed": "a role's session could not be renewed in good time; it is tried again",
    "run.canary": "the first updates of the run, with what became of each",
    "run.check_overridden": "it goes on after a check that had failed, as somebody said so",
    "run.checked": "the check of a wave has ended",
    "run.draining": "it takes nothing more and finishes what is in flight",
    "run.ended": "the session has ended",
    "run.grace_over": "the time for what is in flight is over",
    "run.soaking": "it waits after a wave",
    "run.started": "a session begins to send",
    "run.wave_ended": "a wave has ended",
    "settings.not_reloaded": "the settings file can't be used: the settings before stay",
    "settings.reloaded": "the settings were read anew; some wait for a new start",
    "target.not_looked_at": "triggers of the target are not looked at before their updates",
    "targets.changed": (
        "a run goes on with the targets it began with, though its list has others by now"
    ),
    "target.resting": "a worker lets go of a target that gets no messages, until the next one",
    "target.stopped": "the target can't go on; the others do",
    "target.waiting": "the target can't go on now, and is tried again after a pause",
    "timetable.rule": "another rule of the timetable counts from now on",
    "trigger.created": "a trigger that was not there was created, with its integration or without",
    "trigger.deleted": "a rollback has deleted a trigger to create it as it was",
    "trigger.not_recreated": "a deleted trigger could not be created again",
    "trigger.recreated": "a deleted trigger was created as it was",
    "telemetry.lost": "so much did not reach the collector of `--otlp`",
    "telemetry.not_sent": "the collector of `--otlp` does not take them; said once",
    "update.differs": "a trigger that was read back is not as sent",
    "update.restored": "AWS cleared what an update left out, and that was put back at once",
    "update.settled": "an update has its result",
    "worker.state": "where the worker stands, as SIGUSR1 has asked for it",
    "worker.not_ready": "a part of the worker keeps it from working",
    "worker.recovered": "that part works again",
    "worker.stopped_for_good": "a target stays stopped until the worker is started anew",
    "worker.stopping": "the worker takes nothing more and ends",
    "worker.stuck": "the event loop stands still: the watchdog ends the process",
}
"""What each event says, by its name."""

NAMES = ("`id`", "`target`", "`domain`", "`trigger`")
MORE_MEMBERS: dict[str, tuple[str, ...]] = {
    "run.ended": ("the [summary](reference.md#summary)",),
    "trigger.created": ("`target`", "`domain`", "`trigger`"),
    "trigger.deleted": NAMES,
    "trigger.not_recreated": NAMES,
    "trigger.recreated": NAMES,
}
"""What an event has that no keyword names."""

NO_EVENTS = frozenset(
    {"order.total", "library.batch_result", "_source.total", "_source.country", "live.js"}
)
"""Other dotted names in the code."""

_DOTTED = re.compile(r"[a-z_]+\.[a-z_]+")
_FILES = re.compile(
    r".*\.(jsonl?|sock|run|fish|html|xml|css|j2|svg|md)|(batcher|rpc|cloud|server|service|error|aws)\..*"
)
HEAD = ("event", "level", "members", "says")


class Logged(NamedTuple):
    """One call that logs."""

    event: str
    levels: tuple[str, ...]
    members: tuple[str, ...]


def log_event_table() -> str:
    """A row of each event, with all the members that it may have."""
    rows = []
    for event, calls in sorted(logged_events().items()):
        levels = sorted({level for call in calls for level in call.levels}, key=LEVELS.index)
        named = dict.fromkeys(code(name) for call in calls for name in call.members)
        members = ", ".join((*named, *MORE_MEMBERS.get(event, ())))
        rows.append((code(event), ", ".join(levels), members, MEANINGS[event]))
    return table(HEAD, rows)


def logged_events() -> dict[str, list[Logged]]:
    """Each event, with the calls that log it."""
    found: dict[str, list[Logged]] = {}
    for source in _sources():
        for function in ast.walk(source):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for logged in _logged_in(function):
                    found.setdefault(logged.event, []).append(logged)
    return found


def dotted_names() -> set[str]:
    """Every string of the code that has the form of an event's name, and names no file."""
    return {
        node.value
        for source in _sources()
        for node in ast.walk(source)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if _DOTTED.fullmatch(node.value) and not _FILES.fullmatch(node.value)
    }


@cache
def _sources() -> tuple[ast.Module, ...]:
    paths = sorted(Path("batcher").rglob("*.py"))
    return tuple(ast.parse(path.read_text()) for path in paths if "emulator" not in path.parts)


def _logged_in(function: ast.AST) -> Iterator[Logged]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call):
            texts = [_text(each) for given in call.args for each in ast.walk(given)]
            levels = _levels(call, function)
            for event in texts:
                if levels and _DOTTED.fullmatch(event) and not _FILES.fullmatch(event):
                    members = tuple(each.arg for each in call.keywords if each.arg)
                    yield Logged(event, levels, members)


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _levels(call: ast.Call, function: ast.AST) -> tuple[str, ...]:
    """The levels of a call that logs: of its name, an argument, or what its name is set to."""
    places: list[ast.AST] = [call.func, *call.args]
    if isinstance(call.func, ast.Name):
        name = call.func.id
        nodes = (each for each in ast.walk(function) if isinstance(each, ast.Assign))
        places += [each.value for each in nodes if ast.unparse(each.targets[0]) == name]
    found = (_name(each) for place in places for each in ast.walk(place))
    return tuple(dict.fromkeys(name for name in found if name in LEVELS))


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else _text(node)
