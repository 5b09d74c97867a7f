"""Change many Amazon Connect Customer Profiles event triggers, within the quota, losing none.

The public surface and nothing else. Names are imported when first used, so that ``import batcher``
costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from batcher.version import __version__ as __version__

if TYPE_CHECKING:
    from batcher.api import BatchResult, iter_updates, update_many
    from batcher.errors import (
        AwsError,
        BatcherError,
        CredentialsError,
        InputError,
        SettingsError,
        UpdatesFailed,
        YourError,
    )
    from batcher.records import Counts, Error, Result, Seconds

__all__ = [
    "AwsError",
    "BatchResult",
    "BatcherError",
    "Counts",
    "CredentialsError",
    "Error",
    "InputError",
    "Result",
    "Seconds",
    "SettingsError",
    "UpdatesFailed",
    "YourError",
    "iter_updates",
    "update_many",
]

_HOMES = {
    "api": ("BatchResult", "iter_updates", "update_many"),
    "errors": (
        "AwsError",
        "BatcherError",
        "CredentialsError",
        "InputError",
        "SettingsError",
        "UpdatesFailed",
        "YourError",
    ),
    "records": ("Counts", "Error", "Result", "Seconds"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"batcher.{home}"), name)
    raise AttributeError(f"module 'batcher' has no attribute {name!r}")
