"""Modules that need a package of an extra (redis, zstandard), imported when one is first wanted.

For factories only. Beside the loader of commands this is the one place where an import does not
stand at the top of a file: whoever does without the extra must not need it.
"""

from importlib import import_module
from typing import Any


def optional_module(name: str, missing: Exception) -> Any:
    """The module of that name. Raises ``missing`` where a package that it imports is not there."""
    try:
        return import_module(name)
    except ImportError as error:
        raise missing from error
