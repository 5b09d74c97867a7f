"""Where programs keep what they found out for this user."""

from collections.abc import Callable, Mapping
from pathlib import Path


def state_directory(
    environ: Mapping[str, str], home_directory: Callable[[], Path] = Path.home
) -> Path:
    """Where programs keep what they found out for this user: ``$XDG_STATE_HOME/batcher``.

    A relative path there is ignored, as the XDG specification has it: it would be another place in
    each directory.
    """
    try:
        home = home_directory()
    except RuntimeError:  # a user without a name, as containers have them
        home = Path("/")
    given = Path(environ.get("XDG_STATE_HOME", ""))
    return (given if given.is_absolute() else home / ".local" / "state") / "batcher"
