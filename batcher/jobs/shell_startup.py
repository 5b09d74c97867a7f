"""Completion put where a shell reads it, and nothing that somebody else has written changed."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from batcher.errors import OutputError
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.file_system import make_directory, refuse_to_replace

_HEADER = b"# Written by batcher completion --install, which replaces it."
_MARK = b"  # batcher completion"
_WITH_COMPDEF = """\
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
"""


class InstalledCompletion(Struct, frozen=True, kw_only=True):
    """Which files were written, and which were as they should be already."""

    written: list[Path]
    kept: list[Path]


def install_completion(
    shell: str, script: str, environ: Mapping[str, str], home: Path | None = None
) -> InstalledCompletion:
    """Put the completion script of a shell where it reads it when it starts.

    ``home``: of the user, by default as ``~``. fish reads a directory; bash and zsh get a line in
    their startup file. Raises OutputError, also for a script of somebody else.
    """
    home = home or _home(environ)
    if shell == "fish":
        configured = _base(environ, "XDG_CONFIG_HOME", home / ".config")
        place = configured / "fish" / "completions" / "batcher.fish"
        return _sorted_by_written({place: _own(place, script)})
    place = _base(environ, "XDG_DATA_HOME", home / ".local" / "share") / "batcher"
    place /= f"completion.{shell}"
    if any(each in str(place) for each in "\n\r"):  # the line that reads it would be several
        raise OutputError(
            f"{str(place)!r}: has a line break in it, which no line of a startup file can name. Set"
            " HOME or XDG_DATA_HOME to another, or print the script without --install."
        )
    startup = home / ".bashrc"
    if shell == "zsh":
        script = _WITH_COMPDEF + script
        startup = _base(environ, "ZDOTDIR", home) / ".zshrc"
    startup = Path(os.path.realpath(startup))  # a link to it stays one
    own, started = _own(place, script), _with_line(startup, place)
    return _sorted_by_written({place: own, startup: started})


def _home(environ: Mapping[str, str]) -> Path:
    if (given := environ.get("HOME")) is not None and not Path(given).is_absolute():
        raise OutputError(f"HOME: {given!r} is no whole path. Set it to your home directory.")
    try:
        return Path.home()
    except RuntimeError as error:
        raise OutputError("This user has no home directory. Set HOME.") from error


def _base(environ: Mapping[str, str], name: str, default: Path) -> Path:
    given = Path(environ.get(name, ""))
    return given if given.is_absolute() else default


def _own(path: Path, script: str) -> bytes:
    """The content of a file of ours. Raises OutputError where it is none."""
    if (before := _read(path)) and not before.startswith(_HEADER):
        raise OutputError(f"{path}: is there already, and not by this command. Move it away.")
    return _HEADER + b"\n" + script.encode() + b"\n"


def _with_line(startup: Path, script: Path) -> bytes:
    """What is in a startup file with our line at its end; a line of ours elsewhere goes."""
    quoted = shlex.quote(str(script))
    line = os.fsencode(f"[ -r {quoted} ] && . {quoted}") + _MARK + b"\n"
    before = _read(startup).splitlines(keepends=True)
    if line in before:
        return b"".join(before)
    others = b"".join(each for each in before if not _is_ours(each))
    return others + (b"" if others.endswith(b"\n") or not others else b"\n") + line


def _is_ours(line: bytes) -> bool:
    return line.startswith(b"[ -r ") and line.rstrip().endswith(_MARK)


def _read(path: Path) -> bytes:
    try:
        refuse_to_replace(path)
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise OutputError(f"{path}: can't be changed: {error.strerror}. Put that right.") from error


def _sorted_by_written(contents: Mapping[Path, bytes]) -> InstalledCompletion:
    """Write what is not there yet, in that order."""
    wanted = [path for path, content in contents.items() if _read(path) != content]
    for path in wanted:
        _write(path, contents[path])
    return InstalledCompletion(
        written=wanted, kept=[path for path in contents if path not in wanted]
    )


def _write(path: Path, content: bytes) -> None:
    """Replace a file as a whole; what others may do with it stays."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    try:
        make_directory(path.parent)
    except OSError as error:
        raise OutputError(
            f"{path.parent}: can't be made: {error.strerror}. Put that right, or print the script"
            " without --install."
        ) from error
    try:
        with AtomicFile(path, replace=True, mode=mode) as file:
            file.write(content)
            file.commit()
    except OutputError as error:
        why = getattr(error.__cause__, "strerror", None) or "it can't be written"
        raise OutputError(
            f"{path}: can't be changed: {why}. Put that right, or print the script without"
            " --install and have it read from a place of your own."
        ) from error
