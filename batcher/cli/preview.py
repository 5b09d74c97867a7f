"""What a run is about to do, said before it starts."""

from collections.abc import Iterator

from batcher.bulk import BulkRun
from batcher.cli.words import duration, number, several

LIKELY_RATE = 1.0  # per second: what AWS allows for neighbouring calls; it publishes none for these
DOMAINS_SHOWN = 8


def preview(run: BulkRun, restored: int) -> Iterator[str]:
    """Lines for people: how many updates of how many triggers, where, how fast, how long."""
    if restored:
        yield f"Resuming: {several(restored, 'update')} already have a result, {number(run.left)} are left."
    for name, index in run.inspection.targets.items():
        target = run.targets[name]
        account = run.accounts[name] or "unknown account"
        yield (
            f"{several(len(index.lines), 'update')} to {several(index.triggers, 'trigger')} in "
            f"{several(len(index.domains), 'domain')} of {account}, {target.region} (target {name}, {target.endpoint_url})"
        )
        yield f"  domains: {_domains(index.domains.most_common())}"
        yield f"  pace: {_pace(target.settings.rate, target.settings.burst, len(index.lines))}"
    if run.inspection.invalid:
        yield f"{several(run.inspection.invalid, 'line')} that break a rule will be skipped."
    yield f"Results go to {run.directory.path}/"


def _domains(counts: list[tuple[str, int]]) -> str:
    shown = ", ".join(f"{domain} {number(count)}" for domain, count in counts[:DOMAINS_SHOWN])
    more = len(counts) - DOMAINS_SHOWN
    return shown + (f" and {more} more" if more > 0 else "")


def _pace(rate: float | str, burst: float | None, updates: int) -> str:
    if isinstance(rate, str):
        return (
            f"the quota is found on the way; at {LIKELY_RATE:g}/s, which AWS most likely allows, "
            f"about {duration(updates / LIKELY_RATE)}"
        )
    return f"at most {rate:g}/s (burst {burst or 1:g}), about {duration(max(0.0, updates - (burst or 1)) / rate)}"
