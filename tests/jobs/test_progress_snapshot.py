"""Where a run stands: a shorter copy counts what it leaves out."""

from batcher.jobs.progress_snapshot import ProgressSnapshot, TargetProgress


def target(number: int, failed: int = 0) -> TargetProgress:
    """One of many targets."""
    return TargetProgress(
        target=f"t{number}",
        done=5,
        total=10,
        failed=failed,
        throttled=0,
        rate=1.0,
        results=1.0,
    )


def test_targets_that_are_left_out_are_counted_also_those_that_were_before() -> None:
    targets = tuple(target(n, failed=n < 2) for n in range(10))
    whole = ProgressSnapshot(
        done=50, total=100, failed=2, throttled=0, rate=1, results=1, sent=True, targets=targets
    )
    brief = whole.brief(4).brief(1)
    assert [each.target for each in brief.targets] == ["t0"]
    assert (brief.more_targets, brief.more_well) == (9, 8)
    assert whole.brief(10) == whole
