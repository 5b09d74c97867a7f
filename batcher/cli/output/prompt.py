"""The questions that a person at the terminal is asked before anything is sent."""

import os
import sys
from collections.abc import Collection, Mapping
from functools import partial

import anyio

from batcher.aws.client import AwsTarget
from batcher.cli.loop_call import soon
from batcher.cli.output.echo import echo
from batcher.cli.state_signal import asked_again
from batcher.errors import SettingsError
from batcher.number_text import number
from batcher.updates.target_causes import TOGETHER_FROM
from batcher.updates.target_places import places_text


async def agreed(
    yes: bool, targets: Mapping[str, AwsTarget], confirm: Collection[str] = ()
) -> bool:
    """Whether to start on these targets: ``yes``, or an answer on the terminal. Says so when not.

    Of a protected target the name has to be typed, unless it or its account is one of ``confirm``.
    Raises
    SettingsError where nobody can type it.
    """
    protected = [
        name
        for name, target in targets.items()
        if target.settings.protected and {name, target.identity.account}.isdisjoint(confirm)
    ]
    if not sys.stdin.isatty():
        return _agreed_by_flags(yes, protected)
    for name in protected:
        where = f"{targets[name].identity} is protected. Type the name of the target, {name}:"
        if await _answer(f"{where} ") != name:
            echo("Nothing was sent.", err=True)
            return False
    typed = bool(protected) and len(protected) == len(targets)
    where = _places(targets)
    if yes or typed or await confirmed(f"To be changed: {where}. Start?" if where else "Start?"):
        return True
    echo("Nothing was sent.", err=True)
    return False


def _places(targets: Mapping[str, AwsTarget]) -> str:
    """Account and Region of each target; of many all accounts and Regions together."""
    if len(targets) >= TOGETHER_FROM:
        places = places_text([target.identity for target in targets.values()])
        return f"{number(len(targets))} targets: {places}"
    return "; ".join(f"{target.identity} (target {name})" for name, target in targets.items())


def asked_without_terminal(yes: bool, protected: Collection[str]) -> str:
    """A sentence on the flags that are asked for besides where nobody can be asked, or nothing."""
    flags = [f"--confirm {name}" for name in protected] + ["--yes"] * (not yes)
    if sys.stdin.isatty() or not flags:
        return ""
    return f" As there is no terminal to ask on, give {' '.join(flags)}, too."


def _agreed_by_flags(yes: bool, protected: list[str]) -> bool:
    if protected:
        flags = " ".join(f"--confirm {name}" for name in protected)
        names = ", ".join(protected)
        raise SettingsError(
            f"target {names}: protected, and there is no terminal to type its name on. Give {flags}"
            f" beside --yes{'' if yes else ', which lacks, too'}."
        )
    if not yes:
        echo("Nothing was sent: there is no terminal to ask on. Give --yes to start.", err=True)
    return yes


async def confirmed(question: str) -> bool:
    """Yes or no on the terminal; its end is a no."""
    return (await _answer(f"{question} [y/N]: ")).lower() in ("y", "yes")


async def _answer(question: str) -> str:
    """A line on the terminal, or what there is at its end.

    Waits where a signal can end it: neither in a thread, nor for the rest of a line.
    """
    ask = partial(echo, question, nl=False, err=True)
    said = b""
    with asked_again(ask, soon):  # before it is asked: a signal that comes just then is none less
        ask()
        while not said.endswith(b"\n"):
            await anyio.wait_readable(sys.stdin)
            if not (more := os.read(sys.stdin.fileno(), 4096)):
                break
            said += more
    return said.decode(errors="replace").strip()
