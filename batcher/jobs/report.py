"""The job ``report``: what a run was asked and what came of it, read from its directory.

Reads files only, of any run: under way, ended, killed, damaged, of an earlier version. What is not
known is left out, and said.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

from batcher.accounting.tally import Tally
from batcher.accounting.time_spent import NOTHING_SPENT, RunTimeSpent
from batcher.clock import SystemClock
from batcher.compact import LineSet
from batcher.errors import BatcherError
from batcher.jobs.maybe_sent import NOTHING_SENT, MaybeSent, maybe_sent, section
from batcher.jobs.report_changes import change_groups
from batcher.jobs.report_facts import (
    lint_section,
    outcomes,
    quota_savings,
    requests_beside,
    run_facts,
    target_report,
    time_shares,
    worst_first,
)
from batcher.jobs.report_journal import ReportedResults, go_on
from batcher.jobs.report_results import ResultsDigest
from batcher.jobs.report_standing import Standing
from batcher.jobs.report_steps import ReportedRun
from batcher.jobs.report_timeline import latency, timeline
from batcher.jobs.run_reader import RunReader, settings_of
from batcher.jobs.undo import rollbacks_of
from batcher.jobs.verified_scope import part_of
from batcher.records import Counts, Result
from batcher.report.run_report import (
    Accounts,
    FailureGroup,
    MaybeSentSection,
    PlanSection,
    RunReport,
    TargetReport,
    Timeline,
)
from batcher.storage.run_directory import RunDirectory
from batcher.storage.timeline_file import read_timeline
from batcher.version import __version__
from batcher.wiring.line_readers import installed_update_model, line_reader


class RunReporter:
    """Makes the report on the run in a directory.

    ``check`` is called now and then; what it raises ends the work. Raises RunDirectoryError where
    there is no run, and DamageError where a file of it is of no kind that is safe to read.
    """

    def __init__(self, path: Path, check: Callable[[], None] = go_on) -> None:
        self._check = check
        self._directory = RunDirectory(path)
        self._manifest = self._directory.read_manifest()
        self._summary = self._directory.read_summary()
        self._notes: list[str] = []
        self._run = self._with_input()
        self._results = self._read()
        self._digest = ResultsDigest()
        self._maybe_sent = NOTHING_SENT
        self._steps = ReportedRun(directory=self._directory, manifest=self._manifest)

    def _with_input(self) -> RunReader | None:
        path = self._directory.path
        try:
            return RunReader(path, line_reader(settings_of(path), any_target=True))
        except (BatcherError, OSError) as error:
            why = str(error).removesuffix(".")
            self._notes.append(
                f"The results are not held against the lines of the input, and what was changed is"
                f" not told: {why}."
            )
            return None

    def __repr__(self) -> str:
        return f"<RunReporter of {self._directory.path}>"

    def _read(self) -> ReportedResults:
        return ReportedResults(self._directory, self._manifest, self._run, self._check)

    def results(self) -> Iterator[Result]:
        """The results that the report is of, in their order; once it was made."""
        return islice(self._read(), self._digest.results)

    def not_started(self) -> Iterator[tuple[int, tuple[str, str] | None]]:
        """Line, domain and trigger of each update without a result; once the report was made.

        None in place of names where the input is not at hand; then lines are 0.
        """
        if self._run is None:
            missing = sum(self._totals().values()) - self._digest.results
            return ((0, None) for _ in range(missing))
        done = self._results.done
        return ((line, names) for line, names in self._run.triggers() if line not in done)

    def report(self) -> RunReport:
        """The report. To be made once."""
        digest, manifest = self._digest, self._manifest
        digest.sample(read_timeline(self._directory.timeline))
        for result in self._results:
            digest.add(result)
        totals = self._totals()
        counts = digest.tally.counts(sum(totals.values()))
        spent = self._spent()
        standing = Standing.of(
            self._directory, self._summary, max(0, counts.not_started), counts.total
        )
        if standing.state == "killed":
            spent = spent.with_killed()
        found, plan, undone = timeline(digest), self._plan(), self._note_undo()
        self._note_unknown(found, counts)
        if spent.run.killed:
            self._notes.append(
                "A session was ended by force: of the requests in its last seconds those for"
                " updates that had no result yet may be missing."
            )
        part = None if self._run is None else part_of(self._run)
        self._maybe_sent, told = self._find_maybe_sent(standing, counts.not_started)
        head = self._results.head
        return RunReport(
            made_at=SystemClock().wall(),
            made_by=f"batcher {__version__}",
            facts=run_facts(self._directory, manifest, self._summary, standing, spent, part),
            accounts=self._accounts(counts, spent),
            targets=worst_first(self._target(*each, spent) for each in totals.items()),
            timeline=found,
            latency=latency(digest),
            time_spent=time_shares(spent.run),
            quota_savings=quota_savings(spent.run),
            failures=self._failures(),
            more_failures=digest.more_failures,
            maybe_sent=told,
            slowest=digest.slowest(),
            plan=plan,
            lint=lint_section(manifest),
            next_steps=list(
                self._steps.next_steps(
                    counts, standing.state, undone=undone, maybe_sent=self._maybe_sent.count
                )
            ),
            reproduce=list(self._steps.reproduce(head.chain, head.lines)),
            versions=manifest.versions,
            notes=self._notes,
        )

    def _totals(self) -> dict[str, int]:
        """How many updates each target has."""
        done = {name: tally.done for name, tally in self._digest.tallies.items()}
        summary = self._summary
        if self._run is not None:
            return self._totals_of_lines(self._run.lines.of_target, done)
        if summary is not None and isinstance(summary.targets, dict):
            found = {name: each.total for name, each in summary.targets.items()}
        else:
            total = self._manifest.input.updates if summary is None else summary.total
            default = str(self._manifest.settings.get("target", "default"))
            name = default if len(done) != 1 else next(iter(done))
            found = {name: done.get(name, 0) + max(0, total - sum(done.values()))}
        return {name: max(found.get(name, 0), done.get(name, 0)) for name in {**found, **done}}

    def _totals_of_lines(
        self, of_target: Mapping[str, LineSet], done: Mapping[str, int]
    ) -> dict[str, int]:
        """An invalid line counts where its result is: it may name a target that there is not."""
        found = {name: len(lines) for name, lines in of_target.items()}
        if self._digest.tally.counts(0).invalid:
            left = {name: len(each.without(self._results.done)) for name, each in of_target.items()}
            found = {name: done.get(name, 0) + left.get(name, 0) for name in {**found, **done}}
        return {name: total for name, total in found.items() if total}

    def _spent(self) -> RunTimeSpent:
        if self._manifest.spent is not None:
            return self._manifest.spent
        if self._summary is not None:
            return RunTimeSpent.of_summary(self._summary)
        self._notes.append("How long the run was at work was not recorded.")
        return NOTHING_SPENT

    def _accounts(self, counts: Counts, spent: RunTimeSpent) -> Accounts:
        results = self._results
        head, said = results.head, outcomes(counts)
        balanced = (
            results.damage is None
            and sum(said.values()) == counts.total
            and counts.not_started >= 0
            and head.lines == self._digest.results
        )
        return Accounts(
            total=counts.total,
            outcomes=said,
            maybe_applied=counts.maybe_applied,
            results=head.lines,
            duplicates=results.duplicates,
            balanced=balanced,
            attempts=counts.attempts,
            throttles=counts.throttles,
            without_result=requests_beside(spent.run, counts),
            rate=round(spent.run.rate, 3),
            chain=head.chain,
            sha256=head.sha256,
            bytes=head.size,
            proved_by=results.proved_by,
            unproved=results.unproved,
            damage=results.damage,
        )

    def _target(self, name: str, total: int, spent: RunTimeSpent) -> TargetReport:
        tally = self._digest.tallies.get(name, Tally())
        of_target = spent.run if len(spent.targets) <= 1 else spent.of(name)
        return target_report(
            name,
            tally.counts(total),
            self._manifest,
            self._summary,
            of_target,
            self._digest.quotas.get(name),
            self._maybe_sent_of(name),
        )

    def _find_maybe_sent(
        self, standing: Standing, left: int
    ) -> tuple[MaybeSent, MaybeSentSection | None]:
        """What has no result and may have been sent; of a run under way nothing is said of it."""
        if self._run is None or left <= 0 or standing.state == "under_way":
            return NOTHING_SENT, None
        try:
            found = maybe_sent(self._run, killed=standing.state == "killed")
            return found, section(self._run, found, left)
        except (BatcherError, OSError) as error:
            why = str(error).removesuffix(".")
            self._notes.append(f"Which updates without a result may have been sent: {why}.")
            return NOTHING_SENT, None

    def _maybe_sent_of(self, target: str) -> int:
        lines = None if self._run is None else self._run.lines.of_target.get(target)
        return 0 if lines is None else self._maybe_sent.of_target(lines)

    def _failures(self) -> list[FailureGroup]:
        found = []
        for key, count in self._digest.failures.most_common():
            examples = self._digest.examples(key)
            to_do, command = self._steps.to_mend(key, examples)
            found.append(
                FailureGroup(
                    status=key[0],
                    code=key[1],
                    count=count,
                    maybe_applied=(maybe := self._digest.maybe_applied[key]),
                    to_do=f"{_MAYBE_APPLIED} {to_do}" if maybe else to_do,
                    command=command,
                    examples=examples,
                )
            )
        return found

    def _plan(self) -> PlanSection | None:
        digest = self._digest
        if self._run is None:
            return None
        try:
            sensitive = installed_update_model().sensitive
            return change_groups(self._run, digest.changed, digest.changing, sensitive, self._check)
        except (BatcherError, OSError) as error:
            self._notes.append(f"What was changed is not told: {str(error).removesuffix('.')}.")
            return None

    def _note_undo(self) -> bool:
        """Say what has put the run back; returns whether something has."""
        found = list[Path]()
        with suppress(BatcherError, OSError):
            found = rollbacks_of(self._directory.path)
        if found:
            by = ", ".join(map(str, found))
            self._notes.append(f"A rollback of this run was made since: {by}.")
        return bool(found)

    def _note_unknown(self, found: Timeline | None, counts: Counts) -> None:
        notes, manifest = self._notes, self._manifest
        if found is not None and not found.quota_known:
            notes.append("No quota is drawn over time: it was only guessed, or not recorded.")
        if found is not None and not found.measured and counts.attempts:
            notes.append(
                "When each request was answered was not recorded: attempts are shared out over the"
                " time that their update took."
            )
        if manifest.settings.get("limiter", "local") != "local":
            notes.append(
                "The quota is shared with other processes: it is that of all of them, and the"
                " attempts are those of this run."
            )
        if manifest.lint is None and manifest.kind == "run":
            notes.append("Whether lint finds something in the input was not recorded.")


_MAYBE_APPLIED = (
    "Which of them were applied all the same verify tells, by looking at their triggers."
)
