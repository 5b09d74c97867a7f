"""What the flags say of how a trigger is matched and fires, where AWS does not say it."""

from typing import Any

from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.zones import zone


def taken_firing(given: dict[str, Any]) -> FiringOptions:
    """Take the choices out of a command's flags; those without a flag are by default.

    Raises SettingsError for a time zone that there is none of.
    """
    names = FiringOptions.__struct_fields__
    options = FiringOptions(**{name: given.pop(name) for name in names if name in given})
    zone(options.timezone)
    return options
