"""Faults of an input file, shown: the first ones for people, or all of them as JSON while they
are found.
"""

import json
import sys

import click

from batcher.errors import InputError
from batcher.jobs.plan import Survey
from batcher.jobs.run import BulkRun

SHOWN = 20


class FaultPrinter:
    """Prints ``line N: path: message`` on standard error, the first 20, and counts the rest.

    With ``as_json`` each fault also goes to standard output as an entry of ``violations`` in one
    JSON object, and at once: none is held.
    """

    def __init__(self, as_json: bool) -> None:
        self.count = 0
        self._as_json = as_json
        self._out = sys.stdout

    def add(self, line: int, path: str, message: str) -> None:
        """Take one fault; it is printed now."""
        self.count += 1
        if self.count <= SHOWN:
            click.echo(
                f"line {line}: {path}: {message}" if path else f"line {line}: {message}", err=True
            )
        if self._as_json:
            before = '{"faults": [\n' if self.count == 1 else ",\n"
            self._out.write(before + json.dumps({"line": line, "path": path, "message": message}))

    def finish(self, **members: object) -> None:
        """Say how many were not shown; with ``as_json``, end the object with these members."""
        if self.count > SHOWN:
            click.echo(f"… and {self.count - SHOWN:,} more", err=True)
        if self._as_json:
            begun = '{"faults": [' if self.count == 0 else "\n"
            ends = "".join(f', "{name}": {json.dumps(value)}' for name, value in members.items())
            self._out.write(f"{begun}]{ends}}}\n")


def passes(subject: BulkRun | Survey, *, as_json: bool, not_done: str) -> bool:
    """Check the file of a run or a plan; say what is wrong with it.

    False when nothing may come of it.

    ``not_done``: what was not done then, e.g. ``sent``.
    """
    skip = subject.settings.skip_invalid
    printer = FaultPrinter(as_json and not skip)
    found = subject.inspect(on_fault=printer.add)
    if found.total == 0:
        raise InputError(f"{subject.origin}: no updates in it; nothing to do.")
    if not found.invalid:
        return True
    printer.finish(valid=False, total=found.total, invalid=found.invalid)
    if not skip:
        click.echo(
            f"Nothing was {not_done}. Correct these lines, or leave them out with --skip-invalid.",
            err=True,
        )
    return skip
