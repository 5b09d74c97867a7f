"""Where a file stands in the sources that a CI has checked out."""

import os
from pathlib import Path


def source_place(origin: str) -> str:
    """The path of a file from the root of the sources, in a step of GitHub Actions.

    Elsewhere, and of what is not below that root, it is the path as it was given.
    """
    root = os.environ.get("GITHUB_WORKSPACE")
    if not root or origin == "-" or origin.startswith("s3://"):
        return origin
    path, above = Path(os.path.abspath(origin)), Path(os.path.abspath(root))
    if not Path(origin).is_absolute() and Path.cwd() == above:
        return origin
    return path.relative_to(above).as_posix() if path.is_relative_to(above) else origin
