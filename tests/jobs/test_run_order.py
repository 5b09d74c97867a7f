"""What a run is told before its start, and what of it counts for its start only."""

from batcher.config import Settings, resolve
from batcher.jobs.run_order import Following, without_start_limits


def test_limits_of_a_start_go_and_every_other_setting_stays() -> None:
    given = resolve(
        {"canary": 3, "max_changes": "5%", "deadline": "2h", "max_failures": "7", "rate": 5}
    )
    assert without_start_limits(given) == resolve({"max_failures": "7", "rate": 5})
    assert without_start_limits(Settings()) == Settings()


def test_a_run_of_its_own_follows_nothing_and_forces_nothing() -> None:
    assert Following() == Following(kind="run", parent=None, force=False)
