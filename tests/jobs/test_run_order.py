"""What a run is told before its start, and what of it counts for its start only."""

from batcher.jobs.run_order import Following


def test_a_run_of_its_own_follows_nothing_and_forces_nothing() -> None:
    assert Following() == Following(kind="run", parent=None, force=False)
