"""A plan on its way to people, and as JSON to standard output: one update at a time."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
from rich.text import Text

from batcher.accounting.completion_time import longest
from batcher.aws.client import AwsTarget
from batcher.cli.output.diff import diff_lines
from batcher.cli.output.echo import echo
from batcher.cli.output.error_report import ErrorReport
from batcher.cli.output.next_command import next_command
from batcher.cli.output.omission import basis_text, sends_text, shown_at
from batcher.cli.output.pager import PagedText
from batcher.cli.output.plan_groups import PlanGroups
from batcher.cli.output.plan_html import PlanPage, plan_html
from batcher.cli.output.plan_markdown import plan_markdown
from batcher.cli.output.preview import place_text, say_places
from batcher.cli.output.undo import CREATED_STAYS, irreversible_text, undo_duration
from batcher.clock import SystemClock
from batcher.foreign_text import printable
from batcher.jobs.plan import Plan
from batcher.jobs.target_planner import PlannedUpdate
from batcher.number_text import number, several
from batcher.sources.inspection import Inspection
from batcher.triggers.diff import Change
from batcher.triggers.masking import masked
from batcher.updates.target_causes import TOGETHER_FROM, by_cause, targets_text

Form: TypeAlias = Literal["text", "markdown", "html"]


class PlanPrinter:
    """Shows planned updates with ``hidden`` members hidden: those that do the same together.

    ``full``: each as it comes, and none is held. ``form``: other than text it is at the end, on
    standard output, and has ``name`` in its title. ``paged``: where text for people goes.
    """

    def __init__(
        self,
        file: Inspection,
        *,
        hidden: frozenset[str],
        as_json: bool,
        full: bool = False,
        form: Form = "text",
        name: str = "",
        paged: PagedText | None = None,
    ) -> None:
        self._hidden = hidden
        self._streams = full and form == "text"
        self._form, self._name = form, name
        self._places: list[str] = []
        self._groups = PlanGroups(each=full, across=len(file.targets) >= TOGETHER_FROM)
        self._as_json = as_json
        self._part = file.part
        self._total = sum(map(len, file.targets.values()))
        self._several_targets = len(file.targets) > 1
        self._taken = 0
        self._silent = True
        self._paged = paged or PagedText(wanted=False)
        self._console = self._paged.console()
        self._has_groups = False
        self._encode = msgspec.json.Encoder().encode

    def connected(self, targets: Mapping[str, AwsTarget]) -> None:
        """Say which targets are looked at."""
        self._places = [place_text(target) for target in targets.values()]
        say_places(targets)

    def add(self, planned: PlannedUpdate) -> None:
        """Take the next update."""
        found = masked(planned.step.changes, self._hidden)
        if self._as_json:
            begun = ",\n" if self._taken else '{"updates": [\n'
            entry = self._encode(_entry(planned, found)).decode()
            sys.stdout.write(begun + printable(entry))
        if planned.effect != "unchanged" or planned.step.conflicts:
            self._show(planned, found)
        self._taken += 1

    def _show(self, planned: PlannedUpdate, found: list[Change]) -> None:
        if not self._streams:
            self._groups.add(planned, found)
            return
        self._silent = False
        self._print(diff_lines(planned, found, target=self._several_targets))

    def _print(self, lines: Iterable[Text]) -> None:
        for line in lines:
            self._console.print(line)

    async def show(self) -> None:
        """Show what there is for people to read, page by page on a terminal that is lower."""
        self._print_groups()
        await self._paged.show()

    def _print_groups(self) -> None:
        if self._form == "text" and not self._has_groups:
            self._has_groups = True
            for group in self._groups.largest_first():
                self._print(group.lines(target=self._several_targets))

    def tick(self) -> None:
        """Say how far it is, if nothing was said since the last tick."""
        if self._silent:
            done = f"{number(self._taken)}/{number(self._total)}"
            echo(f"Only reads: {done} updates compared", err=True)
        self._silent = True

    def finish(self, plan: Plan, out: Path | None) -> None:
        """Say what it came to, after all that was not shown so far."""
        if self._as_json:
            counts: dict[str, Any] = {
                "irreversible": plan.irreversible,
                "conflicts": plan.conflicts,
                "undo_seconds": longest([each.work for each in plan.undo]),
            }
            if self._part is not None:
                counts["selection"] = self._part
            summary = self._encode({"total": plan.total, **plan.effects, **counts}).decode()
            begun = "\n" if self._taken else '{"updates": ['
            sys.stdout.write(f'{begun}], "summary": {summary}}}\n')
        self._print_groups()
        now = SystemClock().wall()
        said = list(_sentences(plan, out, now))
        match self._form:
            case "markdown":
                echo(plan_markdown(self._groups, said, target=self._several_targets), lines=True)
            case "html":
                page = PlanPage(
                    name=self._name,
                    made_at=now,
                    plan=plan,
                    places=self._places,
                    sentences=said,
                    several_targets=self._several_targets,
                )
                echo(plan_html(page, self._groups), lines=True)
        for line in said:
            echo(line, err=True)

    def break_off(self, report: ErrorReport) -> bool:
        """End the JSON object with why there is no summary; returns whether one was begun.

        What was found so far is shown.
        """
        self._print_groups()
        self._paged.print_all()
        if begun := self._as_json and self._taken > 0:
            told = printable(self._encode(report.as_json()).decode())
            sys.stdout.write(f"\n], {told[1:]}\n")
        return begun


def _sentences(plan: Plan, out: Path | None, now: str) -> Iterator[str]:
    known = plan.omissions
    sends = {name: sends_text(each, looks=True, now=None) for name, each in known.items()}
    for names in by_cause((text, name) for name, text in sends.items()):
        to_targets = f"To {targets_text(names)} a run" if len(sends) > 1 else "A run"
        oldest = min((known[name] for name in names), key=shown_at)
        yield f"{to_targets} sends {sends_text(oldest, looks=True, now=now)}."
    effects = ", ".join(f"{number(count)} {name}" for name, count in plan.effects.items() if count)
    yield f"{several(plan.total, 'update')}: {effects or 'nothing to do'}."
    if plan.irreversible:
        yield irreversible_text(plan.irreversible)
        yield from _undo_basis(plan, now)
    if plan.effects["created"]:
        yield CREATED_STAYS
    if plan.undo:
        yield f"To undo what would change (batcher rollback) takes {undo_duration(plan.undo)}."
    if plan.conflicts:
        yield (
            f"{several(plan.conflicts, 'conflict')}: two lines set different values for one"
            " member of one trigger."
        )
    if out is not None and (unreadable := plan.effects["unreadable"]):
        yield (
            f"The plan leaves out the {several(unreadable, 'update')} whose trigger can't be read."
        )
    if plan.too_many:
        ending = "." if out is None else "; no plan was kept."
        yield f"That is more than --max-changes {plan.max_changes}{ending}"
    elif out is not None:
        yield f"The plan is in {out}; to do it: {next_command('run', out)}"


def _undo_basis(plan: Plan, now: str) -> Iterator[str]:
    """What it rests on that these updates can't be undone."""
    known, staying = plan.omissions, plan.staying
    rests = {
        name: basis_text(known[name], members, None)
        for name, members in staying.items()
        if name in known
    }
    for names in by_cause((text, name) for name, text in rests.items()):
        of_targets = f" of {targets_text(names)}" if len(known) > 1 else ""
        oldest = min(names, key=lambda name: known[name].seen_at(staying[name], "kept") or "")
        yield f"That rests on this{of_targets}: {basis_text(known[oldest], staying[oldest], now)}."


def _entry(planned: PlannedUpdate, found: list[Change]) -> dict[str, Any]:
    update = planned.update
    return {
        "id": update.id,
        "line": update.line,
        "target": update.target,
        "domain": update.domain,
        "trigger": update.trigger,
        "outcome": planned.effect,
        "changes": found,
        "irreversible": planned.step.irreversible,
        "conflicts": planned.step.conflicts,
        "error": planned.error,
    }
