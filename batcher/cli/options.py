"""Flags read off the settings record, so that no option is written down twice."""

import os
import sys
from collections.abc import Callable, Container, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import click
import msgspec
from click.core import ParameterSource
from msgspec import Struct

from batcher.cli import ERROR_AS_JSON
from batcher.cli.command_group import body
from batcher.cli.hook_options import hook_option, with_hooks
from batcher.cli.output.echo import echo
from batcher.cli.output.json_lines import speak_json
from batcher.cli.region_notice import settings_with_notice
from batcher.config import (
    OF_LINT,
    SECRET,
    EntryPoint,
    Option,
    Settings,
    clean_text,
    options,
    refuse_unknown,
    resolve,
    variables,
)
from batcher.foreign_text import holds_secret
from batcher.storage.atomic_file import refuse_taken

F = TypeVar("F", bound=Callable[..., Any])

_list_accounts = body("batcher.aws.organizations", "list_accounts")


def settings_options(
    command: F,
    entry_point: EntryPoint = "run",
    only: Container[str] | None = None,
    without: Container[str] = (),
) -> F:
    """Add ``--config`` and a flag for every setting that this entry point knows.

    ``only``: for those among them that are named; ``without``: not for those.
    """
    for option in reversed(options()):
        is_wanted = option.name not in without and (only is None or option.name in only)
        if entry_point in option.entry_points and is_wanted:
            command = _flag(option)(command)
    path = click.Path(dir_okay=False, path_type=Path)
    return click.option(
        "--config",
        type=path,
        envvar="BATCHER_CONFIG",
        help="Settings from a TOML file; examples in configs/.",
    )(command)


def output_option(about: str) -> Callable[[F], F]:
    """Add ``--out FILE`` and ``--force``, without which a file that is there stays."""
    path = click.Path(dir_okay=False, path_type=Path)

    def add(command: F) -> F:
        command = click.option(
            "--force", is_flag=True, help="Replace the file of --out where there is one."
        )(command)
        return click.option("--out", type=path, help=about)(command)

    return add


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


def sensitive_option(command: F) -> F:
    """Add ``--show-sensitive``, which ``check_sensitive`` refuses where nobody looks."""
    about = "Also show what sensitive members hold, on a terminal."
    return click.option("--show-sensitive", is_flag=True, help=about)(command)


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


def json_option(about: str) -> Callable[[F], F]:
    """Add ``--json``: one JSON object on standard output, with ``error`` where one ended it."""
    return click.option(
        "--json", "as_json", is_flag=True, is_eager=True, help=about, callback=_note_json
    )


def _note_json(context: click.Context, _: click.Parameter, wanted: bool) -> bool:
    context.meta[ERROR_AS_JSON] = wanted
    return wanted


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


def repair_option(command: F) -> F:
    """Add ``--repair``."""
    about = "Of a run directory that something else has changed, take what is provably whole."
    return click.option("--repair", is_flag=True, help=about)(command)


def confirm_option(command: F) -> F:
    """Add ``--confirm``."""
    about = "Name of a protected target, instead of typing it; may be repeated."
    return click.option("--confirm", multiple=True, metavar="NAME", help=about)(command)


def follow_up_options(command: F) -> F:
    """Add the flags of a run that follows another, whose lines lint has nothing to say of."""
    return run_options(command, without=OF_LINT)


def run_options(command: F, without: Container[str] = ()) -> F:
    """Add the flags of a command that is a run: those of Choices, and every setting.

    ``without``: but for those.
    """
    for option in (
        json_option("Print the summary as one JSON object on standard output."),
        click.option(
            "--dry-run",
            is_flag=True,
            help="Check everything, say what would be done, send nothing.",
        ),
        confirm_option,
        repair_option,
        hook_option,
        click.option("--yes", is_flag=True, help="Start without asking."),
        click.option(
            "--override-check", is_flag=True, help="Go on after a wave whose check has failed."
        ),
        click.option(
            "--out",
            type=click.Path(path_type=Path),
            help="Run directory; by default named after what is run.",
        ),
        partial(settings_options, without=without),
    ):
        command = option(command)
    return command


def queue_argument(command: F) -> F:
    """Add the argument ``URL``, the queue that is looked after."""
    return click.argument("url", metavar="URL", envvar="BATCHER_QUEUE", callback=_cleaned)(command)


def queue_option(command: F, *, required: bool = True) -> F:
    """Add ``--queue``."""
    about = "The queue: spool:DIR, sqs:NAME_OR_URL, or redis://HOST/DB?stream=NAME."
    return click.option(
        "--queue",
        required=required,
        envvar="BATCHER_QUEUE",
        metavar="URL",
        help=about,
        callback=_cleaned,
    )(command)


def _cleaned(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    """A text that is no setting, taken as strictly as one."""
    if context.resilient_parsing:  # a shell asks what would complete it
        return given
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


def sqs_options(command: F) -> F:
    """Add the flags that say where an SQS queue is."""
    command = click.option(
        "--region",
        envvar="BATCHER_REGION",
        metavar="TEXT",
        help="AWS Region of an SQS queue.",
        callback=_cleaned,
    )(command)
    return click.option(
        "--profile",
        envvar="BATCHER_PROFILE",
        metavar="TEXT",
        help="Profile to reach it with.",
        callback=_cleaned,
    )(command)


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
        flags, environ=os.environ, file=config, base=base, list_accounts=_list_accounts
    )
    if settings.progress == "json" and "progress" in given:  # else the command shows none
        speak_json()
    return settings_with_notice(with_hooks(settings, given.get("hook", ())))


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


def _flag(option: Option) -> Callable[[F], F]:
    default = "" if option.default in (None, False) else f"  [default: {_short(option.default)}]"
    if option.is_flag and option.default is not False:
        no = option.flag.replace("--", "--no-", 1)
        return click.option(
            f"{option.flag}/{no}", option.name, default=None, help=option.help + default
        )
    if option.is_flag:
        return click.option(option.flag, option.name, is_flag=True, default=None, help=option.help)
    return click.option(
        option.flag,
        option.name,
        metavar=option.metavar,
        help=option.help + default,
        multiple=option.is_list,
        callback=joined if option.is_list else _SPOKEN.get(option.name),
    )


def _speak(context: click.Context, _: click.Parameter, given: str | None) -> str | None:
    """Say all as JSON from now on where that is known to be asked for, before a file is read."""
    no_progress = context.params.get("no_progress") or os.environ.get("BATCHER_NO_PROGRESS")
    asked = given or (None if no_progress else os.environ.get("BATCHER_PROGRESS"))
    if asked == "json" and not context.resilient_parsing:
        speak_json()
    return given


_SPOKEN = {"progress": _speak}


def joined(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | None:
    """What a flag that was given more than once comes to: each time counts."""
    return ",".join(given) or None


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
