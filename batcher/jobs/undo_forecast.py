"""How long it takes to undo what a job is about to do, said before it does it."""

from collections.abc import Mapping

from batcher.jobs.connection import Connection
from batcher.jobs.run_forecast import TargetForecast, forecast
from batcher.jobs.shared_loads import shared_loads
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER


def undo_forecasts(
    connection: Connection, updates: Mapping[str, int], now: str
) -> list[TargetForecast]:
    """The forecast of each target with so many updates to undo: a look and an update for each.

    ``now``: UTC. Targets that can't be used are left out.
    """
    pacers = connection.pacers
    loads = shared_loads(connection.targets, lambda name: updates.get(name, 0))
    return [
        forecast(
            name,
            target.settings,
            updates=updates[name],
            looks=True,
            writing=pacers.remembered(target, UPDATE_TRIGGER),
            reading=pacers.remembered(target, GET_TRIGGER),
            now=now,
            others=loads.get(name, ()),
        )
        for name, target in connection.targets.items()
        if updates.get(name)
    ]
