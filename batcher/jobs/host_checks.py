"""The checks of this host: versions, open files, and the directories that are written to.

Nothing is written: what may be, the operating system says.
"""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from batcher.aws.service_model import installed_service_model
from batcher.config import Settings
from batcher.errors import BatcherError
from batcher.host_limits import open_files_limit, requests_at_once
from batcher.jobs.diagnosis import Told
from batcher.operations import UPDATE_TRIGGER
from batcher.storage.directory_check import refuse_foreign_directory, why_not_own
from batcher.storage.quota_file import QuotaFile
from batcher.storage.state_directory import state_directory
from batcher.version import __version__

FEW_REQUESTS = 32  # at once: a round trip of 0.3 s would keep the pace below a hundred a second
FULL, NEARLY_FULL = 2**24, 2**30  # bytes that are free
FEW_FILES = 1000  # that can still be made


def check_versions(told: Told) -> None:
    """What is installed, and whether its model has the operation."""
    names = ("botocore", "aiobotocore")
    model = installed_service_model()
    seen = ", ".join(
        [
            f"batcher {__version__}",
            f"Python {platform.python_version()}",
            *(f"{name} {_version(name)}" for name in names),
            f"model of Customer Profiles {model['metadata']['apiVersion']}",
        ]
    )
    if UPDATE_TRIGGER in model["operations"]:
        told.ok("versions", f"{seen}.")
    else:
        told.fault("versions", f"{seen}, without {UPDATE_TRIGGER}.", "Install a newer botocore.")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "of an unknown version"


def check_open_files(settings: Settings, told: Told) -> None:
    """Whether the requests that are wanted at once can be had."""
    limit, targets = open_files_limit(), settings.each_target.values()
    possible = requests_at_once(len(targets))
    asked = [each.concurrency for each in targets if each.concurrency != "auto"]
    open_files = "no limit" if limit is None else f"{limit:,} at most"
    seen = f"{open_files}; {possible:,} requests at once to each target."
    if asked and max(asked) > possible:
        advice = "Raise the limits (ulimit -n, memory), or lower it."
        told.warn("open files", f"{seen} --concurrency asks for {max(asked):,}.", advice)
    elif possible < FEW_REQUESTS:
        told.warn("open files", seen, "Raise the limits (ulimit -n, memory).")
    else:
        told.ok("open files", seen)


def check_state_directory(told: Told) -> None:
    """Where quotas are remembered; a run does without, but has to find them anew."""
    place = state_directory(os.environ)
    said: list[str] = []
    QuotaFile(place, said.append).entries()
    advice = "Set XDG_STATE_HOME to a directory that is yours, or find quotas anew each time."
    why = why_not_own(place) if os.path.lexists(place) else None
    if why := why or why_not_writable(place):
        told.warn("state directory", f"{place}: {why}.", advice)
    elif said:
        told.warn("state directory", f"{said[0].rstrip('.')}.", "Mend or remove that file.")
    else:
        told.ok("state directory", f"{place}: can be written.")


def check_output_directory(path: Path, told: Told, *, is_run: bool) -> None:
    """Where a run directory, or a worker's results, would be; and how much is free there."""
    advice = "Give another with --out."
    try:
        if is_run:
            refuse_foreign_directory(path)
        elif os.path.lexists(path) and (why := why_not_own(path)):
            told.fault("output directory", f"{path}: {why}.", advice)
            return
    except BatcherError as error:
        told.fault("output directory", str(error))
        return
    if why := why_not_writable(path):
        told.fault("output directory", f"{path}: {why}.", advice)
    else:
        told.ok("output directory", f"{path}: can be written.")
    check_disk(path, told)


def check_disk(path: Path, told: Told) -> None:
    """What is free on the disk of a place."""
    disk = os.statvfs(_existing(path))
    free, files = disk.f_bavail * disk.f_frsize, disk.f_favail
    seen = f"{free / 1e9:,.2f} GB free at {_existing(path)}."
    few = disk.f_files and files < FEW_FILES  # some file systems count none
    if few:
        seen = f"{seen} {files:,} more files can be made."
    if free < FULL or (few and not files):
        told.fault("disk", seen, "Make room there, or give another directory.")
    elif free < NEARLY_FULL or few:
        told.warn("disk", seen, "Make room there, or give another directory.")
    else:
        told.ok("disk", seen)


def why_not_writable(path: Path) -> str | None:
    """Why nothing can be written into a directory, or it can't be made; None: it can."""
    there = _existing(path)
    if not there.is_dir():
        return f"{there} is no directory"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} can't be written to by this user, or is read-only"
    return None


def _existing(path: Path) -> Path:
    """The path, or the nearest above it that is there."""
    path = path.absolute()
    return next((each for each in (path, *path.parents) if os.path.lexists(each)), Path("/"))
