"""An output that would be its own input: refused before anything is written."""

from pathlib import Path

from batcher.errors import BatcherError, InputError
from batcher.storage.run_directory import RunDirectory
from batcher.storage.stored_path import stored_path


def refuse_own_input(source: Path, out: Path) -> None:
    """Raise InputError where a run of ``source`` can't have the directory ``out``.

    That is a run directory that the input lies in, but for a run that was begun with just that, and
    of a run that follows another (``source``: that run's directory) also a place in there.
    """
    there, place = source.resolve(), out.resolve()
    if place != there and place not in there.parents and there not in place.parents:
        return
    if place != there and _is_begun_with(there, place):
        return
    what = "is the run itself" if place == there else f"and {source} lie one in the other"
    raise InputError(
        f"--out {out}: {what}, so that it would be written to while it is read. Nothing was"
        " touched; give another place."
    )


def refuse_queued(source: Path, spool: Path) -> None:
    """Raise InputError for a file that waits or is worked through in that spool directory."""
    folder, queue = source.resolve().parent, spool.resolve()
    if folder in (queue, queue / "claimed"):
        raise InputError(f"{source}: is in this queue already; it would be done twice.")


def _is_begun_with(there: Path, place: Path) -> bool:
    directory = RunDirectory(place)
    try:
        begun = stored_path(directory.read_manifest().input.path).resolve() == there
    except (BatcherError, OSError):
        return False
    return begun and there not in vars(directory).values()
