"""The waves of a run, said before it starts: how large they are, and what comes after each."""

from collections.abc import Iterator
from itertools import pairwise

from batcher.jobs.run_state import RunState
from batcher.jobs.wave_plan import WavePlan
from batcher.number_text import duration, number, several

SIZES_SHOWN = 8


def wave_lines(state: RunState) -> Iterator[str]:
    """Lines for people; none for a run that is all one wave."""
    plan, ended = state.plan, state.progress.ended
    if plan.in_waves:
        after = _after(plan)
        if len(plan.limits) == 1:
            yield f"At the end {after}."
        else:
            which = ", also the last," if plan.check is not None else " but the last"
            yield f"In {several(len(plan.limits), 'wave')}: {_sizes(plan.limits)}."
            yield f"  after each{which} {after}"
    if plan.rollback:
        yield "If its check fails, or its updates stop it, what it did is put back."
    if ended is not None and ended.outcome == "failed":
        yield (
            f"THE CHECK OF WAVE {ended.number} of {ended.of} FAILED; --override-check, or a yes"
            " when it asks, goes on all the same."
        )


def _sizes(limits: list[int]) -> str:
    sizes = [after - before for before, after in pairwise([0, *limits[:-1]])]
    shown = [number(size) for size in sizes[:SIZES_SHOWN]]
    more = ["…"] if len(sizes) > SIZES_SHOWN else []
    return f"{', '.join([*shown, *more])}, then the rest"


def _after(plan: WavePlan) -> str:
    if plan.asks:
        return "it asks whether to go on"
    soak = f"waits {duration(plan.soak)}" if plan.soak else ""
    check = "" if plan.check is None else f"runs the check {plan.check.shown}"
    return f"it {' and then '.join(filter(None, (soak, check)))}"
