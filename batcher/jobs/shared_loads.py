"""What the targets of one account and Region have to do beside each other, for their forecasts."""

from collections.abc import Callable, Mapping

from batcher.aws.client import AwsTarget
from batcher.jobs.run_forecast import SharedLoad
from batcher.wiring.places import by_place


def shared_loads(
    targets: Mapping[str, AwsTarget], updates_of: Callable[[str], int]
) -> dict[str, list[SharedLoad]]:
    """By target, the others that use its quotas and have something to do; none that is alone."""
    found: dict[str, list[SharedLoad]] = {}
    for names in by_place(targets):
        if len(names) < 2:
            continue
        loads = [SharedLoad(name, targets[name].settings, updates_of(name)) for name in names]
        for own in loads:
            found[own.target] = [each for each in loads if each is not own and each.updates]
    return found
