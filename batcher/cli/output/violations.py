"""Invalid lines of a file, as they are found: the first ones for people, or all as JSON."""

import json
import sys

from batcher.cli.output.echo import echo
from batcher.foreign_text import printable
from batcher.sources.inspection import Inspection
from batcher.updates.hint import Hint
from batcher.updates.violations import Violation

SHOWN = 20
SHOWN_AFTER_HINT = 3  # the file is to blame, not its lines


class ViolationPrinter:
    """Prints ``line N: path: message`` on standard error, the first 20, and counts the rest.

    ``origin``: the name of the file; ``unit``: what it is counted by. With ``as_json`` each also
    goes to standard output as an entry of ``faults`` in one JSON object, and at once: none is held.
    """

    def __init__(self, as_json: bool, origin: str = "the file", unit: str = "line") -> None:
        self.count = 0
        self._as_json = as_json
        self._origin = origin
        self._unit = unit
        self._shown = SHOWN
        self._hint: str | None = None
        self._out = sys.stdout

    def hint(self, hint: Hint) -> None:
        """Take what the file is, before its violations; it is printed now."""
        if not hint.of_values:
            self._shown = SHOWN_AFTER_HINT
        self._hint = hint.text(self._origin)
        name = "standard input" if self._origin == "-" else self._origin
        echo(f"{name}: {self._hint}", err=True)

    def add(self, line: int, violation: Violation) -> None:
        """Take one violation, and its line; it is printed now."""
        self.count += 1
        if self.count <= self._shown:
            echo(f"{self._unit} {line}: {violation}", err=True)
        if self._as_json:
            begun = '{"faults": [\n' if self.count == 1 else ",\n"
            entry = {"line": line, "path": violation.path, "message": violation.message}
            self._out.write(begun + printable(json.dumps(entry)))

    def finish(self, **members: object) -> None:
        """Say how many were not shown; with ``as_json``, end the object with these members."""
        if self.count > self._shown:
            echo(f"… and {self.count - self._shown:,} more", err=True)
        if self._as_json:
            if self._hint is not None:
                members["hint"] = self._hint
            begun = '{"faults": [' if self.count == 0 else "\n"
            ends = "".join(f', "{name}": {json.dumps(value)}' for name, value in members.items())
            self._out.write(f"{begun}]{ends}}}\n")

    def conclude(self, found: Inspection, *, usable: bool, not_done: str) -> None:
        """Say what became of a file with invalid lines.

        ``not_done``: what was not done with one that is not ``usable``, e.g. ``sent``.
        """
        if not found.invalid:
            return
        self.finish(valid=False, total=found.total, invalid=found.invalid)
        if not usable:
            lines = "Correct these lines, or leave them out with --skip-invalid."
            what_to_do = lines if self._hint is None else "Mend the file first, as said above."
            echo(f"Nothing was {not_done}. {what_to_do}", err=True)
