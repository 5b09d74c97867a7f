"""A file of names, one a line: which triggers a job is narrowed to."""

from pathlib import Path

from batcher.errors import SettingsError

BYTES_AT_MOST = 1 << 20  # it is kept in run.json


def read_names(path: Path) -> tuple[str, ...]:
    """The names in a file: UTF-8, one a line, blank lines skipped. Raises SettingsError."""
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_AT_MOST + 1)
        if len(content) > BYTES_AT_MOST:
            raise SettingsError(
                f"--only-file {path}: longer than {BYTES_AT_MOST:,} bytes. Give globs with --only,"
                " or a file of updates that has just these."
            )
        lines = content.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise SettingsError(f"--only-file {path}: can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"--only-file {path}: not UTF-8. Give one name a line.") from error
    if not (names := tuple(line.strip() for line in lines if line.strip())):
        raise SettingsError(f"--only-file {path}: there is no name in it. Give one a line.")
    return names
