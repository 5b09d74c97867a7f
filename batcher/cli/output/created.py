"""What is said of triggers that a run has created: one that no integration names never fires."""

from collections.abc import Iterator

from batcher.foreign_text import printable
from batcher.jobs.run_ending import RunEnding
from batcher.number_text import number, several
from batcher.records import Summary
from batcher.updates.trigger_name import name_of


def created_lines(summary: Summary, ending: RunEnding) -> Iterator[str]:
    """Lines for people."""
    if complete := summary.created.get("with_integration"):
        yield f"{several(complete, 'trigger')} created, with the integration of what each copies."
    if count := summary.created.get("without_integration"):
        yield (
            f"{several(count, 'trigger')} created, and NEVER FIRING until an integration names each"
            " (PutIntegration):"
        )
        for each in ending.created:
            name = name_of(each, names_targets=isinstance(summary.targets, dict))
            yield printable(f"  line {each.line}, {name}")
        if (more := count - len(ending.created)) > 0:
            yield f"  … and {number(more)} more: see results.jsonl (created)"
