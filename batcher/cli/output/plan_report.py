"""A plan on its way to people, to a JSON object on standard output, and to the file that keeps
it: one update at a time.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from batcher.cli.output.diff import lines
from batcher.cli.output.format import number, several
from batcher.jobs.plan import OUTCOMES, Planned, Survey
from batcher.storage.atomic_file import LinesFile
from batcher.triggers.diff import Change, masked


class Report:
    """Takes what is planned, shows it with ``hidden`` members hidden, and counts it; holds none
    of it.
    """

    def __init__(
        self, survey: Survey, kept: LinesFile | None, *, hidden: frozenset[str], as_json: bool
    ) -> None:
        self._kept = kept
        self._hidden = hidden
        self._as_json = as_json
        self._limit = survey.settings.max_changes
        self._total = sum(len(index) for index in survey.inspection.targets.values())
        self._several_targets = len(survey.inspection.targets) > 1
        self._outcomes: Counter[str] = Counter()
        self._irreversible = self._conflicts = 0
        self._silent = True
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._encode = msgspec.json.Encoder().encode

    def add(self, planned: Planned) -> None:
        """Take the next update."""
        self._silent = False
        found = masked(planned.step.changes, self._hidden)
        if self._as_json:
            begun = '{"updates": [\n' if not self._outcomes else ",\n"
            sys.stdout.write(begun + self._encode(_entry(planned, found)).decode())
        if planned.outcome != "unchanged" or planned.step.conflicts:
            for line in lines(planned, found, target=self._several_targets):
                self._console.print(line)
        self._count(planned)
        self._keep(planned)

    def tick(self) -> None:
        """Say how far it is, if nothing was said since the last tick."""
        if self._silent:
            click.echo(
                f"{number(self._outcomes.total())}/{number(self._total)} updates compared", err=True
            )
        self._silent = True

    def finish(self, out: Path | None) -> int:
        """Say what it came to, and put the plan in place; returns the exit code."""
        changed = self._outcomes["changed"] + self._outcomes["created"]
        allowed = self._limit is None or not self._limit.exceeded_by(changed, self._total)
        if self._as_json:
            begun = '{"updates": [' if not self._outcomes else "\n"
            sys.stdout.write(
                begun + '], "summary": ' + self._encode(self._summary()).decode() + "}\n"
            )
        for line in self._sentences(allowed):
            click.echo(line, err=True)
        if self._kept is not None and allowed:
            self._kept.keep()
            click.echo(f"The plan is in {out}; to do it: batcher run {out}", err=True)
        return (
            0
            if allowed and not self._outcomes["missing"] and not self._outcomes["unreadable"]
            else 1
        )

    def break_off(self, reason: str) -> bool:
        """End the JSON object, where one was begun, with why there is no summary; returns whether
        one was.
        """
        if begun := self._as_json and bool(self._outcomes):
            sys.stdout.write('\n], "error": ' + self._encode(reason).decode() + "}\n")
        return begun

    def _count(self, planned: Planned) -> None:
        self._outcomes[planned.outcome] += 1
        self._irreversible += bool(planned.step.irreversible)
        self._conflicts += len(planned.step.conflicts)

    def _keep(self, planned: Planned) -> None:
        """The line of the update, and what it is based on.

        One that could not be compared is no part of a plan.
        """
        if self._kept is not None and planned.outcome != "unreadable":
            update = msgspec.structs.replace(planned.update, based_on=planned.step.based_on)
            self._kept.write(self._encode(update.as_line()) + b"\n")

    def _summary(self) -> dict[str, int]:
        counts: dict[str, int] = {outcome: self._outcomes[outcome] for outcome in OUTCOMES}
        return {
            "total": self._total,
            **counts,
            "irreversible": self._irreversible,
            "conflicts": self._conflicts,
        }

    def _sentences(self, allowed: bool) -> Iterator[str]:
        counts = ", ".join(
            f"{number(self._outcomes[outcome])} {outcome}"
            for outcome in OUTCOMES
            if self._outcomes[outcome]
        )
        yield f"{several(self._total, 'update')}: {counts or 'nothing to do'}."
        if self._irreversible:
            yield (
                f"{several(self._irreversible, 'update')} can't be undone by an update: they set a"
                " member that is not there today, and no update can clear a member, because the"
                " shortest text and list it takes have a length of 1."
            )
        if self._conflicts:
            yield (
                f"{several(self._conflicts, 'conflict')}: two lines set different values for one"
                " member of one trigger."
            )
        if self._kept is not None and self._outcomes["unreadable"]:
            yield (
                f"The plan leaves out the {several(self._outcomes['unreadable'], 'update')} whose"
                " trigger can't be read."
            )
        if not allowed:
            yield f"That is more than --max-changes {self._limit}" + (
                "; no plan was kept." if self._kept is not None else "."
            )


def _entry(planned: Planned, found: list[Change]) -> dict[str, Any]:
    update = planned.update
    return {
        "id": update.id,
        "line": update.line,
        "target": update.target,
        "domain": update.domain,
        "trigger": update.trigger,
        "outcome": planned.outcome,
        "changes": found,
        "irreversible": planned.step.irreversible,
        "conflicts": planned.step.conflicts,
        "error": planned.error,
    }
