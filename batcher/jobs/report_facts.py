"""The parts of a report that follow from single records: who and why, where the time went, lint."""

from collections.abc import Iterable

from msgspec import structs

from batcher.accounting.time_spent import RunTimeSpent, TimeSpent
from batcher.jobs.report_standing import Standing
from batcher.records import STATUSES, Counts, RequestCount, SelectedPart, Summary
from batcher.report.run_report import (
    LintFinding,
    LintSection,
    QuotaSaving,
    RunFacts,
    SessionReport,
    TargetReport,
    TimeShare,
)
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import RunManifest
from batcher.storage.run_sessions import RunSession
from batcher.storage.stored_path import stored_name, text_of_path
from batcher.triggers.lint.codes import LINT_CODES
from batcher.triggers.lint.finding import SEVERITIES

LITTLE = 0.05  # of the waits for tokens: what is less is not told of
OF_BOTH = "waiting for the quota, or at a pace below it"
_CAUSES = {
    "token": "waiting for the quota",
    "calling": "waiting for answers of AWS",
    "backoff": "waiting after a fault",
    "queued": "own work",
    "unreachable": "nothing could be sent",
    "paused": "paused",
}


def _session_report(session: RunSession) -> SessionReport:
    said = structs.asdict(session)
    return SessionReport(**{name: said[name] for name in SessionReport.__struct_fields__})


def run_facts(
    directory: RunDirectory,
    manifest: RunManifest,
    summary: Summary | None,
    standing: Standing,
    spent: RunTimeSpent,
    part: SelectedPart | None,
) -> RunFacts:
    """What was asked, by whom and why, and how it stands."""
    sessions = [_session_report(each) for each in manifest.sessions]
    reason = sessions[-1].reason if sessions else manifest.settings.get("reason")
    ended = summary is not None and standing.state not in ("under_way", "killed")
    return RunFacts(
        directory=text_of_path(directory.path.absolute()),
        run=manifest.run,
        kind=manifest.kind,
        parent=manifest.parent,
        input_name=stored_name(manifest.input.path),
        input_sha256=manifest.input.sha256,
        input_bytes=manifest.input.size,
        selection=_selection(manifest, part),
        state=standing.state,
        state_text=standing.text,
        started_at=manifest.started_at,
        finished_at=summary.finished_at if ended and summary is not None else None,
        wall_seconds=spent.run.wall_seconds,
        reason=reason,
        labels=sessions[-1].labels if sessions else {},
        sessions=sessions,
    )


def _selection(manifest: RunManifest, part: SelectedPart | None) -> str | None:
    if part is not None:
        return f"{part.by} leaves out {part.left_out:,} of {part.of:,} updates"
    return None if manifest.selection is None else str(manifest.selection)


def target_report(
    name: str,
    counts: Counts,
    manifest: RunManifest,
    summary: Summary | None,
    spent: TimeSpent,
    quota: float | None,
    maybe_sent: int,
) -> TargetReport:
    """One target and its part of the run. ``maybe_sent``: as there."""
    place = manifest.targets.get(name)
    callers = [each.who.get(name) for each in manifest.sessions]
    parts = summary.targets if summary is not None and isinstance(summary.targets, dict) else {}
    said = parts.get(name)
    return TargetReport(
        name=name,
        account=None if place is None else place.account,
        region=None if place is None else place.region,
        endpoint=None if place is None else place.endpoint,
        who=next((who for who in reversed(callers) if who), None),
        total=counts.total,
        outcomes=outcomes(counts),
        maybe_applied=counts.maybe_applied,
        maybe_sent=maybe_sent,
        attempts=counts.attempts,
        throttles=counts.throttles,
        without_result=requests_beside(spent, counts),
        wall_seconds=spent.wall_seconds,
        rate=round(spent.rate, 3),
        quota=quota,
        time_spent=time_shares(spent),
        stopped=None if said is None else said.stopped,
    )


def worst_first(targets: Iterable[TargetReport]) -> list[TargetReport]:
    """Sort them: first those of which most did not succeed or was not begun; else as they are."""
    return sorted(targets, key=lambda each: (-each.unsuccessful, each.stopped is None))


def outcomes(counts: Counts) -> dict[str, int]:
    """How many updates have each status, and how many have none."""
    found = {status: getattr(counts, status) for status in STATUSES}
    return found | {"not_started": counts.not_started}


def requests_beside(spent: TimeSpent, counts: Counts) -> RequestCount:
    """The requests that were made beside those that results count."""
    return spent.without(counts.attempts, counts.throttles) or RequestCount()


def time_shares(spent: TimeSpent) -> list[TimeShare]:
    """Where the time went, largest first."""
    wall, causes = spent.wall_seconds, {**_CAUSES, "token": _waited_for(spent)}
    mixed = causes["token"] == OF_BOTH
    found = [(cause, text, getattr(spent.seconds, cause)) for cause, text in causes.items()]
    return [
        TimeShare(
            cause=cause,
            text=text,
            seconds=seconds,
            below=spent.held_by_pace if mixed and cause == "token" else None,
            share=round(seconds / wall, 4) if wall else 0.0,
        )
        for cause, text, seconds in sorted(found, key=lambda each: -each[2])
    ]


def _waited_for(spent: TimeSpent) -> str:
    """What requests waited for that had to: the quota, or a pace that was lower."""
    token, below = spent.seconds.token, spent.held_by_pace
    if below < LITTLE * token or not token:
        return _CAUSES["token"]
    if token - below < LITTLE * token:
        return "waiting at a pace below the quota"
    return OF_BOTH


def quota_savings(spent: TimeSpent) -> list[QuotaSaving]:
    """What twice and five times the quota would save."""
    return [
        QuotaSaving(
            times=times,
            seconds=saved,
            wall_seconds=None if saved is None else round(max(0.0, spent.wall_seconds - saved), 3),
        )
        for times, saved in ((2, spent.double_quota_saves), (5, spent.fivefold_quota_saves))
    ]


def lint_section(manifest: RunManifest) -> LintSection | None:
    """What lint found when the run was started; None where it did not look."""
    if (found := manifest.lint) is None:
        return None
    known = [LINT_CODES[code] for code in found.codes if code in LINT_CODES]
    return LintSection(
        updates=found.updates,
        findings=[
            LintFinding(
                code=each.code,
                severity=each.severity,
                title=each.title,
                count=found.codes[each.code],
            )
            for each in sorted(known, key=lambda each: (SEVERITIES.index(each.severity), each.code))
        ],
    )
