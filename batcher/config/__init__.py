"""Settings: one frozen record, from flag over environment over file over default."""

from batcher.config.given_text import clean_text, refuse_unknown
from batcher.config.options import (
    OF_LINT,
    OF_PLACE,
    OF_READING,
    SECRET,
    Option,
    options,
    variables,
)
from batcher.config.resolution import refuse_foreign, resolve
from batcher.config.settings import Keywords, Settings
from batcher.config.target_settings import REGION_VARIABLES, TargetSettings
from batcher.config.value_kinds import EntryPoint, Token

__all__ = [
    "OF_LINT",
    "OF_PLACE",
    "OF_READING",
    "REGION_VARIABLES",
    "SECRET",
    "EntryPoint",
    "Keywords",
    "Option",
    "Settings",
    "TargetSettings",
    "Token",
    "clean_text",
    "options",
    "refuse_foreign",
    "refuse_unknown",
    "resolve",
    "variables",
]
