"""What undoing takes: a look and an update for each that is to be put back."""

from batcher.jobs.connection import connected
from batcher.jobs.undo_forecast import undo_forecasts
from tests.jobs.conftest import SettingsFor, seeded


async def test_each_target_with_something_to_undo_looks_at_it_and_writes_it(
    settings_for: SettingsFor,
) -> None:
    async with seeded(1) as url:
        table = {"endpoint_url": url, "region": "eu-west-1", "rate": 2, "read_rate": 1}
        settings = settings_for(url, targets={"slow": table, "idle": table})
        async with connected(settings, ["slow", "idle"]) as connection:
            now = "2026-01-01T00:00:00.000Z"
            (found,) = undo_forecasts(connection, {"slow": 61, "idle": 0, "gone": 5}, now)
    assert (found.target, found.work.updates, found.work.seconds) == ("slow", 61, 60.0)
    assert found.reading_decides
