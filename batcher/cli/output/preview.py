"""What a run is about to do, said before it starts."""

from collections.abc import Iterator
from datetime import datetime

from batcher.cli.output.forecast import outlook, prospects
from batcher.cli.output.format import number, several
from batcher.jobs.run import BulkRun

DOMAINS_SHOWN = 8


def preview(run: BulkRun, restored: int) -> Iterator[str]:
    """Lines for people: how many updates of how many triggers, where, how fast, how long, and what
    is amiss.

    Raises SettingsError when the deadline can't be kept.
    """
    why_not = run.weigh_looking()
    found = {each.name: each for each in prospects(run)}
    if restored:
        yield (
            f"Resuming: {several(restored, 'result')} from before, {several(run.left, 'update')}"
            " left."
        )
    for name, reason in run.unusable.items():
        yield (
            f"{several(run.totals[name], 'update')} of target {name} can't be sent and stay as they"
            f" are: {reason}"
        )
    for name, index in run.inspection.targets.items():
        if name not in run.targets:  # it can't be used, or has nothing left to do
            continue
        target = run.targets[name]
        account = target.account_id or "unknown account"
        where = f"{account}, {target.region} (target {name}, {target.endpoint_url})"
        if index.triggers:
            of = (
                f"{several(index.triggers, 'trigger')} in"
                f" {several(len(index.domains), 'domain')} of"
            )
            yield f"{several(len(index.lines), 'update')} to {of} {where}"
            yield f"  domains: {_domains(index.domains.most_common())}"
        else:  # they were counted by an earlier session
            yield f"{several(len(index.lines), 'update')} in {where}"
        yield f"  pace: {found[name].pace()}"
    if run.inspection.invalid:
        yield f"{several(run.inspection.invalid, 'invalid line')} will be skipped."
    yield from run.warnings
    if why_not:
        yield why_not
    yield from outlook(list(found.values()), run.settings.deadline, datetime.now())
    yield f"Results go to {run.directory.path}/"


def _domains(counts: list[tuple[str, int]]) -> str:
    shown = ", ".join(f"{domain} {number(count)}" for domain, count in counts[:DOMAINS_SHOWN])
    more = len(counts) - DOMAINS_SHOWN
    return shown + (f" and {more} more" if more > 0 else "")
