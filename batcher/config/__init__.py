"""Settings: one frozen record, from flag over environment over file over default."""

from batcher.config.options import Option, options
from batcher.config.resolution import refuse_foreign, resolve
from batcher.config.settings import EntryPoint, Keywords, Settings, TargetSettings

__all__ = [
    "EntryPoint",
    "Keywords",
    "Option",
    "Settings",
    "TargetSettings",
    "options",
    "refuse_foreign",
    "resolve",
]
