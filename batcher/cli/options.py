"""What flags say, taken as settings and as choices. The flags themselves are in ``flags``."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import click
import msgspec
from click.core import ParameterSource
from msgspec import Struct

from batcher.cli.command_group import loaded
from batcher.cli.hook_options import with_hooks
from batcher.cli.output.echo import echo
from batcher.cli.output.json_lines import speak_json
from batcher.cli.region_notice import settings_with_notice
from batcher.config import (
    SECRET,
    Settings,
    clean_text,
    options,
    refuse_unknown,
    resolve,
    variables,
)
from batcher.foreign_text import holds_secret, printable, shortened
from batcher.storage.atomic_file import refuse_taken

_list_accounts = loaded("batcher.aws.organizations:list_accounts")


def check_output(
    out: Path | None, what: str, *, force: bool, inputs: Iterable[str | Path | None]
) -> None:
    """Refuse a place of ``--out`` that ``what`` can't go to, before anything else is done.

    ``inputs``: what the command reads.

    Raises UsageError, OutputExistsError, OSError.
    """
    if out is None:
        return
    if out.suffix in (".gz", ".zst"):
        raise click.UsageError(
            f"--out {out}: {what} is not packed; give a name that ends in .jsonl."
        )
    for path in (Path(each) for each in inputs if each is not None):
        if out.exists() and path.exists() and out.samefile(path):
            raise click.UsageError(f"--out {out}: that is read by this; give another name.")
    if (out.parent / "run.json").exists():
        raise click.UsageError(
            f"--out {out}: that is in a run directory; give a place outside of it."
        )
    refuse_taken(out, replace=force)


def check_sensitive(show_sensitive: bool, *, as_json: bool, instead: str = "Leave it out.") -> None:
    """Refuse to show what sensitive members hold anywhere but on a terminal. Raises UsageError.

    What is told for people goes to standard error whatever else is; ``as_json``: something goes to
    standard output, too. ``instead``: what to do.
    """
    streams = {"error": sys.stderr} | ({"output": sys.stdout} if as_json else {})
    for name, stream in streams.items():
        if show_sensitive and not (stream and stream.isatty()):
            raise click.UsageError(
                f"--show-sensitive shows it on a terminal, and standard {name} is none. {instead}"
            )


_SWITCHES = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")
SHOWN_OF_SWITCH = 20  # characters of what stands in one


class Choices(Struct, frozen=True, kw_only=True):
    """What is chosen for one start of a run, and is no setting."""

    out: Path | None
    yes: bool
    confirm: tuple[str, ...] = ()
    dry_run: bool
    as_json: bool
    repair: bool = False
    override_check: bool = False

    @classmethod
    def taken(cls, given: dict[str, Any]) -> Self:
        """Take the choices out of a command's flags; what is left are settings."""
        return cls(**{name: given.pop(name) for name in cls.__struct_fields__})


def clean_given(
    context: click.Context, parameter: click.Parameter, given: str | None
) -> str | None:
    """A text that is no setting, taken as strictly as one. Raises SettingsError."""
    refuse_unknown(os.environ, variables())
    if given is None:
        return None
    name = parameter.opts[0] if isinstance(parameter, click.Option) else str(parameter.metavar)
    if context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE:
        _warn_of_secret(name, given, f"by {parameter.envvar}")
    return clean_text(name, given)


def _warn_of_secret(name: str, given: Any, instead: str) -> None:
    """Say that whoever may list processes reads a password on the command line."""
    if isinstance(given, str) and holds_secret(given):
        echo(
            f"{name}: all users of this host can read the password in it in the list of processes"
            f" (ps). Give it {instead} instead.",
            err=True,
        )


def _warn_of_no_switch() -> None:
    """Say what is on for nobody: the SDK takes anything but ``true`` for no."""
    for name in _SWITCHES:
        given = os.environ.get(name, "")
        if given.lower() not in ("", "true", "false"):
            echo(
                f"{name}={shortened(printable(given), SHOWN_OF_SWITCH)} means no: the SDK knows"
                f" true and false only. Set {name}=true for yes.",
                err=True,
            )


def settings_from(
    given: Mapping[str, Any], config: Path | None, base: Settings | None = None
) -> Settings:
    """The settings of a command: flags, environment, its file, ``base``. Raises SettingsError.

    Flags are what was given on the command line. How progress was shown before is not taken over;
    where it is asked for as JSON, all that a command says for people is JSON from now on.
    """
    if base is not None:
        base = msgspec.structs.replace(base, progress="auto")
    for option in options():
        value, instead = given.get(option.name), f"by {option.variable}"
        if value and option.name in SECRET:
            echo(
                f"{option.flag}: all users of this host can read it in the list of processes (ps)."
                f" Give it {instead}, or in a file with {option.flag}-file.",
                err=True,
            )
        elif "://" in str(value):
            instead += f", or as {option.name} in the file of --config,"
            _warn_of_secret(option.flag, value, instead)
    flags = {name: value for name, value in given.items() if name != "hook"}
    settings = resolve(
        flags,
        environ=os.environ,
        file=config,
        base=base,
        list_accounts=_list_accounts,
        on_notice=_say_notice,
    )
    if settings.progress == "json" and "progress" in given:  # else the command shows none
        speak_json()
    _warn_of_no_switch()
    return settings_with_notice(with_hooks(settings, given.get("hook", ())))


def _say_notice(text: str) -> None:
    echo(text, err=True)


def settings_at_run(given: Mapping[str, Any], config: Path | None, base: Settings) -> Settings:
    """The settings with which a run is looked at, whose lines are read as the run has read them.

    ``base``: those of the run. Raises UsageError for a map of domains that is not the run's.
    """
    asked, own = given.get("domain_map"), base.domain_map
    if asked is not None and (own is None or str(asked) != str(own)):
        used = "none" if own is None else str(own)
        raise click.UsageError(
            f"--domain-map {asked}: the domains of this run are known, its map was {used}."
            " Leave it out."
        )
    return msgspec.structs.replace(settings_from(given, config, base), domain_map=own)
