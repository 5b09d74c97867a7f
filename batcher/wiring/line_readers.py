"""What reads the lines of an input, by the rules of the installed service model.

Needs settings and no AWS.
"""

from functools import cache

from batcher.aws.service_model import installed_service_model
from batcher.config import Settings
from batcher.updates.line_reader import LineReader
from batcher.updates.selection import Selection
from batcher.updates.update_model import UpdateModel


@cache
def installed_update_model() -> UpdateModel:
    """The rules of an update as the installed botocore knows them; read once a process."""
    return UpdateModel.from_service_model(installed_service_model())


def line_reader(
    settings: Settings, *, any_target: bool = False, selection: Selection | None = None
) -> LineReader:
    """What reads the lines of an input with these settings.

    ``any_target``: lines may name targets that the settings don't know; ``selection``: which of
    them are part of the job, None for all.
    """
    known = None if any_target else settings.target_names
    model, domains, priority = installed_update_model(), settings.domain_map, settings.priority or 0
    return LineReader(model, settings.target, known, domains, selection, priority)
