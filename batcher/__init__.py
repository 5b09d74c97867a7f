"""Change many Amazon Connect Customer Profiles event triggers, within the quota, losing none.

The public surface and nothing else. Names are imported when first used, so that ``import batcher``
costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from batcher.version import __version__ as __version__

if TYPE_CHECKING:
    from batcher.api import iter_updates, update_many
    from batcher.errors import (
        AwsError,
        BatcherError,
        CredentialsError,
        InputError,
        SettingsError,
        UpdatesFailed,
        YourError,
    )
    from batcher.library.batch_result import BatchResult
    from batcher.public_records import Counts, Error, Progress, Result, Seconds

__all__ = [
    "AwsError",
    "BatchResult",
    "BatcherError",
    "Counts",
    "CredentialsError",
    "Error",
    "InputError",
    "Progress",
    "Result",
    "Seconds",
    "SettingsError",
    "UpdatesFailed",
    "YourError",
    "iter_updates",
    "update_many",
]

_HOMES = {
    "api": ("iter_updates", "update_many"),
    "errors": (
        "AwsError",
        "BatcherError",
        "CredentialsError",
        "InputError",
        "SettingsError",
        "UpdatesFailed",
        "YourError",
    ),
    "library.batch_result": ("BatchResult",),
    "public_records": ("Counts", "Error", "Progress", "Result", "Seconds"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"batcher.{home}"), name)
    raise AttributeError(f"module 'batcher' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return what a program may use, and what Python itself has of every module."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
