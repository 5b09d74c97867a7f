"""Modules that are imported when one is first wanted: of an extra, or that import much themselves.

For factories only. Beside the loader of commands this is the one place where an import does not
stand at the top of a file: whoever does without redis must not need it, and a command that asks AWS
nothing does not wait for what would.
"""

from importlib import import_module
from typing import Any


def optional_module(name: str, missing: Exception) -> Any:
    """The module of that name. Raises ``missing`` where a package that it imports is not there."""
    try:
        return import_module(name)
    except ImportError as error:
        raise missing from error


def late_module(name: str) -> Any:
    """The module of that name, which imports more than most commands need."""
    return import_module(name)
